"""Run to the page that people read: one file without JavaScript, whose order is that of the questions at 07:00."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..core.model import NOT_APPLICABLE, Outcome, SeenResource
from ..core.redaction import redact_text
from ..core.run import Run
from .chart import Chart, chart, same_line
from .daily.cards import cards
from .daily.changes import changes
from .daily.costs import daily_costs
from .daily.numbers import service_rows, tiles
from .notes import counted
from .runbook import Section, to_html
from .since import compared
from .text import printable_lines, shortened
from .unseen import unseen
from .verdict import verdict
from .weekly.week import weeks

CHARTS_SHOWN = 24
INCIDENTS_FROM = ("active_incidents", "overnight_incidents", "week_incidents")
INCIDENTS_SHOWN = 50
TABLED = ("total_cost", "service_costs", "incident_weeks")
"""Observations whose series a weekly page has in its tables."""


@dataclass(frozen=True)
class IncidentRow:
    """One incident as its figures tell it; what an item lacks is empty."""

    stack: str
    name: str
    facts: Mapping[str, str]


def render(run: Run, *, runbook: Mapping[str, Section], links: Mapping[str, str], earlier: Run | None = None) -> str:
    """The whole page. `links` are the files beside it: run, pytest and junit. `earlier` is the run of a day before."""
    zone, zone_name = _zone(run)
    drawn, not_drawn = _charts(run, zone, earlier)
    incidents, incidents_left = _incidents(run, zone)
    return (
        _environment()
        .get_template("page.html")
        .render(
            run=run,
            verdict=verdict(run),
            trust=_trust(run),
            when=lambda time, form="%Y-%m-%d %H:%M": time.astimezone(zone).strftime(form),
            zone=zone_name,
            tiles=tiles(run),
            services=service_rows(run),
            incidents=incidents,
            incidents_left=incidents_left,
            incidents_unseen=[seen for seen in run.observations if seen.name in INCIDENTS_FROM and seen.error],
            compared=compared(run, zone),
            weeks=weeks(run, zone),
            costs=daily_costs(run, zone),
            changes=changes(run, zone),
            sections=[(section.heading, to_html(str(_shown(section.markdown)), {})) for section in run.sections],
            cards=cards(run, runbook, zone, earlier),
            blind=unseen(run, Outcome.BLIND),
            not_run=unseen(run, Outcome.NOT_RUN),
            charts=drawn,
            charts_left=not_drawn,
            outcome_words={**{outcome.value: outcome.words for outcome in Outcome}, NOT_APPLICABLE: "not applicable"},
            examined=_examined(run),
            links=links,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("opschecks.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: Any) -> Any:
    """Every value that a template prints: without secrets, and without the control characters of the world."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return printable_lines(redact_text(shortened(value)))
    return value


def _trust(run: Run) -> str:
    """Why the page can be believed, or how far: nothing collected is missing, and what nobody saw is said."""
    if run.weeks and not run.checks:
        return "Made from filed runs; nothing was looked at anew."
    blind = run.count(Outcome.BLIND)
    seconds = f" in {(run.ended - run.started).total_seconds():.1f} s" if run.ended else ""
    unseen = (
        f"; of {blind} nobody knows" if blind else "; each of them could look" if not run.count(Outcome.NOT_RUN) else ""
    )
    return f"Seen live{seconds} with {len(run.calls)} AWS calls: {counted(run)}{unseen}."


def _zone(run: Run) -> tuple[tzinfo, str]:
    """The stacks' time zone; UTC where they do not share one."""
    names = {stack.time_zone for stack in run.stacks}
    return (ZoneInfo(name), name) if len(names) == 1 and (name := names.pop()) != "UTC" else (UTC, "UTC")


def _charts(run: Run, zone: tzinfo, earlier: Run | None) -> tuple[list[Chart], int]:
    """Every series that was seen, those with a limit first; and how many are left out."""
    several = len(run.stacks) > 1
    lines = [
        (line, f"{one.name} ({seen.stack})" if several else one.name, (seen.stack, one.resource))
        for seen in run.observations
        for one in seen.resources
        for line in one.series
        if line.points and not (run.weeks and seen.name in TABLED)
    ]
    lines.sort(key=lambda told: told[0].limit is None)
    drawn = [
        chart(line, name, zone, same_line(earlier, *where, line.label)) for line, name, where in lines[:CHARTS_SHOWN]
    ]
    return [one for one in drawn if one], max(len(lines) - CHARTS_SHOWN, 0)


def _incidents(run: Run, zone: tzinfo) -> tuple[list[IncidentRow], int]:
    """Active and overnight incidents, or those of the week, the newest first."""
    found: dict[tuple[str, str], SeenResource] = {}
    for seen in run.observations:
        if seen.name in INCIDENTS_FROM:
            found.update({(seen.stack, one.resource): one for one in seen.resources})
    told = [
        IncidentRow(stack, one.name, {figure.label: str(figure.value) for figure in one.figures})
        for (stack, _), one in found.items()
    ]
    told.sort(key=lambda incident: incident.facts.get("opened", ""), reverse=True)
    shown = [replace(one, facts={**one.facts, "opened": _local(one.facts.get("opened"), zone)}) for one in told]
    return shown[:INCIDENTS_SHOWN], max(len(told) - INCIDENTS_SHOWN, 0)


def _local(opened: str | None, zone: tzinfo) -> str:
    """The item's own text as a time of the page's zone; as it stands where it is no time."""
    try:
        time = datetime.fromisoformat(opened or "")
        return f"{time.astimezone(zone):%a %d %b %H:%M}" if time.tzinfo else opened or ""
    except (ValueError, OverflowError):  # no time, or one before every calendar
        return opened or "unknown"


def _examined(run: Run) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for finding in run.findings:
        counts[finding.stack, finding.check] = counts.get((finding.stack, finding.check), 0) + 1
    return counts
