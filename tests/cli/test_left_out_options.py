"""Commands without --stack and --stacks: the default stack, the environment, pytest's ini file."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.cli.options import from_ini
from tests.cli.typed import opschecks

TWO = '[stacks.here]\nregion = "us-west-2"\n[stacks.there]\nregion = "eu-west-1"\n'


@pytest.fixture(autouse=True)
def _of_two_stacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stacks.toml").write_text(f'default = "here"\n{TWO}')


NONE = "stacks.toml has no such stack; did you mean 'here'?\n"
COMMANDS = (("journal",), ("history", "list"), ("history", "rebuild"))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_commands_that_only_look_take_the_default_stack(command: tuple[str, ...]) -> None:
    assert "here" in opschecks(*command).output
    assert "there" in opschecks(*command, OPSCHECKS_STACK="there").output
    assert "here" in opschecks(*command, "--stack", "here", OPSCHECKS_STACK="there").output


@pytest.mark.parametrize("command", [("fix", "scale-service"), ("undo", "70a3542d")], ids=lambda one: one[0])
def test_commands_that_change_want_the_stack_named(command: tuple[str, ...]) -> None:
    ended = opschecks(*command, OPSCHECKS_STACK="here")
    assert ended.exit_code == 2
    assert "Missing option '--stack'" in ended.output


def test_an_unknown_one_is_a_line_with_the_nearest() -> None:
    """It names what somebody has set, not an option that nobody typed."""
    assert opschecks("journal", OPSCHECKS_STACK="her").output == f"Error: OPSCHECKS_STACK her: {NONE}"
    assert opschecks("list", "limits", OPSCHECKS_STACK="her,here").output == f"Error: OPSCHECKS_STACK her: {NONE}"
    typed = opschecks("journal", "--stack", "her here", OPSCHECKS_STACK="here")
    assert typed.output.startswith("Error: --stack her here: stacks.toml has no such stack; ")
    Path("pytest.ini").write_text("[pytest]\nopschecks_stack = her there\n")
    assert opschecks("journal").output == f"Error: opschecks_stack her: {NONE}"
    assert f"Error: opschecks_stack her: {NONE}" in opschecks("report", "weekly", "--week", "2026-W47").output


@pytest.mark.parametrize("several", ["there here", "there, here", " there,here "])
def test_of_several_the_first_is_taken(several: str) -> None:
    assert opschecks("journal", OPSCHECKS_STACK=several).output == "no changes on there\n"
    Path("pytest.ini").write_text(f"[pytest]\nopschecks_stack = {several}\n")
    assert opschecks("journal", OPSCHECKS_STACK=" ").output == "no changes on there\n"


def test_only_names_of_stacks_are_several() -> None:
    Path("pytest.ini").write_text("[pytest]\nopschecks_reports = my reports, and more\n")
    assert from_ini("reports") == "my reports, and more"


def test_of_several_ini_files_the_one_that_pytest_takes_is_read() -> None:
    Path("pyproject.toml").write_text('[tool.pytest]\nopschecks_stack = ["there"]\n')
    assert from_ini("stack") == "there"
    Path("pytest.ini").touch()
    assert from_ini("stack") is None


def test_a_day_of_the_history_is_looked_for_in_the_default_stack() -> None:
    ended = opschecks("report", "daily", "2026-11-24")
    assert ended.exit_code == 1
    assert "2026-11-24" in ended.output
    assert "no such run file" not in ended.output
    assert "Error: --week 2026-W47: here has no run in it" in opschecks("report", "weekly", "--week", "2026-W47").output


INI = {
    "pytest.ini": "[pytest]\nopschecks_stacks = conf/a.toml\nopschecks_stack = there, here\n",
    "pyproject.toml": '[tool.pytest.ini_options]\nopschecks_stacks = "conf/a.toml"\nopschecks_stack = "there"\n',
    "pytest.toml": '[pytest]\nopschecks_stacks = "conf/a.toml"\nopschecks_stack = ["there"]\n',
    "setup.cfg": "[tool:pytest]\nopschecks_stacks = conf/a.toml\nopschecks_stack = there\n",
}


@pytest.mark.parametrize("name", INI)
def test_pytests_ini_file_is_read(name: str) -> None:
    Path("conf").mkdir()
    Path("stacks.toml").rename("conf/a.toml")
    Path(name).write_text(INI[name])
    assert opschecks("journal").output == "no changes on there\n"


def test_a_file_without_it_and_a_broken_one_say_nothing() -> None:
    assert from_ini("stack") is None
    Path("pyproject.toml").write_text("[tool.ruff]\n")
    Path("setup.cfg").write_text("= not ini\n")
    assert from_ini("stack") is None


def test_help_names_the_variables() -> None:
    said = opschecks("history", "list", "--help").output
    for variable in ("OPSCHECKS_STACK", "OPSCHECKS_STACKS", "OPSCHECKS_REPORTS"):
        assert f"[env var: {variable}" in said
