"""A fleet's files: each stack's run file and page as soon as its checks have ended, the page of all at the end."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core.redaction import redact_text
from ..core.run import ReportSection, Run
from ..history import storage
from ..history.runs import file_run
from ..report.exports.fleet import to_markdown
from ..report.files import RunFiles, write_for_programs, write_no_run
from ..report.fleet.facts import Fleet, fleet_of
from ..report.fleet.page import render_fleet
from ..report.fleet.rows import LONGEST_SENTENCE, missing, rows_of
from ..report.idle_limits import idle_limits
from ..report.notes import brief
from ..report.page import render
from ..report.runfile import json_parts, to_json_and_back
from .earlier_runs import earlier_run, forget_old, with_past
from .state import ChecksRun

FOLDER = "fleet"
"""Below the reports: the stacks' own pages and run files."""
NO_EVIDENCE: Mapping[str, Any] = {}
"""One for all findings of stacks that are done."""


def write_stack(run: ChecksRun, own: ChecksRun, told: Run, sections: Callable[[Run], Iterable[ReportSection]]) -> None:
    """File the stack's run and write its page; then nothing of it is kept but outcomes and messages.

    `own` is the part of the run that is about the stack. What cannot be written is said, and the run is not good: it
    ends no other stack's.
    """
    (name,) = (stack.name for stack in own.stacks)
    told = with_past(own, told)
    told = dataclasses.replace(told, sections=tuple(sections(told)))
    page = why = ""
    try:
        text, page = _write(run, own, told)
        file_run(own.store(own.stacks[0]), told.suite, told.started, text)
        forget_old(own, told)
    except Exception as error:  # noqa: BLE001 - whatever it is: a stack without its files must not end as good
        reason = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        why = run.cannot_write(f"the files of {name} could not be written: {reason}")
    run.facts[name] = told.stacks[0]
    run.pasts += told.past
    run.notes += [note for note in told.notes if note not in own.notes]
    run.untidy += [*own.untidy, *idle_limits(told, own.stacks)]
    for row in rows_of(told, fail_on=run.fail_on, page=page):
        reasons = "; ".join(filter(None, [row.why, why]))
        run.rows.append(dataclasses.replace(row, why=brief(reasons, LONGEST_SENTENCE)))
    first = len(run.findings) - len(own.findings)
    run.findings[first:] = (dataclasses.replace(one, evidence=NO_EVIDENCE) for one in own.findings)
    for seen in own.observations:
        run.observations.remove(seen)  # in place: other stacks are under way, and add theirs
    run.released += [dataclasses.replace(seen, resources=()) for seen in own.observations]


def _write(run: ChecksRun, own: ChecksRun, told: Run) -> tuple[str, str]:
    """The text of the run file, and the page's address; where one of them cannot be written, yesterday's go."""
    (stack,) = own.stacks
    files = RunFiles(run.reports / FOLDER, f"{stack.name}-{run.suite}")
    links = {"run": files.links["run"]}
    is_filed = False
    try:
        text, kept = to_json_and_back(told)
        storage.write_whole(files.reports / links["run"], text)
        is_filed = True
        page = render(kept, runbook=run.runbook, links=links, earlier=earlier_run(own, told))
        storage.write_whole(files.page, page)
    except Exception as error:
        why = redact_text(f"its files could not be written: {type(error).__name__}: {error}")
        write_no_run(files, run.started, why, keep_run_file=is_filed)
        raise
    return text, f"{FOLDER}/{files.page.name}"


def write_fleet(run: ChecksRun, told: Run) -> None:
    """The files of the whole run: what is known of every stack, without evidence and series; the page last."""
    place, fleet = run.place, _facts(run, told)
    storage.write_whole(place.reports / place.links["run"], json_parts(told))
    storage.write_whole(place.reports / place.links["summary"], to_markdown(fleet))
    write_for_programs(told, place)
    storage.write_whole(place.page, render_fleet(fleet))


def _facts(run: ChecksRun, told: Run) -> Fleet:
    """The facts of this process's stacks; of a shard, the others are not here, and the page says so."""
    why = told.stopped_by or "its checks were not run"
    part = told.part
    shard = part.shard if part else 0
    known = {row.stack for row in run.rows}
    absent = [missing(stack.name, why, shard) for stack in run.stacks if stack.name not in known]
    others = f"This is shard {part.shard} of {part.of}; opschecks report fleet has all" if part and part.of > 1 else ""
    return fleet_of(
        [*run.rows, *absent],
        suite=told.suite,
        made=told.ended or told.started,
        name=part.fleet if part else "",
        unknown=others,
    )
