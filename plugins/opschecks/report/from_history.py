"""What a run takes from the runs that are filed: the week in daily runs, restore tests, and the costs last seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from ..core.model import NOT_APPLICABLE, Outcome
from ..core.run import Run
from ..history.journal import Journal, JournalError
from ..history.runs import began
from ..history.storage import Unreadable
from ..history.summaries import Summaries, Summary
from ..history.week import DAYS, RUNS_READ, WEEKS, Known, areas_of, nothing_of, week_of
from .runfile import RunFileError, from_json
from .seen import line, resources

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..history.storage import Storage

DRILLS_READ = 10
"""Runs of drills, the newest, in which the last one of each table is looked for."""
WEEKLIES_READ = 13
"""Earlier weekly runs, the newest, in the strips of backups."""
LEFT_TO_A_PERSON = ("refused", "handed over")
"""Results of changes that a run did not bring to an end."""
CHANGE_KEPT = ("remedy", "name", "check", "resource", "result", "said")
NO_CHANGES = '"changes": []'
"""In the text of a run file that has none, which need not be read."""
BACKUPS = "backups"
"""The area of the checks of backups."""
COST_DAYS = 14
DRILL = "restore_drills"
"""The observation whose resources are the tables that were restored."""


def week_without_run(daily: Run, week: dict[str, Any], now: datetime) -> Run:
    """A weekly run that was never made, about the stack of that daily run: it has the week, and no check."""
    return Run("weekly", now, daily.stacks, ended=now, state="finished", weeks=(week,), versions=daily.versions)


def week_facts(history: Summaries, stack: Stack, now: datetime) -> dict[str, Any]:
    """The week that ends at that moment, as `history.week.week_of` has it, and what else is on record of it.

    That is `areas`, `deadlines`, `words`, `looked`, `restores`, `copies`, `drills` and `not_made`, as `core.written`
    has them. Where the history cannot be read, `error` says why: the run is reported all the same.
    """
    try:
        runs = history.runs("daily", before=now, most=RUNS_READ)
        entries = Journal(history.store).entries(since=now - timedelta(days=DAYS * WEEKS))
        known = Known(runs[::-1], [entry for entry in entries if entry.begun <= now], now, stack.zone)
        return {
            **week_of(known, stack.name, stack.targets.model_dump()),
            **_of_the_newest(history.store, runs[0].key if runs else ""),
            "areas": areas_of(known),
            "restores": _restores(history.store, now),
            "copies": _copies(history, now),
            "drills": _drills(history, now),
            "not_made": _not_made(history.store, runs, known),
        }
    except (OSError, JournalError) as error:
        return {**nothing_of(stack.name, str(error)), "deadlines": [], "words": {}, "looked": {}, "restores": []}


def _of_the_newest(store: Storage, key: str) -> dict[str, Any]:
    """What the newest daily run has for all of them: what ends when, what it looked at, the words of its checks.

    Certificates are checked every morning, and not by the week.
    """
    try:
        daily = from_json(store.read(key) or "") if key else None
    except (RunFileError, Unreadable):
        daily = None  # there is a summary of it, so that it was deleted or replaced since
    if daily is None:
        return {"deadlines": [], "words": {}, "looked": {}}
    ends = [end for seen in daily.observations for one in seen.resources for end in one.deadlines]
    return {
        "deadlines": [{"what": end.what, "at": end.at.isoformat()} for end in ends],
        "looked": {seen.name: seen.error for seen in daily.observations},
        "words": {
            check.check: {"failing": check.failing, "runbook": check.runbook, "area": check.area}
            for check in daily.checks
        },
    }


def _restores(store: Storage, now: datetime) -> list[dict[str, Any]]:
    """The last restore test of each table before that moment: when it was, and its figures."""
    found: dict[str, dict[str, Any]] = {}
    for drill in islice(_newest(store, "drills", now), DRILLS_READ):
        for one in resources(drill, DRILL):
            figures = {figure.label: [figure.value, figure.unit] for figure in one.figures}
            found.setdefault(one.name, {"table": one.name, "at": drill.started.isoformat(), "told": figures})
    return sorted(found.values(), key=lambda one: str(one["table"]))


def _copies(history: Summaries, now: datetime) -> list[dict[str, Any]]:
    """What earlier weekly runs said of backups, the oldest first."""
    found = []
    for run in reversed(history.runs("weekly", before=now, most=WEEKLIES_READ)):
        own = {check: str(outcome) for check, outcome in run.outcomes.items() if run.areas[check] == BACKUPS}
        bad = [[one.check, one.resource, one.outcome] for one in run.bad if one.check in own]
        found.append({"at": run.started.isoformat(), "outcomes": own, "bad": bad})
    return found


def _drills(history: Summaries, now: datetime) -> list[dict[str, Any]]:
    """The newest result of each drill before that moment."""
    found: dict[str, dict[str, Any]] = {}
    for run in history.runs("drills", before=now, most=DRILLS_READ):
        for check, outcome in run.outcomes.items():
            if outcome not in (Outcome.NOT_RUN, NOT_APPLICABLE):
                found.setdefault(check, {"check": check, "at": run.started.isoformat(), "outcome": str(outcome)})
    return sorted(found.values(), key=lambda one: str(one["check"]))


def costs_seen(store: Storage, now: datetime) -> dict[str, Any]:
    """What the newest weekly run before that moment saw of the costs; asking every day would itself cost money.

    As plain data: `seen` (when that run began), `told` by label, `days` as [date, USD], `limit` of a day in USD.
    Nothing where it could not look: older sums would look like today's.
    """
    weekly = next(_newest(store, "weekly", now), None)
    seen = resources(weekly, "total_cost") if weekly else []
    cost = line(seen, "cost")
    if not weekly or not cost:
        return {}
    return {
        "seen": weekly.started.isoformat(),
        "told": {figure.label: figure.value for one in seen for figure in one.figures},
        "days": [[time.date().isoformat(), usd] for time, usd in cost.points[-COST_DAYS:]],
        "limit": cost.limit,
    }


def _not_made(store: Storage, runs: Sequence[Summary], known: Known) -> list[dict[str, Any]]:
    """The changes of the week's daily runs (the newest first) that the last of them to try left to a person.

    One whose check has passed since is no longer wanted.
    """
    begins = known.today - timedelta(days=DAYS - 1)
    last: dict[tuple[str, ...], tuple[Summary, Mapping[str, Any]]] = {}
    for run in takewhile(lambda run: known.day_of(run.started) >= begins, runs):
        for change in _tried(store, run.key):
            last.setdefault((change["remedy"], change["check"], change["name"]), (run, change))
    return [
        {"at": run.started.isoformat(), **{key: change.get(key, "") for key in CHANGE_KEPT}}
        for run, change in last.values()
        if change["result"] in LEFT_TO_A_PERSON
        and not any(
            later.outcomes.get(change["check"]) == Outcome.PASSED for later in runs if later.started > run.started
        )
    ]


def _tried(store: Storage, key: str) -> list[Mapping[str, Any]]:
    """The changes of a run file that were more than planned."""
    try:
        text = store.read(key) or ""
        changes = () if NO_CHANGES in text else from_json(text).changes
    except (RunFileError, Unreadable):
        return []  # there is a summary of it, so that it was deleted or replaced since
    return [change for change in changes if change["result"] != "planned"]


def _newest(store: Storage, suite: str, before: datetime) -> Iterator[Run]:
    """The runs of the suite that began before the moment, the newest first; read one by one, as far as asked for."""
    for key in reversed(store.keys(suite)):
        at = began(key)
        if at is None or at > before:
            continue
        try:
            yield from_json(store.read(key) or "")
        except (RunFileError, Unreadable):
            continue  # not a run file: `opschecks history` lists those
