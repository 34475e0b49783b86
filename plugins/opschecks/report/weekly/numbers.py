"""The week in numbers: each measure this week, last week, against its target, over eight weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ...core.model import NOT_APPLICABLE, Outcome, SeenResource, Series
from ...core.run import Run
from ..chart import number, spark

WEEK = 7
BACKUPS = "backups complete"
"""Among the numbers of a weekly run: tables that had a usable backup, in percent."""
BACKED_UP = "test_tables_have_a_recent_backup"
_EPOCH = datetime(2000, 1, 3, tzinfo=UTC)

Weeks = Sequence[float | None]


@dataclass(frozen=True)
class MeasureRow:
    """One measure in words. `tone` is that of the reading; `lines` is its trend, `drawn` over how many weeks."""

    label: str
    now: str
    before: str
    target: str
    lines: tuple[str, ...]
    drawn: str
    reading: str
    tone: str


def backups_complete(run: Run) -> float | None:
    """Tables with a usable backup, in percent; None where this run did not look."""
    found = [one for one in run.findings if one.check == BACKED_UP]
    if not found or any(one.outcome in (Outcome.BLIND, Outcome.NOT_RUN) for one in found):
        return None
    return round(100 * sum(one.outcome is not Outcome.FAILED for one in found) / len(found), 1)


def rows(run: Run, week: Mapping[str, Any]) -> list[MeasureRow]:
    """Every measure of which anything is known, in the order in which people ask."""
    stack = week["stack"]
    told = {one["key"]: one for one in week["measures"]}
    found = [_row(label, one["weeks"], one["target"], words, more) for key, (label, words, more) in _MEASURES.items()
             if (one := told.get(key))]  # fmt: skip
    found += [
        _row("Incidents opened", _by_week(_line(run, stack, "incident_weeks", "opened")), None, _count, False),
        _row(
            "Cost of 7 settled days",
            _by_week(_line(run, stack, "total_cost", "cost")),
            _budget(run, stack),
            _usd,
            False,
        ),
        _row(
            "Tables with a usable backup", _earlier(run, stack, BACKUPS, backups_complete(run)), 100.0, _percent, True
        ),
        _row(f"Weekly checks passed, of {_applicable(run, stack)}", _weekly_checks(run, stack), None, _count, True),
    ]
    return [row for row in found if row]


def _row(
    label: str, weeks: Weeks, target: float | None, words: Callable[[float], str], more_is_better: bool
) -> MeasureRow | None:
    known = [value for value in weeks if value is not None]
    if not known:
        return None
    now = weeks[-1]
    before = weeks[-2] if len(weeks) > 1 else None
    reading, tone = _reading(now, target, more_is_better)
    return MeasureRow(
        label=label,
        now="not known" if now is None else words(now),
        before="" if before is None else words(before),
        target="" if target is None else f"{'at least' if more_is_better else 'at most'} {words(target)}",
        lines=_trend(weeks),
        drawn=f"{len(known)} weeks" if len(known) > 1 else "one week",
        reading=reading,
        tone=tone,
    )


def _reading(now: float | None, target: float | None, more_is_better: bool) -> tuple[str, str]:
    if now is None:
        return "not known", "unsure"
    if target is None:
        return "no target", "none"
    return ("met", "good") if (now >= target if more_is_better else now <= target) else ("missed", "bad")


def _trend(weeks: Weeks) -> tuple[str, ...]:
    points = [(_EPOCH + timedelta(days=WEEK * place), value) for place, value in enumerate(weeks) if value is not None]
    return spark(Series("", "", tuple(points), period_s=WEEK * 86400))


def _line(run: Run, stack: str, observation: str, label: str) -> Series | None:
    seen = [one for told in _seen(run, stack, observation) for one in told.series if one.label == label]
    return seen[0] if seen else None


def _seen(run: Run, stack: str, observation: str) -> Iterator[SeenResource]:
    for told in run.observations:
        if (told.stack, told.name) == (stack, observation):
            yield from told.resources


def _by_week(line: Series | None) -> Weeks:
    """The sums of seven days each, counted back from the newest; days that fill no week are left out."""
    values = [value for _, value in line.points] if line else []
    begins = range(len(values) % WEEK, len(values), WEEK)
    return [round(sum(values[begin : begin + WEEK]), 2) for begin in begins][-8:]


def _budget(run: Run, stack: str) -> float | None:
    """What seven days may cost where the month's budget is spread evenly: the limit of a day, seven times."""
    line = _line(run, stack, "total_cost", "cost")
    return line.limit * WEEK if line and line.limit is not None else None


def _applicable(run: Run, stack: str) -> int:
    return sum(check.stack == stack and check.outcome != NOT_APPLICABLE for check in run.checks)


def _weekly_checks(run: Run, stack: str) -> Weeks:
    own = [check.outcome for check in run.checks if check.stack == stack and check.outcome != NOT_APPLICABLE]
    return _earlier(run, stack, "passed", float(own.count(Outcome.PASSED))) if own else []


def _earlier(run: Run, stack: str, key: str, now: float | None) -> Weeks:
    """The number in earlier weekly runs, one of each seven days before this one; and now."""
    told = run.past_of(stack).numbers.get(key, ())
    found: list[float | None] = []
    for back in range(7, 0, -1):
        ends = run.started - timedelta(days=WEEK * back) + timedelta(days=WEEK / 2)
        within = [value for at, value in told if ends - timedelta(days=WEEK) < at <= ends]
        found.append(within[-1] if within else None)
    return [*found, now]


def _percent(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def _ms(value: float) -> str:
    return f"{number(round(value))} ms"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _usd(value: float) -> str:
    return f"${value:,.0f}" if value >= 100 else f"${value:,.2f}"


def hours(value: float) -> str:
    """A span of hours as people say it: 40 min, 3 h 10 min, 2 days 5 h."""
    minutes = round(value * 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    days, rest = divmod(round(value), 24)
    return f"{days} days {rest} h" if rest else f"{days} days"


_MEASURES: dict[str, tuple[str, Callable[[float], str], bool]] = {
    "availability_percent": ("Requests answered without 5xx", _percent, True),
    "response_time_p95_ms": ("p95 response time, median of the week", _ms, False),
    "checks_passed_percent": ("Results of daily checks that passed", _percent, True),
    "tasks_running_percent": ("Tasks running, of those wanted", _percent, True),
    "failures_opened": ("Failures opened", _count, False),
    "time_to_resolve_hours": ("Median time to resolve", hours, False),
    "changes_made": ("Changes by remedies", _count, False),
}
"""How each measure of `week.week_of` is called and told, and whether more of it is better."""
