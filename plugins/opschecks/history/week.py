"""The weeks in daily runs: measures, each day, what failed for how long, what kept coming back, the error budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from statistics import median
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import NOT_APPLICABLE, Outcome
from ..core.observation import batches
from .episodes import GOOD, Episode, episodes
from .journal import CURED, Entry
from .summaries import Summary

DAY = "day: "
"""Marks, among the numbers of a daily run, those that only a week sums up."""
REQUESTS, ERRORS, P95 = f"{DAY}requests", f"{DAY}requests answered 5xx", f"{DAY}p95 response time"
RUNNING, DESIRED = f"{DAY}tasks running", f"{DAY}tasks desired"
DAYS = 7
WEEKS = 8
RECURS_WITHIN = 28
"""Days in which recurring failures are looked for."""
RECURRING = 2
"""Days on which a check must have failed to be called recurring."""
RUNS_READ = 400
"""Daily runs, the newest, that a week is made from: eight weeks of seven runs a day."""


@dataclass(frozen=True)
class Known:
    """What the history has of one stack: its daily runs, the oldest first, and the changes of its journal."""

    runs: Sequence[Summary]
    entries: Sequence[Entry]
    now: datetime
    zone: tzinfo

    @property
    def today(self) -> date:
        """The day of the stack on which the week ends."""
        return self.day_of(self.now)

    def day_of(self, moment: datetime) -> date:
        """The day of the stack on which it was."""
        return moment.astimezone(self.zone).date()

    def last_days(self, count: int) -> list[date]:
        """So many days that end with today, the oldest first."""
        return [self.today - timedelta(days=back) for back in reversed(range(count))]

    def by_day(self) -> dict[date, Summary]:
        """The last run of each day."""
        return {self.day_of(run.started): run for run in self.runs}


def week_of(known: Known, stack: str, targets: Mapping[str, float]) -> dict[str, Any]:
    """The seven days of the stack that end today, as plain data for the run file.

    `measures`: each with its values of eight weeks, the oldest first, None where nothing is known. `days`: checks by
    outcome in the last run of each day, tasks running and desired in it. `failures`: what was failing within the week.
    `recurring`: what failed on several of 28 days, with the outcome of each ("": no run). Times are ISO text.
    """
    by_day, all_episodes = known.by_day(), episodes(known.runs)
    days = known.last_days(DAYS)
    return {
        "stack": stack,
        "error": "",
        "begins": days[0].isoformat(),
        "ends": days[-1].isoformat(),
        "measures": _measures(known, by_day, all_episodes, targets),
        "days": [_day(day, by_day.get(day)) for day in days],
        "failures": [
            _failure(one, known.entries)
            for one in all_episodes
            if one.until is None or known.day_of(one.until) >= days[0]
        ],
        "opened": sum(known.day_of(one.since) >= days[0] and not one.cut for one in all_episodes),
        "recurring": _recurring(known, by_day, all_episodes),
    }


def nothing_of(stack: str, error: str) -> dict[str, Any]:
    """A week of which nothing can be read: `error` says why."""
    empty: dict[str, Any] = {key: [] for key in ("measures", "days", "failures", "recurring")}
    return {"stack": stack, "error": error, "begins": "", "ends": "", "opened": 0, **empty}


def _day(day: date, run: Summary | None) -> dict[str, Any]:
    outcomes = Counter(run.outcomes.values()) if run else Counter()
    return {
        "day": day.isoformat(),
        "run": run is not None,
        "outcomes": dict(outcomes),
        "running": run.numbers.get(RUNNING) if run else None,
        "desired": run.numbers.get(DESIRED) if run else None,
    }


def _measures(
    known: Known, by_day: Mapping[date, Summary], told: Sequence[Episode], targets: Mapping[str, float]
) -> list[dict[str, Any]]:
    weeks = [_of_week(known, days, by_day, told) for days in batches(known.last_days(WEEKS * DAYS), DAYS)]
    return [{"key": key, "target": targets.get(key), "weeks": [week.get(key) for week in weeks]} for key in weeks[-1]]


def _of_week(
    known: Known, days: Sequence[date], by_day: Mapping[date, Summary], told: Sequence[Episode]
) -> dict[str, float | None]:
    """Each measure of the week of those days; None where no run has it."""
    runs = [by_day[day] for day in days if day in by_day]

    def within(moment: datetime) -> bool:
        return days[0] <= known.day_of(moment) <= days[-1]

    outcomes = Counter(outcome for run in runs for outcome in run.outcomes.values() if outcome != NOT_APPLICABLE)
    served = [run.numbers for run in runs if REQUESTS in run.numbers and ERRORS in run.numbers]
    requests = sum(numbers[REQUESTS] for numbers in served)
    slow = [run.numbers[P95] for run in runs if P95 in run.numbers]
    ended = [
        one.lasted.total_seconds() / 3600
        for one in told
        if one.lasted and one.until and within(one.until) and not one.cut
    ]
    tasks = [run.numbers for run in runs if RUNNING in run.numbers and run.numbers.get(DESIRED)]
    wanted = sum(numbers[DESIRED] for numbers in tasks)
    is_known = bool(runs)
    had_begun = is_known and known.day_of(known.runs[0].started) < days[0]  # else all that failed may be older
    return {
        "availability_percent": _percent(requests - sum(numbers[ERRORS] for numbers in served), requests),
        "response_time_p95_ms": round(median(slow), 1) if slow else None,
        "checks_passed_percent": _percent(outcomes[Outcome.PASSED] + outcomes[Outcome.WAIVED], outcomes.total()),
        "tasks_running_percent": _percent(sum(numbers[RUNNING] for numbers in tasks), wanted),
        "failures_opened": sum(within(one.since) and not one.cut for one in told) if had_begun else None,
        "time_to_resolve_hours": round(median(ended), 2) if ended else None,
        "changes_made": sum(entry.happened and within(entry.begun) for entry in known.entries) if is_known else None,
    }


def _percent(part: float, whole: float) -> float | None:
    return round(100 * part / whole, 3) if whole else None


def _failure(one: Episode, entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "check": one.check,
        "since": one.since.isoformat(),
        "until": one.until.isoformat() if one.until else "",
        "hours": round(one.lasted.total_seconds() / 3600, 2) if one.lasted else None,
        "cut": one.cut,
        "tried": _tried([one], entries),
        "ended_by": _ended_by(one, entries),
    }


def _ended_by(one: Episode, entries: Sequence[Entry]) -> dict[str, Any] | None:
    """The last change made for it that was verified to have helped, if it has ended."""
    cures = [entry for entry in one.tried(entries) if entry.state == CURED] if one.until else []
    newest = max(cures, key=lambda entry: entry.begun, default=None)
    return {"remedy": newest.change.remedy, "times": 1, "by": newest.by} if newest else None


def _tried(told: Sequence[Episode], entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Which remedies the journal has for them, how often, and who made the last of each."""
    made = {entry.id: entry for one in told for entry in one.tried(entries)}
    times = Counter(entry.change.remedy for entry in made.values())
    by = {entry.change.remedy: entry.by for entry in sorted(made.values(), key=lambda entry: entry.begun)}
    return [{"remedy": remedy, "times": count, "by": by[remedy]} for remedy, count in times.most_common()]


def _recurring(known: Known, by_day: Mapping[date, Summary], told: Sequence[Episode]) -> list[dict[str, Any]]:
    days = known.last_days(RECURS_WITHIN)
    runs = [by_day.get(day) for day in days]
    failing = Counter(
        check for run in runs if run for check, outcome in run.outcomes.items() if outcome == Outcome.FAILED
    )
    found = []
    for check, count in failing.most_common():
        own = [one for one in told if one.check == check and (one.until is None or known.day_of(one.until) >= days[0])]
        if count >= RECURRING:
            found.append(
                {
                    "check": check,
                    "days": count,
                    "times": len(own),
                    "outcomes": [run.outcomes.get(check, "") if run else "" for run in runs],
                    "tried": _tried(own, known.entries),
                }
            )
    return found


def areas_of(known: Known) -> list[dict[str, Any]]:
    """The error budget: each area of which a check ran, as plain data for the run file, by name.

    `days` has, of the last run of each of 28 days, the oldest first, how many checks were good (passed or waived), how
    many failed, and how many are not known (blind or not run); None where there was no run. `failed` names the checks
    that failed on any of them, that of most days first.
    """
    by_day = known.by_day()
    runs = [by_day.get(day) for day in known.last_days(RECURS_WITHIN)]
    areas = sorted({area for run in runs if run for area in run.areas.values()})
    found = (_area(area, runs) for area in areas)
    return [one for one in found if any(day and sum(day) for day in one["days"])]


def _area(area: str, runs: Sequence[Summary | None]) -> dict[str, Any]:
    failed: Counter[str] = Counter()
    days: list[list[int] | None] = []
    for run in runs:
        own = {check: outcome for check, outcome in run.outcomes.items() if run.areas[check] == area} if run else {}
        failed.update(check for check, outcome in own.items() if outcome == Outcome.FAILED)
        days.append(_counts(list(own.values())) if run else None)
    return {"area": area, "days": days, "failed": [check for check, _ in failed.most_common()]}


def _counts(outcomes: Sequence[str]) -> list[int]:
    good = sum(outcome in GOOD for outcome in outcomes)
    failed = sum(outcome == Outcome.FAILED for outcome in outcomes)
    return [good, failed, sum(outcome != NOT_APPLICABLE for outcome in outcomes) - good - failed]
