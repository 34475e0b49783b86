"""The line that says how far looking is: only where it takes long, and nothing of it stays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.core.gathering import Gathering
from opschecks.core.observation import Observation
from opschecks.hooks import gathering_line
from opschecks.hooks.gathering_line import show
from tests.canned import NOW


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
