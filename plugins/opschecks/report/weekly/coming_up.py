"""What is due in the next weeks: everything whose day is in the run, the nearest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ...core.dataclass import dataclass
from ...core.run import Run
from ...core.wording import plural
from ..amounts import capital, first, sentence
from ..decisions import waived
from ..source import PageSource
from ..unseen import cause

OF_THE_WEEK = {
    "key_holders": "access keys",
    "running_images": "images",
    "total_cost": "the budget",
    "restore_rehearsal": "restore tests",
}
"""Observations of a weekly run whose resources have deadlines, and what these are of."""
OF_A_DAY = {"health": "certificates"}
"""Those of a daily run."""
NO_RUN = "no run that looks at them is on record"
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
    """What is due of one stack, and how much more there is than is shown.

    `unseen` are the things whose ends are not known, each with the reason; `none_due` is what is true
    if nothing is due.
    """

    on: str
    due: tuple[Due, ...]
    left: int
    unseen: tuple[str, ...]
    none_due: str


def facts(source: PageSource, week: Mapping[str, Any]) -> ComingUp:
    """Of one stack."""
    today = source.run.started.astimezone(source.zone).date()
    found = {(day, capital(what)): more for day, what, *more in _all(source, week) if day <= today + WITHIN}
    shown, left = first(sorted(found), SHOWN)
    due = (_due((day - today).days, day, what, *found[day, what]) for day, what in shown)
    seen, unseen = _looked(source.run, week)
    none_due = sentence(f"nothing is due within {plural(WITHIN.days, 'day')} of: {', '.join(seen)}" if seen else "")
    return ComingUp(source.on(week["stack"]), tuple(due), left, tuple(unseen), none_due)


def _looked(run: Run, week: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What this run and the newest daily one looked at the ends of; and what they could not, with the reasons."""
    own = {seen.name: seen.error for seen in run.observations if seen.stack == week["stack"]}
    seen, unseen = (["waivers"], []) if run.checks else ([], [f"waivers: {NO_RUN}"])
    for told, known, things in ((own, bool(own), OF_THE_WEEK), (week.get("looked", {}), _has_daily(week), OF_A_DAY)):
        for observation, what in things.items():
            error = told.get(observation)
            if error:
                unseen.append(f"{what}: {cause(error)}")
            elif error is None and not known:
                unseen.append(f"{what}: {NO_RUN}")
            elif error is not None:
                seen.append(what)
    return seen, unseen


def _has_daily(week: Mapping[str, Any]) -> bool:
    """Whether the newest daily run is known; files of before this was kept have its checks."""
    return bool(week.get("looked") or week["words"])


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
            what = f"the waiver of “{waived(source.run, week, waiver)}” for {waiver.resource} ends: {waiver.reason}"
            yield date.fromisoformat(waiver.until), what, waiver.owner, "waiver"


def _due(days: int, day: date, what: str, owner: str, source: str) -> Due:
    near = {0: "today", 1: "tomorrow"}
    when = near.get(days) or (f"in {plural(days, 'day')}" if days > 0 else f"{plural(-days, 'day')} ago")
    tone = "bad" if days < 0 else "warn" if days <= 7 else "none"
    return Due(f"{day:%a %d %b}", when, what, owner, source, tone)
