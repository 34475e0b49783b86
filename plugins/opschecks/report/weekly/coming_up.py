"""What is due in the next weeks: everything of which the run knows the day, the nearest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from ...core.run import Run

WITHIN = timedelta(days=60)
SHOWN = 20


@dataclass(frozen=True)
class Due:
    """One thing: by which day, how far that is in words, what, whose it is and how that is known."""

    day: date
    when: str
    what: str
    owner: str
    source: str
    tone: str


def coming_up(run: Run, week: Mapping[str, Any], zone: tzinfo) -> tuple[list[Due], int]:
    """What is due of the week's stack, the nearest first; and how much more there is than is shown."""
    today = run.started.astimezone(zone).date()
    found = {(one.day, one.what): one for one in _all(run, week, zone, today) if one.day <= today + WITHIN}
    ordered = [found[key] for key in sorted(found)]
    return ordered[:SHOWN], max(len(ordered) - SHOWN, 0)


def _all(run: Run, week: Mapping[str, Any], zone: tzinfo, today: date) -> Iterator[Due]:
    stack = week["stack"]
    for seen in run.observations:
        for one in seen.resources if seen.stack == stack else ():
            for end in one.deadlines:
                yield _due(end.at.astimezone(zone).date(), today, end.what, "", "this run")
    for told in week["deadlines"]:
        at = datetime.fromisoformat(told["at"])
        yield _due(at.astimezone(zone).date(), today, told["what"], "", "the newest daily run")
    for waiver in run.waivers:
        if waiver.stack == stack:
            what = f"the waiver of {waiver.check} for {waiver.resource} ends: {waiver.reason}"
            yield _due(date.fromisoformat(waiver.until), today, what, waiver.owner, "waiver")


def _due(day: date, today: date, what: str, owner: str, source: str) -> Due:
    days = (day - today).days
    when = "today" if days == 0 else f"in {days} days" if days > 1 else "tomorrow" if days == 1 else f"{-days} days ago"
    tone = "bad" if days < 0 else "warn" if days <= 7 else "none"
    return Due(day, when, f"{what[:1].upper()}{what[1:]}", owner, source, tone)
