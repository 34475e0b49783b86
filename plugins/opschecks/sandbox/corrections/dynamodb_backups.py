"""Where moto's DynamoDB backups are not like AWS's: backups and restores take some time, lists are filtered."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import BackupNotFoundException, ResourceInUseException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import RestoredPITTable, RestoredTable, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..correction import Kind, extends, replaces

DOCS = "amazondynamodb/latest/APIReference/"

LOOKS_TO_FINISH = 1
"""After how many reads a backup, or a table that is being restored, is available."""


class NotRestorable(ResourceInUseException):
    """That moment cannot be restored."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__()
        self.error_type = f"com.amazonaws.dynamodb.v20120810#{code}"
        self.description = f'{{"__type": "{self.error_type}", "message": "{message}"}}'


@extends(Table, "describe", Kind.BUG, DOCS + "API_TableDescription.html")
def _with_id(before: Callable[..., dict[str, Any]], self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's tables have no TableId, by which a table differs from a later one of the same name."""
    told = before(self, base_key=base_key)
    if not hasattr(self, "table_id"):
        self.table_id = str(uuid.uuid4())
    told[base_key]["TableId"] = self.table_id
    return told


@extends(RestoredPITTable, "describe", Kind.SIMPLER, DOCS + "API_RestoreSummary.html")
@extends(RestoredTable, "describe", Kind.SIMPLER, DOCS + "API_RestoreSummary.html")
def _restoring(before: Callable[..., dict[str, Any]], self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
    """moto's restored tables are ACTIVE at once; here they are CREATING for some looks."""
    told = before(self, base_key=base_key)
    left = getattr(self, "looks", 0)
    if left:
        self.looks = left - 1
        told[base_key]["TableStatus"] = "CREATING"
        told[base_key]["RestoreSummary"]["RestoreInProgress"] = True
    return told


@replaces(DynamoHandler, "create_backup", Kind.SIMPLER, DOCS + "API_BackupDetails.html")
def _create_backup(self: DynamoHandler) -> ActionResult:
    """moto's backups are AVAILABLE at once; here they are CREATING first."""
    backup = self.dynamodb_backend.create_backup(self.body["TableName"], self.body["BackupName"])
    backup.status, backup.looks = "CREATING", LOOKS_TO_FINISH  # type: ignore[attr-defined]
    return DynamoResult({"BackupDetails": backup.details})


def _getting_on(backup: Any) -> Any:
    left = getattr(backup, "looks", None)
    if backup.status == "CREATING" and left is not None:
        backup.looks = left - 1
        backup.status = "CREATING" if left else "AVAILABLE"
    return backup


@replaces(DynamoHandler, "list_backups", Kind.BUG, DOCS)
def _list_backups(self: DynamoHandler) -> ActionResult:
    """moto ignores Limit, TimeRangeLowerBound, TimeRangeUpperBound and BackupType."""
    asked = self.body
    kind, limit = asked.get("BackupType", "USER"), int(asked.get("Limit", 100))
    since, until = _seconds(asked.get("TimeRangeLowerBound", 0)), _seconds(asked.get("TimeRangeUpperBound", math.inf))
    found = [
        _getting_on(one)
        for one in self.dynamodb_backend.list_backups(asked.get("TableName"))
        if kind in ("ALL", one.type) and since <= _seconds(one.creation_date_time) < until
    ]
    start = next((at + 1 for at, one in enumerate(found) if one.arn == asked.get("ExclusiveStartBackupArn")), 0)
    page = found[start : start + limit]
    more = {"LastEvaluatedBackupArn": page[-1].arn} if page and start + limit < len(found) else {}
    return DynamoResult({"BackupSummaries": [one.summary for one in page], **more})


def _seconds(moment: datetime | float) -> float:
    """A time as moto keeps it or has parsed it, in seconds since 1970."""
    if not isinstance(moment, datetime):
        return float(moment)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


@replaces(DynamoDBBackend, "describe_backup", Kind.SIMPLER, DOCS)
def _describe_backup(self: DynamoDBBackend, backup_arn: str) -> Any:
    """moto's backups keep the status they were made with."""
    if backup_arn not in self.backups:
        raise BackupNotFoundException(backup_arn)
    return _getting_on(self.backups[backup_arn])


@replaces(DynamoHandler, "restore_table_from_backup", Kind.BUG, DOCS)
def _restore_from_backup(self: DynamoHandler) -> ActionResult:
    """moto's restored tables lack the billing mode of their source, and RestoreDateTime is the time of the request.

    Only a backup that is AVAILABLE can be restored; RestoreDateTime is the time of the backup.
    """
    backup = self.dynamodb_backend.backups.get(self.body["BackupArn"])
    if backup is None:
        raise BackupNotFoundException(self.body["BackupArn"])
    if backup.status != "AVAILABLE":
        raise NotRestorable("BackupInUseException", f"Backup is being created: {backup.arn}")
    made = self.dynamodb_backend.restore_table_from_backup(self.body["TargetTableName"], backup.arn)
    made.restore_date_time = backup.creation_date_time
    return _begun(made, backup.table)


@replaces(DynamoHandler, "restore_table_to_point_in_time", Kind.BUG, DOCS)
def _restore_to_point(self: DynamoHandler) -> ActionResult:
    """moto restores a table without point-in-time recovery, and to any time."""
    name, target = self.body["SourceTableName"], self.body["TargetTableName"]
    source = self.dynamodb_backend.tables.get(name)
    moment = _point_of(source, self.body) if source else None
    made = self.dynamodb_backend.restore_table_to_point_in_time(target, name)
    made.restore_date_time = moment  # type: ignore[assignment]
    return _begun(made, source)


def _point_of(source: Any, asked: Any) -> datetime:
    told = source.continuous_backups["PointInTimeRecoveryDescription"]
    if told["PointInTimeRecoveryStatus"] != "ENABLED":
        raise NotRestorable("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled")
    first, last = _seconds(told["EarliestRestorableDateTime"]), _seconds(told["LatestRestorableDateTime"])
    moment = last if asked.get("UseLatestRestorableTime") else _seconds(asked["RestoreDateTime"])
    if not int(first) <= moment <= last:
        raise NotRestorable("InvalidRestoreTimeException", "An invalid restore time was specified")
    return datetime.fromtimestamp(moment, UTC).replace(tzinfo=None)


def _begun(made: Any, source: Any) -> ActionResult:
    made.billing_mode, made.looks = source.billing_mode, LOOKS_TO_FINISH + 1
    return DynamoResult(made.describe())


@extends(DynamoDBBackend, "delete_table", Kind.SIMPLER, DOCS)
def _delete_table(before: Callable[..., Any], self: DynamoDBBackend, name: str) -> Any:
    """moto deletes a table while it is being restored."""
    table = self.tables.get(name)
    if getattr(table, "looks", 0):
        raise NotRestorable("ResourceInUseException", f"Table is being created: {name}")
    return before(self, name)
