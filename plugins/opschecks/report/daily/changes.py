"""Every change of the period: what this run did, and what the journal has since the run before."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from ...core.run import Run

_TONES = {"fixed": "good", "done": "good", "cured": "good", "rolled back": "warn", "roll-back failed": "bad"}
_NOT_TO_UNDO = ("rolled back", "refused", "not sent", "planned")


@dataclass(frozen=True)
class ChangeRow:
    """One change as the page shows it. `undo` is a command, or why there is none."""

    when: str
    result: str
    tone: str
    remedy: str
    where: str
    differs: str
    said: str
    undo: str
    is_command: bool


def changes(run: Run, zone: tzinfo) -> list[ChangeRow]:
    """The changes, the newest first."""
    own = {change["entry"]: change for change in run.changes if change["entry"]}
    told = list(_of_the_journal(run, own.keys(), zone))
    told += [
        _row("this run", fix["result"], fix, fix["stack"], bool(fix.get("one_way")), fix["entry"], run)
        for fix in own.values()
    ]
    return told[::-1]


def _of_the_journal(run: Run, but: Container[str], zone: tzinfo) -> Iterator[ChangeRow]:
    for past in run.past:
        for change in past.changes:
            if change["entry"] in but:
                continue
            at = datetime.fromisoformat(change["begun"]).astimezone(zone)
            when = f"{at:%a %d %b, %H:%M} by {change['by']}"
            result = change["state"].replace("_", " ")
            back = f"takes {change['undoes']} back" if change["undoes"] else ""
            said = {**change, "said": "; ".join(filter(None, (back, change["said"])))}
            yield _row(when, result, said, past.stack, bool(change["one_way"]), change["entry"], run)


def _row(when: str, result: str, told: Mapping[str, Any], stack: str, one_way: bool, entry: str, run: Run) -> ChangeRow:
    where = f"{told['name']} ({stack})" if len(run.stacks) > 1 else str(told["name"])
    drill = run.suite == "drills"
    command = not one_way and not drill and result not in _NOT_TO_UNDO
    return ChangeRow(
        when=when,
        result=result,
        tone=_TONES.get(result, "warn"),
        remedy=str(told["remedy"]),
        where=where,
        differs="; ".join(told["differs"]),
        said="; ".join(filter(None, (str(told["said"]), str(told.get("beware", ""))))),
        undo=f"opschecks undo {entry} --stack {stack}"
        if command
        else "the drill takes away what it made"
        if drill
        else "it is one-way"
        if one_way
        else "nothing to take back",
        is_command=command,
    )
