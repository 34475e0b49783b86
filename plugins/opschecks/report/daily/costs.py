"""Cost on the daily page: what the newest weekly run saw, with its day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from ...core.model import Figure, Series
from ...core.run import Past
from ..chart import Chart, chart
from ..commands import suite_command
from ..money import summed_up
from ..source import PageSource


@dataclass(frozen=True)
class SeenCost:
    """The cost of one stack: when it was seen, in a sentence, and the last two weeks as a chart."""

    heading: str
    seen: str
    said: str
    drawn: Chart | None


def facts(source: PageSource) -> list[SeenCost]:
    """Of each stack of a daily run whose history has been read."""
    return [_cost(past, source) for past in source.run.past if source.run.suite == "daily" and not past.error]


def _cost(past: Past, source: PageSource) -> SeenCost:
    told, heading = past.cost, f"Cost of {past.stack}" if source.several else "Cost"
    if not told:
        said = f"No weekly run on record has seen the costs; to look at them: {suite_command(source.run, 'weekly')}"
        return SeenCost(heading, "", said, None)
    figures = {label: Figure(label, value) for label, value in told["told"].items()}
    points = tuple((datetime.fromisoformat(day).replace(tzinfo=UTC), float(usd)) for day, usd in told["days"])
    drawn = chart(Series("cost a day", "USD", points, 86400, told["limit"]), past.stack, UTC)
    seen = datetime.fromisoformat(told["seen"]).astimezone(source.zone)
    return SeenCost(heading, f"from the weekly run of {seen:%a %d %b}", summed_up(figures, []), drawn)
