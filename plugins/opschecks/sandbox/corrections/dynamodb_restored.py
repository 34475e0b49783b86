"""Where moto's backups are not like AWS's: they are of their moment, tell the table's form, and can restore badly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Backup, RestoredTable

from ..correction import Kind, extends

MADE = "created_at"
"""The attribute that tells when an item of the sandbox's tables was made."""


@extends(
    Backup,
    "description",
    Kind.BUG,
    moto="5.2.5",
    wrong="DescribeBackup tells neither SourceTableFeatureDetails nor the source's BillingMode and ItemCount",
    aws="https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeBackup.html",
)
def _description(before: property) -> property:
    def description(self: Any) -> dict[str, Any]:
        """The form of the table beside the backup's own details."""
        assert before.fget is not None
        told: dict[str, Any] = before.fget(self)
        table = told["SourceTableDetails"]
        table["BillingMode"] = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        table["ItemCount"] = len(_items_of(self))
        kinds = ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        told["SourceTableFeatureDetails"] = {kind: table[kind] for kind in kinds if table.get(kind)}
        return told

    return property(description)


def _items_of(backup: Any) -> dict[Any, Any]:
    """What was there when the backup was made: the sandbox makes its backups of the past from the table of now."""
    made = backup.creation_date_time
    return {key: item for key, item in backup.table.items.items() if not _is_younger(item, made)}


def _is_younger(item: Any, moment: datetime) -> bool:
    told = item.attrs.get(MADE) if hasattr(item, "attrs") else None
    try:
        return datetime.fromisoformat(told.value).replace(tzinfo=None) > moment if told else False
    except ValueError:
        return False


@extends(
    DynamoDBBackend,
    "restore_table_from_backup",
    Kind.STATE,
    moto="5.2.5",
    wrong="backups of the past are made from the table of now, and faults restore less than was there",
)
def _restore(before: Callable[..., Any]) -> Callable[..., Any]:
    def restore_table_from_backup(self: Any, target_table_name: str, backup_arn: str) -> Any:
        """The table has the backup's items; less, where a fault has said so."""
        made, backup = before(self, target_table_name, backup_arn), self.backups[backup_arn]
        kept = list(_items_of(backup).items())
        made.items.clear()
        made.items.update(kept[: len(kept) - getattr(backup, "loses", 0)])
        del made.global_indexes[: getattr(backup, "loses_indexes", 0)]
        made.never_ends = getattr(backup, "never_ends", False)
        return made

    return restore_table_from_backup


@extends(
    RestoredTable,
    "describe",
    Kind.STATE,
    moto="5.2.5",
    wrong="a fault lets a restore never end",
)
def _describe(before: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def describe(self: Any, base_key: str = "TableDescription") -> dict[str, Any]:
        """CREATING for ever, where a fault has said so."""
        if getattr(self, "never_ends", False):
            self.looks = 2
        return before(self, base_key=base_key)

    return describe
