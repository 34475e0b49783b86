"""Options of pytest that a checks run leaves as they are given: what its lines of the terminal are."""

from __future__ import annotations

import pytest

from tests.scratch import Project, check_of_each


@pytest.fixture
def failing(project: Project) -> Project:
    project.checks(check_of_each("test_good") + check_of_each("test_bad", "assert thing.name != 'b', 'it is b'"))
    return project


def test_tracebacks_and_summaries_are_shown_where_they_are_asked_for(failing: Project) -> None:
    told = failing.run("checks/daily", "-rA", "--tb=short").out
    assert "checks/daily/test_things.py:22: in test_bad\n    assert thing.name != 'b', 'it is b'\n" in told
    assert "\nPASSED checks/daily/test_things.py::test_good[here]\n" in told
    assert "\nFAILED checks/daily/test_things.py::test_bad[here] - it is broken\n" in told
    plain = failing.run("checks/daily").out
    assert not [line for line in plain.splitlines() if line.startswith(("FAILED ", "PASSED ", "E  "))]
    for out in (told, plain):
        assert "failed: 1\n  high      it is broken\n            b: it is b\n" in out


def test_without_a_terminal_the_checks_run_too(failing: Project) -> None:
    assert failing.run("checks/daily", "-p", "no:terminal").code == 1
    assert failing.told()["counts"]["failed"] == 1
