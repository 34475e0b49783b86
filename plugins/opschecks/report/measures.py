"""The week in numbers: each measure this week, last week, against its target, over eight weeks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import NOT_APPLICABLE, Outcome, Series
from ..core.run import Run
from .amounts import hours, number, percent, usd
from .numbers import BACKUPS, PASSED, backups_complete
from .seen import line, resources
from .trend import Trend, Weeks, trend

WEEK = 7


@dataclass(frozen=True)
class MeasureRow:
    """One measure in words. `tone` is that of the reading; `trend` is None where fewer than two weeks are known.

    `twice`: its target was missed in the week before, too.
    """

    label: str
    now: str
    before: str
    target: str
    trend: Trend | None
    reading: str
    tone: str
    twice: bool = False


def measures(run: Run, week: Mapping[str, Any]) -> list[MeasureRow]:
    """Every measure with at least one known value, in the order of the page."""
    stack = week["stack"]
    told = {one["key"]: one for one in week["measures"]}
    found = [
        _row(label, one["weeks"], one["target"], words, more)
        for key, (label, words, more) in _MEASURES.items()
        if (one := told.get(key))
    ]
    cost, opened = (
        line(resources(run, observation, stack), label)
        for observation, label in (("total_cost", "cost"), ("incident_weeks", "opened"))
    )
    # the budget of seven days, where the month's is spread evenly
    budget = cost.limit * WEEK if cost and cost.limit is not None else None
    own = [check.outcome for check in run.checks if check.stack == stack and check.outcome != NOT_APPLICABLE]
    passed = _earlier(run, stack, PASSED, float(own.count(Outcome.PASSED))) if own else []
    found += [
        _row("Incidents opened", _by_week(opened), None, _count, False),
        _row("Cost of 7 settled days", _by_week(cost), budget, usd, False),
        _row("Tables with a usable backup", _earlier(run, stack, BACKUPS, backups_complete(run)), 100.0, percent, True),
        _row(f"Weekly checks passed (of {len(own)})", passed, None, _count, True),
    ]
    return [row for row in found if row]


def _row(
    label: str, weeks: Weeks, target: float | None, words: Callable[[float], str], more_is_better: bool
) -> MeasureRow | None:
    if all(value is None for value in weeks):
        return None
    now, before = weeks[-1], weeks[-2] if len(weeks) > 1 else None
    reading, tone = _reading(now, target, more_is_better)
    return MeasureRow(
        label=label,
        now="not known" if now is None else words(now),
        before="" if before is None else words(before),
        target="" if target is None else f"{'at least' if more_is_better else 'at most'} {words(target)}",
        trend=trend(weeks, target, words),
        reading=reading,
        tone=tone,
        twice=tone == "bad" and _reading(before, target, more_is_better)[1] == "bad",
    )


def _reading(now: float | None, target: float | None, more_is_better: bool) -> tuple[str, str]:
    if now is None:
        return "not known", "unsure"
    if target is None:
        return "no target", "none"
    return ("met", "good") if (now >= target if more_is_better else now <= target) else ("missed", "bad")


def _by_week(series: Series | None) -> Weeks:
    """The sums of seven days each, counted back from the newest; days that fill no week are left out."""
    values = [value for _, value in series.points] if series else []
    begins = range(len(values) % WEEK, len(values), WEEK)
    return [round(sum(values[begin : begin + WEEK]), 2) for begin in begins][-8:]


def _earlier(run: Run, stack: str, key: str, now: float | None) -> Weeks:
    """The number in earlier weekly runs, one of each seven days before this one; and now."""
    told = run.past_of(stack).numbers.get(key, ())
    found: list[float | None] = []
    for back in range(7, 0, -1):
        ends = run.started - timedelta(days=WEEK * back) + timedelta(days=WEEK / 2)
        within = [value for at, value in told if ends - timedelta(days=WEEK) < at <= ends]
        found.append(within[-1] if within else None)
    return [*found, now]


def _ms(value: float) -> str:
    return f"{number(round(value))} ms"


def _count(value: float) -> str:
    return f"{value:,.0f}"


_MEASURES: dict[str, tuple[str, Callable[[float], str], bool]] = {
    "availability_percent": ("Requests answered without 5xx", percent, True),
    "response_time_p95_ms": ("p95 response time, median of the week", _ms, False),
    "checks_passed_percent": ("Daily checks passed or waived", percent, True),
    "tasks_running_percent": ("Tasks running, of those desired", percent, True),
    "failures_opened": ("Failures opened", _count, False),
    "time_to_resolve_hours": ("Median time to resolve", hours, False),
    "changes_made": ("Changes by remedies", _count, False),
}
"""The name and the words of each measure of `history.week.week_of`, and whether more of it is better."""
