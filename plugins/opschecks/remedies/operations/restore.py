"""Remedies that restore a table into a new one, and that delete again what a drill restored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ...aws.inventory import FINDING
from ...core.change import CannotFix, Change, Progress, Request, Risk, State, Step
from ...core.wording import plural
from ...fixing.remedy import Operation
from ...fixing.targets import named, owned
from .restore_points import BACKUP, LIST, RECOVERY, TABLE, RestoredTable, describe_table, moment_in, wanted_point

DRILL = "opschecks-drill-"
"""What the name of a table begins with that a drill restores, and may delete."""
_FROM = " from "
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")
_NOTHING: State = {"restored_from": "", "complete": False}


def _require_restored(remedy: Operation, name: str) -> RestoredTable:
    """The table, if it is one that may be deleted: a restore made it, and it is not one of the stack's."""
    if name in owned("tables", remedy.stack, remedy.aws):
        raise CannotFix(f"{name} is a table of {remedy.stack.name}: it is not deleted here, whoever made it")
    found = describe_table(remedy.aws, name)
    if found is None:
        raise CannotFix(f"there is no table {name}")
    if not found.restored_from:
        raise CannotFix(f"{name} was not made by a restore (it has no RestoreSummary): it is not deleted here")
    if found.raw.get("DeletionProtectionEnabled"):
        raise CannotFix(f"{name} is protected against deletion")
    if found.status != "ACTIVE":
        raise CannotFix(f"{name} is {found.status}: DynamoDB deletes only what is ACTIVE; try again when it is")
    return found


def _deletion(remedy: Operation, name: str) -> Step:
    """Whether it may be deleted is asked again right before it is sent, because it cannot be undone."""

    def prepared(request: Request) -> Request:
        _require_restored(remedy, name)
        return request

    return Step(Request("dynamodb", "DeleteTable", {"TableName": name}), name, prepare=prepared)


class RestoreTable(Operation):
    """Restore a backup of a table, or a moment of it, into a new table beside it.

    A target is TABLE, with the new name in `to`, or `NEWNAME from TABLE`. No table is ever written over.
    """

    risk = Risk.SAFE
    rolls_back = False
    resumes = True
    runbook = "restore"
    settles_within = timedelta(hours=12)
    allow = (
        "dynamodb:RestoreTableFromBackup",
        "dynamodb:RestoreTableToPointInTime",
        "dynamodb:DeleteTable",
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
        TABLE,
        BACKUP,
        LIST,
        RECOVERY,
        *FINDING,
    )
    say_which = "say which table with --target TABLE, and into which one with --set to=NEWNAME"
    expects = "DynamoDB fills a new table, mostly within an hour; nothing uses it until it is pointed there"
    beware = (
        "the new table comes without auto-scaling policies, IAM policies, alarms, tags, stream, TTL, deletion "
        "protection and point-in-time recovery, which must be set up on it; it is paid for until it is deleted"
    )
    wishes = {  # noqa: RUF012
        "to": "name of the new table",
        "backup": "ARN of a backup; default: newest, of those that can be restored",
        "at": "a moment instead of a backup, such as 2026-11-24T07:00:00Z, or latest",
    }
    _was_there = False

    def risk_of(self, before: State, after: State) -> Risk:
        """Undoing deletes the new table, with what was written to it since."""
        return Risk.SAFE if after["restored_from"] else Risk.DESTRUCTIVE

    def normal(self, target: str) -> str:
        """TABLE, or `NEWNAME from TABLE`; CannotFix where TABLE is not one of the stack's."""
        new, source = _parts(target)
        own = named("tables", source, self.stack, self.aws)
        return f"{_new_name(new)}{_FROM}{own}" if new else own

    def shown(self, target: str) -> str:
        new, source = _parts(target)
        return new or source

    def read(self, target: str) -> State:
        """What the new table was restored from, and whether all of it is there; nothing where there is no such table.

        Restoring a lost table of the stack under its own name cannot be undone.
        """
        new, source = _parts(target)
        if not new:
            return dict(_NOTHING)
        self.one_way = new == source or new in owned("tables", self.stack, self.aws)
        found = describe_table(self.aws, new)
        if found is None:
            return dict(_NOTHING)
        if not found.restored_from:
            raise CannotFix(
                f"there is a table {new}, and no restore made it: nothing is restored over it; name another"
            )
        return {"restored_from": found.restored_from, "complete": found.is_complete}

    def aimed(self, target: str, wish: Mapping[str, str]) -> str:
        new, source = _parts(target)
        to = _new_name(wish.get("to", new))
        if new and to != new:
            raise CannotFix(f"--set to={to}: the target says {new}")
        return f"{to}{_FROM}{source}"

    def read_for_plan(self, target: str) -> State:
        self._target = target
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """All of what is wished for, or of what is being restored there already."""
        to, source = _parts(self._target)
        if now["complete"]:
            raise CannotFix(f"there is a table {to}, restored from {now['restored_from']}: name another with --set to=")
        point = str(now["restored_from"])
        if not point or {"backup", "at"} & set(wish):
            wanted = wanted_point(self.aws, source, wish)
            if point not in ("", wanted):
                raise CannotFix(f"{to} is being restored from {point}: name another table with --set to=")
            point = wanted
        return {"restored_from": point, "complete": True}

    def described(self, change: Change) -> Change:
        """Undoing is one-way: what is deleted may hold what was written to it since."""
        return change if change.after["restored_from"] else replace(change, one_way=True)

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """The restore; nothing where it is under way, and is only waited for. Undoing deletes the new table."""
        new, source = _parts(target)
        if not after["restored_from"]:
            _require_restored(self, new)
            return [_deletion(self, new)]
        if not after["complete"]:
            raise CannotFix("this entry only waited for a restore: undo the entry that began it")
        if before["restored_from"]:
            return []
        told = str(after["restored_from"])
        if moment := moment_in(told):
            where: dict[str, Any] = {"SourceTableName": source, "RestoreDateTime": moment}
            request = Request("dynamodb", "RestoreTableToPointInTime", {"TargetTableName": new, **where})
        else:
            request = Request("dynamodb", "RestoreTableFromBackup", {"TargetTableName": new, "BackupArn": told})
        return [Step(request, new, prepare=self._restoring)]

    def _restoring(self, request: Request) -> Request:
        """Never over a table that is there."""
        new = str(request.parameters["TargetTableName"])
        if describe_table(self.aws, new):
            raise CannotFix(f"there is a table {new} now: nothing is restored over it")
        return request

    def progress(self, target: str, before: State, after: State) -> Progress:
        """There when the table and its indexes can be read; DynamoDB reports no percentage, only that it goes on."""
        new, _ = _parts(target)
        found = describe_table(self.aws, new)
        if not after["restored_from"]:
            return Progress(found is None, "" if found is None else f"the table is {found.status}")
        if found is None:
            gone = self._was_there
            said = "DynamoDB gave up the restore: the table is gone" if gone else "the table is not listed yet"
            return Progress(False, said, gone_wrong=gone)
        self._was_there = True
        settled = found.is_complete and found.is_usable and found.restored_from == after["restored_from"]
        said = f"the table is {found.status}, {plural(found.minutes, 'minute')} after it was asked for"
        wrong = found.status not in ("CREATING", "UPDATING", "ACTIVE")
        return Progress(
            settled,
            said + ("" if settled else "; DynamoDB goes on by itself; run the same command again to wait for it"),
            gone_wrong=wrong,
        )


class DeleteRestoredTable(Operation):
    """Delete a table that a drill restored, and nothing else: its name begins with opschecks-drill-."""

    risk = Risk.DESTRUCTIVE
    one_way = True
    runbook = "restore"
    settles_within = timedelta(minutes=30)
    allow = ("dynamodb:DeleteTable", TABLE, *FINDING)
    say_which = f"say which table with --target {DRILL}…"
    expects = "the restored copy is gone, and is no longer paid for; its source and every backup stay"

    def normal(self, target: str) -> str:
        """The table's name, of its ARN too; CannotFix where it cannot be a drill's."""
        name = target.split(":table/", 1)[-1]
        _require_drill(name)
        return name

    def read(self, target: str) -> State:
        """Which table it is, and what it was restored from; `gone` when it is."""
        _require_drill(target)
        found = describe_table(self.aws, target)
        if found is None:
            return {"status": "gone", "table_id": "", "restored_from": ""}
        return {
            "status": "being deleted" if found.status == "DELETING" else "there",
            "table_id": str(found.raw["TableId"]),
            "restored_from": found.restored_from,
        }

    def read_for_plan(self, target: str) -> State:
        _require_drill(target)
        _require_restored(self, target)
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"status": "gone", "table_id": "", "restored_from": ""}

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        _require_drill(target)
        return [_deletion(self, target)]

    def progress(self, target: str, before: State, after: State) -> Progress:
        now = self.read(target)
        return Progress(now["status"] == "gone", f"{target} is {now['status']}")


def _parts(target: str) -> tuple[str, str]:
    """The new table's name, which may be missing, and the source's."""
    new, found, source = target.partition(_FROM)
    return (new, source) if found else ("", target)


def _new_name(name: str) -> str:
    if not name:
        raise CannotFix("name the new table with --set to=NEWNAME")
    if not _NAME.fullmatch(name):
        raise CannotFix(f"--set to={name}: a table's name has 3 to 255 letters, digits, '_', '.' and '-'")
    return name


def _require_drill(name: str) -> None:
    if not name.startswith(DRILL):
        raise CannotFix(f"{name} is not a table of a drill: their names begin with {DRILL}")
