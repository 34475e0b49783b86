"""Cost on the daily page: what the newest weekly run saw, with its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from ...core.model import Figure, Series
from ...core.run import Past, Run
from ..chart import Chart, chart
from ..weekly.costs import summed_up

SUITE = "daily"


@dataclass(frozen=True)
class SeenCost:
    """The cost of one stack: when it was seen, in a sentence, and the last two weeks as a chart."""

    stack: str
    seen: str
    said: str
    drawn: Chart | None


def daily_costs(run: Run, zone: tzinfo) -> list[SeenCost]:
    """Of each stack of a daily run whose history has been read."""
    if run.suite != SUITE:
        return []
    return [_cost(past, zone) for past in run.past if not past.error]


def _cost(past: Past, zone: tzinfo) -> SeenCost:
    told: Mapping[str, Any] = past.cost
    if not told:
        said = "The newest weekly run did not see them, or there is none: pytest checks/weekly asks."
        return SeenCost(past.stack, "", said, None)
    figures = {label: Figure(label, value) for label, value in told["told"].items()}
    points = tuple((datetime.fromisoformat(day).replace(tzinfo=UTC), float(usd)) for day, usd in told["days"])
    drawn = chart(Series("cost a day", "USD", points, 86400, told["limit"]), past.stack, UTC)
    seen = datetime.fromisoformat(told["seen"]).astimezone(zone)
    return SeenCost(past.stack, f"as the weekly run of {seen:%a %d %b} saw it", summed_up(figures, []), drawn)
