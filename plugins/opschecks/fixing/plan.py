"""What would be changed: planned by a remedy, or by undoing; in plan.json for a person to review."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ..core import clock
from ..core.change import AsWanted, CannotFix, Change, State, asked
from ..core.dataclass import dataclass
from ..core.shipped import SHIPPED
from ..core.wording import nearest
from ..history import journal as events
from ..history.journal import Entry, digest_of
from ..history.storage import Storage, write_whole
from .remedy import BaseRemedy, Operation

FORMAT = 2
_NODE = re.compile(r"[\w.][\w./ -]*\.py::\w+\[[\w.-]+\]")
"""A check of one stack as pytest takes it, and nothing that pytest could take for an option."""
_SHIPPED_NODE = re.compile(rf"{re.escape(SHIPPED)}(\.\w+)+::\w+\[[\w.-]+\]")
"""The same of a check that opschecks ships, for --pyargs."""
_KEYS = tuple(one.name for one in fields(Change))


class PlanError(Exception):
    """The file is not a plan; the message names it and what is wrong."""


@dataclass(frozen=True)
class Plan:
    """What a plan file says. `nodes` are the checks whose findings it answers to; `digest` is of all that it says."""

    suite: str
    nodes: tuple[str, ...]
    changes: tuple[Change, ...]
    digest: str

    @property
    def stacks(self) -> list[str]:
        """The stacks that it changes."""
        return sorted({change.stack for change in self.changes})

    def nodes_of(self, stack: str) -> list[str]:
        """The checks of one stack."""
        return [node for node in self.nodes if node.endswith(f"[{stack}]")]

    def only(self, chosen: Collection[str]) -> Plan:
        """The plan with the chosen changes, by remedy, target or name; all of them where nothing is chosen."""
        known = {word for one in self.changes for word in (one.remedy, one.target, one.name)}
        for word in chosen:
            if word not in known:
                raise PlanError(f"--only {word}: the plan has no such remedy or resource; {nearest(word, known)}")
        kept = [one for one in self.changes if not chosen or {one.remedy, one.target, one.name} & set(chosen)]
        return replace(self, changes=tuple(kept))

    def require_filed(self, store: Storage) -> None:
        """PlanError where the stack's state does not know this plan: it was edited, or made somewhere else."""
        if store.read(_filed(self.digest)) is None:
            raise PlanError(
                f"the plan is not one that --fix=plan filed in {store}: it was edited, or made with another state; "
                "plan again"
            )


def write_plan(path: Path, suite: str, fixes: Sequence[Mapping[str, Any]], stores: Sequence[Storage] = ()) -> None:
    """Write the changes that were planned, and beside them what was refused, and why.

    Its digest is filed in the state of each stack, so that nobody makes a plan that was edited after its review.
    OSError where that cannot be written.
    """
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
    told = json.loads(json.dumps(told, default=str))
    told["digest"] = digest_of(told)
    for store in stores:
        store.create(_filed(told["digest"]), json.dumps({"made": told["made"]}))
    write_whole(path, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def _filed(digest: str) -> str:
    return f"plans/{digest}.json"


def _undo(fix: Mapping[str, Any]) -> str:
    return "one-way: it cannot be undone" if fix["one_way"] else f"opschecks undo ENTRY --stack {fix['stack']}"


def read_plan(path: Path) -> Plan:
    """The plan; PlanError where the file cannot be read, is not a plan, or is of another version."""
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise PlanError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise PlanError(f"{path}: not JSON: {error}") from None
    version = told.get("format") if isinstance(told, dict) else None
    if version is None:
        raise PlanError(f"{path}: not a plan of --fix=plan: it has no 'format'")
    if version != FORMAT:
        raise PlanError(f"{path}: its format is {version!r}, and this version reads {FORMAT}: plan again")
    try:
        changes = tuple(_CHANGE.validate_python({key: one[key] for key in _KEYS}) for one in told["changes"])
        plan = Plan(
            _TEXT.validate_python(told["suite"]), _NODES.validate_python(told["nodes"]), changes, digest_of(told)
        )
        digest = told["digest"]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise PlanError(f"{path}: not a plan of --fix=plan: {where}: {first['msg']}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise PlanError(f"{path}: not a plan of --fix=plan: {type(error).__name__}: {error}") from None
    if digest != plan.digest:
        raise PlanError(f"{path}: it was edited after it was made (its digest is of another content); plan again")
    for node in plan.nodes:
        if not _is_check(node):
            raise PlanError(f"{path}: nodes: {node!r} is not a check of this project, such as {_EXAMPLE}")
    return plan


_CHANGE, _TEXT, _NODES = TypeAdapter(Change), TypeAdapter(str), TypeAdapter(tuple[str, ...])
_EXAMPLE = "checks/daily/test_alb.py::test_target_groups_are_sticky[production]"


def _is_check(node: str) -> bool:
    """Whether it names a check of ours, or a file below the working directory, where pytest is about to run it."""
    if _SHIPPED_NODE.fullmatch(node):
        return True
    path = Path(node.partition("::")[0])
    inside = not path.is_absolute() and path.resolve().is_relative_to(Path.cwd())
    return bool(_NODE.fullmatch(node)) and ".." not in path.parts and inside


def planned(
    remedy: BaseRemedy, target: str, *, wish: Mapping[str, str] | None = None, check: str = "", finding: str = ""
) -> Change:
    """The change that the remedy would make now; CannotFix (AsWanted) or CouldNotLook where there is none."""
    wish = dict(wish or {})
    if isinstance(remedy, Operation):
        target = remedy.aimed(target, wish)
    now = remedy.read_for_plan(target)
    after = within_limits_of(target, remedy).want(now, wish)
    if after == now:
        raise AsWanted(f"{remedy.shown(target)} is as {remedy.name()} would make it: {dict(now)}")
    return change_of(remedy, target, now, after, wish=wish, check=check, finding=finding)


def within_limits_of(target: str, remedy: BaseRemedy) -> BaseRemedy:
    """The same remedy for a stack whose limits are those of the target."""
    own = copy.copy(remedy)
    own.stack = remedy.stack.model_copy(update={"limits": remedy.limits_of(target)})
    return own


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
    return remedy.described(
        Change(
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
    )
