"""What a fix is refused for, end to end: options, names, guards, vetoes, marks and another fixer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import FIX, QUICK, bench, permissions
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


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_careless_options_are_refused(tmp_path: Path, arguments: list[str], message: str) -> None:
    ended = Project.of_the_checks(tmp_path).run(*arguments)
    assert ended.code == 4
    assert message in ended.err
    assert ended.out == ""


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


def test_without_a_running_sandbox_nothing_is_changed_by_name(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    done = project.opschecks("fix", "scale-service", "--stack", "sandbox")
    assert done.code == 1
    assert "none is running: start one with opschecks sandbox" in done.err


def test_a_remedy_that_nobody_has_is_said_before_the_sandbox_is_looked_for(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    done = project.opschecks("fix", "scale-servise", "--stack", "sandbox")
    assert done.code == 1
    assert "scale-servise: no such remedy; did you mean 'scale-service'?" in done.err
    assert "none is running" not in done.err


def test_a_users_conftest_vetoes(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off") as on:
        on.project.write(
            "conftest.py",
            'pytest_plugins = ["opschecks"]\n\n\ndef pytest_opschecks_before_change(change):\n'
            '    return "not before the release" if change.remedy == "enable-stickiness" else None\n',
        )
        ended = on.check("test_websocket_sessions_are_sticky", "--fix=apply")
        assert ended.code == 1
        assert "refused: vetoed: not before the release" in ended.out
        assert on.journal() == []


FREEZE = '[[stacks.sandbox.fix.freeze]]\nbegins = 2020-01-01T00:00:00Z\nends = 2099-01-01T00:00:00Z\nreason = "sale"\n'


@pytest.mark.parametrize(
    ("limits", "options", "message"),
    [
        ("", [], "it is disruptive: --allow disruptive permits it"),
        ("changes_per_run = 1\n", ["--allow", "disruptive"], "fix.changes_per_run is 1: no change was made"),
        ("changes_per_day = 1\n", ["--allow", "disruptive"], "fix.changes_per_day is 1: no change was made"),
        (FREEZE, ["--allow", "disruptive"], "frozen until 2099-01-01 00:00 UTC: sale"),
    ],
    ids=["risk", "run", "day", "freeze"],
)
def test_guards_refuse_before_the_first_change(tmp_path: Path, limits: str, options: list[str], message: str) -> None:
    with bench(tmp_path, "the_world_is_let_in_by_halves", fix=FIX + limits) as on:
        before = permissions(on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"])
        ended = on.check("ingress", "--fix=apply", *options)
        assert ended.code == 1
        assert message in ended.out
        assert permissions(on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"]) == before
        assert on.journal() == []
        assert on.changes()[0]["result"] == "refused"


def test_two_fixers_at_once_one_works_and_the_other_says_who(tmp_path: Path) -> None:
    from opschecks.history.lock import Lock
    from opschecks.history.storage import FolderStorage

    with (
        bench(tmp_path, "stickiness_switched_off") as on,
        Lock(FolderStorage(tmp_path / "reports" / "history" / "sandbox")),
    ):
        ended = on.check("test_websocket_sessions_are_sticky", "--fix=apply")
        assert ended.code == 4
        assert "has been fixing this stack since" in ended.err
        assert on.journal() == []
        by_name = on.command("fix", "scale-service", "--set", "desired=3", "--yes")
        assert "has been fixing this stack since" in by_name.err


def test_a_check_that_does_not_apply_changes_nothing(tmp_path: Path) -> None:
    with bench(tmp_path, "cpu_is_saturated") as on:
        text = QUICK.replace("sandbox = true\n", 'sandbox = true\nwithout = ["high-cpu"]\n')
        on.project.write("stacks.toml", text + FIX)
        ended = on.project.run("checks/daily", "--stack", "sandbox", "--fix=apply", **on.environment)
        assert on.journal() == []
        assert ended.code == 0, ended.out
        assert on.sandbox.service().desired_count == 2


def test_marks_that_hide_a_failure_are_refused_before_anything_is_changed(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off") as on:
        path = tmp_path / "checks" / "daily" / "test_websocket.py"
        path.write_text("import pytest\n\npytestmark = pytest.mark.skip(reason='later')\n" + path.read_text())
        ended = on.project.run("checks/daily", "--stack", "sandbox", "--fix=apply", **on.environment)
        assert ended.code == 4
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
            ended = on.command("fix", "scale-service", "--set", "desired=3", "--yes", "--target", arn)
            assert ended.code == 1
            assert "and sandbox is " in ended.err
        assert on.journal() == []
