"""The past of a run: what its stacks' histories say, read before its files are written; old run files deleted."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

from ..core.run import Note, Past, Run
from .memory import notes, summaries
from .state import ChecksRun

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..history.summaries import Summaries


def _summaries(run: ChecksRun, stack: Stack) -> Summaries:
    return summaries(run, stack, run.untidy.append)


def with_past(run: ChecksRun, told: Run) -> Run:
    """The run, compared with the earlier ones of each stack. A part of a suite is not compared.

    Where a history cannot be read, the report says so, and only the comparison is missing.
    """
    if told.partial or run.tape.replays:
        return told
    found = [_past(run, told, stack) for stack in run.stacks]
    gone = tuple(note for _, notes in found for note in notes)
    told = dataclasses.replace(told, past=tuple(past for past, _ in found), notes=(*told.notes, *gone))
    if told.suite != "weekly":
        return told
    from ..report.from_history import week_facts

    weeks = tuple(week_facts(_summaries(run, stack), stack, told.started) for stack in run.stacks)
    return dataclasses.replace(told, weeks=weeks)


def read_ahead(run: ChecksRun, stack: Stack) -> None:
    """Make the summaries that this machine lacks, while the stack is looked at: from S3 that is a read for each run."""
    with contextlib.suppress(Exception):  # with_past reads again, and says what cannot be read
        summaries(run, stack, lambda line: None).runs(run.suite, before=run.started)


def _past(run: ChecksRun, told: Run, stack: Stack) -> tuple[Past, list[Note]]:
    """What earlier runs show for the stack, and what is to be said of what they saw and this one does not."""
    from ..history.comparison import journal_from, past_of
    from ..history.journal import Journal, JournalError

    try:
        history = _summaries(run, stack)
        before = history.runs(told.suite, before=told.started)
        since = journal_from(told, stack.name, before[0].started if before else None)
        past = past_of(told, stack.name, before, Journal(history.store).entries(since=since))
        gone = list(notes(stack, told.observations, before))
        if told.suite != "daily":
            return past, gone
        from ..report.from_history import costs_seen

        return dataclasses.replace(past, cost=costs_seen(history.store, told.started)), gone
    except (OSError, JournalError) as error:
        return Past(stack.name, error=str(error)), []


def earlier_run(run: ChecksRun, told: Run) -> Run | None:
    """The run of a day before, for the lines of its charts; of several stacks, that of each in one."""
    from ..history.runs import a_day_before
    from ..history.storage import Unreadable
    from ..report.runfile import RunFileError, from_json

    found = []
    for stack in run.stacks if not (told.partial or run.tape.replays) else ():
        with contextlib.suppress(OSError, Unreadable, RunFileError):  # without it a chart has one line instead of two
            key = a_day_before(run.store(stack), told.suite, told.started)
            found += [from_json(run.store(stack).read(key) or "")] if key else []
    if not found:
        return None
    seen = tuple(one for earlier in found for one in earlier.observations)
    return dataclasses.replace(found[0], observations=seen)


def forget_old(run: ChecksRun, told: Run) -> None:
    """Delete what is older than the stack's history_days; where that fails, say so."""
    from ..history import runs

    try:
        for stack in run.stacks if not (told.partial or run.tape.replays) else ():
            gone = runs.forget_old(run.store(stack), told.suite, told.started, timedelta(days=stack.history_days))
            _summaries(run, stack).forget(gone)
    except OSError as error:
        run.untidy.append(f"old run files could not be deleted (history_days): {error}")
