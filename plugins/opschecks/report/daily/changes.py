"""Every change of the period: what this run did, and what the journal has since the run before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.dataclass import dataclass
from ..notes import undo
from ..source import PageSource

_TONES = {"fixed": "good", "done": "good", "cured": "good", "rolled back": "warn", "roll-back failed": "bad"}


@dataclass(frozen=True)
class ChangeRow:
    """One change. `undo` is a command, or why there is none."""

    when: str
    result: str
    tone: str
    remedy: str
    where: str
    differs: str
    said: str
    undo: str
    is_command: bool


@dataclass(frozen=True)
class Changes:
    """The changes, the newest first."""

    period: str
    rows: tuple[ChangeRow, ...]


def facts(source: PageSource) -> Changes | None:
    """The changes; None where there is none."""
    run = source.run
    own = {change["entry"]: change for change in run.changes if change["entry"]}
    rows = [
        _row(f"{source.time(one['begun'])} by {one['by']}", _of_the_journal(one, past.stack), source)
        for past in run.past
        for one in past.changes
        if one["entry"] not in own
    ]
    rows += [_row("this run", {**one, "one_way": one.get("one_way")}, source) for one in own.values()]
    period = "within the week" if run.weeks else "since the one before"
    return Changes(period, tuple(rows[::-1])) if rows else None


def _of_the_journal(one: Mapping[str, Any], stack: str) -> Mapping[str, Any]:
    """The journal's change in the shape of a run's own."""
    undoes = f"undoes {one['undoes']}" if one["undoes"] else ""
    said = "; ".join(filter(None, (undoes, one["said"])))
    return {**one, "stack": stack, "result": one["state"].replace("_", " "), "said": said}


def _row(when: str, one: Mapping[str, Any], source: PageSource) -> ChangeRow:
    drill = source.run.suite == "drills"
    command = "one-way" if one["one_way"] else f"opschecks undo {one['entry']} --stack {one['stack']}"
    told = "the drill removes what it made" if drill else undo({**one, "undo": command})
    return ChangeRow(
        when=when,
        result=one["result"],
        tone=_TONES.get(one["result"], "warn"),
        remedy=str(one["remedy"]),
        where=f"{one['name']} ({one['stack']})" if source.several else str(one["name"]),
        differs="; ".join(one["differs"]),
        said="; ".join(filter(None, (str(one["said"]), str(one.get("beware", ""))))),
        undo=told,
        is_command=told == command,
    )
