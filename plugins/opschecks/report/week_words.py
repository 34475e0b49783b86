"""The week in one sentence: targets met, failures that began and ended, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..core.run import Run
from .amounts import hours, plural
from .measures import measures
from .standing import promise


@dataclass(frozen=True)
class WeekWords:
    """`sentence` is without a full stop; `open_items` counts missed targets and open failures; `actions` are steps."""

    sentence: str
    open_items: int
    actions: tuple[str, ...]


def week_words(run: Run, week: Mapping[str, Any]) -> WeekWords:
    """What the verdict says of a week of the run."""
    rows = [row for row in measures(run, week) if row.reading in ("met", "missed")]
    missed = [row.label for row in rows if row.reading == "missed"]
    still_open = sorted((one for one in week["failures"] if not one["until"]), key=lambda one: str(one["since"]))
    actions = tuple(
        f"{failing(one['check'], week)} – open since {datetime.fromisoformat(one['since']):%a %d %b}: "
        f"follow “{week['words'].get(one['check'], {}).get('runbook') or one['check']}” in the runbook"
        for one in still_open
    )
    sentence = _sentence(week, len(rows), missed, len(still_open))
    return WeekWords(sentence, len(missed) + len(still_open), actions)


def failing(check: str, week: Mapping[str, Any]) -> str:
    """What is true when the check fails; where no run has those words, its name, negated."""
    words = week["words"].get(check, {}).get("failing")
    return str(words) if words else f"Not so: {promise(check)}"


def _sentence(week: Mapping[str, Any], targets: int, missed: list[str], still_open: int) -> str:
    if week["error"]:
        return f"the daily runs of the week could not be read: {week['error']}"
    if not any(day["run"] for day in week["days"]):
        return "no daily run of the week is on record: what failed on which day is not known"
    but = f" (not: {'; '.join(missed)})" if missed else ""
    parts = [f"{targets - len(missed)} of {targets} targets were met{but}"] if targets else []
    parts.append(f"{plural(week['opened'], 'failure') if week['opened'] else 'no failures'} began")
    ended = [one for one in week["failures"] if one["until"]]
    if ended:
        longest = max(ended, key=lambda one: float(one["hours"]))
        after = f"{'at least ' if longest['cut'] else ''}{hours(longest['hours'])}"
        parts.append(f"{len(ended)} ended, the longest after {after}")
    parts.append(f"{still_open} {'is' if still_open == 1 else 'are'} open" if still_open else "none is open")
    return "; ".join(parts)
