"""Cost of the week: by day and service against the budget, and each service against the week before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ...core.model import Figure, SeenResource, Series
from ...core.run import Run
from .bars import BarPart, stacked

WEEK = 7
NAMED = 4
"""Services with a colour of their own; the others share one."""


@dataclass(frozen=True)
class CostDay:
    """One settled day: the parts of its bar, in the order of the key, and what it cost."""

    name: str
    parts: tuple[BarPart, ...]
    usd: str
    over: bool


@dataclass(frozen=True)
class CostRow:
    """One service: this week, the week before, and the difference in words."""

    name: str
    tone: str
    usd: str
    before: str
    change: str


@dataclass(frozen=True)
class CostsShown:
    """What Cost Explorer told. `said` sums it up; `budget` is where the day's share lies, in percent of the width."""

    said: str
    days: tuple[CostDay, ...]
    key: tuple[tuple[str, str], ...]
    rows: tuple[CostRow, ...]
    budget: float | None
    budget_words: str


def costs(run: Run, stack: str) -> CostsShown | None:
    """The week's cost of one stack; None where this run did not see it."""
    total = _line(_seen(run, stack, "total_cost"))
    services = [one for one in _seen(run, stack, "service_costs") if _line([one])]
    if total is None or len(total.points) < 2 * WEEK:
        return None
    named, others = services[:NAMED], services[NAMED:]
    last = total.points[-WEEK:]
    limit = total.limit
    most = max([value for _, value in last] + ([limit] if limit else []))
    figures = {figure.label: figure for one in _seen(run, stack, "total_cost") for figure in one.figures}
    return CostsShown(
        said=summed_up(figures, services),
        days=tuple(_day(at, value, place, named, others, most, limit) for place, (at, value) in enumerate(last)),
        key=(
            *((one.name, f"s{place}") for place, one in enumerate(named)),
            *((("all others", "s4"),) if others else ()),
        ),
        rows=tuple(_row(one, f"s{min(place, NAMED)}") for place, one in enumerate(services)),
        budget=round(100 * limit / most, 2) if limit and most else None,
        budget_words=f"the line is the budget's share of a day, {usd(limit)}" if limit else "",
    )


def usd(value: float) -> str:
    """As money: $1,418, $2.30, -$5.00."""
    sign = "-" if value < 0 else ""
    return f"{sign}${abs(value):,.0f}" if abs(value) >= 100 else f"{sign}${abs(value):,.2f}"


def _seen(run: Run, stack: str, observation: str) -> list[SeenResource]:
    looked = [one for one in run.observations if (one.stack, one.name) == (stack, observation)]
    return [seen for one in looked for seen in one.resources]


def _line(seen: list[SeenResource]) -> Series | None:
    return next((line for one in seen for line in one.series if line.label == "cost"), None)


def _day(
    at: datetime,
    value: float,
    place: int,
    named: list[SeenResource],
    others: list[SeenResource],
    most: float,
    limit: float | None,
) -> CostDay:
    parts = [(_value(one, place), f"s{number}") for number, one in enumerate(named)]
    parts.append((sum(_value(one, place) for one in others), f"s{NAMED}"))
    return CostDay(f"{at:%a %d %b}", stacked(parts, most), usd(value), limit is not None and value > limit)


def _value(one: SeenResource, place: int) -> float:
    line = _line([one])
    return line.points[place - WEEK][1] if line else 0.0


def _row(one: SeenResource, tone: str) -> CostRow:
    this, before = _weeks(one)
    return CostRow(one.name, tone, usd(this), usd(before), _change(this, before))


def _weeks(one: SeenResource) -> tuple[float, float]:
    line = _line([one])
    values = [value for _, value in line.points] if line else []
    return sum(values[-WEEK:]), sum(values[-2 * WEEK : -WEEK])


def _change(this: float, before: float) -> str:
    if round(this - before, 2) == 0:
        return "no change"
    percent = 100 * (this / before - 1) if before > 0 else 0.0
    share = f" ({percent:+.0f} %)" if abs(percent) >= 1 else ""
    return f"{'+' if this > before else '-'}{usd(abs(this - before))}{share}"


def summed_up(figures: Mapping[str, Figure], services: Sequence[SeenResource]) -> str:
    """The total's figures in a sentence, with the service that moved most."""

    def of(label: str) -> float | None:
        value = figures[label].value if label in figures else None
        return None if value is None or isinstance(value, str) else float(value)

    this, before = of("7 days"), of("7 days before")
    told = []
    if this is not None and before is not None:
        told.append(
            f"{usd(this)} in the 7 settled days until {_until(figures)}, {_change(this, before)} on the week before"
        )
    moves = sorted(
        ((this - before, one.name) for one in services for this, before in [_weeks(one)]), key=lambda m: -abs(m[0])
    )
    if moves and abs(moves[0][0]) >= 1:
        told.append(f"the biggest move is {moves[0][1]}, {'+' if moves[0][0] > 0 else '-'}{usd(abs(moves[0][0]))}")
    month, budget = of("month"), of("budget")
    if month is not None:
        told.append(
            f"at this rate the month comes to {usd(month)}"
            + (f" of {usd(budget)}" if budget else ", and no budget is set")
        )
    return "; ".join(told) + "." if told else ""


def _until(figures: Mapping[str, Figure]) -> str:
    told = str(figures["until"].value) if "until" in figures else ""
    try:
        return f"{datetime.fromisoformat(told):%a %d %b}"
    except ValueError:  # a run file may say anything
        return told
