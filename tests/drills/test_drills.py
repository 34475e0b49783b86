"""Drills, end to end on a sandbox: what they rehearse, what they leave behind (nothing), and what they refuse."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from opschecks.history.lock import Lock
from tests.bench import DIES, FIX, FREEZE, QUICK, Bench, bench, careless
from tests.scratch import Project

DRILLS = ("checks/drills", "--stack", "sandbox")
LEFT = "opschecks-drill-"
BY_HAND = f"{LEFT}by-hand"


@pytest.fixture
def on(tmp_path: Path) -> Any:
    """A sandbox that has what drills look at, and goes on living between them."""
    # a drill names its table by the second, and here two are held within one
    with bench(tmp_path, fix=FIX + "cooldown_minutes = 0\n", whole=True) as made:
        yield made


def _left(on: Bench) -> list[str]:
    tables = on.sandbox.backend("dynamodb").tables
    return [name for name in tables if name.startswith(LEFT) and name != BY_HAND]


def _seen(on: Bench, name: str, file: str = "drills.json") -> list[dict[str, Any]]:
    [seen] = [one for one in on.project.told(file)["observations"] if one["name"] == name]
    resources: list[dict[str, Any]] = seen["resources"]
    return resources


def _figures(resource: dict[str, Any]) -> dict[str, Any]:
    return {one["label"]: one["value"] for one in resource["figures"]}


def test_all_drills_are_held_leave_nothing_and_are_told_of(on: Bench) -> None:
    before = {name: dict(table.items) for name, table in on.sandbox.backend("dynamodb").tables.items()}
    was = {task.task_id for task in on.sandbox.web.tasks}
    ended = on.run("drills").ends(0)
    assert {name: dict(table.items) for name, table in on.sandbox.backend("dynamodb").tables.items()} == before
    assert len({task.task_id for task in on.sandbox.web.tasks} - was) == 1
    # said before anything is changed, and while it is
    assert ended.out.index("restore_drills restores the newest backup") < ended.out.index("failover_drills begins")
    assert "about 0.01 USD" in ended.out
    incidents, agents = _seen(on, "restore_drills")
    assert (incidents["name"], agents["name"]) == tuple(on.sandbox.stack.tables)
    figures = _figures(incidents)
    assert list(figures) == ["restored in", "items compared", "backup of", "result"]
    assert (figures["items compared"], figures["result"]) == (4, "as the backup")
    assert _figures(_seen(on, "failover_drills")[0])["clients cut"] == 2
    assert {"p50", "p95", "p99"} <= set(_figures(_seen(on, "load_drill")[0]))
    made = [one["change"]["remedy"] for one in on.journal()]
    assert made == ["stop-task", *(["restore-table", "delete-restored-table"] * 2)]
    assert {one["steps"][-1]["event"] for one in on.journal()} == {"cured"}
    assert [one["result"] for one in on.project.told("drills.json")["changes"]] == ["done"] * 5
    assert list((on.project.folder / "reports" / "history" / "sandbox" / "drills").glob("*.json"))


@pytest.mark.parametrize("step", ["before it is sent", "after it is sent", "before it is verified"])
def test_what_a_killed_drill_has_left_goes_with_the_next(on: Bench, step: str) -> None:
    # a table that no drill made is none to remove, whatever its name
    on.sandbox.client("dynamodb").create_table(
        TableName=BY_HAND,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    on.project.write("conftest.py", DIES)
    on.environment["DIES"] = step
    on.run("drills", "-k", "restored").ends(-9)
    left = _left(on)
    assert len(left) == (0 if step == "before it is sent" else 1)
    sent = on.times_sent()
    (on.project.folder / "conftest.py").write_text('pytest_plugins = ["opschecks"]\n')
    on.free_the_lock()
    on.run("drills", "-k", "restored").ends(0)
    assert _left(on) == []
    assert BY_HAND in on.sandbox.backend("dynamodb").tables
    assert on.times_sent() == sent, "nothing that had been sent is sent again by settling"
    first, *later = on.journal()
    assert first["change"]["remedy"] == "restore-table"
    assert first["steps"][-1]["event"] == ("not_sent" if step == "before it is sent" else "handed_over")
    gone = [one["change"]["target"] for one in later if one["change"]["remedy"] == "delete-restored-table"]
    assert gone[: len(left)] == left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_the_copy_is_removed_before_it_ends(on: Bench, number: signal.Signals) -> None:
    with on.project.begin(*DRILLS, "-k", "restored", **on.environment) as drilling:
        assert drilling.stdout
        for line in drilling.stdout:
            if "the table is CREATING" in line:
                os.kill(drilling.pid, number)
                break
        rest = drilling.stdout.read()
    assert drilling.returncode == 2, rest
    assert _left(on) == []
    assert [one["change"]["remedy"] for one in on.journal()] == ["restore-table", "delete-restored-table"]
    assert on.project.outcomes("drills-partial.json")["test_tables_can_be_restored_from_their_backup"] == "not_run"
    assert on.run("drills", "-k", "restored").code == 0, "the lock was given back"


def test_a_veto_a_freeze_and_one_task_stop_nothing_and_say_so(on: Bench) -> None:
    on.project.write(
        "conftest.py",
        'pytest_plugins = ["opschecks"]\n\n\ndef pytest_opschecks_before_change(change):\n    return "not today"\n',
    )
    vetoed = on.run("drills", "-k", "restored or stopped_task").ends(10)
    assert "no task was stopped: vetoed: not today" in vetoed.out
    assert "nothing was restored: vetoed: not today" in vetoed.out
    (on.project.folder / "conftest.py").write_text('pytest_plugins = ["opschecks"]\n')
    on.project.write("stacks.toml", QUICK + FIX + FREEZE)
    frozen = on.run("drills").ends(10)
    assert "frozen until Thu 01 Jan 2099, 00:00 UTC: sale" in frozen.out
    on.project.write("stacks.toml", QUICK)
    service = on.sandbox.service()
    service.desired_count = service.running_count = 1
    alone = on.run("drills", "-k", "stopped_task").ends(10)
    assert "stopping it would be an outage" in alone.out
    assert 'run two; if this does not apply, set without = ["test_' in alone.out.replace("\n", " ")
    assert on.journal() == []
    assert len(on.sandbox.web.tasks) == 2


def test_what_does_not_apply_is_not_drilled(on: Bench) -> None:
    without = '"restore", "connection-pool", "scale-backend", "websocket-connection-issues", "high-error-rate"'
    on.project.write("stacks.toml", QUICK.replace("sandbox = true\n", f"sandbox = true\nwithout = [{without}]\n"))
    ended = on.run("drills").ends(0)
    assert set(on.project.outcomes("drills.json").values()) == {"not_applicable"}
    assert "begins" not in ended.out
    assert on.journal() == []


def test_a_task_is_stopped_by_name_where_two_run(on: Bench) -> None:
    task = on.sandbox.tasks[0].task_arn
    refused = on.command("fix", "stop-task", "--target", task, "--yes")
    assert "it is disruptive: --allow disruptive permits it" in refused.err
    on.command("fix", "stop-task", "--target", task, "--allow", "disruptive", "--yes").ends(0)
    again = on.command("fix", "stop-task", "--target", task, "--allow", "disruptive", "--yes")
    assert "only a running task is stopped" in again.err
    assert on.sandbox.service().running_count == 2


def test_held_by_somebody_else_nothing_begins(on: Bench) -> None:
    with Lock(on.state):
        ended = on.run("drills")
    assert ended.code == 4
    assert "has been fixing this stack since" in ended.err
    assert on.journal() == []


REFUSED: dict[str, tuple[list[str], str]] = {
    "workers": ([*DRILLS, "-n", "2"], "checks/drills: drills cannot run in parallel; remove -n"),
    "fix": ([*DRILLS, "--fix=apply"], "--fix=apply: does not apply to drills; remove it"),
    "no stack": (["checks/drills"], "name the stack with --stack"),
}


test_careless_options_are_refused = careless(REFUSED)


def test_a_real_stack_must_say_whose_account_it_is(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path, 'default = "live"\n[stacks.live]\nregion = "us-west-2"\n')
    ended = project.run("checks/drills", "--stack", "live").ends(4)
    assert "stacks.live.account_id: not set; nothing is changed in an account that was not named" in ended.err


def test_no_other_suite_knows_a_drill(tmp_path: Path) -> None:
    ended, loaded = Project.of_the_checks(tmp_path).imports("checks/daily", "-k", "health")
    assert ended.code == 0
    assert not [name for name in loaded if name.startswith(("opschecks.drills", "opschecks.drills.declare"))]
