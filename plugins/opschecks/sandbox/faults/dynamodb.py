"""Faults of tables, of their indexes, and of the incidents in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..seed import incident
from . import Sandbox, fault

_SEARCHED = ["test_wanted_indexes_can_be_searched"]
_INDEX, _KEY = "severity-index", "severity"


def _other_table(sandbox: Sandbox) -> str:
    return next(name for name in sandbox.stack.tables if name != sandbox.stack.incidents_table)


def _describe(table: Any, **changes: Any) -> None:
    """Let DescribeTable return this of the table."""
    describe = table.describe

    def changed(base_key: str = "TableDescription") -> dict[str, Any]:
        told: dict[str, Any] = describe(base_key)
        return {**told, base_key: {**told[base_key], **changes}}

    table.describe = changed


@fault(
    caught_by=[
        "test_tables_are_active",
        "test_tables_bill_as_wanted",
        "test_tables_are_not_throttled",
        "test_tables_have_a_recent_backup",
        "test_tables_have_a_fresh_backup",
        "test_tables_can_be_restored_to_any_moment",
    ]
)
def table_is_gone(sandbox: Sandbox) -> None:
    """A table was deleted."""
    sandbox.client("dynamodb").delete_table(TableName=_other_table(sandbox))


@fault(caught_by=["test_tables_are_active", *_SEARCHED])
def index_is_being_built(sandbox: Sandbox) -> None:
    """The status index is being backfilled and contains only some of the incidents."""
    sandbox.table().global_indexes[0].status = "CREATING"


@fault(blinds=["test_incidents_can_be_found_by_status", "test_no_incident_keeps_coming_back"])
def incidents_are_too_many_to_read(sandbox: Sandbox) -> None:
    """The incidents table has 2 GB, and no index of it is sorted by time."""
    for index in sandbox.table().global_indexes:
        index.schema = [key for key in index.schema if key["KeyType"] == "HASH"]
    _describe(sandbox.table(), TableSizeBytes=2_000_000_000, ItemCount=3_400_000)


@fault(caught_by=["test_tables_are_active"])
def replica_is_gone(sandbox: Sandbox) -> None:
    """A replica of a global table has been cut off: its region is disabled."""
    replica = {"RegionName": "eu-west-1", "ReplicaStatus": "REGION_DISABLED"}
    _describe(sandbox.table(_other_table(sandbox)), Replicas=[replica])


@fault(caught_by=["test_tables_bill_as_wanted"])
def table_is_provisioned(sandbox: Sandbox) -> None:
    """A table was switched to provisioned capacity."""
    sandbox.client("dynamodb").update_table(
        TableName=_other_table(sandbox),
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
    )


@fault(caught_by=["test_active_incidents_are_young"])
def incident_is_forgotten(sandbox: Sandbox) -> None:
    """A critical incident has been active for seven hours."""
    opened = sandbox.now - timedelta(hours=7)
    put_incident(sandbox, incident("inc-1044", "active", "critical", opened, "Agents lose their sessions"))


@fault(caught_by=["test_incidents_can_be_found_by_status"])
def incident_lacks_its_severity(sandbox: Sandbox) -> None:
    """An incident was written without its severity, so the severity index does not contain it."""
    written = incident("inc-1045", "resolved", "", sandbox.now - timedelta(hours=3), "Written by a script")
    del written["severity"]
    put_incident(sandbox, written)


def put_incident(sandbox: Sandbox, item: dict[str, Any]) -> None:
    """Write an item into the incidents table."""
    sandbox.client("dynamodb").put_item(TableName=sandbox.stack.incidents_table, Item=item)


@fault(caught_by=["test_no_incident_keeps_coming_back"])
def incident_keeps_coming_back(sandbox: Sandbox) -> None:
    """The same incident was opened and resolved four times this week."""
    for number, days in enumerate((2.5, 3.5, 4.5, 5.5)):
        opened = sandbox.now - timedelta(days=days)
        put_incident(sandbox, incident(f"inc-103{number}", "resolved", "medium", opened, "Agents lose their sessions"))


@fault(caught_by=_SEARCHED)
def severity_index_is_missing(sandbox: Sandbox) -> None:
    """The incidents table has no severity index: it was not added after a restore."""
    table = sandbox.table()
    table.global_indexes = [index for index in table.global_indexes if index.name != _INDEX]
    table.attr = [one for one in table.attr if one["AttributeName"] != _KEY]


@fault(caught_by=_SEARCHED)
def severity_index_is_by_another_key(sandbox: Sandbox) -> None:
    """The severity index has the right name and the wrong key: created_at."""
    for index in sandbox.table().global_indexes:
        if index.name == _INDEX:
            index.schema = [{"AttributeName": "created_at", "KeyType": "HASH"}]


@fault(caught_by=_SEARCHED)
def severity_index_wants_numbers(sandbox: Sandbox) -> None:
    """The key of the severity index is a number; severities are text, so the index stays empty."""
    for one in sandbox.table().attr:
        if one["AttributeName"] == _KEY:
            one["AttributeType"] = "N"
