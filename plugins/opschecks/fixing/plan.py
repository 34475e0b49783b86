"""What would be changed: planned by a remedy, or by undoing; in plan.json for a person to review."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..core import clock
from ..core.change import CannotFix, Change, State, asked
from ..history import journal as events
from ..history.journal import Entry
from ..history.storage import write_whole
from .operation import Operation
from .remedy import BaseRemedy

FORMAT = 1
_KEYS = tuple(one.name for one in fields(Change))


class PlanError(Exception):
    """The file is not a plan; the message names it and what is wrong."""


@dataclass(frozen=True)
class Plan:
    """What a plan file says. `nodes` are the checks whose findings it answers to."""

    suite: str
    nodes: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def stacks(self) -> list[str]:
        """The stacks that it changes."""
        return sorted({change.stack for change in self.changes})


def write_plan(path: Path, suite: str, fixes: Sequence[Mapping[str, Any]]) -> None:
    """Write the changes that were planned, and beside them what was refused, and why."""
    planned = [fix for fix in fixes if fix["result"] == "planned"]
    refused = [fix for fix in fixes if fix["result"] != "planned"]
    told = {
        "format": FORMAT,
        "made": clock.now().isoformat(timespec="seconds"),
        "suite": suite,
        "nodes": sorted({str(fix["nodeid"]) for fix in planned}),
        "changes": [{**{key: fix[key] for key in _KEYS}, "undo": _undo(fix)} for fix in planned],
        "refused": [{key: fix[key] for key in ("stack", "remedy", "name", "check", "said")} for fix in refused],
    }
    write_whole(path, json.dumps(told, indent=1, ensure_ascii=False, default=str) + "\n")


def _undo(fix: Mapping[str, Any]) -> str:
    return "one-way: it cannot be undone" if fix["one_way"] else f"opschecks undo ENTRY --stack {fix['stack']}"


def read_plan(path: Path) -> Plan:
    """The plan; PlanError where the file cannot be read, is not a plan, or is of another version."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PlanError(f"{path}: not JSON: {error}") from None
    try:
        version = told["format"]
        changes = tuple(Change.from_plain({key: one[key] for key in _KEYS}) for one in told["changes"])
        plan = Plan(str(told["suite"]), tuple(map(str, told["nodes"])), changes)
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{path}: not a plan of --fix=plan: {type(error).__name__}: {error}") from None
    if version != FORMAT:
        raise PlanError(f"{path}: its format is {version!r}, and this version reads {FORMAT}: plan again")
    return plan


def planned(
    remedy: BaseRemedy, target: str, *, wish: Mapping[str, str] | None = None, check: str = "", finding: str = ""
) -> Change:
    """The change that the remedy would make now; CannotFix or CouldNotLook where there is none."""
    wish = dict(wish or {})
    if isinstance(remedy, Operation):
        target = remedy.aimed(target, wish)
    now = remedy.read_for_plan(target)
    after = remedy.within_limits_of(target).want(now, wish)
    if after == now:
        raise CannotFix(f"{remedy.shown(target)} is as {remedy.name()} would make it: {dict(now)}")
    return change_of(remedy, target, now, after, wish=wish, check=check, finding=finding)


def undoing(entry: Entry, remedy: BaseRemedy) -> Change:
    """The change that undoes a journal entry; CannotFix where that cannot be."""
    change = entry.change
    if change.one_way:
        raise CannotFix(f"{entry.id}: {change.remedy} is one-way: there is nothing to undo")
    if entry.state == events.UNCLEAR:
        raise CannotFix(f"{entry.id}: it is unclear whether it was made: {entry.lines[-1].said}")
    if not entry.happened:
        raise CannotFix(f"{entry.id}: it never reached AWS ({entry.state}): there is nothing to undo")
    if entry.state == events.ROLLED_BACK:
        raise CannotFix(f"{entry.id}: it was rolled back already")
    now = remedy.read(change.target)
    if now != change.after:
        raise CannotFix(
            f"{entry.id}: it is no longer as this change left it: it is {dict(now)}, not {dict(change.after)}"
        )
    back = change_of(remedy, change.target, change.after, change.before, wish=change.wish)
    return replace(back, expects="what it was before")


def change_of(remedy: BaseRemedy, target: str, before: State, after: State, **of: Any) -> Change:
    """The change, described; `of` are check, finding, wish."""
    call, parameters = asked(remedy.steps(target, before, after))
    change = Change(
        remedy=remedy.name(),
        stack=remedy.stack.name,
        target=target,
        name=remedy.shown(target),
        before=before,
        after=after,
        call=call,
        parameters=parameters,
        risk=remedy.risk_of(before, after),
        one_way=remedy.one_way,
        expects=remedy.expects,
        beware=remedy.beware,
        **of,
    )
    return remedy.described(change) if isinstance(remedy, Operation) else change
