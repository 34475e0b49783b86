"""Nothing is changed where a check of the suite is not in the run, whatever kept it out."""

from __future__ import annotations

import pytest

from tests.scratch import Project, check_of_each

LEFT_OUT = {
    "a slug that no heading has": check_of_each("test_wrong", promise='"no-such-heading"'),
    "no check": "def test_wrong():\n    pass\n",
}


@pytest.mark.parametrize("wrong", LEFT_OUT.values(), ids=LEFT_OUT)
def test_fix_holds_back(wrong: str, project: Project) -> None:
    project.checks(f"{check_of_each('test_good')}\n{wrong}")
    ended = project.run("checks/daily", "--fix=plan", "--stack", "here")
    assert ended.code == 10, ended.all
    (note,) = [one["text"] for one in project.told()["notes"]]
    assert note.startswith("--fix=plan: nothing was planned, because the suite is not whole: not collected: ")
    assert "test_wrong" in note
    assert not (project.folder / "reports" / "plan.json").exists()


def test_fix_apply_changes_nothing(project: Project) -> None:
    account = 'region = "us-west-2"\naccount_id = "123456789012"\nstate = "s3://bucket/state"\n'
    project.write("stacks.toml", f"[stacks.here]\n{account}")
    project.checks(f"{check_of_each('test_good')}\n{LEFT_OUT['no check']}")
    ended = project.run("checks/daily", "--fix=apply", "--stack", "here")
    assert ended.code != 0, ended.all
    texts = [one["text"] for one in project.told()["notes"]]
    assert any("--fix=apply: nothing was changed, because the suite is not whole" in one for one in texts), texts
