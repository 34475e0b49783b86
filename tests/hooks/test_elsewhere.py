"""What the command line has, said by the environment or the ini file; and what options that name another folder leave.

That is the project's folder and its ini file.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scratch import PYPROJECT, Project, check_of_each

TWO = """\
default = "here"

[stacks.here]
region = "us-west-2"

[stacks.there]
region = "eu-west-1"
"""


@pytest.fixture
def two(project: Project) -> Project:
    project.checks(check_of_each("test_good"))
    project.write("stacks.toml", TWO)
    return project


def stacks_of(project: Project) -> list[str]:
    return [one["name"] for one in project.told()["stacks"]]


SAID = {
    "the file's default": ("", {}, [], ["here"]),
    "the ini file": ("opschecks_stack = ['there']", {}, [], ["there"]),
    "the environment before the ini file": ("opschecks_stack = ['here']", {"OPSCHECKS_STACK": "there"}, [], ["there"]),
    "the command line before both": (
        "opschecks_stack = ['here']", {"OPSCHECKS_STACK": "here"}, ["--stack", "there"], ["there"],
    ),
    "several": ("", {"OPSCHECKS_STACK": "here, there"}, [], ["here", "there"]),
    "an empty variable": ("", {"OPSCHECKS_STACK": " "}, [], ["here"]),
}  # fmt: skip


@pytest.mark.parametrize("case", SAID.values(), ids=SAID)
def test_the_command_line_comes_first_then_the_environment(
    case: tuple[str, dict[str, str], list[str], list[str]], two: Project
) -> None:
    ini, environment, arguments, expected = case
    two.write("pyproject.toml", f"{PYPROJECT}{ini}\n")
    two.run("checks/daily", *arguments, **environment).ends(0)
    assert stacks_of(two) == expected


def test_places_and_severity_too(two: Project, tmp_path: Path) -> None:
    two.write("conf/pytest.ini", "[pytest]\nopschecks_stacks = others.toml\nopschecks_fail_on = critical\n")
    two.write("conf/others.toml", TWO.replace("here", "elsewhere"))
    two.write("conf/conftest.py", (two.folder / "conftest.py").read_text())
    (two.folder / "checks").rename(two.folder / "conf" / "checks")
    inner = Project(two.folder / "conf")
    inner.checks(check_of_each("test_good", "assert not thing"))
    inner.run("checks/daily", OPSCHECKS_REPORTS=str(tmp_path / "out")).ends(0)
    assert "elsewhere" in (tmp_path / "out" / "daily.json").read_text()


WRONG = {
    "OPSCHECKS_STACK": ("hre", "OPSCHECKS_STACK hre: stacks.toml has no such stack; did you mean 'here'?"),
    "OPSCHECKS_FAIL_ON": ("hihg", "OPSCHECKS_FAIL_ON=hihg: no such severity; did you mean 'high'?"),
    "OPSCHECKS_STACKS": ("stack.toml", "stack.toml: no such file"),
}


@pytest.mark.parametrize("variable", WRONG)
def test_a_bad_value_is_one_line_that_names_where_it_stands(variable: str, two: Project) -> None:
    given, said = WRONG[variable]
    ended = two.run("checks/daily", **{variable: given}).ends(4)
    assert ended.err.startswith(f"ERROR: {said}"), ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_what_gates_a_deploy_wants_the_command_line(two: Project) -> None:
    two.checks(check_of_each("test_ready"), "deploy/before/test_ready.py")
    ended = two.run("checks/deploy/before", OPSCHECKS_STACK="here").ends(4)
    assert "name the stack with --stack" in ended.err


def test_workers_come_to_the_same(two: Project) -> None:
    two.write("pyproject.toml", f"{PYPROJECT}opschecks_fail_on = 'critical'\n")
    two.checks(check_of_each("test_good", "assert not thing"))
    two.run("checks/daily", "-n1", OPSCHECKS_STACK="there").ends(0)
    assert stacks_of(two) == ["there"]


def test_other_tests_do_not_mind(two: Project) -> None:
    two.write("tests/test_x.py", "def test_x():\n    pass\n")
    assert two.run("tests", OPSCHECKS_STACK="there", OPSCHECKS_STACKS="x.toml").code == 0


def test_stacks_of_another_folder_leave_the_rootdir_alone(two: Project) -> None:
    """Without an ini file, also where the folders above look like a project themselves."""
    inner = Project.make(two.folder / "inner")
    inner.checks(check_of_each("test_good"))
    (inner.folder / "pyproject.toml").unlink()
    (two.folder / "pyproject.toml").unlink()
    ended = inner.run("-p", "opschecks", "checks/daily", "--stacks", "../stacks.toml", "--stack", "there").ends(0)
    assert f"rootdir: {inner.folder}\n" in ended.out
    assert inner.told()["checks"][0]["nodeid"].startswith("checks/daily/")
    assert stacks_of(inner) == ["there"]


def test_only_what_is_typed_wrong_on_the_command_line_leaves_the_page_of_yesterday(two: Project) -> None:
    """A scheduler's variable or ini file that is wrong is wrong every morning: nobody reads its terminal."""
    wrong: list[tuple[str, dict[str, str]]] = [("", {"OPSCHECKS_STACK": "heer"}), ("", {"OPSCHECKS_FAIL_ON": "hi"})]
    for written, environment in (*wrong, ("opschecks_stack = ['heer']", {})):
        two.write("reports/daily.html", "yesterday: all good")
        two.write("pyproject.toml", f"{PYPROJECT}{written}\n")
        two.run("checks/daily", **environment).ends(4)
        assert "yesterday" not in two.page(), (written, environment)
        assert "no such s" in two.page()
    two.write("pyproject.toml", PYPROJECT)
    two.write("reports/daily.html", "yesterday: all good")
    for typed in (["--stack", "heer"], ["--shard", "3/2", "--stack", "all"]):
        assert two.run("checks/daily", *typed, OPSCHECKS_STACK="here").code == 4
        assert two.page() == "yesterday: all good", typed


def test_a_replay_leaves_the_live_page_wherever_reports_go(two: Project) -> None:
    assert two.run("checks/daily", "--record", "it.rec").code == 0
    for written, environment, folder in (
        ("", {"OPSCHECKS_REPORTS": "out"}, "out"),
        ("opschecks_reports = 'ini'", {}, "ini"),
    ):
        two.write(f"{folder}/daily.html", "live")
        two.write("pyproject.toml", f"{PYPROJECT}{written}\n")
        assert two.run("checks/daily", "--replay", "it.rec", **environment).code == 0
        assert (two.folder / folder / "daily.html").read_text() == "live"
        assert (two.folder / folder / "replay" / "daily.html").exists()
    assert two.run("checks/daily", "--replay", "it.rec", "--reports", "typed").code == 0
    assert (two.folder / "typed" / "daily.html").exists()


A_AND_B = 'default = "a"\n[stacks.a]\nregion = "us-west-2"\n[stacks.b]\nregion = "us-west-2"\n'
OURS = "[pytest]\nopschecks_stack = b\ntestpaths = checks/daily\n"


@pytest.fixture
def ours(tmp_path: Path) -> Project:
    """A project beside a folder that has a list of stacks."""
    project = Project.make(tmp_path / "ours")
    project.checks(check_of_each("test_good"))
    (project.folder / "pyproject.toml").unlink()
    for folder in ("ours/stacks.toml", "other/teams.toml"):
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text(A_AND_B)
    return project


def _with_ini(ours: Project, own: str, others: str) -> None:
    for path, text in ((ours.folder, own), (ours.folder.parent / "other", others)):
        if text:
            (path / "pytest.ini").write_text(text)


INI = {
    "nothing there": (OURS, "", "daily checks of b", "ours"),
    "an ini file there": (OURS, "[pytest]\nopschecks_stack = a\n", "daily checks of b", "ours"),
    "only there": ("", "[pytest]\nopschecks_stack = b\n", "daily checks of a", "ours"),
}


@pytest.mark.parametrize("case", INI.values(), ids=INI)
def test_a_list_of_stacks_elsewhere_changes_no_setting(case: tuple[str, str, str, str], ours: Project) -> None:
    own, others, said, folder = case
    _with_ini(ours, own, others)
    ended = ours.run("-p", "opschecks", "--stacks", "../other/teams.toml", *([] if own else ["checks/daily"])).ends(0)
    assert f"opschecks: {said}\n" in ended.out
    assert f"rootdir: {ours.folder.parent / folder}\n" in ended.out
    assert ours.outcomes() == {"test_good": "passed"}
    assert not (ours.folder.parent / "other" / "reports").exists()


USED_AT_ONCE = {
    "ours": (f"{OURS}addopts = -q\n", "", "from no ini file because of it; add -c pytest.ini"),
    "theirs": (OURS, "[pytest]\naddopts = -q\n", "other/pytest.ini because of it; add -c pytest.ini"),
    "only theirs": ("", "[pytest]\naddopts = -q\n", "make a pytest.ini here, and add -c pytest.ini"),
}


@pytest.mark.parametrize("case", USED_AT_ONCE.values(), ids=USED_AT_ONCE)
def test_what_pytest_has_used_already_ends_the_run_in_one_line(case: tuple[str, str, str], ours: Project) -> None:
    own, others, said = case
    _with_ini(ours, own, others)
    ended = ours.run("-p", "opschecks", "--stacks", "../other/teams.toml").ends(4)
    assert ended.err.startswith("ERROR: --stacks ../other/teams.toml: pytest takes its settings ")
    assert ended.err.endswith(f"{said}\n\n"), ended.err


def test_the_installed_checks_are_no_place_of_settings(ours: Project) -> None:
    (ours.folder / "pytest.ini").write_text(OURS)
    shipped = "--pyargs", "opschecks.checks.daily", "--collect-only", "-q"
    ended = ours.run("-p", "opschecks", *shipped, "--stacks", "../other/teams.toml")
    assert "test_ecs.py::" in ended.out, ended.all
    assert "[a]" not in ended.out
