"""The table of incidents, its indexes and items as DynamoDB tells of them, and reads that do not wait."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws import incident_reads
from opschecks.aws.dynamodb import Table
from opschecks.core.answer import Answer
from tests.canned import ACCOUNT, Raw, given, stack

HERE = stack(incidents_table="incidents")
ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
MORE = {"LastEvaluatedKey": {"incident_id": {"S": "x"}}}


def index(name: str = "status-index", hash_key: str = "status", range_key: str = "created_at", **changes: Any) -> Raw:
    raw: Raw = {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": hash_key, "KeyType": "HASH"},
            *([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else []),
        ],
        "IndexStatus": "ACTIVE",
        "Projection": {"ProjectionType": "ALL"},
        "ItemCount": 1000,
    }
    return given(raw, changes)


def raw_table(*indexes: Raw, **changes: Any) -> Answer:
    raw: Raw = {
        "TableName": "incidents",
        "TableArn": ARN,
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "TableSizeBytes": 8192,
        "ItemCount": 1000,
        "GlobalSecondaryIndexes": list(indexes),
    }
    return Answer(given(raw, changes), "dynamodb:DescribeTable")


def table(*indexes: Raw, **changes: Any) -> list[Table]:
    return [Table(arn=ARN, name="incidents", evidence=raw_table(*indexes, **changes))]


def item(name: str = "a", **changes: str | None) -> Raw:
    told: dict[str, Any] = {
        "incident_id": name, "status": "active", "severity": "low", "created_at": "2026-11-24T01:00:00Z",
    }  # fmt: skip
    return {key: {"S": value} for key, value in {**told, **changes}.items() if value is not None}


def units(read_units: float) -> Raw:
    return {"ConsumedCapacity": {"TableName": "incidents", "CapacityUnits": read_units}}


def limited(**limits: Any) -> Any:
    return stack(incidents_table="incidents", limits=limits)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without waiting."""
    made: list[float] = []
    monkeypatch.setattr(incident_reads, "pause", made.append)
    return made
