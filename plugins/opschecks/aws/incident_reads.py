"""DynamoDB: the active incidents and recent ones, by reads that are planned, paced and held to a budget of read units.

A read that is not strongly consistent costs half a unit for each 4 KB that are read, before any filter; a page ends at
1 MB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation
from .dynamodb import Incident, Table, incident_of, incidents_table_of, plain_item
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

UNIT_BYTES = 8192
PAGE_UNITS = 128.0
"""What a full page costs; counted where an answer does not say what it consumed."""
LONGEST_S = 60
SHARE = 0.25
"""The part of a provisioned table's read capacity that reads may take: the application needs the rest."""
_SCAN, _QUERY = "dynamodb:Scan", "dynamodb:Query"


class OverBudget(CouldNotLook):
    """The budget was used up before everything was read."""


@dataclass
class Budget:
    """The read units that an observation may still take from one table, and how many a second."""

    stack: Stack
    table: Mapping[str, Any]
    used: float = 0.0

    @property
    def units(self) -> float:
        """All of them: what the stack allows, and no more than a minute's."""
        return min(float(self.stack.limits.incident_read_units), self.a_second * LONGEST_S)

    @property
    def a_second(self) -> float:
        """Units a second; of a provisioned table no more than a quarter of its capacity."""
        provisioned = float((self.table.get("ProvisionedThroughput") or {}).get("ReadCapacityUnits") or 0)
        most = float(self.stack.limits.incident_read_units_per_second)
        return min(most, max(1.0, provisioned * SHARE)) if provisioned else most

    def pages(self, aws: Aws, operation: str, **asked: Any) -> Iterator[Answer]:
        """Each page, with a pause for what it consumed; OverBudget where more would go beyond the budget."""
        for page in aws.pages("dynamodb", operation, ReturnConsumedCapacity="TOTAL", **asked, **self._limit(asked)):
            consumed = float((page.get("ConsumedCapacity") or {}).get("CapacityUnits", PAGE_UNITS))
            self.used += consumed
            yield page
            if page.get("LastEvaluatedKey"):
                if self.used >= self.units:
                    told = f"cut short after {self.used:,.0f} read units (limit incident_read_units)"
                    raise OverBudget(page.call, f"{told}; later items were not read")
                pause(consumed / self.a_second)

    def _limit(self, asked: Mapping[str, Any]) -> dict[str, int]:
        """Items a page where a full one would take more than a second's units at once."""
        count, size = self.table.get("ItemCount"), self.table.get("TableSizeBytes")
        if self.a_second >= PAGE_UNITS or not count or not size:
            return {}
        return {"Limit": max(1, int(self.a_second * UNIT_BYTES / (size / count)))}


def pause(seconds: float) -> None:
    """Wait: what is read is spread over time."""
    time.sleep(seconds)


@dataclass(frozen=True, kw_only=True)
class Reading(Resource):
    """The incidents opened since a moment, and how they were found.

    `through`: the indexes by which a table too large to read was searched, in words; "" where all of it was read.
    `unindexed`: how many items AWS counts in the table but not in such an index; None where it counts neither.
    """

    incidents: tuple[Incident, ...] = field(repr=False)
    through: str = ""
    unindexed: int | None

    def require_indexed(self) -> None:
        """CouldNotLook where items may be in no index: nothing was read that would show them.

        AWS counts each about every six hours, so that counts differ by what was written in between:
        https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TableDescription.html
        """
        if self.unindexed is None:
            raise CouldNotLook(_QUERY, f"AWS does not count the items of {self.name} and its indexes: {self.through}")
        if self.unindexed > max(100, len(self.incidents)):
            told = f"about {self.unindexed:,} items are in no index by AWS's count, and were not read"
            raise CouldNotLook(_QUERY, f"{told}: {self.through}; raise incident_read_units to read all of the table")


def read_opened(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, since: datetime) -> Reading:
    """The incidents opened since then, whatever their status; and those without a time, where all of it is read.

    A table that the budget allows is read whole. A larger one is searched through its indexes that are sorted by time;
    CouldNotLook where it has none.
    """
    name = incidents_table_of(stack)
    raw = _described(aws, name, tables)
    budget = Budget(stack, raw)
    size = int(raw.get("TableSizeBytes") or 0)
    whole = size / UNIT_BYTES <= budget.units
    found, through = (_scanned(stack, aws, budget, since), "") if whole else _searched(stack, aws, budget, since)
    figures = (Figure("read units", round(budget.used, 1)), Figure("items", int(raw.get("ItemCount") or 0)))
    told = {"bytes": size, "items": raw.get("ItemCount"), "read units": budget.used, "read through": through or "all"}
    return Reading(
        arn=str(raw.get("TableArn", name)),
        name=name,
        evidence=told,
        figures=figures if raw else figures[:1],
        incidents=tuple(incident_of(stack, item) for item in found),
        through=through,
        unindexed=0 if whole else _unindexed(raw, _sorted_by_time(stack, raw)),
    )


def _described(aws: Aws, name: str, tables: list[Table] | CouldNotLook) -> Mapping[str, Any]:
    """DescribeTable's answer; empty where it could not be read: the budget holds all the same.

    It is asked for here where the table is not among those of the stack, as with `tables` in stacks.toml.
    """
    if isinstance(tables, CouldNotLook):
        return {}
    seen = next((one for one in tables if one.name == name), None)
    if seen is None:
        described: Mapping[str, Any] = aws.call("dynamodb", "DescribeTable", TableName=name)["Table"]
        return described
    return {} if seen.unread else seen.evidence


def _scanned(stack: Stack, aws: Aws, budget: Budget, since: datetime) -> list[Answer]:
    asked = {
        "TableName": incidents_table_of(stack),
        # a missing or non-text time compares with nothing: such items would never be found
        "FilterExpression": "#created >= :since OR NOT attribute_type(#created, :text)",
        "ExpressionAttributeNames": {"#created": stack.incident_fields.created_at},
        "ExpressionAttributeValues": {":since": {"S": f"{since:%Y-%m-%dT%H:%M:%S}"}, ":text": {"S": "S"}},
    }
    return [plain_item(item, page.call) for page in budget.pages(aws, "Scan", **asked) for item in page["Items"]]


def _searched(stack: Stack, aws: Aws, budget: Budget, since: datetime) -> tuple[list[Answer], str]:
    """The items that indexes show, each once, and which these are."""
    fields, table = stack.incident_fields, budget.table
    count = int(table["TableSizeBytes"])
    size = f"{incidents_table_of(stack)} has " + (f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB")
    indexes = _sorted_by_time(stack, table)
    if not indexes:
        cost = f"{count / UNIT_BYTES:,.0f} read units, more than incident_read_units ({budget.units:,.0f})"
        lacking = f"no ready index with the key {fields.status} or {fields.severity} is sorted by {fields.created_at}"
        raise CouldNotLook(_SCAN, f"{size}: reading it costs {cost}, and {lacking}")
    found: dict[str, Answer] = {}
    told = []
    for index in indexes:
        key = _keys(index)["HASH"]
        values = _values(stack, key)
        told.append(f"{index['IndexName']} ({', '.join(values)})")
        for value in values:
            asked = {
                "TableName": incidents_table_of(stack),
                "IndexName": str(index["IndexName"]),
                "KeyConditionExpression": "#key = :value AND #created >= :since",
                "ExpressionAttributeNames": {"#key": key, "#created": fields.created_at},
                "ExpressionAttributeValues": {":value": {"S": value}, ":since": {"S": f"{since:%Y-%m-%dT%H:%M:%S}"}},
            }
            for page in budget.pages(aws, "Query", **asked):
                items = [plain_item(item, page.call) for item in page["Items"]]
                found |= {str(item[fields.id]): item for item in items}
    return list(found.values()), f"{size} and was searched through {' and '.join(told)}, not read whole"


def _sorted_by_time(stack: Stack, table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The ready indexes by status or severity that are sorted by time and hold what checks read of an incident."""
    fields = stack.incident_fields
    needed = {fields.id, fields.status, fields.severity, fields.created_at, fields.title}
    own = {str(key["AttributeName"]) for key in table.get("KeySchema") or []}
    found = []
    for index in table.get("GlobalSecondaryIndexes") or []:
        keys, held = _keys(index), index.get("Projection") or {}
        whole = held.get("ProjectionType") == "ALL"
        holds = whole or needed <= {*own, *keys.values(), *(held.get("NonKeyAttributes") or [])}
        by = keys.get("HASH") in (fields.status, fields.severity) and keys.get("RANGE") == fields.created_at
        if by and holds and index.get("IndexStatus") in ("ACTIVE", "UPDATING") and not index.get("Backfilling"):
            found.append(index)
    return found


def _values(stack: Stack, key: str) -> list[str]:
    """The values of the key that incidents have, as the stack says."""
    if key == stack.incident_fields.status:
        return list(dict.fromkeys((stack.active_status, stack.resolved_status, *stack.incident_statuses)))
    return list(stack.limits.incident_age_hours)


def _keys(index: Mapping[str, Any]) -> dict[str, str]:
    return {str(key["KeyType"]): str(key["AttributeName"]) for key in index.get("KeySchema") or []}


def _unindexed(table: Mapping[str, Any], indexes: list[Mapping[str, Any]]) -> int | None:
    """The most items that one of the indexes lacks, of which there are some; None where AWS counts no items."""
    counts = [table.get("ItemCount"), *(index.get("ItemCount") for index in indexes)]
    known = [int(count) for count in counts if count is not None]
    return max(0, known[0] - min(known[1:])) if len(known) == len(counts) else None


@observation(allow=["dynamodb:Query"])
def active_incidents(stack: Stack, aws: Aws) -> list[Incident]:
    """The active incidents, by status through the table's status index (runbook: query incidents)."""
    pages = Budget(stack, {}).pages(
        aws,
        "Query",
        TableName=incidents_table_of(stack),
        IndexName=stack.status_index,
        KeyConditionExpression="#status = :active",
        ExpressionAttributeNames={"#status": stack.incident_fields.status},  # status is a reserved word
        ExpressionAttributeValues={":active": {"S": stack.active_status}},
    )
    return [incident_of(stack, plain_item(item, page.call)) for page in pages for item in page["Items"]]


@observation(allow=["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan"], soft=["tables"])
def overnight_reading(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, now: datetime) -> Reading:
    """What was read of the incidents table for those opened since the start of yesterday in the stack's time zone."""
    today = now.astimezone(stack.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return read_opened(stack, aws, tables, (today - timedelta(days=1)).astimezone(UTC))


@observation()
def overnight_incidents(overnight_reading: Reading) -> list[Incident]:
    """The incidents opened since the start of yesterday in the stack's time zone, whatever their status."""
    return list(overnight_reading.incidents)
