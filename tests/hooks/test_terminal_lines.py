"""Lines of the terminal: what comes next, what a wait repeats, how far looking is, what pytest shows, idle limits."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.core.gathering import Gathering
from opschecks.core.observation import Observation
from opschecks.core.run import Run
from opschecks.hooks import gathering_line
from opschecks.hooks.bake import Watch
from opschecks.hooks.gathering_line import show
from opschecks.hooks.terminal import _next
from opschecks.report.idle_limits import idle_limits
from tests.canned import NOW, stack
from tests.exported import made, of, ran
from tests.report.situations import FAULTS, morning
from tests.scratch import Project, check_of_each


def _said(fix: str, *changes: tuple[str, str], code: int = 1) -> list[str]:
    made = tuple({"stack": stack, "result": "planned", "risk": risk} for stack, risk in changes)
    config: Any = SimpleNamespace(option=SimpleNamespace(fix=fix))
    return list(_next(morning(FAULTS, changes=made, exit_code=code, plan="reports/plan.json"), config))


def test_a_plan_names_its_file_and_the_command_that_makes_it() -> None:
    assert _said("plan", ("production", "safe")) == [
        "plan: reports/plan.json (1 change; nothing was changed)",
        "make them: opschecks fix reports/plan.json --stack production",
    ]
    assert _said("plan", ("a", "safe"), ("b", "disruptive"), ("b", "safe"))[1:] == [
        "make them: opschecks fix reports/plan.json --stack a",
        "make them: opschecks fix reports/plan.json --stack b --allow disruptive",
    ]
    assert _said("plan") == ["plan: reports/plan.json (0 changes; nothing was changed)"]


def test_without_a_plan_the_page_is_next() -> None:
    assert _said("") == ["next: see the page for the evidence and the runbook's steps"]
    assert _said("", code=0) == []


class Looks:
    """Answers one list after the other."""

    is_whole = True
    never: tuple[str, ...] = ()

    def __init__(self, *bad: list[str]) -> None:
        self._bad = list(bad)

    def look(self, *, whole: bool = False) -> list[str]:
        return self._bad.pop(0) if len(self._bad) > 1 else self._bad[0]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([["a", "b"], ["b", "c"], ["b"], []], ["a, b", "c, 1 as before", "1 still as before"]),
        ([["a", "b", "c", "d", "e"], []], ["a, b, c, 2 more"]),
        ([["a"], ["a"], ["a"], []], ["a", "unchanged, 1 not good", "unchanged, 1 not good"]),
    ],
)
def test_waiting_repeats_only_what_changed(bad: list[list[str]], said: list[str]) -> None:
    lines: list[str] = []
    now = iter(float(place * 40) for place in range(100))
    watch = Watch(Looks(*bad), 1, lines.append, lambda: next(now), lambda seconds: None)
    assert watch.until(timedelta(hours=1), lambda bad: not bad, "settling")
    assert [line.partition(" more: ")[2] for line in lines[:-1]] == said
    assert lines[-1].endswith("all good")


def test_no_color_is_honoured(tmp_path: Path) -> None:
    """Where colours are forced, as CI does it, NO_COLOR still wins: https://no-color.org."""
    project = Project.of_the_checks(tmp_path)
    plain = project.run("checks/daily", "--fault", "alarm_is_ringing", NO_COLOR="1", FORCE_COLOR="1").ends(1)
    assert "\x1b" not in plain.all
    assert "\x1b[" in project.run("checks/daily", "--fault", "alarm_is_ringing", FORCE_COLOR="1").out


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


def _store(*names: str, timeout_s: float = 60) -> Gathering:
    of = [Observation(name, list, (), (), (), frozenset()) for name in names]
    return Gathering(of, lambda calls: {}, now=NOW, timeout_s=timeout_s)


def _moments(store: Gathering, done: dict[int, str]) -> Iterator[float]:
    """A second at each look; after so many looks an observation has ended."""
    for second in range(1000):
        if second in done:
            store.results[done[second]].done.set()
        yield float(second)


def _shown(store: Gathering, done: dict[int, str]) -> str:
    stream, moments = io.StringIO(), _moments(store, done)
    show([store], stream, lambda: next(moments), every_s=0)
    return stream.getvalue()


def test_what_is_quick_has_no_line() -> None:
    assert _shown(_store("alarms", "services"), {0: "alarms", 1: "services"}) == ""


def test_a_line_says_how_far_it_is_and_is_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    store = _store("alarms", "services", "tables")
    store.results["services"].calls.append("ecs:DescribeServices")
    lines = _shown(store, {1: "alarms", 4: "services", 6: "tables"}).split("\r\x1b[K")
    assert lines[1] == "looking: 1 of 3 done, 2 s; waiting for ecs:DescribeServices and 1 other"
    assert lines[-2] == "looking: 2 of 3 done, 6 s; waiting for tables"
    assert lines[-1] == ""
    assert all(len(line) < 80 for line in lines)


def test_it_waits_no_longer_than_a_check_would() -> None:
    assert "looking" not in _shown(_store("alarms", timeout_s=0), {})


def test_nothing_is_shown_where_stderr_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("shown")

    run: Any = SimpleNamespace(worker="", one_by_one=False, stores={})
    monkeypatch.setattr(gathering_line, "show", fail)
    monkeypatch.setattr(gathering_line, "checks_run", lambda config: run)
    monkeypatch.setattr("sys.__stderr__", io.StringIO())
    item: Any = SimpleNamespace(config=None)
    next(gathering_line.pytest_runtest_protocol(item))


CHECK = made("a", "passed", stack="here")
WORKER = replace(of(CHECK), resource="arn:aws:ecs:us-west-2:123456789012:service/prod/worker", name="worker")
RUN = ran(CHECK, findings=(WORKER,))


def _told(place: str, run: Run = RUN) -> list[str]:
    return list(idle_limits(run, [stack(limits={place: {"errors_5xx_per_minute": 5}})]))


@pytest.mark.parametrize("place", ["worker", "prod/worker", "prod/*", WORKER.resource])
def test_a_limit_that_fits_is_not_told(place: str) -> None:
    assert _told(place) == []


def test_a_limit_that_fits_nothing_is_told_with_the_nearest_name() -> None:
    assert _told("prod/wroker") == [
        "limits.\"prod/wroker\" of here fits no resource of this run; did you mean 'prod/worker'?"
    ]


@pytest.mark.parametrize(
    "change",
    [{"suite": "weekly"}, {"partial": "-k"}, {"checks": (replace(CHECK, outcome="blind"),)}],
    ids=["another suite", "a part of it", "could not look at all"],
)
def test_where_not_everything_was_seen_nothing_is_told(change: dict[str, Any]) -> None:
    assert _told("prod/wroker", replace(RUN, **change)) == []
