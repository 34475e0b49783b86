"""Faults of tables and of the incidents in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..seed import incident
from . import Sandbox, fault


def _other_table(sandbox: Sandbox) -> str:
    return next(name for name in sandbox.stack.tables if name != sandbox.stack.incidents_table)


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


@fault(caught_by=["test_tables_are_active", "test_wanted_indexes_can_be_searched"])
def index_is_being_built(sandbox: Sandbox) -> None:
    """The status index is being backfilled and contains only some of the incidents."""
    table = sandbox.backend("dynamodb").tables[sandbox.stack.incidents_table]
    table.global_indexes[0].status = "CREATING"


@fault(blinds=["test_incidents_can_be_found_by_status", "test_no_incident_keeps_coming_back"])
def incidents_are_too_many_to_read(sandbox: Sandbox) -> None:
    """The incidents table has 2 GB, and no index of it is sorted by time."""
    table = sandbox.backend("dynamodb").tables[sandbox.stack.incidents_table]
    for index in table.global_indexes:
        index.schema = [key for key in index.schema if key["KeyType"] == "HASH"]
    describe = table.describe

    def large(base_key: str = "TableDescription") -> dict[str, Any]:
        told: dict[str, Any] = describe(base_key)
        told[base_key] |= {"TableSizeBytes": 2_000_000_000, "ItemCount": 3_400_000}
        return told

    table.describe = large


@fault(caught_by=["test_tables_are_active"])
def replica_is_gone(sandbox: Sandbox) -> None:
    """A replica of a global table has been cut off: its region is disabled."""
    table = sandbox.backend("dynamodb").tables[_other_table(sandbox)]
    describe = table.describe

    def replicated(base_key: str = "TableDescription") -> dict[str, Any]:
        told: dict[str, Any] = describe(base_key)
        told[base_key]["Replicas"] = [{"RegionName": "eu-west-1", "ReplicaStatus": "REGION_DISABLED"}]
        return told

    table.describe = replicated


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
    opened = f"{sandbox.now - timedelta(hours=7):%Y-%m-%dT%H:%M:%SZ}"
    put_incident(sandbox, incident("inc-1044", "active", "critical", opened, "Agents lose their sessions"))


@fault(caught_by=["test_incidents_can_be_found_by_status"])
def incident_lacks_its_severity(sandbox: Sandbox) -> None:
    """An incident was written without its severity, so the severity index does not contain it."""
    opened = f"{sandbox.now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}"
    written = incident("inc-1045", "resolved", "", opened, "Written by a script")
    put_incident(sandbox, {key: value for key, value in written.items() if value})


def put_incident(sandbox: Sandbox, item: dict[str, str]) -> None:
    """Write an item into the incidents table."""
    sandbox.client("dynamodb").put_item(
        TableName=sandbox.stack.incidents_table, Item={key: {"S": value} for key, value in item.items()}
    )
