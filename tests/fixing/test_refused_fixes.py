"""What a fix is refused for, end to end: options, names, guards, vetoes, marks and another fixer."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.history.lock import Lock
from tests.bench import FIX, FREEZE, QUICK, bench, careless, permissions
from tests.scratch import Project

REFUSED: dict[str, tuple[list[str], str]] = {
    "no stack": (["checks/daily", "--fix=plan"], "name the stack that may be changed: --stack sandbox"),
    "workers": (["checks/daily", "--stack", "sandbox", "--fix=apply", "-n", "2"], "cannot run in parallel; remove -n"),
    "allow alone": (["checks/daily", "--stack", "sandbox", "--allow", "disruptive"], "needs --fix=apply"),
    "no plan": (
        ["checks/daily", "--stack", "sandbox", "--fix=apply", "--plan", "nowhere.json"],
        "nowhere.json: cannot be read: No such file or directory",
    ),
    "another file": (
        ["checks/daily", "--stack", "sandbox", "--fix=apply", "--plan", "stacks.toml"],
        "stacks.toml: not JSON",
    ),
}


test_careless_options_are_refused = careless(REFUSED)


WRONG: dict[str, tuple[list[str], str]] = {
    "remedy": (["fix", "scale-servise"], "scale-servise: no such remedy; did you mean"),
    "wish": (["fix", "scale-service", "--set", "desird=5"], "takes no such value; did you mean 'desired'?"),
    "value": (["fix", "scale-service", "--set", "desired=many"], "--set desired=many: expected a whole number"),
    "form": (["fix", "scale-service", "--set", "desired"], "--set desired: expected NAME=VALUE"),
    "target": (["fix", "enable-stickiness"], "say what to change with --target"),
    "entry": (["undo", "0123"], "0123: no such entry in the journal of sandbox"),
    "plan": (["fix", "nowhere.json"], "nowhere.json: cannot be read: No such file or directory"),
}


def test_wrong_names_get_the_nearest_and_no_traceback(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        for arguments, message in WRONG.values():
            ended = on.command(*arguments)
            assert ended.code != 0
            assert message in ended.err, arguments
            assert "Traceback" not in ended.all
        assert on.journal() == []


NOT_RUNNING = "none is running: start one with opschecks sandbox"
NO_REMEDY = "scale-servise: no such remedy; did you mean 'scale-service'?"


@pytest.mark.parametrize(("remedy", "said"), [("scale-service", NOT_RUNNING), ("scale-servise", NO_REMEDY)])
def test_a_remedy_that_nobody_has_is_said_before_the_sandbox_is_looked_for(
    tmp_path: Path, remedy: str, said: str
) -> None:
    done = Project.of_the_checks(tmp_path).opschecks("fix", remedy, "--stack", "sandbox").ends(1)
    assert said in done.err
    assert ("none is running" in done.err) == (said == NOT_RUNNING)


GUARDED: dict[str, tuple[list[str], str]] = {
    "": ([], "it is disruptive: --allow disruptive permits it"),
    "changes_per_run = 1\n": (["--allow", "disruptive"], "fix.changes_per_run is 1: no change was made"),
    "changes_per_day = 1\n": (["--allow", "disruptive"], "fix.changes_per_day is 1: no change was made"),
    FREEZE: (["--allow", "disruptive"], "frozen until 2099-01-01 00:00 UTC: sale"),
}


def test_guards_refuse_before_the_first_change(tmp_path: Path) -> None:
    with bench(tmp_path, "the_world_is_let_in_by_halves") as on:
        before = permissions(on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"])
        for limits, (options, message) in GUARDED.items():
            on.project.write("stacks.toml", QUICK + FIX + limits)
            ended = on.check("ingress", "--fix=apply", *options).ends(1)
            assert message in ended.out, limits
            assert permissions(on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"]) == before, limits
            assert on.journal() == [], limits
            assert on.changes()[0]["result"] == "refused", limits


def test_two_fixers_at_once_one_works_and_the_other_says_who(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off") as on, Lock(on.state):
        ended = on.check("test_websocket_sessions_are_sticky", "--fix=apply").ends(4)
        assert "has been fixing this stack since" in ended.err
        assert on.journal() == []
        by_name = on.command("fix", "scale-service", "--set", "desired=3", "--yes")
        assert "has been fixing this stack since" in by_name.err


def test_a_check_that_does_not_apply_changes_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, "cpu_is_saturated") as on:
        text = QUICK.replace("sandbox = true\n", 'sandbox = true\nwithout = ["high-cpu"]\n')
        on.project.write("stacks.toml", text + FIX)
        on.run("daily", "--fix=apply").ends(0)
        assert on.journal() == []
        assert on.sandbox.service().desired_count == 2


def test_marks_that_hide_a_failure_are_refused_before_anything_is_changed(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off") as on:
        path = tmp_path / "checks" / "daily" / "test_websocket.py"
        path.write_text("import pytest\n\npytestmark = pytest.mark.skip(reason='later')\n" + path.read_text())
        ended = on.run("daily", "--fix=apply").ends(4)
        assert "marked 'skip'; remove the mark before using --fix" in ended.err
        assert on.journal() == []


def test_a_real_stack_says_whose_account_it_is_and_where_the_lock_lies(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path, 'default = "live"\n[stacks.live]\nregion = "us-west-2"\n')
    asked = ["checks/daily", "--stack", "live", "--fix=apply"]
    assert "stacks.live.account_id: not set; nothing is changed" in project.run(*asked).err
    text = 'default = "live"\n[stacks.live]\nregion = "us-west-2"\naccount_id = "123456789012"\n'
    project.write("stacks.toml", text)
    assert "stacks.live.state: not set; journal, lock and day limits need one place" in project.run(*asked).err


def test_an_arn_of_another_account_or_region_is_not_ours(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        for place in ("eu-central-1:123456789012", "us-west-2:999999999999"):
            arn = f"arn:aws:ecs:{place}:service/incident-commander/backend"
            ended = on.command("fix", "scale-service", "--set", "desired=3", "--yes", "--target", arn).ends(1)
            assert "and sandbox is " in ended.err
        assert on.journal() == []
