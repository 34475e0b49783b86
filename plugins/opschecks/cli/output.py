"""How plans, results and journal entries are printed by the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..core.change import Change
    from ..fixing.outcome import Fixed
    from ..history.journal import Entry


def show_plan(change: Change) -> None:
    """What, where, from, to, by which call, at which risk."""
    from ..report.text import printable

    undo = "one-way: it cannot be taken back" if change.one_way else "can be taken back"
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
    """What became of a change, and how to take it back."""
    from ..report.text import printable

    click.echo(printable(f"{fixed.change.name}: {fixed.result}: {fixed.said}"), err=not fixed.result.is_good)
    if fixed.undo and fixed.result.is_good:
        click.echo(f"take it back: {fixed.undo}" if not fixed.change.one_way else "it cannot be taken back")


def show_entry(entry: Entry) -> None:
    """A journal entry with its steps."""
    from ..report.text import printable

    change = entry.change
    back = f" (takes {entry.undoes} back)" if entry.undoes else ""
    click.echo(
        printable(
            f"{entry.id}  {entry.begun:%Y-%m-%d %H:%M:%S} UTC  {change.remedy} on {change.name}{back}, by {entry.by}"
        )
    )
    click.echo(printable(f"          {'; '.join(change.differs)}"))
    for line in entry.lines[1:]:
        click.echo(
            printable(
                f"          {line.at:%H:%M:%S} {line.event.replace('_', ' ')}" + (f": {line.said}" if line.said else "")
            )
        )
    if entry.is_open:
        click.echo("          nobody knows whether it was sent; the next fix settles it by reading")
