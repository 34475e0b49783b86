"""The facts of a week, for the run file: what daily runs, drills and the journal of one stack have on record."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ...core.run import Run
from ...history.journal import Journal, JournalError
from ...history.summaries import Summaries
from ...history.week import DAYS, RUNS_READ, WEEKS, Known, nothing_of, week_of
from ..runfile import RunFileError, from_json

if TYPE_CHECKING:
    from ...config.stack import Stack
    from ...history.storage import Storage

DRILLS_READ = 10
"""Runs of drills, the newest, in which the last one of each table is looked for."""
DRILL = "restore_drills"
"""The observation whose resources are the tables that were restored."""


def week_without_run(daily: Run, week: dict[str, Any], now: datetime) -> Run:
    """A weekly run that never was, about the stack of that daily run: it has the week, and no check."""
    return Run("weekly", now, daily.stacks, ended=now, state="finished", weeks=(week,), versions=daily.versions)


def week_facts(history: Summaries, stack: Stack, now: datetime) -> dict[str, Any]:
    """The week that ends at that moment, as `week.week_of` tells it; with `deadlines` and `restores`.

    Of a history that cannot be read, why: a report costs nobody the run that it is about.
    """
    try:
        runs = history.runs("daily", before=now, most=RUNS_READ)
        entries = Journal(history.store).entries(since=now - timedelta(days=DAYS * WEEKS))
        known = Known(runs[::-1], [entry for entry in entries if entry.begun <= now], now, stack.zone)
        return {
            **week_of(known, stack.name, stack.targets.model_dump()),
            **_of_the_newest(history.store, runs[0].key if runs else ""),
            "restores": _restores(history.store, now),
        }
    except (OSError, JournalError) as error:
        return {**nothing_of(stack.name, str(error)), "deadlines": [], "words": {}, "restores": []}


def _of_the_newest(store: Storage, key: str) -> dict[str, Any]:
    """What the newest daily run tells for all of them: what ends when, and the words of its checks.

    Certificates are looked at every morning, and not by the week.
    """
    try:
        daily = from_json(store.read(key) or "") if key else None
    except (RunFileError, UnicodeDecodeError):
        daily = None  # there is a summary of it, so that it was deleted or replaced since
    if daily is None:
        return {"deadlines": [], "words": {}}
    ends = [end for seen in daily.observations for one in seen.resources for end in one.deadlines]
    return {
        "deadlines": [{"what": end.what, "at": end.at.isoformat()} for end in ends],
        "words": {check.check: {"failing": check.failing, "runbook": check.runbook} for check in daily.checks},
    }


def _restores(store: Storage, now: datetime) -> list[dict[str, Any]]:
    """The last rehearsal of a restore of each table before that moment: when it was, and its figures."""
    found: dict[str, dict[str, Any]] = {}
    read = 0
    for key in reversed(store.keys("drills")):
        if read >= DRILLS_READ:
            break
        try:
            drill = from_json(store.read(key) or "")
        except (RunFileError, UnicodeDecodeError):
            continue  # no run file: `opschecks history` tells of those
        if drill.started > now:
            continue
        read += 1
        for seen in drill.observations:
            for one in seen.resources if seen.name == DRILL else ():
                figures = {figure.label: [figure.value, figure.unit] for figure in one.figures}
                found.setdefault(one.name, {"table": one.name, "at": drill.started.isoformat(), "told": figures})
    return sorted(found.values(), key=lambda one: str(one["table"]))
