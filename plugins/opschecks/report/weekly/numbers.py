"""The week in numbers, against its targets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ...core.dataclass import dataclass
from ..measures import MeasureRow, measures
from ..source import PageSource


@dataclass(frozen=True)
class WeekNumbers:
    """The measures of one stack, and which week it is."""

    on: str
    period: str
    rows: tuple[MeasureRow, ...]


def facts(source: PageSource, week: Mapping[str, Any]) -> WeekNumbers | None:
    """Of a stack of which anything is known."""
    rows, period = tuple(measures(source.run, week)), ""
    if week["begins"]:
        begins, ends = (date.fromisoformat(week[key]) for key in ("begins", "ends"))
        period = f"{begins:%a %d %b} to {ends:%a %d %b %Y} (ends in week {ends:%V})"
    return WeekNumbers(source.on(week["stack"]), period, rows) if rows else None
