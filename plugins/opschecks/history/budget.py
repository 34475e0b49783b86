"""The error budget of daily checks: how the checks of each area ended on each of the last 28 days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from ..core.model import NOT_APPLICABLE, Outcome
from .summaries import Summary
from .week import RECURS_WITHIN, Known

_GOOD = (Outcome.PASSED, Outcome.WAIVED)


def areas_of(known: Known) -> list[dict[str, Any]]:
    """Each area of which a check ran, as plain data for the run file, by name.

    `days` has, of the last run of each of 28 days, the oldest first, how many checks were good (passed or waived), how
    many failed, and how many are not known (blind or not run); None where there was no run. `failed` names the checks
    that failed on any of them, that of most days first.
    """
    by_day = known.by_day()
    days = (known.today - timedelta(days=back) for back in reversed(range(RECURS_WITHIN)))
    runs = [by_day.get(day) for day in days]
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
    good = sum(outcome in _GOOD for outcome in outcomes)
    failed = sum(outcome == Outcome.FAILED for outcome in outcomes)
    return [good, failed, sum(outcome != NOT_APPLICABLE for outcome in outcomes) - good - failed]
