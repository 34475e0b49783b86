"""Where moto's backups are not like AWS's: items as of their time, the table's settings, restores that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Backup, RestoredTable

from ..correction import Kind, extends

MADE = "created_at"
"""The attribute that contains when an item of the sandbox's tables was made."""


@extends(Backup, "description", Kind.BUG, "amazondynamodb/latest/APIReference/API_DescribeBackup.html")
def _description(before: Callable[..., Any], self: Any) -> dict[str, Any]:
    """moto's DescribeBackup lacks SourceTableFeatureDetails and the source's BillingMode and ItemCount."""
    told: dict[str, Any] = before(self)
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
        return datetime.fromisoformat(told.value).replace(tzinfo=None) > moment if told else False
    except ValueError:
        return False


@extends(DynamoDBBackend, "restore_table_from_backup", Kind.STATE)
def _restore(before: Callable[..., Any], self: Any, target_table_name: str, backup_arn: str) -> Any:
    """The sandbox makes backups of the past from today's table, and faults restore less than was there."""
    made, backup = before(self, target_table_name, backup_arn), self.backups[backup_arn]
    kept = list(_items_of(backup).items())
    made.items.clear()
    made.items.update(kept[: len(kept) - getattr(backup, "loses", 0)])
    del made.global_indexes[: getattr(backup, "loses_indexes", 0)]
    made.never_ends = getattr(backup, "never_ends", False)
    return made


@extends(RestoredTable, "describe", Kind.STATE)
def _describe(before: Callable[..., dict[str, Any]], self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
    """A fault lets a restore never end: the table stays CREATING."""
    if getattr(self, "never_ends", False):
        self.looks = 2
    return before(self, base_key=base_key)
