"""The remedy that backs up a table now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ...core import clock
from ...core.change import CannotFix, Progress, Request, Sends, State
from ...core.wording import plural
from ...fixing.remedy import Setting
from ..operations.restore_points import LIST, TABLE, describe_table

LONGEST_NAME = 255
_OURS = "-opschecks-"


def backup_name(table: str, stamp: str) -> str:
    """How our backups' names go on; DynamoDB allows 255 characters."""
    return f"{table[: LONGEST_NAME - len(_OURS) - len(stamp)]}{_OURS}{stamp}"


def backups_of(aws: Sends, table: str) -> list[dict[str, Any]]:
    """The on-demand backups that DynamoDB lists of a table, the newest first."""
    listed = aws.items("dynamodb", "ListBackups", "BackupSummaries", TableName=table, BackupType="USER")
    return sorted(listed, key=lambda one: one["BackupCreationDateTime"], reverse=True)


class BackUpTable(Setting):
    """Make a backup of a table now, and wait until it can be restored."""

    kind = "tables"
    one_way = True
    runbook = "table-backups"
    settles_within = timedelta(hours=1)
    allow = ("dynamodb:CreateBackup", LIST, TABLE)
    expects = "a backup as the table is at this moment; it costs the table no capacity"
    beware = (
        "it is kept, and paid for, until somebody deletes it (aws dynamodb delete-backup): that is not undone here, "
        "because it may be the only one; scheduled backups, if there are any, are not fixed by this"
    )

    def read(self, target: str) -> State:
        """The newest backup made by this remedy; other backups are left alone."""
        return {"newest of ours": next((str(one["BackupName"]) for one in self._ours(target)), "")}

    def _ours(self, target: str) -> list[dict[str, Any]]:
        pattern = re.escape(backup_name(target, "")) + r"\d{8}(-\d+)?"
        return [
            one
            for one in backups_of(self.aws, target)
            if re.fullmatch(pattern, one["BackupName"]) and one["BackupStatus"] != "DELETED"
        ]

    def read_for_plan(self, target: str) -> State:
        there = describe_table(self.aws, target)
        if there is None:
            raise CannotFix(f"there is no table {target}: opschecks fix restore-table restores one from a backup")
        if there.status not in ("ACTIVE", "UPDATING"):
            raise CannotFix(f"the table is {there.status}")
        self._table = target
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """One more, numbered within the day, so that a plan of today stays true for the day."""
        first = backup_name(self._table, f"{clock.now():%Y%m%d}")
        newest = str(now["newest of ours"])
        if not newest.startswith(first):
            return {"newest of ours": first}
        number = int(newest[len(first) + 1 :] or 1) + 1
        return {"newest of ours": f"{first}-{number}"}

    def request(self, target: str, before: State, after: State) -> Request:
        return Request("dynamodb", "CreateBackup", {"TableName": target, "BackupName": after["newest of ours"]})

    def progress(self, target: str, before: State, after: State) -> Progress:
        name = after["newest of ours"]
        found = next((one for one in self._ours(target) if one["BackupName"] == name), None)
        if found is None:
            return Progress(False, "DynamoDB does not list the backup yet")
        status = str(found["BackupStatus"])
        made: datetime = found["BackupCreationDateTime"]
        minutes = int((clock.now() - made) / timedelta(minutes=1))
        taken = plural(minutes, "minute")
        return Progress(status == "AVAILABLE", f"the backup is {status}, {taken} after it was asked for")
