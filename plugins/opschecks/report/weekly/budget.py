"""The error budget of the daily checks, by service: what was lost of it, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.dataclass import dataclass
from ..amounts import named, number, plural
from ..budget import Budget, budgets, target_of
from ..source import PageSource
from .bars import BarPart, stacked

NAMED = 12


BudgetLine = tuple[Budget, tuple[BarPart, ...], float | None]
"""One row: the budget, what was lost of what may be lost, and how much that is, in percent of the width."""


@dataclass(frozen=True)
class WeekBudget:
    """The budget of one stack: its rule in words, the services that lost some of it, and which ones lost nothing."""

    on: str
    rule: str
    rows: tuple[BudgetLine, ...]
    kept: str


def facts(source: PageSource, week: Mapping[str, Any]) -> WeekBudget | None:
    """Of a stack whose daily runs are on record."""
    rows = budgets(source.run, week)
    if not rows:
        return None
    whole, *others = rows
    lost = [row for row in others if row.month.lost]
    target = target_of(week)
    rule = "no target is set" if target is None else f"target {number(target)} %: {_rule(whole)}"
    kept = [row.name for row in others if not row.month.lost]
    ones = f"{plural(len(kept), 'service')} lost nothing: {named(kept, NAMED)}." if kept else ""
    return WeekBudget(source.on(week["stack"]), rule, tuple(_line(row) for row in (whole, *lost)), ones)


def _rule(whole: Budget) -> str:
    return f"{number(whole.allowed or 0)} of {whole.month.total:,} check-days may be lost {_days(*whole.days)}"


def _days(seen: int, of: int) -> str:
    return f"in {plural(of, 'day')}" if seen == of else f"in {plural(of, 'day')}, {seen} of which had a run"


def _line(row: Budget) -> BudgetLine:
    most = max(row.month.lost, row.allowed or 0) or 1
    mark = None if row.allowed is None else round(100 * row.allowed / most, 2)
    return row, stacked([(row.month.failed, "bad"), (row.month.unseen, "unsure")], most), mark
