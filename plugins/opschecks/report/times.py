"""Moments as people read them: one format, in the stack's time zone with its name, and UTC for who compares logs.

Messages and run files have moments as `written` writes them, in UTC; each output for people shows them through `Times`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from markupsafe import Markup, escape

from ..core.dataclass import dataclass
from ..core.run import Run
from ..core.zones import zone_named
from .text import clean

_WRITTEN = re.compile(r"(?<![\w:.-])(\d{4}-\d\d-\d\d \d\d:\d\d)(?::\d\d)? UTC(?!\w)")
_TIME = Markup('<time datetime="{iso}" title="{utc}">{words}</time>')


def written(at: datetime | str) -> str:
    """A moment (aware, or ISO text) as messages and run files have it: 2026-11-23 07:00 UTC."""
    return f"{_aware(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def read(text: str) -> datetime | None:
    """The moment that `written` wrote so; None where the text is anything else."""
    found = _WRITTEN.fullmatch(text)
    try:
        return datetime.strptime(found[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC) if found else None
    except ValueError:  # no such day
        return None


def moment(at: datetime | str, zone: tzinfo, year: int = 0) -> str:
    """A moment in a zone, with the zone's name: Mon 23 Nov, 08:00 CET. Of another year than `year`, with its own."""
    local = _aware(at).astimezone(zone)
    return f"{local:%a %d %b}{f' {local.year}' if year and local.year != year else ''}, {local:%H:%M} {letters(local)}"


def zone_of(run: Run, stack: str) -> tzinfo:
    """The time zone of a stack of the run; UTC of any other."""
    return zone_named(next((one.time_zone for one in run.stacks if one.name == stack), "UTC"))


def letters(local: datetime) -> str:
    """What the zone of a moment is called at that moment: PST, CET; UTC+05 where it has no letters of its own."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


@dataclass(frozen=True)
class Times:
    """How one report prints moments: in `zone`, with the year where it is not `year`. `name` is the zone's own."""

    zone: tzinfo = UTC
    name: str = "UTC"
    year: int = 0

    @classmethod
    def of(cls, run: Run) -> Times:
        """In the stacks' time zone; in UTC where they do not share one."""
        names = {stack.time_zone for stack in run.stacks}
        name = names.pop() if len(names) == 1 else "UTC"
        zone = zone_named(name)
        return cls(zone, name, run.started.astimezone(zone).year)

    def moment(self, at: datetime | str) -> str:
        """A moment in words."""
        return moment(at, self.zone, self.year)

    def text(self, told: str) -> str:
        """The text with each moment that is written in UTC in words instead."""
        return _WRITTEN.sub(lambda found: self._known(found) or found[0], told)

    def html(self, told: str) -> Markup:
        """The same for a page, where the pointer finds UTC; without secrets and hidden characters, and escaped."""
        shown, parts, end = clean(told), [], 0
        for found in _WRITTEN.finditer(shown):
            parts.append(escape(shown[end : found.start()]))
            if words := self._known(found):
                iso = f"{found[1].replace(' ', 'T')}Z"
                parts.append(_TIME.format(iso=iso, utc=found[0], words=words))
            else:
                parts.append(escape(found[0]))
            end = found.end()
        return Markup().join([*parts, escape(shown[end:])])

    def _known(self, found: re.Match[str]) -> str:
        """The moment in words; empty where there is no such moment: the text may be anybody's."""
        at = read(found[0])
        try:
            return self.moment(at) if at else ""
        except OverflowError:  # before or after every calendar in that zone
            return ""


def _aware(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at
