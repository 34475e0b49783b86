"""Options that name files of another folder leave the project's folder and its ini file as they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scratch import Project, check_of_each

TWO = 'default = "a"\n[stacks.a]\nregion = "us-west-2"\n[stacks.b]\nregion = "us-west-2"\n'
OURS = "[pytest]\nopschecks_stack = b\ntestpaths = checks/daily\n"


@pytest.fixture
def ours(tmp_path: Path) -> Project:
    """A project beside a folder that has a list of stacks."""
    project = Project.make(tmp_path / "ours")
    project.checks(check_of_each("test_good"))
    (project.folder / "pyproject.toml").unlink()
    for folder in ("ours/stacks.toml", "other/teams.toml"):
        (tmp_path / folder).parent.mkdir(exist_ok=True)
        (tmp_path / folder).write_text(TWO)
    return project


INI = {
    "nothing there": (OURS, "", "daily checks of b", "ours"),
    "an ini file there": (OURS, "[pytest]\nopschecks_stack = a\n", "daily checks of b", "ours"),
    "only there": ("", "[pytest]\nopschecks_stack = b\n", "daily checks of a", "ours"),
}


@pytest.mark.parametrize("case", INI.values(), ids=INI)
def test_a_list_of_stacks_elsewhere_changes_no_setting(case: tuple[str, str, str, str], ours: Project) -> None:
    own, others, said, folder = case
    for path, text in ((ours.folder, own), (ours.folder.parent / "other", others)):
        if text:
            (path / "pytest.ini").write_text(text)
    ended = ours.run("-p", "opschecks", "--stacks", "../other/teams.toml", *([] if own else ["checks/daily"]))
    assert ended.code == 0, ended.all
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
    for path, text in ((ours.folder, own), (ours.folder.parent / "other", others)):
        if text:
            (path / "pytest.ini").write_text(text)
    ended = ours.run("-p", "opschecks", "--stacks", "../other/teams.toml")
    assert ended.code == 4, ended.all
    assert ended.err.startswith("ERROR: --stacks ../other/teams.toml: pytest takes its settings ")
    assert ended.err.endswith(f"{said}\n\n"), ended.err
