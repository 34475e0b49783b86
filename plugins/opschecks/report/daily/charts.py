"""Every series that was seen, as a chart; those with a limit first."""

from __future__ import annotations

from ...core.dataclass import dataclass
from ...core.model import Outcome
from ..amounts import first
from ..chart import Chart
from ..source import PageSource

SHOWN = 24
TABLED = ("total_cost", "service_costs", "incident_weeks")
"""Observations whose series a weekly page has in its tables."""


@dataclass(frozen=True)
class Charts:
    """The charts, how many are left out, and whether they stand open."""

    heading: str
    zone: str
    charts: tuple[Chart, ...]
    left: int
    is_open: bool


def facts(source: PageSource) -> Charts | None:
    """The charts; None where there is no series."""
    lines = [
        (line, one.name + (f" ({seen.stack})" if source.several else ""), seen.stack, one.resource)
        for seen in source.run.observations
        for one in seen.resources
        for line in one.series
        if line.points and not (source.run.weeks and seen.name in TABLED)
    ]
    lines.sort(key=lambda told: told[0].limit is None)
    shown, left = first(lines, SHOWN)
    charts = tuple(drawn for one in shown if (drawn := source.chart(*one)))
    heading = "Over time" if source.run.suite in ("weekly", "drills") else "Last 24 hours"
    is_open = not source.run.count(Outcome.FAILED)  # a bad morning has the ones that matter in its cards
    return Charts(heading, source.zone_name, charts, left, is_open) if charts else None
