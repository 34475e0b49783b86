"""Cost of the week: by day and service against the budget, and each service against the week before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.dataclass import dataclass
from ...core.model import SeenResource
from ..amounts import usd
from ..money import WEEK, change, summed_up, two_weeks
from ..seen import line, resources
from ..source import PageSource
from ..unseen import cause
from .bars import BarPart, stacked

TOTAL = "total_cost"
NAMED = 4
"""Services with a colour of their own; the others share one."""


CostDay = tuple[str, tuple[BarPart, ...], str, bool]
"""One settled day: its name, the parts of its bar in the order of the key, what it cost, whether that is too much."""
CostRow = tuple[str, str, str, str, str]
"""One service: its name and tone, this week, the week before, and the difference in words."""


@dataclass(frozen=True)
class WeekCosts:
    """What Cost Explorer reported. `said` sums it up; `budget` is where the day's share lies, in percent of the width.

    `key` has the name and the tone of each colour; `unseen` is why there is nothing else.
    """

    on: str
    said: str
    days: tuple[CostDay, ...]
    key: tuple[tuple[str, str], ...]
    rows: tuple[CostRow, ...]
    budget: float | None
    budget_words: str
    unseen: str = ""


def facts(source: PageSource, week: Mapping[str, Any]) -> WeekCosts | None:
    """Of a stack whose costs this run looked at."""
    run, stack, on = source.run, week["stack"], source.on(week["stack"])
    seen = resources(run, TOTAL, stack)
    total = line(seen, "cost")
    if error := next((one.error for one in run.observations if (one.name, one.stack) == (TOTAL, stack)), ""):
        return WeekCosts(on, "", (), (), (), None, "", cause(error))
    if total is None or len(total.points) < 2 * WEEK:
        return None
    services = [one for one in resources(run, "service_costs", stack) if line([one], "cost")]
    last, limit = total.points[-WEEK:], total.limit
    most = max([value for _, value in last] + ([limit] if limit else []))
    tones = [f"s{min(place, NAMED)}" for place in range(len(services))]
    key = [(one.name, tone) for one, tone in zip(services[:NAMED], tones, strict=False)]
    return WeekCosts(
        on=on,
        said=summed_up({figure.label: figure.value for one in seen for figure in one.figures}, services),
        days=tuple(
            (f"{at:%a %d %b}", _parts(services, place, most), usd(value), limit is not None and value > limit)
            for place, (at, value) in enumerate(last)
        ),
        key=(*key, ("all others", f"s{NAMED}")) if len(services) > NAMED else tuple(key),
        rows=tuple(_row(one, tone) for one, tone in zip(services, tones, strict=True)),
        budget=round(100 * limit / most, 2) if limit and most else None,
        budget_words=f"the line is the budget's share of a day, {usd(limit)}" if limit else "",
    )


def _parts(services: list[SeenResource], place: int, most: float) -> tuple[BarPart, ...]:
    """The bar of one day of the last week: the named services, then the others together."""
    lines = [line([one], "cost") for one in services]
    values = [one.points[place - WEEK][1] if one else 0.0 for one in lines]
    parts = [*enumerate(values[:NAMED]), (NAMED, sum(values[NAMED:]))]
    return stacked([(value, f"s{number}") for number, value in parts], most)


def _row(one: SeenResource, tone: str) -> CostRow:
    this, before = two_weeks(one)
    return one.name, tone, usd(this), usd(before), change(this, before)
