"""Remedies that let a table be had again: a backup made now, and recovery to any moment turned on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..observe import NotThere
from ..remedy import CannotMend, Progress, Remedy, Request, Risk, Sends, State
from .restore_points import LIST, RECOVERY, TABLE, describe
from .tables import table_named, tables_of

LONGEST_NAME = 255
_OURS = "-opschecks-"


def backup_name(table: str, stamp: str) -> str:
    """What a backup of ours is called; DynamoDB takes 255 characters."""
    return f"{table[: LONGEST_NAME - len(_OURS) - len(stamp)]}{_OURS}{stamp}"


def backups_of(aws: Sends, table: str) -> list[dict[str, Any]]:
    """The on-demand backups that DynamoDB lists of a table, the newest first."""
    listed = aws.items("dynamodb", "ListBackups", "BackupSummaries", TableName=table, BackupType="USER")
    return sorted(listed, key=lambda one: one["BackupCreationDateTime"], reverse=True)


class _OfTables(Remedy):
    """What is done to the stack's tables, each by its name."""

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The table, by its name."""
        return [resource.split(":table/", 1)[-1]]

    def normal(self, target: str) -> str:
        """The table's name, of its ARN too; CannotMend where it is none of the stack's."""
        return table_named(self, target)

    def all_targets(self) -> list[str]:
        """Every table of the stack."""
        return tables_of(self)


class BackUpTable(_OfTables):
    """Make a backup of a table now, and wait until it can be restored."""

    risk = Risk.SAFE
    one_way = True
    runbook = "table-backups"
    settles_within = timedelta(hours=1)
    allow = ("dynamodb:CreateBackup", LIST, TABLE)
    expects = "a backup as the table is at this moment; it costs the table no capacity"
    beware = (
        "it is kept, and paid for, until somebody deletes it (aws dynamodb delete-backup): that is not undone here, "
        "because it may be the only one; what makes backups by itself, if anything does, is not mended by this"
    )

    def read(self, target: str) -> State:
        """The newest backup that this remedy has made; those of others are others'."""
        return {"newest of ours": next((str(one["BackupName"]) for one in self._ours(target)), "")}

    def _ours(self, target: str) -> list[dict[str, Any]]:
        pattern = re.escape(backup_name(target, "")) + r"\d{8}(-\d+)?"
        return [
            one
            for one in backups_of(self.aws, target)
            if re.fullmatch(pattern, one["BackupName"]) and one["BackupStatus"] != "DELETED"
        ]

    def read_for_plan(self, target: str) -> State:
        """As `read`, of a table that can be backed up now."""
        there = describe(self.aws, target)
        if there is None:
            raise CannotMend(f"there is no table {target}: opschecks fix restore-table brings one back from a backup")
        if there.status not in ("ACTIVE", "UPDATING"):
            raise CannotMend(f"the table is {there.status}")
        self._table = target
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """One more, numbered within the day: what was planned today is sent so today."""
        first = backup_name(self._table, f"{datetime.now(UTC):%Y%m%d}")
        newest = str(now["newest of ours"])
        if not newest.startswith(first):
            return {"newest of ours": first}
        number = int(newest[len(first) + 1 :] or 1) + 1
        return {"newest of ours": f"{first}-{number}"}

    def request(self, target: str, before: State, after: State) -> Request:
        """CreateBackup, under the name that was planned."""
        return Request("dynamodb", "CreateBackup", {"TableName": target, "BackupName": after["newest of ours"]})

    def progress(self, target: str, before: State, after: State) -> Progress:
        """There when it is AVAILABLE."""
        name = after["newest of ours"]
        found = next((one for one in self._ours(target) if one["BackupName"] == name), None)
        if found is None:
            return Progress(False, "DynamoDB does not list the backup yet")
        status = str(found["BackupStatus"])
        made: datetime = found["BackupCreationDateTime"]
        minutes = int((datetime.now(UTC) - made) / timedelta(minutes=1))
        return Progress(status == "AVAILABLE", f"the backup is {status}, {minutes} minutes after it was asked for")


class EnableRecovery(_OfTables):
    """Turn point-in-time recovery of a table on: from now on it can be restored to any second of the last 35 days."""

    risk = Risk.SAFE
    rolls_back = False
    runbook = "table-backups"
    settles_within = timedelta(minutes=10)
    allow = ("dynamodb:UpdateContinuousBackups", RECOVERY)
    expects = "DynamoDB records every write from this moment on; what was before it cannot be restored to"
    beware = (
        "it is paid for by the size of the table; what CDK or CloudFormation defines must be changed there too, or the "
        "next deployment turns it off again; turning it off forgets every moment that could be restored"
    )

    def risk_of(self, before: State, after: State) -> Risk:
        """Off forgets all that was recorded, and on again begins anew."""
        return Risk.SAFE if after["recovery"] else Risk.DESTRUCTIVE

    def all_targets(self) -> list[str]:
        """Every table of the stack whose recovery is off."""
        off = [table for table in tables_of(self) if not self.read(table)["recovery"]]
        if not off:
            raise CannotMend(f"point-in-time recovery of every table of {self.stack.name} is on")
        return off

    def read(self, target: str) -> State:
        """Whether it is on. That continuous backups are ENABLED says nothing of it."""
        try:
            answer = self.aws.call("dynamodb", "DescribeContinuousBackups", TableName=target)
        except NotThere:
            raise CannotMend(f"there is no table {target}") from None
        told = answer["ContinuousBackupsDescription"]
        recovery = told["PointInTimeRecoveryDescription"]
        return {"recovery": recovery["PointInTimeRecoveryStatus"] == "ENABLED"}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """On."""
        if now["recovery"]:
            raise CannotMend(
                "point-in-time recovery is on: where it has stopped, the table may not use its key of KMS any more, "
                "which a person must look at"
            )
        return {"recovery": True}

    def request(self, target: str, before: State, after: State) -> Request:
        """UpdateContinuousBackups; for how many days stays what it was, or DynamoDB's 35."""
        wanted = {"PointInTimeRecoveryEnabled": after["recovery"]}
        return Request(
            "dynamodb", "UpdateContinuousBackups", {"TableName": target, "PointInTimeRecoverySpecification": wanted}
        )
