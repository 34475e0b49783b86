"""What an exception means, and what becomes of it in exit code, run file, JUnit and pytest-html's page."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from tests.scratch import Project

EVERY_OUTCOME = '''
@promise("a")
def test_passes(things, examine):
    """Why."""
    for thing in things:
        with examine(thing) as note:
            note(f"saw {thing.name}")

@promise("a", "two of them are bad")
def test_fails(things, examine):
    """Why."""
    for thing in things:
        with examine(thing):
            assert thing.name == "b", f"{thing.name} is not b"

@promise("a")
def test_is_denied(denied, examine):
    """Why."""
    for thing in denied:
        with examine(thing):
            pass

@promise("a")
def test_has_a_missing_key(things, examine):
    """Why."""
    for thing in things:
        with examine(thing):
            assert Answer({}, "ec2:Describe")["State"]

@promise("a")
def test_has_a_bug(things, examine):
    """Why."""
    for thing in things:
        with examine(thing):
            {}["nothing"]

@promise("a")
def test_examines_nothing(nothing, examine):
    """Why."""
    for thing in nothing:
        with examine(thing):
            pass

@promise("a", may_be_empty=True)
def test_may_examine_nothing(nothing, examine):
    """Why."""
    for thing in nothing:
        with examine(thing):
            pass

@promise("a")
def test_skips(things, examine):
    """Why."""
    pytest.skip("not today")

@promise("a")
def test_skips_inside(things, examine):
    """Why."""
    for thing in things:
        with examine(thing):
            pytest.skip("not today")

@promise("a", "it failed outright")
def test_fails_outside(things, examine):
    """Why."""
    with examine(things[0]):
        pass
    assert False, "outright"

@promise("a")
def test_fails_by_calling(things, examine):
    """Why."""
    with examine(things[0]):
        pytest.fail("called")

@promise("without-this")
def test_does_not_apply(denied, examine):
    """Why."""
    raise RuntimeError
'''

WANTED = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_is_denied": "blind",
    "test_has_a_missing_key": "blind",
    "test_has_a_bug": "blind",
    "test_examines_nothing": "blind",
    "test_may_examine_nothing": "passed",
    "test_skips": "blind",
    "test_skips_inside": "blind",
    "test_fails_outside": "failed",
    "test_fails_by_calling": "failed",
    "test_does_not_apply": "not_applicable",
}


@pytest.fixture
def every_outcome(project: Project) -> Project:
    project.runbook("a", "without-this")
    project.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "us-west-2"\nwithout = ["without-this"]\n')
    project.checks(EVERY_OUTCOME)
    return project


def test_each_exception_means_what_it_should(every_outcome: Project) -> None:
    ended = every_outcome.run("checks/daily")
    assert every_outcome.outcomes() == WANTED, ended.all
    assert ended.code == 1


def test_blind_says_call_reason_and_what_to_allow(every_outcome: Project) -> None:
    ended = every_outcome.run("checks/daily")
    messages = {one["check"]: one["message"] for one in every_outcome.told()["findings"]}
    assert messages["test_is_denied"] == "ecs:DescribeServices: AccessDenied: no – allow ecs:DescribeServices"
    assert "ec2:Describe: the answer has no 'State'" in messages["test_has_a_missing_key"]
    assert messages["test_has_a_bug"] == "KeyError: 'nothing'"
    assert "allow ecs:DescribeServices" in ended.out
    assert "Traceback" not in ended.all


def test_one_bad_resource_hides_no_other(every_outcome: Project) -> None:
    every_outcome.run("checks/daily")
    found = [one for one in every_outcome.told()["findings"] if one["check"] == "test_fails"]
    assert [(one["name"], one["outcome"], one["message"]) for one in found] == [
        ("a", "failed", "a is not b"),
        ("b", "passed", ""),
        ("c", "failed", "c is not b"),
    ]


def test_junit_has_one_row_a_check_and_calls_blind_an_error(every_outcome: Project) -> None:
    every_outcome.run("checks/daily")
    suite = ET.parse(every_outcome.folder / "reports" / "daily.xml").getroot()[0]
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


def test_pytest_html_has_one_row_a_check_with_the_right_counts(every_outcome: Project) -> None:
    import html
    import re

    every_outcome.run("checks/daily")
    page = every_outcome.page("daily.pytest.html")
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
    project.checks('''
    @promise("a")
    def test_is_denied(denied, examine):
        """Why."""
        for thing in denied:
            with examine(thing):
                pass
    ''')
    assert project.run("checks/daily").code == 10
    project.checks('''
    @promise("a")
    def test_passes(things, examine):
        """Why."""
        for thing in things:
            with examine(thing):
                pass
    ''')
    assert project.run("checks/daily").code == 0


def test_fail_on_lets_lesser_findings_pass(project: Project) -> None:
    project.checks('''
    @promise("a", severity=Severity.LOW)
    def test_fails(things, examine):
        """Why."""
        with examine(things[0]):
            assert False, "a trifle"
    ''')
    assert project.run("checks/daily").code == 1
    assert project.run("checks/daily", "--fail-on", "low").code == 1
    assert project.run("checks/daily", "--fail-on", "medium").code == 0
    assert project.outcomes() == {"test_fails": "failed"}


def test_checks_take_observations_only(project: Project) -> None:
    project.checks('''
    @promise("a")
    def test_passes(things, examine, request):
        """Why."""
        with examine(things[0]):
            pass
    ''')
    ended = project.run("checks/daily")
    assert ended.code == 4
    assert "request: a check takes observations" in ended.err


def test_a_waiver_accepts_one_resource_and_no_other(project: Project) -> None:
    from datetime import UTC, datetime, timedelta

    project.checks('''
    @promise("a")
    def test_fails(things, examine):
        """Why."""
        for thing in things:
            with examine(thing):
                assert thing.name == "b", "not b"

    @promise("a")
    def test_passes(things, examine):
        """Why."""
        with examine(things[0]):
            pass
    ''')
    until = datetime.now(UTC).date() + timedelta(days=3)
    entry = f'[[waivers]]\ncheck = "test_fails"\nuntil = {until}\nowner = "me"\nreason = "known"\n'
    stale = entry.replace("test_fails", "test_passes")
    project.write("checks/waivers.toml", f'{entry}resource = "a"\n{stale}resource = "thing/a"\n')
    ended = project.run("checks/daily")
    assert ended.code == 1
    by_name = {one["name"]: one for one in project.told()["findings"] if one["check"] == "test_fails"}
    assert [by_name[name]["outcome"] for name in "abc"] == ["waived", "passed", "failed"]
    assert by_name["a"]["waiver"]["owner"] == "me"
    assert {one["check"]: one["state"] for one in project.told()["waivers"]} == {
        "test_fails": "active",
        "test_passes": "unused",
    }
    assert "accepted nothing: delete it" in ended.out
    assert "ends in 3 days" in ended.out
    project.write("checks/waivers.toml", f'{entry}resource = "a"\n{entry}resource = "thing/c"\n')
    assert project.run("checks/daily").code == 0
    assert project.outcomes()["test_fails"] == "waived"


def test_a_thousand_bad_resources_fit_a_screen_and_are_all_kept(project: Project) -> None:
    project.write(
        "conftest.py",
        '''\
        from opschecks import Resource, observation

        pytest_plugins = ["opschecks"]

        @observation()
        def things() -> list[Resource]:
            """Very many."""
            return [Resource(arn=f"thing/{n}", name=f"thing-{n}", evidence={"n": n}) for n in range(1000)]
        ''',
    )
    project.checks('''
    @promise("a")
    def test_fails(things, examine):
        """Why."""
        for thing in things:
            with examine(thing):
                assert thing is None, "bad"
    ''')
    ended = project.run("checks/daily")
    assert ended.code == 1
    assert len(ended.out.splitlines()) < 40
    assert sum(one["outcome"] == "failed" for one in project.told()["findings"]) == 1000
    page = project.page()
    assert all(f"thing-{n}" in page for n in range(1000))
    assert len((project.folder / "reports" / "daily.xml").read_bytes()) < 10_000
