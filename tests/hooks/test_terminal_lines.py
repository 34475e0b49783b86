"""What the end of a run says comes next, and what a wait repeats."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.hooks.bake import Watch
from opschecks.hooks.terminal import _next
from tests.report.situations import FAULTS, morning
from tests.scratch import Project


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
    plain = project.run("checks/daily", "--fault", "alarm_is_ringing", NO_COLOR="1", FORCE_COLOR="1")
    assert plain.code == 1
    assert "\x1b" not in plain.all
    assert "\x1b[" in project.run("checks/daily", "--fault", "alarm_is_ringing", FORCE_COLOR="1").out
