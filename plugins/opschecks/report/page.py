"""Run to the page that people read: one file without JavaScript, whose order is that of the questions at 07:00.

Run, then facts, then template: each section below is a module with one function, `facts`, and a template of the same
name beside it, which prints what `facts` returns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any
from urllib.parse import quote

from ..core.dataclass import dataclass
from ..core.model import Outcome
from ..core.run import Run, StackFacts
from ..core.wording import plural
from .amounts import first, sentence
from .daily import cards, changes, charts, checks, costs, custom, incidents, services, since, tiles
from .daily.verdict_items import Item, items
from .notes import REPLAYED, counted, headline
from .rendering import rendered
from .runbook import Section
from .source import PageSource
from .times import letters, written
from .verdict import Verdict, verdict


def of_a_day() -> tuple[ModuleType, ...]:
    """The table of contents: the sections of a page, in its order. What has nothing to show prints nothing."""
    return (tiles, cards, since, services, incidents, charts, costs, changes, custom, checks)


def of_a_week() -> tuple[ModuleType, ...]:
    """As of_a_day; imported for the page of a week alone."""
    from .weekly import backups, budget, coming_up, days, decided, drills
    from .weekly import costs as week_costs
    from .weekly import numbers as week_numbers

    return (
        decided, week_numbers, budget, days, week_costs, backups, drills, coming_up, incidents, cards, since, changes,
        services, charts, custom, checks,
    )  # fmt: skip


ITEMS = 6
"""Lines of the verdict; the cards have all."""
HEADINGS = {
    "daily": "Daily checks",
    "weekly": "Weekly checks",
    "deploy-before": "Checks before a deploy",
    "deploy-after": "Checks after a deploy",
}
BESIDE = {
    "run": "run file (JSON)",
    "pytest": "engineers’ page with tracebacks (pytest-html)",
    "junit": "JUnit XML",
    "ctrf": "CTRF",
    "summary": "summary (Markdown)",
    "csv": "findings (CSV)",
    "metrics": "metrics (OpenMetrics)",
}
"""The files beside a page, in the words of its links."""
_SIGNS = {
    "good": ("#1b6b34", "M4 8.5l3 3 5-6.5"),
    "warn": ("#8a4b00", "M8 4v5M8 11.5v.5"),
    "bad": ("#a61b1b", "M5 5l6 6M11 5l-6 6"),
    "unsure": ("#5a3a9e", "M6 6.5c0-3 4-3 4-.5 0 2-2 1.500-2 3.500M8 11.5v.5"),
    "none": ("#566072", "M4 8h8"),
}


@dataclass(frozen=True)
class PageFacts:
    """The head and the foot of a page. `run_file` is a link to the run file, or empty; `links` are (file, words)."""

    title: str
    heading: str
    where: str
    began: str
    ended: str
    began_iso: str
    began_utc: str
    zone: str
    several: bool
    verdict: Verdict
    items: tuple[Item, ...]
    items_left: str
    icon: str
    trust: str
    notes: tuple[str, ...]
    foot: str
    run_file: str
    links: tuple[tuple[str, str], ...]


def render(run: Run, *, runbook: Mapping[str, Section], links: Mapping[str, str], earlier: Run | None = None) -> str:
    """The whole page. `links` are the files beside it: run, pytest and junit. `earlier` is the run of a day before."""
    source = PageSource.of(run, runbook, earlier)
    sections = list(_sections(source))
    found = next(facts for template, facts in sections if template == template_of(cards))
    return rendered("templates/page.html", page=_page(source, links, found), sections=sections, told=source.times.html)


def _sections(source: PageSource) -> Iterator[tuple[str, Any]]:
    """The template and the facts of each section that has something to show; a weekly one is made for each week."""
    for section in of_a_week() if source.run.weeks else of_a_day():
        template = template_of(section)
        of = [(week,) for week in source.run.weeks] if template.startswith("weekly/") else [()]
        yield from ((template, facts) for one in of if (facts := section.facts(source, *one)))


def template_of(section: ModuleType) -> str:
    """The template of a section, by its path below report/."""
    return "/".join(section.__name__.split(".")[-2:]) + ".html"


def _page(source: PageSource, links: Mapping[str, str], found: cards.Cards) -> PageFacts:
    run, said = source.run, verdict(source.run)
    began, ended = run.started.astimezone(source.zone), run.ended.astimezone(source.zone) if run.ended else None
    shown, left = first(items(found), ITEMS)
    programs = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    foot = (
        plural(len(run.findings), "finding"),
        *([plural(len(run.calls), "recorded AWS call")] if run.replayed else []),
        f"times in {source.zone_name}",
        "secrets are masked", programs,
    )  # fmt: skip
    return PageFacts(
        title=headline(run, said),
        heading=f"{HEADINGS.get(run.suite, run.suite.capitalize())} – {', '.join(one.name for one in run.stacks)}",
        where="; ".join(map(_stack, run.stacks)),
        began=f"{began:%a %d %b %Y, %H:%M}",
        ended=_until(began, ended) if ended else "",
        began_iso=run.started.isoformat(),
        began_utc=written(run.started),
        zone=letters(began),
        several=source.several,
        verdict=said,
        items=shown,
        items_left=f"and {left} more below" if left else "",
        icon=_icon(said.tone),
        trust=_trust(run),
        notes=tuple(f"{note.stack}: {note.text}" if source.several else note.text for note in run.notes),
        foot=" · ".join(foot),
        run_file=links.get("run", ""),
        links=tuple((links[kind], words) for kind, words in BESIDE.items() if kind in links),
    )


def _icon(tone: str) -> str:
    """The verdict in the browser's tab, as a data URI: tick, exclamation mark, cross, question mark or dash."""
    colour, sign = _SIGNS[tone]
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="8" fill="{colour}"/>'
        f'<path d="{sign}" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>'
    )
    return f"data:image/svg+xml,{quote(drawn, safe='')}"


def _until(began: datetime, ended: datetime) -> str:
    """The end of a run, to the minute like its beginning: nothing within the same one; with its day on another one."""
    if ended.date() != began.date():
        return f" to {ended:%a %d %b, %H:%M}"
    return f"–{ended:%H:%M}" if f"{ended:%H:%M}" != f"{began:%H:%M}" else ""


def _stack(stack: StackFacts) -> str:
    sandbox = "SANDBOX, " if stack.sandbox else ""
    return f"{sandbox}account {stack.account_id or 'unknown'}, {stack.region or 'no region'}"


def _trust(run: Run) -> str:
    """How far the page can be trusted: no collected check is missing; the sentence above counts the rest."""
    if run.weeks and not run.checks:
        return "Made from filed runs; nothing was checked again."
    seconds = f" in {(run.ended - run.started).total_seconds():.1f} s" if run.ended else ""
    whole = not (run.count(Outcome.BLIND) or run.count(Outcome.NOT_RUN))
    unseen = "; every check could read what it needed" if whole else ""
    if run.replayed:
        return f"{REPLAYED} {sentence(f'{counted(run)}{unseen}')}"
    return f"Checked live{seconds} with {plural(len(run.calls), 'AWS call')}: {counted(run)}{unseen}."
