"""-m: checks by severity, runbook slug, area and AWS service."""

from __future__ import annotations

import pytest

from tests.scratch import Project, check_of_each

OF_ALARMS = check_of_each("test_ringing", of="alarms, things").replace("in alarms, things", "in things")
CASES = {
    "high": {"test_good", "test_ringing"},
    "low": {"test_low"},
    "high and websocket": {"test_good"},
    "without-this": {"test_low"},
    "cloudwatch": {"test_ringing"},
    "high and not cloudwatch": {"test_good"},
    "(low or websocket) and not without-this": {"test_good"},
}


@pytest.fixture
def marked(project: Project) -> Project:
    project.checks(check_of_each("test_good"), "daily/test_websocket.py")
    low = check_of_each("test_low", promise='"without-this", severity=Severity.LOW')
    project.checks(low + OF_ALARMS, "daily/test_alb.py")
    return project


@pytest.mark.parametrize("expression", CASES)
def test_checks_are_selected_by_what_they_are(expression: str, marked: Project) -> None:
    ended = marked.run("checks/daily", "--collect-only", "-q", "--strict-markers", "-m", expression)
    names = {line.partition("::")[2].partition("[")[0] for line in ended.out.splitlines() if "::" in line}
    assert names == CASES[expression], ended.all


def test_a_run_by_marker_is_a_part(marked: Project) -> None:
    marked.run("checks/daily", "-m", "low").ends(0)
    assert marked.outcomes("daily-partial.json") == {"test_low": "passed"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("hihg and websocket", "-m hihg and websocket: no check is marked 'hihg'; did you mean 'high'?"),
        ("not web-socket", "-m not web-socket: no check is marked 'web-socket'; did you mean 'websocket'?"),
    ],
)
def test_what_nothing_is_marked_with_is_refused_with_the_nearest(given: str, said: str, marked: Project) -> None:
    ended = marked.run("checks/daily", "-m", given).ends(4)
    assert ended.err.strip() == f"ERROR: {said}"


def test_pytest_shows_them_in_seven_lines(marked: Project) -> None:
    ended = marked.run("--markers").ends(0)
    ours = [line for line in ended.out.splitlines() if "(opschecks)" in line]
    assert [line.partition(":")[0] for line in ours] == [
        f"@pytest.mark.{name}" for name in ("low", "medium", "high", "critical", "SLUG", "AREA", "SERVICE")
    ]
