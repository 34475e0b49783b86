"""DynamoDB: tables in every state, and incidents as they are really written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.dynamodb import Incident, Table, tables
from opschecks.aws.incident_reads import Reading, active_incidents, overnight_incidents, overnight_reading
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, daily, given, judges, names, stack, verdicts
from tests.canned_incidents import HERE, pauses
from tests.cases import cases

__all__ = ["pauses"]

checks, incident_checks = daily("dynamodb"), daily("incidents")
RESERVED = ("status", "severity", "created_at")


def table(**changes: Any) -> Raw:
    """A table as DescribeTable tells of it; a change to None takes a key away."""
    raw = {
        "TableName": "incidents",
        "TableArn": f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "incident_id", "AttributeType": "S"}],
        "CreationDateTime": ago(days=300),
        "ItemCount": 41,
        "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }
    return given(raw, changes)


def seen(raw: Raw | Exception) -> list[Table]:
    answer = raw if isinstance(raw, Exception) else {"Table": raw}
    return tables(Aws({("dynamodb", "DescribeTable"): answer}), names(tables=("incidents",)))


def index(name: str = "status-index", status: str | None = "ACTIVE") -> Raw:
    return {"IndexName": name, **({"IndexStatus": status} if status else {})}


def indexed(*indexes: Raw) -> Raw:
    return table(GlobalSecondaryIndexes=list(indexes))


KEYLESS = dict.fromkeys(("KeySchema", "AttributeDefinitions", "ItemCount", "BillingModeSummary", "CreationDateTime"))
GONE = NotThere("dynamodb:DescribeTable", "ResourceNotFoundException: Requested resource not found")

ACTIVE: dict[str, tuple[Raw | Exception, str, str]] = {
    "active": (indexed(index()), "passed", "ACTIVE, 1 indexes"),
    "updating": (table(TableStatus="UPDATING", GlobalSecondaryIndexes=[index(status="UPDATING")]), "passed", ""),
    "without indexes": (table(), "passed", "ACTIVE, 0 indexes"),
    "deleting, without keys": (table(TableStatus="DELETING", **KEYLESS), "failed", "the table is DELETING"),
    "creating": (table(TableStatus="CREATING"), "failed", "the table is CREATING"),
    "key inaccessible": (table(TableStatus="INACCESSIBLE_ENCRYPTION_CREDENTIALS"), "failed", "INACCESSIBLE"),
    "missing": (GONE, "failed", "the table is MISSING"),
    "index is being built": (indexed(index(), index("by-team", "CREATING")), "failed", "index by-team is CREATING"),
    "nothing said of the index": (indexed(index(status=None)), "blind", "the answer has no 'IndexStatus'"),
    "nothing said of the status": (table(TableStatus=None), "blind", "the answer has no 'TableStatus'"),
}
test_tables_are_active = judges(checks.test_tables_are_active, ACTIVE, tables=seen)


BILLING: dict[str, tuple[Raw | Exception, str, str]] = {
    "on demand": (table(), "passed", "PAY_PER_REQUEST"),
    "provisioned": (table(BillingModeSummary={"BillingMode": "PROVISIONED"}), "failed", "PROVISIONED"),
    "never on demand": (table(BillingModeSummary=None), "failed", "PROVISIONED; expected PAY_PER_REQUEST"),
    "nothing said of it": (
        table(BillingModeSummary=None, ProvisionedThroughput=None),
        "blind",
        "no 'ProvisionedThroughput'",
    ),
    "nothing said of the mode": (table(BillingModeSummary={}), "blind", "the answer has no 'BillingMode'"),
    "missing": (GONE, "failed", "the table does not exist"),
}
test_tables_bill_as_wanted = judges(checks.test_tables_bill_as_wanted, BILLING, tables=seen)


DENIED = CouldNotLook("dynamodb:DescribeTable", "AccessDeniedException: no", action="dynamodb:DescribeTable")


def test_where_no_table_may_be_read_the_observation_says_what_to_allow() -> None:
    with pytest.raises(CouldNotLook, match="allow dynamodb:DescribeTable"):
        seen(DENIED)


def item(name: str = "i-1", **changes: Raw | None) -> Raw:
    """An item in DynamoDB's own notation; a change to None takes an attribute away."""
    raw: dict[str, Raw | None] = {
        "incident_id": {"S": name},
        "status": {"S": "active"},
        "severity": {"S": "medium"},
        "created_at": {"S": f"{ago(hours=3).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        "title": {"S": "Latency is high"},
        "attempts": {"N": "3"},
        "labels": {"SS": ["eu", "api"]},
    }
    return given(raw, changes)


SMALL = [Table(arn="arn", name="incidents", evidence=Answer(table(TableSizeBytes=9000)))]


def read(checked: Stack, aws: Aws, now: datetime = NOW) -> Reading:
    return overnight_reading(checked, aws, SMALL, now)


def opened(checked: Stack, aws: Aws, now: datetime = NOW) -> list[Incident]:
    return overnight_incidents(read(checked, aws, now))


def active(*items: Raw, checked: Stack = HERE) -> list[Incident]:
    return active_incidents(checked, Aws({("dynamodb", "Query"): {"Items": list(items), "Count": 1}}, checked))


def overnight(*items: Raw, checked: Stack = HERE) -> list[Incident]:
    return overnight_incidents(read(checked, Aws({("dynamodb", "Scan"): {"Items": list(items), "Count": 1}}, checked)))


@cases({
    "query": (active_incidents, "Query", ["KeyConditionExpression"]),
    "scan": (opened, "Scan", ["FilterExpression"]),
})  # fmt: skip
def test_reserved_words_are_aliased_and_every_placeholder_is_explained(
    observe: Any, operation: str, expressions: list[str]
) -> None:
    aws = Aws({("dynamodb", operation): {"Items": []}}, HERE)
    assert observe(HERE, aws) == []
    [asked] = aws.parameters_of(operation)
    words = re.findall(r"[#:]?\w+", " ".join(str(asked[key]) for key in expressions))
    assert not set(words) & set(RESERVED)
    assert {word for word in words if word.startswith("#")} == set(asked["ExpressionAttributeNames"])
    assert {word for word in words if word.startswith(":")} == set(asked["ExpressionAttributeValues"])
    assert set(asked["ExpressionAttributeNames"].values()) <= set(RESERVED)


def test_active_incidents_are_found_through_the_index_by_the_stacks_own_words() -> None:
    checked = stack(
        incidents_table="tickets", status_index="by-state", active_status="open", incident_fields={"status": "state"}
    )
    aws = Aws({("dynamodb", "Query"): {"Items": []}}, checked)
    active_incidents(checked, aws)
    [asked] = aws.parameters_of("Query")
    assert (asked["TableName"], asked["IndexName"]) == ("tickets", "by-state")
    assert asked["ExpressionAttributeNames"] == {"#status": "state"}
    assert asked["ExpressionAttributeValues"] == {":active": {"S": "open"}}


@cases({
    "query": (active_incidents, "Query"),
    "scan": (opened, "Scan"),
})  # fmt: skip
def test_a_page_without_items_may_be_followed_by_one_with_some(observe: Any, operation: str) -> None:
    first, second = {"incident_id": {"S": "a"}}, {"incident_id": {"S": "b"}}
    pages = [
        {"Items": [item("i-1")], "Count": 1, "LastEvaluatedKey": first},
        {"Items": [], "Count": 0, "LastEvaluatedKey": second},
        {"Items": [item("i-2")], "Count": 1},
    ]
    aws = Aws({("dynamodb", operation): pages}, HERE)
    assert [one.name for one in observe(HERE, aws)] == ["i-1", "i-2"]
    starts = [asked.get("ExclusiveStartKey") for asked in aws.parameters_of(operation)]
    assert starts == [None, first, second]


def test_a_search_longer_than_the_page_budget_is_not_seen() -> None:
    short = stack(incidents_table="incidents", limits={"pages": 2})
    pages = [{"Items": [item()], "LastEvaluatedKey": {"incident_id": {"S": str(n)}}} for n in range(2)]
    with pytest.raises(CouldNotLook, match="dynamodb:Scan: cut short after 2 pages"):
        opened(short, Aws({("dynamodb", "Scan"): pages}, short))


def test_without_an_incidents_table_the_stack_is_told_to_name_one() -> None:
    with pytest.raises(CouldNotLook, match=r"set incidents_table in stacks\.toml"):
        active_incidents(stack(), Aws({}))


def written(moment: datetime) -> Raw:
    return {"created_at": {"S": moment.isoformat(timespec="seconds")}}


def utc(**how_long: float) -> datetime:
    return ago(**how_long).astimezone(UTC)


AGE: dict[str, tuple[Raw, str, str]] = {
    "young": ({}, "passed", "medium, active for"),
    "older than its severity allows": (written(utc(hours=25)), "failed", "limit 24 h"),
    "critical": ({"severity": {"S": "CRITICAL"}}, "failed", "limit 1 h"),
    "low": ({"severity": {"S": "low"}, **written(utc(hours=71))}, "passed", ""),
    "of an unknown severity": ({"severity": {"S": "sev0"}}, "failed", "limit 1 h"),
    "in another zone, young": (written(ago(hours=23.5)), "passed", ""),
    "in another zone, old": (written(ago(hours=24.5)), "failed", "limit 24 h"),
    "without a zone is UTC, young": (written(utc(hours=23.5).replace(tzinfo=None)), "passed", ""),
    "without a zone is UTC, old": (written(utc(hours=24.5).replace(tzinfo=None)), "failed", "limit 24 h"),
    "without a title": ({"title": None}, "passed", ""),
    "no time": ({"created_at": {"S": "yesterday"}}, "blind", "created_at 'yesterday' of i-1 is not a time"),
    "without a time": ({"created_at": None}, "blind", "the answer has no 'created_at'"),
    "without a severity": ({"severity": None}, "blind", "the answer has no 'severity'"),
}
test_active_incidents_are_young = judges(
    incident_checks.test_active_incidents_are_young,
    AGE,
    active_incidents=lambda changes: active(item(**changes)),
    stack=HERE,
)


EPOCH = {"N": str(int(NOW.timestamp()))}
FOUND: dict[str, tuple[Raw, str, str]] = {
    "resolved": ({"status": {"S": "resolved"}}, "passed", "medium, resolved, opened"),
    "active and in the index": ({}, "passed", ""),
    "active and too young for the index": ({"incident_id": {"S": "i-2"}, **written(utc(minutes=-60))}, "passed", ""),
    "active and not in the index": ({"incident_id": {"S": "i-2"}}, "failed", "status-index does not show it"),
    "in another zone": ({"status": {"S": "resolved"}, **written(ago(hours=2))}, "passed", f"{utc(hours=2):%H:%M} UTC"),
    "no status": ({"status": None}, "failed", "it has no status"),
    "empty status": ({"status": {"S": ""}}, "failed", "it has no status"),
    "no severity and no time": ({"severity": None, "created_at": None}, "failed", "it has no severity, no created_at"),
    "time is a number": ({"created_at": EPOCH}, "failed", "it has no created_at"),
    "severity is null": ({"severity": {"NULL": True}}, "failed", "it has no severity"),
    "time is not a time": (
        {"created_at": {"S": "2026-13-01"}},
        "blind",
        "created_at '2026-13-01' of i-1 is not a time",
    ),
}
test_incidents_can_be_found_by_status = judges(
    incident_checks.test_incidents_can_be_found_by_status,
    FOUND,
    overnight_incidents=lambda changes: overnight(item(**changes)),
    overnight_reading=Reading(arn="incidents", name="incidents", incidents=(), unindexed=0),
    active_incidents=active(item("i-1")),
    stack=HERE,
)


@cases([
    ("UTC", datetime(2026, 11, 24, 6, tzinfo=UTC), "2026-11-23T00:00:00"),
    ("Asia/Tokyo", datetime(2026, 11, 24, 6, tzinfo=UTC), "2026-11-22T15:00:00"),
    ("Asia/Tokyo", datetime(2026, 11, 24, 16, tzinfo=UTC), "2026-11-23T15:00:00"),
    ("America/Los_Angeles", datetime(2026, 11, 24, 6, tzinfo=UTC), "2026-11-22T08:00:00"),
    ("Europe/Berlin", datetime(2026, 10, 26, 6, tzinfo=UTC), "2026-10-24T22:00:00"),
])  # fmt: skip
def test_yesterday_begins_at_the_stacks_own_midnight(zone: str, moment: datetime, since: str) -> None:
    checked = stack(incidents_table="incidents", time_zone=zone)
    aws = Aws({("dynamodb", "Scan"): {"Items": []}}, checked)
    opened(checked, aws, moment)
    [asked] = aws.parameters_of("Scan")
    assert asked["ExpressionAttributeValues"][":since"] == {"S": since}


def test_items_that_no_time_can_find_are_asked_for_too() -> None:
    aws = Aws({("dynamodb", "Scan"): {"Items": []}}, HERE)
    opened(HERE, aws)
    [asked] = aws.parameters_of("Scan")
    assert "OR NOT attribute_type(#created, :text)" in asked["FilterExpression"]
    assert asked["ExpressionAttributeValues"][":text"] == {"S": "S"}


def test_one_incident_that_cannot_be_judged_hides_no_other() -> None:
    old = written(utc(hours=24) - timedelta(days=2))
    found = active(item("i-1"), item("i-2", created_at={"S": "soon"}), item("i-3", **old), item("i-4", severity=None))
    told = verdicts(incident_checks.test_active_incidents_are_young, active_incidents=found, stack=HERE)
    assert told == {"i-1": "passed", "i-2": "blind", "i-3": "failed", "i-4": "blind"}
    assert len({one.arn for one in found}) == 4
