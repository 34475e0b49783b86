"""The week in days: what did not pass on each, what failed for how long, what keeps coming back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ...core.dataclass import dataclass
from ...core.wording import plural
from ..amounts import first, hours, sentence
from ..owners import owner_in_week
from ..source import PageSource
from ..standing import WORDS, tone_of
from ..week_words import days_seen, failing
from .bars import BarPart, span, stacked

NOT_PASSING = {"failed": "bad", "blind": "unsure", "not_run": "none", "waived": "waived"}
"""Outcomes that are not passing, with their tones."""
SHOWN = 20
MONTH = 4
"""Weeks in which recurring failures are looked for."""


DayRow = tuple[str, tuple[BarPart, ...], tuple[tuple[int, str], ...], str]
"""One day as its last daily run saw it: its name, its bar, each outcome's count and words, and its tasks."""


@dataclass(frozen=True)
class FailureRow:
    """One time that a check failed: when within the week, for how long, whose it is.

    `ended_by` is what the journal has of its end, or of what was tried so far.
    """

    what: str
    part: BarPart
    said: str
    lasted: str
    is_open: bool
    ended_by: str
    owner: str


@dataclass(frozen=True)
class RecurringRow:
    """A check that failed on several of the last days. `said` is its strip in words."""

    what: str
    days: int
    times: int
    bars: tuple[str, ...]
    said: str
    tried: str
    runbook: str


@dataclass(frozen=True)
class WeekDays:
    """The week of one stack; `error` is why its history could not be read: then there is nothing else.

    `unseen` is what was not seen of the week, `unseen_month` that no run of four weeks is on record; `none_failed` is
    what is true where there are no failures.
    """

    on: str
    error: str
    basis: str
    legend: tuple[tuple[str, str], ...]
    weekdays: tuple[str, ...]
    days: tuple[DayRow, ...]
    failures: tuple[FailureRow, ...]
    failures_left: int
    recurring: tuple[RecurringRow, ...]
    unseen: str
    unseen_month: str
    none_failed: str


def facts(source: PageSource, week: Mapping[str, Any]) -> WeekDays:
    """The week as far as its daily runs are on record."""
    known = days_seen(week)
    ordered = sorted(week["failures"], key=lambda one: (one["until"] != "", one["since"]))
    shown, left = first(ordered, SHOWN)
    return WeekDays(
        on=source.on(week["stack"]),
        error=week["error"],
        basis=f"the last daily run of each day; there was one on {known.seen} of {plural(len(week['days']), 'day')}",
        legend=tuple((tone, WORDS[outcome]) for outcome, tone in NOT_PASSING.items()),
        weekdays=tuple(f"{date.fromisoformat(day['day']):%a}" for day in week["days"]),
        days=tuple(_days(week["days"])),
        failures=tuple(_failure(one, week, source) for one in shown),
        failures_left=left,
        recurring=tuple(_recurring(one, week) for one in week["recurring"][:SHOWN]),
        unseen=sentence(known.told),
        unseen_month="" if known.seen or _month_seen(week) else "No daily run of these 28 days is on record.",
        none_failed=f"Nothing failed in the daily runs of {plural(known.seen, 'day')}." if known.seen else "",
    )


def _month_seen(week: Mapping[str, Any]) -> bool:
    """Whether any of the last four weeks has a daily run: only then is anything known of its checks."""
    shares = [one["weeks"] for one in week["measures"] if one["key"] == "checks_passed_percent"]
    return bool(week["recurring"]) or any(value is not None for weeks in shares for value in weeks[-MONTH:])


def _days(told: Sequence[Mapping[str, Any]]) -> Iterator[DayRow]:
    days = [(day, {outcome: day["outcomes"].get(outcome, 0) for outcome in NOT_PASSING}) for day in told]
    most = max([sum(counts.values()) for _, counts in days], default=0) or 1
    for day, counts in days:
        running, desired = day["running"], day["desired"]
        yield (
            f"{date.fromisoformat(day['day']):%a %d %b}",
            stacked([(counts[outcome], tone) for outcome, tone in NOT_PASSING.items()], most),
            tuple((count, WORDS[outcome]) for outcome, count in counts.items()) if day["run"] else (),
            "" if running is None or desired is None else f"{running:.0f} of {desired:.0f}",
        )


def _failure(one: Mapping[str, Any], week: Mapping[str, Any], source: PageSource) -> FailureRow:
    now, zone, is_open = source.run.started, source.zone, not one["until"]
    since, until = datetime.fromisoformat(one["since"]), datetime.fromisoformat(one["until"] or now.isoformat())
    begins = datetime.combine(date.fromisoformat(week["begins"]), datetime.min.time(), zone)
    ends = begins + timedelta(days=len(week["days"]))
    stack = next((each for each in source.run.stacks if each.name == week["stack"]), None)
    at = source.time(since) + (" or before" if one["cut"] else "")
    lasted = (now - since) / timedelta(hours=1) if is_open else one["hours"]
    return FailureRow(
        what=failing(one["check"], week),
        part=span(since, until, begins, ends, "bad" if is_open else "good"),
        said=f"since {at}" if is_open else f"{at} to {source.time(until)}",
        lasted=("at least " if one["cut"] else "") + hours(lasted),
        is_open=is_open,
        ended_by=_ended_by(one),
        owner=owner_in_week(stack, one["check"], week) if stack else "",
    )


def _ended_by(one: Mapping[str, Any]) -> str:
    """What is known of its end: a change that was verified, changes that were tried, or nothing that opschecks did."""
    tried = _tried(one["tried"])
    if not one["until"]:
        return f"still open; tried: {tried}" if tried else "still open; no remedy was tried"
    if cure := one.get("ended_by"):
        return _tried([cure])
    return f"not known; tried: {tried}" if tried else "no change by opschecks"


def _recurring(one: Mapping[str, Any], week: Mapping[str, Any]) -> RecurringRow:
    outcomes: Sequence[str] = one["outcomes"]
    known = len([outcome for outcome in outcomes if outcome])
    return RecurringRow(
        what=failing(one["check"], week),
        days=one["days"],
        times=one["times"],
        bars=tuple(map(tone_of, outcomes)),
        said=f"failed on {one['days']} of the {plural(known, 'day')} with a run, of {len(outcomes)}",
        tried=_tried(one["tried"]) or "no remedy was tried",
        runbook=week["words"].get(one["check"], {}).get("runbook", ""),
    )


def _tried(told: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{one['remedy']}{' × ' + str(one['times']) if one['times'] > 1 else ''} by {one['by']}" for one in told
    )
