"""The tables of a week that Markdown and mails have, too: decisions, measures, error budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from ..core.dataclass import dataclass
from ..core.run import Run
from .budget import budgets
from .decisions import decisions
from .measures import measures
from .times import Times


@dataclass(frozen=True)
class WeekTable:
    """A heading, the heads of its columns, and rows of as many cells, the first of which names the row."""

    heading: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def week_tables(run: Run) -> list[WeekTable]:
    """Those of each week of the run, in the order of the page, which is that of their headings; none without a row."""
    several, times = len(run.weeks) > 1, Times.of(run)
    found = (_of(run, week, f" on {week['stack']}" if several else "", times) for week in run.weeks)
    return [table for table in chain.from_iterable(zip(*found, strict=True)) if table.rows]


def _of(run: Run, week: Mapping[str, Any], on: str, times: Times) -> Iterator[WeekTable]:
    yield WeekTable(
        f"Decisions wanted{on}", ("Decision", "Why", "Owner", "By"),
        tuple((one.what, times.text(one.why), one.owner, one.by_words) for one in decisions(run, week)),
    )  # fmt: skip
    yield WeekTable(
        f"The week in numbers{on}", ("Measure", "This week", "Last week", "Target", "Reading"),
        tuple((row.label, row.now, row.before, row.target, row.reading) for row in measures(run, week)),
    )  # fmt: skip
    rows = budgets(run, week)
    yield WeekTable(
        f"Error budget of the daily checks{on}",
        ("Service", "Passed or waived this week", "Passed or waived in 28 days", "Check-days lost", "Reading", "Owner"),
        tuple(
            (row.name, row.week.words or "no run", row.month.words, row.spent, row.reading, row.owner)
            for row in [*rows[:1], *(row for row in rows[1:] if row.month.lost)]
        ),
    )
