"""What is due in the next weeks: everything whose day is in the run, the nearest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ...core.wording import plural
from ..amounts import first
from ..source import PageSource

WITHIN = timedelta(days=60)
SHOWN = 20


@dataclass(frozen=True)
class Due:
    """One thing: by which day, how far that is in words, what, whose it is and how that is known."""

    day: str
    when: str
    what: str
    owner: str
    source: str
    tone: str


@dataclass(frozen=True)
class ComingUp:
    """What is due of one stack, and how much more there is than is shown."""

    on: str
    due: tuple[Due, ...]
    left: int


def facts(source: PageSource) -> list[ComingUp]:
    """Of each stack."""
    return [_of(source, week) for week in source.run.weeks]


def _of(source: PageSource, week: Mapping[str, Any]) -> ComingUp:
    today = source.run.started.astimezone(source.zone).date()
    found = {
        (day, f"{what[:1].upper()}{what[1:]}"): more for day, what, *more in _all(source, week) if day <= today + WITHIN
    }
    shown, left = first(sorted(found), SHOWN)
    due = (_due((day - today).days, day, what, *found[day, what]) for day, what in shown)
    return ComingUp(source.on(week["stack"]), tuple(due), left)


def _all(source: PageSource, week: Mapping[str, Any]) -> Iterator[tuple[date, str, str, str]]:
    """By which day, what, whose, and how that is known."""
    for seen in source.run.observations:
        for one in seen.resources if seen.stack == week["stack"] else ():
            for end in one.deadlines:
                yield end.at.astimezone(source.zone).date(), end.what, "", "this run"
    for told in week["deadlines"]:
        at = datetime.fromisoformat(told["at"]).astimezone(source.zone)
        yield at.date(), told["what"], "", "the newest daily run"
    for waiver in source.run.waivers:
        if waiver.stack == week["stack"]:
            what = f"the waiver of {waiver.check} for {waiver.resource} ends: {waiver.reason}"
            yield date.fromisoformat(waiver.until), what, waiver.owner, "waiver"


def _due(days: int, day: date, what: str, owner: str, source: str) -> Due:
    near = {0: "today", 1: "tomorrow"}
    when = near.get(days) or (f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago")
    tone = "bad" if days < 0 else "warn" if days <= 7 else "none"
    return Due(f"{day:%a %d %b}", when, what, owner, source, tone)
