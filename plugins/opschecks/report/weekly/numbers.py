"""The week in numbers, against its targets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..measures import MeasureRow, measures
from ..source import PageSource


@dataclass(frozen=True)
class WeekNumbers:
    """The measures of one stack, and which week it is."""

    on: str
    period: str
    rows: tuple[MeasureRow, ...]


def facts(source: PageSource) -> list[WeekNumbers]:
    """Of each stack of which anything is known."""
    found = []
    for week in source.run.weeks:
        period = ""
        if week["begins"]:
            begins, ends = (date.fromisoformat(week[key]) for key in ("begins", "ends"))
            period = f"{begins:%a %d %b} to {ends:%a %d %b %Y} (ends in week {ends:%V})"
        found.append(WeekNumbers(source.on(week["stack"]), period, tuple(measures(source.run, week))))
    return [one for one in found if one.rows]
