"""The deploy gates: before, after, baking; a bad revision is stopped, rolled back and reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import backups
from tests.bench import FIX, FREEZE, QUICK, Bench, bench, careless
from tests.hooks.test_bake import GATE, OF_THE_STACK
from tests.scratch import Project

SETTLING = QUICK.replace("aws_attempts = 1", "aws_attempts = 1, deployment_minutes = 0.02")
"""Only for a deployment that never settles, so that the time makes no difference."""


@contextmanager
def _standing(folder: Path, *faults: str) -> Iterator[Bench]:
    """A bench whose tables have backups, which a deploy requires."""
    with bench(folder, *faults) as on:
        backups.sow(on.sandbox)
        yield on


def test_a_good_deploy_passes_both_gates(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.run("deploy/before").code == 0
        on.sandbox.push_image("v2")
        revision = on.deploy("v2", looks=0)
        early = on.run("deploy/after", "--expect-revision", revision).ends(1)
        assert "the deployment is IN_PROGRESS" in early.out
        expected = ("--expect-revision", revision, "--expect-image", "incident-commander:v2")
        baked = on.run("deploy/after", *expected, "--bake", "1s").ends(0)
        assert baked.err == ""
        assert "settling, at most" in baked.out
        assert re.search(r"baking for \d+ s: all good", baked.out)


def test_a_bad_revision_is_stopped_rolled_back_and_reported(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.run("daily").code == 0
        assert on.run("deploy/before").code == 0
        revision = on.deploy("never-pushed", looks=9)
        on.project.write("stacks.toml", SETTLING + FIX)
        stopped = on.run("deploy/after", "--expect-revision", revision, "--bake", "10m").ends(1)
        assert "the deployment is FAILED" in stopped.out
        assert "baking" not in stopped.out
        on.project.write("stacks.toml", QUICK + FIX)
        on.command("fix", "roll-back-service", "--allow", "disruptive", "--yes").ends(0)
        assert on.sandbox.service().task_definition.endswith(":1")
        on.run("deploy/after", *OF_THE_STACK).ends(0)
        page = on.project.page("deploy-after.html")
        assert "Changes made (1)" in page
        assert f"taskDefinition: {revision} → incident-commander-backend:1" in page
        assert "Recovered (" in page


def test_a_deployment_under_way_is_stopped_and_rolled_back(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.run("daily").code == 0
        on.sandbox.push_image("v2")
        revision = on.deploy("v2", looks=0)
        on.sandbox.service().looks_to_settle = 99
        back = on.command("fix", "roll-back-service", "--allow", "disruptive", "--yes").ends(0)
        assert "ecs:StopServiceDeployment" in back.out
        assert on.sandbox.service().task_definition.endswith(":1")
        told = on.run("daily").ends(1)
        assert f"{revision}: rollback successful" in told.out


def test_what_got_worse_since_the_gate_is_caught(tmp_path: Path) -> None:
    with _standing(tmp_path, "alarm_is_ringing") as on:
        blind = on.run("deploy/after", *OF_THE_STACK).ends(10)
        assert "there is no run of checks/deploy/before to compare with" in blind.out
        assert on.run("deploy/before").code == 1
        assert on.run("deploy/after", *OF_THE_STACK).code == 0, "it rang before"
        give_fault(on.sandbox, "target_is_unhealthy")
        worse = on.run("deploy/after", *OF_THE_STACK).ends(1)
        assert "1 healthy target, 2 before the deploy" in worse.out


def test_a_bake_ends_with_the_first_failure(tmp_path: Path) -> None:
    with _standing(tmp_path) as on:
        assert on.run("deploy/before").code == 0
        bake = (*GATE, *OF_THE_STACK, "--bake", "1h")
        with on.project.begin(*bake, **on.environment) as watching:
            assert watching.stdout
            for line in watching.stdout:
                if "baking, at most" in line:
                    give_fault(on.sandbox, "alarm_is_ringing")
                    break
            rest = watching.stdout.read()
        assert watching.returncode == 1
        assert "Something got worse with the deploy" in rest


@pytest.mark.parametrize(("begins", "outcome"), [("2020-01-01", "failed"), ("2098-01-01", "passed")])
def test_a_freeze_that_is_in_force_stops_a_deploy(tmp_path: Path, begins: str, outcome: str) -> None:
    project = Project.of_the_checks(tmp_path, QUICK + FIX + FREEZE.replace("2020-01-01", begins))
    ended = project.run("checks/deploy/before", "--stack", "sandbox")
    assert project.outcomes("deploy-before.json")["test_no_change_is_frozen"] == outcome
    assert ended.code == (1 if outcome == "failed" else 0), ended.out


WRONG: dict[str, tuple[list[str], str]] = {
    "span": ([*GATE, "--bake", "soon"], "--bake 'soon': expected 90m, 2h or 1d"),
    "suite": (["checks/daily", "--bake", "1m"], "--bake: applies to checks/deploy/after only"),
    "workers": ([*GATE, "--bake", "1m", "-n", "2"], "--bake: cannot run in parallel"),
    "revision": (
        [*GATE, "--expect-revision", "backend"],
        "--expect-revision backend: expected FAMILY:REVISION, for example backend:7",
    ),
    "expectation": (["checks/daily", "--expect-image", "a:b"], "applies to checks/deploy/after only"),
    "no stack": (["checks/deploy/after"], "name the stack with --stack"),
}


test_wrong_options_are_named = careless(WRONG)
