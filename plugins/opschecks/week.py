"""The week in daily runs: which days were good, what kept coming back, what was resolved and how long that took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from .index import Indexed
from .model import NOT_APPLICABLE, Outcome

DAYS = 7
RECURRING = 2
"""On so many days of the week a check must have failed to be called recurring."""
_GOOD = (Outcome.PASSED, Outcome.WAIVED)


def week_of(runs: Sequence[Indexed], stack: str, now: datetime, zone: ZoneInfo) -> Mapping[str, Any]:
    """The seven days of the stack before `now`, from its daily runs, the newest first; plain data for the run file.

    `days` have the last run of each day: date, worst outcome ("" without a run), failed checks (None without a run).
    `failed` and `failed_before` are failed checks summed over the days of this week and of the one before.
    `recurring`: check and on how many days. `resolved` and `open`: episodes, from the first run that saw the check fail
    to the first that saw it good; times as ISO text, `hours` between them.
    """
    today = now.astimezone(zone).date()
    last_of_day: dict[date, Indexed] = {}
    for run in runs:
        last_of_day.setdefault(run.started.astimezone(zone).date(), run)
    this = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    before = [day - timedelta(days=DAYS) for day in this]
    failing = Counter(check for day in this if day in last_of_day for check in _failed(last_of_day[day]))
    begins = now - timedelta(days=DAYS)
    episodes = list(_episodes(runs[::-1]))
    return {
        "stack": stack,
        "days": [_day(day, last_of_day.get(day)) for day in this],
        "failed": sum(len(_failed(last_of_day[day])) for day in this if day in last_of_day),
        "failed_before": sum(len(_failed(last_of_day[day])) for day in before if day in last_of_day),
        "runs_before": sum(day in last_of_day for day in before),
        "recurring": [{"check": check, "days": days} for check, days in failing.most_common() if days >= RECURRING],
        "resolved": [one for one in episodes if one["until"] and datetime.fromisoformat(one["until"]) >= begins],
        "open": [one for one in episodes if not one["until"]],
    }


def _failed(run: Indexed) -> list[str]:
    return [check for check, outcome in run.outcomes.items() if outcome == Outcome.FAILED]


def _day(day: date, run: Indexed | None) -> dict[str, Any]:
    if run is None:
        return {"day": day.isoformat(), "outcome": "", "failed": None}
    known = [outcome for outcome in run.outcomes.values() if outcome != NOT_APPLICABLE]
    worst = max(known, key=lambda outcome: Outcome(outcome).rank, default="")
    return {"day": day.isoformat(), "outcome": worst, "failed": len(_failed(run))}


def _episodes(runs: Sequence[Indexed]) -> Iterator[dict[str, Any]]:
    """Each time a check failed, in the order in which that began; `runs` the oldest first."""
    begun: dict[str, datetime] = {}
    done: list[dict[str, Any]] = []
    for run in runs:
        for check, outcome in run.outcomes.items():
            if outcome == Outcome.FAILED:
                begun.setdefault(check, run.started)
            elif outcome in _GOOD and check in begun:
                done.append(_episode(check, begun.pop(check), run.started))
    yield from sorted([*done, *(_episode(check, since, None) for check, since in begun.items())], key=_since)


def _episode(check: str, since: datetime, until: datetime | None) -> dict[str, Any]:
    hours = round((until - since).total_seconds() / 3600, 1) if until else None
    return {"check": check, "since": since.isoformat(), "until": until.isoformat() if until else "", "hours": hours}


def _since(episode: Mapping[str, Any]) -> str:
    return str(episode["since"])
