"""One run of a suite of the project's own checks and of those that opschecks ships: one verdict, one page."""

from __future__ import annotations

from collections import Counter

import pytest

from opschecks.core.check_names import check_names
from opschecks.core.shipped import roots_of, shipped_checks
from tests.scratch import ROOT, Project, check_of_each

BOTH = ("--pyargs", "opschecks.checks.daily", "checks/daily")
OURS = set(check_names(ROOT / "checks" / "daily"))


@pytest.fixture
def own(project: Project) -> Project:
    """With a check of its own, in a file that is called as one of ours."""
    project.checks(check_of_each("test_own"), "daily/test_ecs.py")
    return project


def test_both_are_one_run(own: Project) -> None:
    """The stack has no credentials: what looks at AWS is blind, and what does not is looked at."""
    own.write("waivers.toml", "[[waivers]]\ncheck = 'test_own'\n")  # where they lay while there were no own checks
    refused = own.run(*BOTH)
    assert (refused.code, refused.err.split("):")[0]) == (4, "ERROR: waivers.toml: waiver 1 (test_own on no resource")
    (own.folder / "waivers.toml").unlink()
    own.run(*BOTH).ends(10)
    outcomes = own.outcomes()
    assert outcomes.keys() == {*OURS, "test_own"}
    assert outcomes["test_own"] == "passed"
    assert Counter(outcomes.values()).keys() <= {"blind", "not_applicable", "passed"}
    assert own.told()["partial"] == ""


def test_a_check_that_has_the_name_of_ours_is_left_out_with_its_line(own: Project) -> None:
    own.checks(check_of_each("test_no_alarm_is_ringing"), "daily/test_other.py")
    ended = own.run(*BOTH).ends(10)
    assert "checks/daily/test_other.py:11: test_no_alarm_is_ringing: names of checks are unique; see " in ended.out
    assert own.outcomes().keys() == {*OURS, "test_own"}


def test_two_suites_are_no_run(own: Project) -> None:
    ended = own.run("--pyargs", "opschecks.checks.weekly", "checks/daily").ends(4)
    assert "daily, weekly: a run takes one suite" in ended.err


def test_a_project_with_copies_of_ours_has_no_others(own: Project) -> None:
    assert roots_of(own.folder) == (own.folder / "checks", shipped_checks())
    copy = own.folder / "checks" / "daily" / "test_alarms.py"
    copy.write_bytes((ROOT / "checks" / "daily" / "test_alarms.py").read_bytes())
    assert roots_of(own.folder) == (own.folder / "checks",)
    assert roots_of(ROOT) == (ROOT / "checks",)
    assert roots_of(own.folder / "nowhere") == (shipped_checks(),)
