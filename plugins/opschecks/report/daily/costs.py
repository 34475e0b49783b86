"""Cost on the daily page: what the newest weekly run saw, with its day."""

from __future__ import annotations

from datetime import UTC, datetime

from ...core.dataclass import dataclass
from ...core.model import Series
from ...core.run import Past
from ..amounts import named
from ..chart import Chart, chart
from ..commands import suite_command
from ..money import summed_up
from ..source import PageSource

NAMED = 3
NOT_SEEN = "No weekly run on record has seen the costs{}. To look at them:"


@dataclass(frozen=True)
class SeenCost:
    """The cost of one stack: when it was seen, in a sentence, and the last two weeks as a chart.

    `command` sees the costs of stacks for which no run has.
    """

    heading: str
    seen: str
    said: str
    drawn: Chart | None = None
    command: str = ""


def facts(source: PageSource) -> list[SeenCost]:
    """Of each stack of a daily run whose history has been read; those without costs together."""
    if source.run.suite != "daily":
        return []
    read = [past for past in source.run.past if not past.error]
    seen = [_cost(past, source) for past in read if past.cost]
    if unseen := [past.stack for past in read if not past.cost]:
        of = f" of {named(unseen, NAMED)}" if source.several else ""
        options = "".join(f" --stack {stack}" for stack in (unseen if len(unseen) <= NAMED else ("all",)))
        command = f"{suite_command(source.run, 'weekly')}{options}"
        heading = "Cost" if len(unseen) == len(read) else f"Cost{of}"
        seen.append(SeenCost(heading, "", NOT_SEEN.format(of), None, command))
    return seen


def _cost(past: Past, source: PageSource) -> SeenCost:
    told, heading = past.cost, f"Cost of {past.stack}" if source.several else "Cost"
    points = tuple((datetime.fromisoformat(day).replace(tzinfo=UTC), float(usd)) for day, usd in told["days"])
    drawn = chart(Series("cost a day", "USD", points, 86400, told["limit"]), past.stack, UTC)
    seen = datetime.fromisoformat(told["seen"]).astimezone(source.zone)
    return SeenCost(heading, f"from the weekly run of {seen:%a %d %b}", summed_up(told["told"], []), drawn)
