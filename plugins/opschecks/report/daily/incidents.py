"""Active and overnight incidents, or those of the week, the newest first."""

from __future__ import annotations

from datetime import datetime

from ...core.dataclass import dataclass
from ...core.model import SeenResource
from ..amounts import first
from ..seen import text
from ..source import PageSource
from ..unseen import cause

FROM = ("active_incidents", "overnight_incidents", "week_incidents")
SHOWN = 50


@dataclass(frozen=True)
class Incidents:
    """`unseen` are the reasons for which some could not be looked at; `rows`: opened, what, severity, status, stack."""

    period: str
    unseen: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int


def facts(source: PageSource) -> Incidents | None:
    """The incidents; None where there is none, and each observation could look."""
    looked = [seen for seen in source.run.observations if seen.name in FROM]
    found = {(seen.stack, one.resource): one for seen in looked for one in seen.resources}
    newest = sorted(found.items(), key=lambda pair: text(pair[1], "opened") or "", reverse=True)
    shown, left = first(newest, SHOWN)
    unseen = tuple(dict.fromkeys(cause(seen.error) for seen in looked if seen.error))
    if not found and not unseen:
        return None
    period = "opened within seven days" if source.run.weeks else "active, or opened since yesterday"
    return Incidents(period, unseen, tuple(_row(stack, one, source) for (stack, _), one in shown), left)


def _row(stack: str, one: SeenResource, source: PageSource) -> tuple[str, ...]:
    opened, title, *others = (text(one, label) for label in ("opened", "title", "severity", "status"))
    what = one.name if title is None else f"{one.name}: {title}"
    return _local(opened or "", source), what, *(other or "unknown" for other in others), stack


def _local(opened: str, source: PageSource) -> str:
    """The item's own text as a moment of the page; as it stands where it is none."""
    try:
        time = datetime.fromisoformat(opened)
        return source.time(time) if time.tzinfo else opened
    except (ValueError, OverflowError):  # not a time, or one before every calendar
        return opened or "unknown"
