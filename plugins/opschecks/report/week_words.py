"""The week in one sentence: targets met, failures that began and ended, what is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ..core.dataclass import dataclass
from ..core.model import Outcome
from ..core.run import Run
from .amounts import hours, named, plural
from .measures import measures
from .standing import promise
from .times import zone_of

DAYS_NAMED = 3


@dataclass(frozen=True)
class WeekWords:
    """`sentence` is without a full stop; `open_items` counts missed targets and open failures; `actions` are steps.

    `unseen` is "week" where no day of it is on record, "days" where something of it was not seen, else empty.
    """

    sentence: str
    open_items: int
    actions: tuple[str, ...]
    unseen: str = ""


@dataclass(frozen=True)
class DaysSeen:
    """What is on record of the days of a week: how many had a run, which had none, and results that are not known."""

    seen: int
    missing: tuple[str, ...]
    unknown: int

    @property
    def told(self) -> str:
        """What was not seen, in words; empty where everything was."""
        if not self.seen:
            return "no daily run of this week is on record"
        parts = []
        if self.missing:
            parts.append(f"no daily run on {named(self.missing, DAYS_NAMED)}")
        if self.unknown:
            parts.append(f"{plural(self.unknown, 'result')} of daily checks could not be seen")
        return "; ".join(parts)


def days_seen(week: Mapping[str, Any]) -> DaysSeen:
    """Of the last daily run of each day, as everything on the page that is said of the week."""
    with_run = [day for day in week["days"] if day["run"]]
    return DaysSeen(
        len(with_run),
        tuple(f"{date.fromisoformat(day['day']):%a %d %b}" for day in week["days"] if not day["run"]),
        sum(day["outcomes"].get(outcome, 0) for day in with_run for outcome in (Outcome.BLIND, Outcome.NOT_RUN)),
    )


def week_words(run: Run, week: Mapping[str, Any]) -> WeekWords:
    """What the verdict says of a week of the run."""
    rows = [row for row in measures(run, week) if row.reading in ("met", "missed")]
    missed = [row.label for row in rows if row.reading == "missed"]
    still_open = sorted((one for one in week["failures"] if not one["until"]), key=lambda one: str(one["since"]))
    told_already = {check.check for check in run.checks if check.outcome == Outcome.FAILED}
    actions = tuple(
        f"{failing(one['check'], week)} – open since {_since(run, week, one)}: "
        f"follow “{week['words'].get(one['check'], {}).get('runbook') or one['check']}” in the runbook"
        for one in still_open
        if one["check"] not in told_already
    )
    sentence, known = _sentence(run, week, len(rows), missed, len(still_open)), days_seen(week)
    unseen = "week" if not known.seen else "days" if known.told else ""
    return WeekWords(sentence, len(missed) + len(still_open), actions, unseen)


def _since(run: Run, week: Mapping[str, Any], failure: Mapping[str, Any]) -> str:
    return f"{_date(run, week, failure['since']):%a %d %b}{' or before' if failure['cut'] else ''}"


def _date(run: Run, week: Mapping[str, Any], moment: str) -> date:
    """The day of the week's stack on which that was."""
    return datetime.fromisoformat(moment).astimezone(zone_of(run, week["stack"])).date()


def failing(check: str, week: Mapping[str, Any]) -> str:
    """What is true when the check fails; where no run has those words, its name, negated."""
    words = week["words"].get(check, {}).get("failing")
    return str(words) if words else not_so(check)


def not_so(check: str) -> str:
    """What is true when a check fails of which no run has the words."""
    return f"It does not hold that {promise(check)}"


def _began(run: Run, week: Mapping[str, Any]) -> str:
    """How many failures began; of those that the very first run found, only that they were open then."""
    first_found = [one for one in week["failures"] if one["cut"]]
    found = sum(_date(run, week, one["since"]).isoformat() >= week["begins"] for one in first_found)
    opened = f"{plural(week['opened'], 'failure') if week['opened'] else 'no failures'} began"
    if not found:
        return opened
    were_open = f"{found} {'was' if found == 1 else 'were'} open when records began"
    return f"{were_open}; {opened} since then" if week["opened"] else were_open


def _sentence(run: Run, week: Mapping[str, Any], targets: int, missed: list[str], still_open: int) -> str:
    if week["error"]:
        return f"the daily runs of the week could not be read: {week['error']}"
    known = days_seen(week)
    if not known.seen:
        return f"{known.told}: what failed on which day is not known"
    but = f" (missed: {'; '.join(missed)})" if missed else ""
    parts = [f"{targets - len(missed)} of {targets} targets were met{but}"] if targets else []
    parts.append(_began(run, week))
    ended = [one for one in week["failures"] if one["until"]]
    if ended:
        longest = max(ended, key=lambda one: float(one["hours"]))
        after = f"{'at least ' if longest['cut'] else ''}{hours(longest['hours'])}"
        parts.append(f"{len(ended)} ended, the longest after {after}")
    parts.append(f"{still_open} {'is' if still_open == 1 else 'are'} open" if still_open else "none is open")
    return "; ".join(filter(None, [*parts, known.told]))
