"""How plans, results and journal entries are printed by the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection

import click

from ..core.change import Change
from ..fixing.outcome import Fixed
from ..history.journal import ROLLED_BACK, Entry
from ..report.columns import width_of, wrapped
from ..report.text import printable

UNDO = "undo it: "


def show_plan(change: Change) -> None:
    """Print what changes, where, from what to what, by which call and at which risk."""
    undo = "one-way: it cannot be undone" if change.one_way else "can be undone"
    lines = [f"{change.remedy} on {change.name} ({change.target})"]
    lines += [f"  {line}" for line in change.differs]
    lines += [
        f"  by {change.call} {json.dumps(change.parameters)}",
        f"  risk {change.risk}; {undo}",
        f"  expect: {change.expects}",
    ]
    if change.beware:
        lines.append(f"  beware: {change.beware}")
    for line in lines:
        click.echo(printable(line))


def show_result(fixed: Fixed) -> None:
    """The result of a change, and how to undo it."""
    click.echo(printable(f"{fixed.change.name}: {fixed.result}: {fixed.said}"), err=not fixed.result.is_good)
    if fixed.undo and fixed.result.is_good:
        click.echo(f"{UNDO}{fixed.undo}" if not fixed.change.one_way else "it cannot be undone")


def show_entry(entry: Entry, stack: str, undone: Collection[str]) -> None:
    """Print a journal entry with its steps, and the command that undoes it; `undone` are the ids of those undone."""
    change = entry.change
    undoes = f" (undoes {entry.undoes})" if entry.undoes else ""
    lines = [
        f"{entry.id}  {entry.begun:%Y-%m-%d %H:%M:%S} UTC  {change.remedy} on {change.name}{undoes}, by {entry.by}"
    ]
    indented = ["; ".join(change.differs)] if change.differs else []
    for line in entry.lines[1:]:
        said = f": {line.said}" if line.said else ""
        indented.append(f"{line.at:%H:%M:%S} {line.event.replace('_', ' ')}{said}")
    if entry.is_open:
        indented.append("it is not known whether it was sent; the next fix finds out by reading")
    elif entry.happened:
        indented.append(_undo(entry, stack, undone))
    for text in [*lines, *(f"          {one}" for one in indented)]:
        for row in wrapped(printable(text), None if UNDO in text else width_of(sys.stdout)):  # a command is copied
            click.echo(row)


def _undo(entry: Entry, stack: str, undone: Collection[str]) -> str:
    if entry.id in undone:
        return "it was undone"
    if entry.state == ROLLED_BACK:
        return "nothing to undo: it was rolled back"
    return "it cannot be undone" if entry.change.one_way else f"{UNDO}opschecks undo {entry.id} --stack {stack}"
