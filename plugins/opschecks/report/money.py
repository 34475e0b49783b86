"""Costs in words: a service's week beside the one before, and the whole in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ..core.model import SeenResource
from .amounts import usd
from .seen import line

WEEK = 7


def two_weeks(service: SeenResource) -> tuple[float, float]:
    """What it cost in the last seven settled days, and in those before."""
    costs = line([service], "cost")
    values = [value for _, value in costs.points] if costs else []
    return sum(values[-WEEK:]), sum(values[-2 * WEEK : -WEEK])


def change(this: float, before: float) -> str:
    """The difference in words: +$12.00 (+6 %)."""
    if round(this - before, 2) == 0:
        return "no change"
    percent = 100 * (this / before - 1) if before > 0 else 0.0
    share = f" ({percent:+.0f} %)" if abs(percent) >= 1 else ""
    return f"{'+' if this > before else '-'}{usd(abs(this - before))}{share}"


def summed_up(figures: Mapping[str, float | int | str], services: Sequence[SeenResource]) -> str:
    """The total's figures, by label, in a sentence, with the service that moved most."""

    def of(label: str) -> float | None:
        value = figures.get(label)
        return None if value is None or isinstance(value, str) else float(value)

    this, before, month, budget = (of(label) for label in ("7 days", "7 days before", "month", "budget"))
    told = []
    if this is not None and before is not None:
        until = _day(str(figures["until"])) if "until" in figures else ""
        told.append(f"{usd(this)} in the 7 settled days until {until}, {change(this, before)} against the week before")
    moves = [(now - then, one.name) for one in services for now, then in [two_weeks(one)]]
    move, name = max(moves, key=lambda one: abs(one[0]), default=(0.0, ""))
    if abs(move) >= 1:
        told.append(f"the biggest mover is {name}, {'+' if move > 0 else '-'}{usd(abs(move))}")
    elif moves:
        told.append("no service moved by $1 or more")
    if month is not None:
        of_budget = f" of {usd(budget)}" if budget else ", and no budget is set"
        told.append(f"at this rate the month comes to {usd(month)}{of_budget}")
    return "; ".join(told) + "." if told else ""


def _day(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%a %d %b}"
    except ValueError:  # a run file may have anything
        return text
