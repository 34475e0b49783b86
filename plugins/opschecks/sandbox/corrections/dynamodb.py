"""Where moto's DynamoDB is not like AWS's: backups of their time, restores that last or fail, Contributor Insights."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.dynamodb.exceptions import ERROR_TYPE_PREFIX, DynamodbException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Backup, RestoredPITTable, RestoredTable, Table
from moto.dynamodb.responses import DynamoHandler, DynamoResult

from ..correction import Before, Kind, extends, replaces
from ..moto_server import aware, naive

DOCS = "amazondynamodb/latest/APIReference/"

LOOKS_TO_FINISH = 1
"""After how many reads a backup, or a table that is being restored, is available."""
MADE = "created_at"
"""The attribute that contains when an item of the sandbox's tables was made."""


def _refusal(code: str, message: str) -> DynamodbException:
    return DynamodbException(ERROR_TYPE_PREFIX + code, message)


@extends(Table, "describe", Kind.BUG, DOCS + "API_TableDescription.html")
def _with_id(before: Before, self: Any, base_key: str = "TableDescription") -> Any:
    """moto's tables have no TableId, by which a table differs from a later one of the same name."""
    told = before(self, base_key=base_key)
    if not hasattr(self, "table_id"):
        self.table_id = str(uuid.uuid4())
    told[base_key]["TableId"] = self.table_id
    return told


@extends(RestoredPITTable, "describe", Kind.SIMPLER, DOCS + "API_RestoreSummary.html")
@extends(RestoredTable, "describe", Kind.SIMPLER, DOCS + "API_RestoreSummary.html")
def _restoring(before: Before, self: Any, base_key: str = "TableDescription") -> Any:
    """moto's restored tables are ACTIVE at once; here they are CREATING for some looks, or, by a fault, for ever."""
    told = before(self, base_key=base_key)
    left = 2 if getattr(self, "never_ends", False) else getattr(self, "looks", 0)
    if left:
        self.looks = left - 1
        told[base_key]["TableStatus"] = "CREATING"
        told[base_key]["RestoreSummary"]["RestoreInProgress"] = True
    return told


@replaces(DynamoHandler, "create_backup", Kind.SIMPLER, DOCS + "API_BackupDetails.html")
def _create_backup(self: DynamoHandler) -> ActionResult:
    """moto's backups are AVAILABLE at once; here they are CREATING first."""
    backup: Any = self.dynamodb_backend.create_backup(self.body["TableName"], self.body["BackupName"])
    backup.status, backup.looks = "CREATING", LOOKS_TO_FINISH
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
    return aware(moment).timestamp() if isinstance(moment, datetime) else float(moment)


@extends(DynamoDBBackend, "describe_backup", Kind.SIMPLER, DOCS)
def _describe_backup(before: Before, self: Any, backup_arn: str) -> Any:
    """moto's backups keep the status they were made with."""
    return _getting_on(before(self, backup_arn))


@extends(Backup, "description", Kind.BUG, DOCS + "API_DescribeBackup.html")
def _description(before: Before, self: Any) -> Any:
    """moto's DescribeBackup lacks SourceTableFeatureDetails and the source's BillingMode and ItemCount."""
    told = before(self)
    table = told["SourceTableDetails"]
    table["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    table["ItemCount"] = len(_items_of(self))
    kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    told["SourceTableFeatureDetails"] = {kind: table[kind] for kind in kinds if table.get(kind)}
    return told


def _items_of(backup: Any) -> dict[Any, Any]:
    """The items as of the backup's time: the sandbox makes its backups of the past from today's table."""
    made = backup.creation_date_time
    return {key: item for key, item in backup.table.items.items() if not _is_younger(item, made)}


def _is_younger(item: Any, moment: datetime) -> bool:
    told = item.attrs.get(MADE) if hasattr(item, "attrs") else None
    try:
        return naive(datetime.fromisoformat(told.value)) > moment if told else False
    except ValueError:
        return False


@replaces(DynamoHandler, "restore_table_from_backup", Kind.BUG, DOCS)
def _restore_from_backup(self: DynamoHandler) -> ActionResult:
    """moto's restored tables lack the billing mode of their source, and RestoreDateTime is the time of the request.

    Only a backup that is AVAILABLE can be restored; RestoreDateTime is the time of the backup. Faults restore less
    than was there.
    """
    backup: Any = self.dynamodb_backend.get_backup(self.body["BackupArn"])
    if backup.status != "AVAILABLE":
        raise _refusal("BackupInUseException", f"Backup is being created: {backup.arn}")
    made: Any = self.dynamodb_backend.restore_table_from_backup(self.body["TargetTableName"], backup.arn)
    made.restore_date_time = backup.creation_date_time
    kept = list(_items_of(backup).items())
    made.items.clear()
    made.items.update(kept[: len(kept) - getattr(backup, "loses", 0)])
    del made.global_indexes[: getattr(backup, "loses_indexes", 0)]
    made.never_ends = getattr(backup, "never_ends", False)
    return _begun(made, backup.table)


@replaces(DynamoHandler, "restore_table_to_point_in_time", Kind.BUG, DOCS)
def _restore_to_point(self: DynamoHandler) -> ActionResult:
    """moto restores a table without point-in-time recovery, and to any time."""
    name, target = self.body["SourceTableName"], self.body["TargetTableName"]
    source = self.dynamodb_backend.tables.get(name)
    moment = _point_of(source, self.body) if source else None
    made: Any = self.dynamodb_backend.restore_table_to_point_in_time(target, name)
    made.restore_date_time = moment
    return _begun(made, source)


def _point_of(source: Any, asked: Any) -> datetime:
    told = source.continuous_backups["PointInTimeRecoveryDescription"]
    if told["PointInTimeRecoveryStatus"] != "ENABLED":
        raise _refusal("PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled")
    first, last = _seconds(told["EarliestRestorableDateTime"]), _seconds(told["LatestRestorableDateTime"])
    moment = last if asked.get("UseLatestRestorableTime") else _seconds(asked["RestoreDateTime"])
    if not int(first) <= moment <= last:
        raise _refusal("InvalidRestoreTimeException", "An invalid restore time was specified")
    return naive(datetime.fromtimestamp(moment, UTC))


def _begun(made: Any, source: Any) -> ActionResult:
    made.billing_mode, made.looks = source.billing_mode, LOOKS_TO_FINISH + 1
    return DynamoResult(made.describe())


@extends(DynamoDBBackend, "delete_table", Kind.SIMPLER, DOCS)
def _delete_table(before: Before, self: Any, name: str) -> Any:
    """moto deletes a table while it is being restored."""
    if getattr(self.tables.get(name), "looks", 0):
        raise _refusal("ResourceInUseException", f"Table is being created: {name}")
    return before(self, name)


@replaces(DynamoHandler, "describe_contributor_insights", Kind.MISSING, DOCS)
def _describe_contributor_insights(self: DynamoHandler) -> ActionResult:
    """moto has no Contributor Insights; the sandbox keeps the tables' rules in the backend's `insight_rules`."""
    table, index = self.body["TableName"], self.body.get("IndexName")
    self.dynamodb_backend.get_table(table)  # refuses one that does not exist
    rules = vars(self.dynamodb_backend).get("insight_rules", {}).get((table, index), [])
    told = {"IndexName": index, "ContributorInsightsRuleList": rules}
    return ActionResult(
        {
            "TableName": table,
            "ContributorInsightsStatus": "ENABLED" if rules else "DISABLED",
            **{key: value for key, value in told.items() if value},
        }
    )
