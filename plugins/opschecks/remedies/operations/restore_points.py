"""What a table can be restored from, a backup or a moment, and tables that a restore has made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...core import clock
from ...core.change import CannotFix, Sends
from ...core.dataclass import dataclass
from ...core.observation import NotThere

TABLE = "dynamodb:DescribeTable"
BACKUP = "dynamodb:DescribeBackup"
LIST = "dynamodb:ListBackups"
RECOVERY = "dynamodb:DescribeContinuousBackups"
NEWEST, LATEST = "newest", "latest"
_AT = " at "


@dataclass(frozen=True)
class RestoredTable:
    """A table as DescribeTable reports it, seen as one that a restore made."""

    raw: Mapping[str, Any]

    @property
    def status(self) -> str:
        """CREATING until its items are there, then ACTIVE; DELETING, …"""
        return str(self.raw["TableStatus"])

    @property
    def restored_from(self) -> str:
        """The backup's ARN, or table and moment; nothing where no restore made it."""
        summary = self.raw.get("RestoreSummary")
        if not summary:
            return ""
        if summary.get("SourceBackupArn"):
            return str(summary["SourceBackupArn"])
        source = str(summary["SourceTableArn"]).split(":table/", 1)[-1]
        return _point(source, summary["RestoreDateTime"])

    @property
    def is_complete(self) -> bool:
        """Whether every item is there."""
        if self.status in ("CREATING", "DELETING"):
            return False
        return not self.raw["RestoreSummary"]["RestoreInProgress"]

    @property
    def is_usable(self) -> bool:
        """Whether it can be read, through its indexes too."""
        indexes = self.raw.get("GlobalSecondaryIndexes") or []
        return self.status == "ACTIVE" and all(one["IndexStatus"] == "ACTIVE" for one in indexes)

    @property
    def minutes(self) -> int:
        """Since it was asked for."""
        made: datetime = self.raw["CreationDateTime"]
        return int((clock.now() - made) / timedelta(minutes=1))


def describe_table(aws: Sends, name: str) -> RestoredTable | None:
    """The table; None where there is none of that name."""
    try:
        return RestoredTable(aws.call("dynamodb", "DescribeTable", TableName=name)["Table"])
    except NotThere:
        return None


def known_table(aws: Sends, name: str) -> Mapping[str, Any]:
    """The table as DescribeTable reports it; CannotFix where there is none of that name."""
    found = describe_table(aws, name)
    if found is None:
        raise CannotFix(f"the table {name} does not exist")
    return found.raw


def wanted_point(aws: Sends, source: str, wish: Mapping[str, str]) -> str:
    """The ARN of a backup, or `TABLE at MOMENT`; CannotFix where what is wished for cannot be restored."""
    if "at" in wish and "backup" in wish:
        raise CannotFix("give --set at=… or --set backup=…, not both")
    if "at" in wish:
        return _point(source, _moment(aws, source, wish["at"]))
    asked = wish.get("backup", NEWEST)
    return _newest(aws, source) if asked == NEWEST else _named(aws, source, asked)


def moment_in(point: str) -> str:
    """The moment of `TABLE at MOMENT`; nothing where it is a backup."""
    return "" if point.startswith("arn:") else point.partition(_AT)[2]


def _point(source: str, moment: datetime) -> str:
    """In whole seconds, as DynamoDB counts."""
    return f"{source}{_AT}{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _moment(aws: Sends, source: str, asked: str) -> datetime:
    try:
        answer = aws.call("dynamodb", "DescribeContinuousBackups", TableName=source)
    except NotThere:
        raise CannotFix(
            f"{source} no longer exists: only a backup can be restored, and where point-in-time recovery "
            "was on, DynamoDB made one (of type SYSTEM) when the table was deleted"
        ) from None
    told = answer["ContinuousBackupsDescription"]
    recovery = told["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
        raise CannotFix(f"point-in-time recovery of {source} is off: only a backup can be restored")
    earliest: datetime = recovery["EarliestRestorableDateTime"]
    latest: datetime = recovery["LatestRestorableDateTime"]
    if asked == LATEST:
        return latest
    try:
        moment = datetime.fromisoformat(asked)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CannotFix(f"--set at={asked}: expected a time with its offset, such as 2026-11-24T07:00:00Z, or latest")
    if not earliest <= moment.replace(microsecond=0) <= latest:
        first, last = (f"{one.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" for one in (earliest, latest))
        raise CannotFix(f"--set at={asked}: {source} can be restored from {first} to {last}")
    return moment


def _newest(aws: Sends, source: str) -> str:
    """The newest available backup of the table; of one that was deleted, of whichever bore its name last."""
    listed = aws.items("dynamodb", "ListBackups", "BackupSummaries", TableName=source, BackupType="ALL")
    there = describe_table(aws, source)
    since = there.raw["CreationDateTime"] if there else datetime.min.replace(tzinfo=UTC)
    usable = [
        one
        for one in listed
        if one["BackupStatus"] == "AVAILABLE" and one["TableName"] == source and one["BackupCreationDateTime"] >= since
    ]
    if not usable:
        raise CannotFix(
            f"DynamoDB lists no available backup of {source}" + (" as it is now" if there else "") + "; "
            "--set backup=ARN names one of an earlier table, --set at=latest restores the last moment, and what "
            "AWS Backup keeps is restored there (aws backup start-restore-job)"
        )
    newest = max(usable, key=lambda one: one["BackupCreationDateTime"])
    return str(newest["BackupArn"])


def _named(aws: Sends, source: str, arn: str) -> str:
    if not re.fullmatch(r"arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table/[\w.-]+/backup/[\w-]+", arn):
        raise CannotFix(f"--set backup={arn}: expected the ARN of a DynamoDB backup, or newest")
    try:
        answer = aws.call("dynamodb", "DescribeBackup", BackupArn=arn)
    except NotThere:
        raise CannotFix(f"--set backup={arn}: there is no such backup") from None
    told = answer["BackupDescription"]
    status = told["BackupDetails"]["BackupStatus"]
    of = told["SourceTableDetails"]["TableName"]
    if of != source:
        raise CannotFix(f"--set backup={arn}: it is a backup of {of}, not of {source}")
    if status != "AVAILABLE":
        raise CannotFix(f"--set backup={arn}: it is {status}")
    return arn
