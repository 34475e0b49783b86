"""What an exception means for exit code, run file, JUnit and pytest-html's page."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from opschecks.core.model import Outcome
from opschecks.hooks.examine import outcome_of
from tests.scratch import CONFTEST, STACKS, Ended, Project, check_of_each


def _outright(name: str, raised: str) -> str:
    """A check that raises outside of what it examines."""
    return check_of_each(name).rstrip() + f"\n    {raised}\n"


EVERY_OUTCOME = {
    "test_passes": ("passed", check_of_each("test_passes", 'note(f"saw {thing.name}")')),
    "test_fails": (
        "failed",
        check_of_each("test_fails", 'assert thing.name == "b", f"{thing.name} is not b"', promise='"a", "two are bad"'),
    ),
    "test_is_denied": ("blind", check_of_each("test_is_denied", of="denied")),
    "test_has_a_missing_key": ("blind", check_of_each("test_has_a_missing_key", 'Answer({}, "ec2:Describe")["State"]')),
    "test_has_a_bug": ("blind", check_of_each("test_has_a_bug", '{}["nothing"]')),
    "test_examines_nothing": ("blind", check_of_each("test_examines_nothing", of="nothing")),
    "test_may_examine_nothing": (
        "passed",
        check_of_each("test_may_examine_nothing", of="nothing", promise='"a", may_be_empty=True'),
    ),
    "test_skips": ("blind", _outright("test_skips", 'pytest.skip("not today")')),
    "test_skips_inside": ("blind", check_of_each("test_skips_inside", 'pytest.skip("not today")')),
    "test_fails_outside": ("failed", _outright("test_fails_outside", 'assert False, "outright"')),
    "test_fails_by_calling": ("failed", check_of_each("test_fails_by_calling", 'pytest.fail("called")')),
    "test_does_not_apply": (
        "not_applicable",
        check_of_each("test_does_not_apply", of="denied", promise='"without-this"'),
    ),
}
WANTED = {check: outcome for check, (outcome, _) in EVERY_OUTCOME.items()}


@pytest.fixture(scope="module")
def every_outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Ended]:
    """A project with a check of each, after its run."""
    project = Project.make(tmp_path_factory.mktemp("outcomes"))
    project.write("stacks.toml", f'{STACKS}without = ["without-this"]\n')
    project.checks("".join(source for _, source in EVERY_OUTCOME.values()))
    return project, project.run("checks/daily")


@pytest.fixture
def ended(every_outcome: tuple[Project, Ended]) -> Project:
    return every_outcome[0]


def test_each_exception_means_what_it_should(every_outcome: tuple[Project, Ended]) -> None:
    project, ended = every_outcome
    assert project.outcomes() == WANTED, ended.all
    assert ended.code == 1


@pytest.mark.parametrize(
    "error", [ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError, SystemExit]
)
def test_no_other_exception_is_a_failure(error: type[BaseException]) -> None:
    assert outcome_of(error("whatever")) is Outcome.BLIND
    assert outcome_of(AssertionError()) is outcome_of(pytest.fail.Exception()) is Outcome.FAILED


def test_blind_says_call_reason_and_what_to_allow(every_outcome: tuple[Project, Ended]) -> None:
    project, ended = every_outcome
    messages = {one["check"]: one["message"] for one in project.told()["findings"]}
    assert messages["test_is_denied"] == "ecs:DescribeServices: AccessDenied: no – allow ecs:DescribeServices"
    assert "ec2:Describe: the answer has no 'State'" in messages["test_has_a_missing_key"]
    assert messages["test_has_a_bug"] == "KeyError: 'nothing' (checks/daily/test_things.py:43)"
    assert "allow ecs:DescribeServices" in ended.out
    assert "Traceback" not in ended.all


def test_one_bad_resource_hides_no_other(ended: Project) -> None:
    found = [one for one in ended.told()["findings"] if one["check"] == "test_fails"]
    assert [(one["name"], one["outcome"], one["message"]) for one in found] == [
        ("a", "failed", "a is not b"),
        ("b", "passed", ""),
        ("c", "failed", "c is not b"),
    ]


def test_junit_has_one_row_a_check_and_calls_blind_an_error(ended: Project) -> None:
    suite = ET.parse(ended.folder / "reports" / "daily.xml").getroot()[0]
    outcomes = list(WANTED.values())
    counts = {key: int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}
    assert counts == {
        "tests": len(WANTED),
        "failures": outcomes.count("failed"),
        "errors": outcomes.count("blind"),
        "skipped": outcomes.count("not_applicable"),
    }
    rows = {case.attrib["name"]: case for case in suite}
    assert len(rows) == len(WANTED)
    failure = rows["test_fails[here]"].find("failure")
    assert failure is not None
    assert "a: a is not b" in failure.attrib["message"]
    assert "c: c is not b" in failure.attrib["message"]
    assert rows["test_is_denied[here]"].find("error") is not None


def test_pytest_html_has_one_row_a_check_with_the_right_counts(ended: Project) -> None:
    page = ended.page("daily.pytest.html")
    outcomes = list(WANTED.values())
    counts = {word: int(number) for number, word in re.findall(r">(\d+) (Failed|Passed|Skipped|Errors?),?<", page)}
    assert counts["Failed"] == outcomes.count("failed")
    assert counts["Passed"] == outcomes.count("passed")
    assert counts["Skipped"] == outcomes.count("not_applicable")
    assert counts.get("Errors", counts.get("Error")) == outcomes.count("blind")
    assert 'href="daily.html"' in page
    told = html.unescape(html.unescape(page))
    assert "c: c is not b" in told
    assert "could not look" in told


def test_failed_outranks_blind_and_blind_outranks_good(project: Project) -> None:
    project.checks(check_of_each("test_is_denied", of="denied"))
    assert project.run("checks/daily").code == 10
    project.checks(check_of_each("test_passes"))
    assert project.run("checks/daily").code == 0


def test_fail_on_lets_lesser_findings_pass(project: Project) -> None:
    project.checks(check_of_each("test_fails", 'assert False, "a trifle"', promise='"a", severity=Severity.LOW'))
    assert project.run("checks/daily").code == 1
    assert project.run("checks/daily", "--fail-on", "low").code == 1
    assert project.run("checks/daily", "--fail-on", "medium").code == 0
    assert project.outcomes() == {"test_fails": "failed"}


NOT_B = check_of_each("test_fails", 'assert thing.name == "b", "not b"')


def _waived(project: Project, *entries: tuple[str, str]) -> None:
    """These resources of these checks are waived for three days."""
    until = datetime.now(UTC).date() + timedelta(days=3)
    entry = f'[[waivers]]\ncheck = "{{}}"\nresource = "{{}}"\nuntil = {until}\nowner = "me"\nreason = "known"\n'
    project.write("checks/waivers.toml", "".join(entry.format(*of) for of in entries))


def test_a_waiver_accepts_one_resource_and_no_other(project: Project) -> None:
    project.checks(NOT_B + check_of_each("test_passes"))
    _waived(project, ("test_fails", "a"), ("test_passes", "thing/a"))
    ended = project.run("checks/daily").ends(1)
    by_name = {one["name"]: one for one in project.told()["findings"] if one["check"] == "test_fails"}
    assert [by_name[name]["outcome"] for name in "abc"] == ["waived", "passed", "failed"]
    assert by_name["a"]["waiver"]["owner"] == "me"
    assert {one["check"]: one["state"] for one in project.told()["waivers"]} == {
        "test_fails": "active",
        "test_passes": "unused",
    }
    assert "accepted nothing: delete it" in ended.out
    assert re.search("ends in [23] days", ended.out), "2 where midnight was in between"
    _waived(project, ("test_fails", "a"), ("test_fails", "thing/c"))
    assert project.run("checks/daily").code == 0
    assert project.outcomes()["test_fails"] == "waived"


def test_a_thousand_bad_resources_fit_a_screen_and_are_all_kept(project: Project) -> None:
    project.write("conftest.py", CONFTEST.replace('("a", "b", "c")', '[f"thing-{n}" for n in range(1000)]'))
    project.checks(check_of_each("test_fails", 'assert thing is None, "bad"'))
    ended = project.run("checks/daily").ends(1)
    assert len(ended.out.splitlines()) < 40
    assert sum(one["outcome"] == "failed" for one in project.told()["findings"]) == 1000
    page = project.page()
    assert all(f"thing-{n}" in page for n in range(1000))
    assert len((project.folder / "reports" / "daily.xml").read_bytes()) < 10_000


def test_a_waiver_accepts_no_failure_of_what_follows_the_check(project: Project) -> None:
    project.checks('@pytest.fixture(autouse=True)\ndef own():\n    yield\n    raise OSError("left behind")\n' + NOT_B)
    _waived(project, ("test_fails", "a"), ("test_fails", "c"))
    assert project.run("checks/daily").code == 10
    assert project.outcomes() == {"test_fails": "blind"}
