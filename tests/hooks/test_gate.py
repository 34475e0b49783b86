"""The deploy gates: before, after, baking; a bad revision is stopped, rolled back and reported."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import backups
from tests.bench import FIX, QUICK, Bench, bench
from tests.scratch import Ended, Project

SETTLING = QUICK.replace("aws_attempts = 1", "aws_attempts = 1, deployment_minutes = 0.02")
"""Only for a deployment that never settles, so that the time makes no difference."""


@contextmanager
def _standing(folder: Path, *faults: str) -> Iterator[Bench]:
    """A bench whose tables have backups, which a deploy requires."""
    with bench(folder, *faults) as on:
        backups.sow(on.sandbox)
        yield on


def _gate(on: Bench, when: str, *options: str) -> Ended:
    return on.project.run(f"checks/deploy/{when}", "--stack", "sandbox", *options, **on.environment)


def _deploy(on: Bench, tag: str, looks: int = 0) -> str:
    """Do what a pipeline does: register a revision with another image, and update the service; returns the revision.

    A deployment of the sandbox proceeds with each look at it; `looks` happen before the gate does.
    """
    ecs, stack, service = on.sandbox.client("ecs"), on.sandbox.stack, on.sandbox.service()
    told = ecs.describe_task_definition(taskDefinition=service.task_definition)["taskDefinition"]
    kept = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory")
    (container,) = told["containerDefinitions"]
    container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"
    made = ecs.register_task_definition(**{key: told[key] for key in kept}, containerDefinitions=[container])
    revision = f"{made['taskDefinition']['family']}:{made['taskDefinition']['revision']}"
    ecs.update_service(cluster=stack.cluster, service=service.name, taskDefinition=revision)
    for _ in range(looks):
        ecs.describe_services(cluster=stack.cluster, services=[service.name])
    return revision


def test_a_good_deploy_passes_both_gates(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert _gate(on, "before").code == 0
        on.sandbox.push_image("v2")
        revision = _deploy(on, "v2")
        early = _gate(on, "after", "--expect-revision", revision)
        assert early.code == 1
        assert "the deployment is IN_PROGRESS" in early.out
        baked = _gate(
            on, "after", "--expect-revision", revision, "--expect-image", "incident-commander:v2", "--bake", "1s"
        )
        assert baked.err == ""
        assert baked.code == 0, baked.all
        assert "settling, at most" in baked.out
        assert re.search(r"baking for \d+ s: all good", baked.out)


def test_a_bad_revision_is_stopped_rolled_back_and_reported(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.project.run("checks/daily", "--stack", "sandbox", **on.environment).code == 0
        assert _gate(on, "before").code == 0
        revision = _deploy(on, "never-pushed", looks=9)
        on.project.write("stacks.toml", SETTLING + FIX)
        stopped = _gate(on, "after", "--expect-revision", revision, "--bake", "10m")
        assert stopped.code == 1
        assert "the deployment is FAILED" in stopped.out
        assert "baking" not in stopped.out
        on.project.write("stacks.toml", QUICK + FIX)
        back = on.command("fix", "roll-back-service", "--allow", "disruptive", "--yes")
        assert back.code == 0, back.all
        assert on.sandbox.service().task_definition.endswith(":1")
        told = _gate(on, "after", "--expect-revision", "incident-commander-backend:1")
        assert told.code == 0, told.all
        page = on.project.page("deploy-after.html")
        assert "Changes made (1)" in page
        assert f"taskDefinition: {revision} → incident-commander-backend:1" in page
        assert "Recovered (" in page


def test_a_deployment_under_way_is_stopped_and_rolled_back(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.project.run("checks/daily", "--stack", "sandbox", **on.environment).code == 0
        on.sandbox.push_image("v2")
        revision = _deploy(on, "v2")
        on.sandbox.service().looks_to_settle = 99
        back = on.command("fix", "roll-back-service", "--allow", "disruptive", "--yes")
        assert back.code == 0, back.all
        assert "ecs:StopServiceDeployment" in back.out
        assert on.sandbox.service().task_definition.endswith(":1")
        told = on.project.run("checks/daily", "--stack", "sandbox", **on.environment)
        assert told.code == 1
        assert f"{revision}: rollback successful" in told.out


def test_what_got_worse_since_the_gate_is_caught(tmp_path: Path) -> None:
    with _standing(tmp_path, "alarm_is_ringing") as on:
        expected = ("--expect-revision", "incident-commander-backend:1")
        blind = _gate(on, "after", *expected)
        assert blind.code == 10
        assert "there is no run of checks/deploy/before to compare with" in blind.out
        assert _gate(on, "before").code == 1
        assert _gate(on, "after", *expected).code == 0, "it rang before"
        give_fault(on.sandbox, "target_is_unhealthy")
        worse = _gate(on, "after", *expected)
        assert worse.code == 1
        assert "1 healthy target, 2 before the deploy" in worse.out


def test_a_bake_ends_with_the_first_failure(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert _gate(on, "before").code == 0
        with subprocess.Popen(
            on.project.command(
                "checks/deploy/after", "--stack", "sandbox", "--expect-revision", "incident-commander-backend:1",
                "--bake", "1h",
            ),
            cwd=on.project.folder, env=on.project.environment(**on.environment), text=True, stdout=subprocess.PIPE,
        ) as watching:  # fmt: skip
            assert watching.stdout
            for line in watching.stdout:
                if "baking, at most" in line:
                    give_fault(on.sandbox, "alarm_is_ringing")
                    break
            rest = watching.stdout.read()
        assert watching.returncode == 1
        assert "Something got worse with the deploy" in rest


FREEZE = '[[stacks.sandbox.fix.freeze]]\nbegins = {}T00:00:00Z\nends = 2099-01-01T00:00:00Z\nreason = "sale"\n'


@pytest.mark.parametrize(("begins", "outcome"), [("2020-01-01", "failed"), ("2098-01-01", "passed")])
def test_a_freeze_that_is_in_force_stops_a_deploy(tmp_path: Path, begins: str, outcome: str) -> None:
    project = Project.of_the_checks(tmp_path, QUICK + FIX + FREEZE.format(begins))
    ended = project.run("checks/deploy/before", "--stack", "sandbox")
    assert project.outcomes("deploy-before.json")["test_no_change_is_frozen"] == outcome
    assert ended.code == (1 if outcome == "failed" else 0), ended.out


WRONG = {
    "span": (["checks/deploy/after", "--stack", "sandbox", "--bake", "soon"], "--bake 'soon': expected 90m, 2h or 1d"),
    "suite": (["checks/daily", "--bake", "1m"], "--bake: applies to checks/deploy/after only"),
    "workers": (
        ["checks/deploy/after", "--stack", "sandbox", "--bake", "1m", "-n", "2"],
        "--bake: cannot run in parallel",
    ),
    "revision": (
        ["checks/deploy/after", "--stack", "sandbox", "--expect-revision", "backend"],
        "--expect-revision backend: expected FAMILY:REVISION, for example backend:7",
    ),
    "expectation": (["checks/daily", "--expect-image", "a:b"], "applies to checks/deploy/after only"),
    "no stack": (["checks/deploy/after"], "name the stack with --stack"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_options_are_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    ended = Project.of_the_checks(tmp_path).run(*arguments)
    assert ended.code == 4
    assert message in ended.err
