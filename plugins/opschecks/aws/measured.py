"""A resource with metrics: what they say of a period, as charts, figures and evidence."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from ..core.model import Figure, Resource, Series
from .cloudwatch_metrics import HOUR, Metrics


@dataclass(frozen=True, kw_only=True)
class Measured(Resource):
    """A resource with metrics, and the end of the period to judge."""

    metrics: Metrics = field(repr=False)
    now: datetime


M = TypeVar("M", bound=Measured)


def lines_of(metrics: Metrics, subject: str, *measures: str) -> tuple[Series, ...]:
    """The series that have points, for charts."""
    found = [metrics.answers.get((subject, measure)) for measure in measures]
    return tuple(series for series in found if isinstance(series, Series) and series.points)


def newest_of(series: tuple[Series, ...]) -> tuple[Figure, ...]:
    """The newest value of each, as a figure."""
    return tuple(Figure(line.label, round(line.points[-1][1]), line.unit) for line in series)


def charted(bare: M, lines: tuple[Series, ...], figures: tuple[Figure, ...] = ()) -> M:
    """The same, with its charts, and the last hour of them as evidence."""
    return replace(
        bare, evidence={line.label: _recent(line, bare.now) for line in lines}, series=lines, figures=figures
    )


def _recent(line: Series, now: datetime) -> dict[str, float]:
    return {f"{time:%H:%M} UTC": round(value, 1) for time, value in line.last(HOUR, now)}
