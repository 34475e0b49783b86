"""DynamoDB: every property of tables, items, incidents and indexes; values that answers tell in a form of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.dynamodb import Incident, Table, incident_of, incidents_table_of, plain_item, tables
from opschecks.aws.evidence import moment_of_text
from opschecks.aws.indexes import Index, index_keys, indexes, type_of
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import REGISTRY, CouldNotLook, NotConfigured, NotThere
from tests.canned import ACCOUNT, Aws, Raw, given, names, stack
from tests.cases import cases

CALL = "dynamodb:DescribeTable"
ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
DENIED = CouldNotLook(CALL, "AccessDeniedException: no")


@pytest.fixture
def _far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose own zone is not UTC."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def table(unread: Any = None, **told: Any) -> Table:
    evidence = Unread(unread) if unread else Answer({"TableStatus": "ACTIVE", **told}, CALL)
    return Table(arn=ARN, name="incidents", evidence=evidence, unread=unread)


INDEXED = {
    "GlobalSecondaryIndexes": [{"IndexName": "a", "IndexStatus": "ACTIVE"}, {"IndexName": "b", "IndexStatus": "X"}]
}
PROVISIONED = {"ProvisionedThroughput": {"ReadCapacityUnits": 1}}


@cases({
    "on demand": (
        table(BillingModeSummary={"BillingMode": "PAY_PER_REQUEST"}), lambda it: it.billing_mode, "PAY_PER_REQUEST"),
    "provisioned again": (
        table(BillingModeSummary={"BillingMode": "PROVISIONED"}), lambda it: it.billing_mode, "PROVISIONED"),
    "never on demand": (table(**PROVISIONED), lambda it: it.billing_mode, "PROVISIONED"),
    "indexes": (table(**INDEXED), lambda it: (it.indexes, it.index_names), ({"a": "ACTIVE", "b": "X"}, ["a", "b"])),
    "no index": (table(), lambda it: (it.indexes, it.index_names), ({}, [])),
    "an empty list of indexes": (table(GlobalSecondaryIndexes=[]), lambda it: (it.indexes, it.index_names), ({}, [])),
    "unread": (table(DENIED), lambda it: it.index_names, []),
    "replicas": (
        table(Replicas=[{"RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE"}, {"RegionName": "eu-west-2"}, {}]),
        lambda it: it.replicas, {"eu-west-1": "ACTIVE", "eu-west-2": "", "a region": ""}),
    "no replicas": (table(), lambda it: it.replicas, {}),
})  # fmt: skip
def test_what_a_table_is_read_as(one: Table, read: Callable[[Table], Any], expected: Any) -> None:
    assert read(one) == expected


def test_a_table_that_says_nothing_of_its_billing_is_not_guessed() -> None:
    with pytest.raises(CouldNotLook, match=r"^dynamodb:DescribeTable: the answer has no 'ProvisionedThroughput'"):
        table().billing_mode  # noqa: B018 - it raises


def described(**by_name: Any) -> list[Table]:
    aws = Aws({("dynamodb", "DescribeTable"): lambda TableName: by_name[TableName]})  # noqa: N803 - AWS's name
    return tables(aws, names(tables=tuple(by_name)))


def test_tables_as_they_are_described() -> None:
    assert REGISTRY["tables"].lasting
    gone = NotThere(CALL, "ResourceNotFoundException: no")
    full, empty, bare, old, mute = described(
        full={"Table": {"TableArn": ARN, "TableStatus": "ACTIVE", "ItemCount": 41}},
        empty={"Table": {"TableStatus": "ACTIVE", "ItemCount": 0}}, bare={"Table": {"TableStatus": "ACTIVE"}},
        old=gone, mute=DENIED,
    )  # fmt: skip
    assert (full.arn, full.name, full.figures, full.unread) == (ARN, "full", (Figure("items", 41),), None)
    assert (empty.arn, empty.figures, bare.figures) == ("empty", (Figure("items", 0),), ())
    assert (old.arn, old.name, old.status, old.unread) == ("old", "old", "MISSING", None)
    assert old.evidence == {"TableStatus": "MISSING", "Error": "ResourceNotFoundException: no"}
    assert (mute.arn, mute.name, str(mute.unread)) == ("mute", "mute", str(DENIED))
    with pytest.raises(CouldNotLook, match="AccessDeniedException"):
        mute.status  # noqa: B018 - it raises
    with pytest.raises(CouldNotLook, match="AccessDeniedException"):
        described(a=DENIED, b=DENIED)
    assert [one.status for one in described(a=gone)] == ["MISSING"]


HERE = stack(incidents_table="incidents")
OWN = stack(incidents_table="incidents", incident_fields={
    "id": "i", "status": "s", "severity": "v", "created_at": "c", "title": "t"})  # fmt: skip


def test_an_incident_as_it_is_told() -> None:
    item = Answer({"i": "7", "s": "active", "v": "high", "c": "2026-11-24T01:00:00Z", "t": "disk"}, "dynamodb:Query")
    found = incident_of(OWN, item)
    assert (found.arn, found.name, found.evidence, found.fields) == ("incidents/7", "7", item, OWN.incident_fields)
    assert (found.status, found.severity, found.title) == ("active", "high", "disk")
    assert found.created_at == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert found.gaps == []
    assert found.figures == (
        Figure("severity", "high"), Figure("status", "active"), Figure("opened", "2026-11-24T01:00:00Z"),
        Figure("title", "disk"),
    )  # fmt: skip
    bare = incident_of(OWN, Answer({}, "dynamodb:Query"))
    assert (bare.arn, bare.name, bare.title) == ("incidents/incident without an id", "incident without an id", "")
    assert bare.figures == (
        Figure("severity", "unknown"), Figure("status", "unknown"), Figure("opened", "unknown"), Figure("title", ""),
    )  # fmt: skip
    assert bare.gaps == ["s", "v", "c"]
    with pytest.raises(CouldNotLook, match=r"^dynamodb:Query: the answer has no 's'"):
        bare.status  # noqa: B018 - it raises


GAPS = {"active": [], "": ["status"], None: ["status"], 7: ["status"], ("a",): ["status"]}


@pytest.mark.parametrize("value", GAPS, ids=str)
def test_what_searches_need_of_an_incident_is_text(value: Any) -> None:
    item = {"status": value, "severity": "low", "created_at": "2026"}
    assert incident_of(HERE, Answer(item)).gaps == GAPS[value]


MOMENTS = {
    "2026-11-24T01:00:00": datetime(2026, 11, 24, 1, tzinfo=UTC),
    "2026-11-24T01:00:00+09:00": datetime(2026, 11, 23, 16, tzinfo=UTC),
    "2026-11-24": datetime(2026, 11, 24, tzinfo=UTC),
}


@pytest.mark.usefixtures("_far_east")
@pytest.mark.parametrize("text", MOMENTS)
def test_a_time_without_a_zone_is_utc_whichever_zone_the_machine_has(text: str) -> None:
    incident = incident_of(HERE, Answer({"created_at": text}, "dynamodb:Query"))
    assert incident.created_at == moment_of_text({"at": text}, "at") == MOMENTS[text]
    assert incident.created_at.tzinfo is UTC


@pytest.mark.parametrize("text", ["yesterday", "0001-01-01T00:00:00+05:00"])
def test_a_time_that_is_none_is_told_with_the_incident(text: str) -> None:
    with pytest.raises(CouldNotLook) as it:
        incident_of(HERE, Answer({"incident_id": "7", "created_at": text}, "dynamodb:Query")).created_at  # noqa: B018
    assert str(it.value) == f"dynamodb:Query: created_at '{text}' of 7 is not a time"


def test_without_a_table_of_incidents_the_stack_is_told_to_name_one() -> None:
    assert incidents_table_of(HERE) == "incidents"
    with pytest.raises(
        NotConfigured, match=r"stack here names no incidents table: set incidents_table in stacks\.toml"
    ):
        incidents_table_of(stack())


def test_an_item_as_plain_values() -> None:
    item: Raw = {
        "s": {"S": "x"}, "n": {"N": "1"}, "b": {"B": b"\xff"}, "l": {"L": [{"B": b"1"}, {"S": "y"}]},
        "m": {"M": {"k": {"B": b"2"}}}, "bs": {"BS": [b"3"]}, "ss": {"SS": ["z"]}, "none": {"NULL": True},
    }  # fmt: skip
    found = plain_item(item, "dynamodb:Scan")
    assert dict(found) == {
        "s": "x", "n": 1, "b": b"\xff", "l": [b"1", "y"], "m": {"k": b"2"}, "bs": {b"3"}, "ss": {"z"}, "none": None,
    }  # fmt: skip
    assert (type(found["b"]), found.call) == (bytes, "dynamodb:Scan")
    for bad in ({"n": {"N": "1e400"}}, {"x": {"Z": 1}}):
        with pytest.raises(CouldNotLook, match=r"^dynamodb:Scan: an item cannot be read: "):
            plain_item(bad, "dynamodb:Scan")


BY_TEAM = stack(
    incidents_table="incidents", tables=["incidents"], wanted_indexes=[{"name": "by-team", "hash_key": "team"}]
)
SCHEMA = [{"AttributeName": "team", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
DEFINED: list[Mapping[str, Any]] = [
    {"AttributeName": "team", "AttributeType": "S"},
    {"AttributeName": "at", "AttributeType": "N"},
]


def indexed(*there: Raw, unread: CouldNotLook | None = None, **more: Any) -> Index:
    told = {"GlobalSecondaryIndexes": list(there), "AttributeDefinitions": DEFINED, **more}
    [found] = indexes(BY_TEAM, [table(unread, **told)])
    return found


def by_team(**changes: Any) -> Raw:
    return given({"IndexName": "by-team", "KeySchema": SCHEMA, "IndexStatus": "ACTIVE", "ItemCount": 0}, changes)


def test_an_index_as_it_is_found() -> None:
    found = indexed({"IndexName": "other"}, by_team())
    assert (found.arn, found.name, found.figures) == (
        f"{ARN}/index/by-team", "incidents/by-team", (Figure("entries", 0),),
    )  # fmt: skip
    assert found.evidence == {**by_team(), "AttributeDefinitions": DEFINED}
    assert (found.table_exists, found.exists, found.status, found.key_type) == (True, True, "ACTIVE", "S")
    assert found.keys == {"HASH": "team", "RANGE": "at"}
    assert indexed(by_team(ItemCount=None)).figures == ()
    assert indexed(by_team(Backfilling=True, IndexStatus="CREATING")).status == "CREATING (backfilling)"
    assert indexed(by_team(Backfilling=False)).status == "ACTIVE"


def test_an_index_that_is_not_there() -> None:
    found = indexed({"IndexName": "other"})
    assert (found.table_exists, found.exists, found.figures) == (True, False, ())
    assert found.evidence == {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": ["other"]}
    gone = indexed(TableStatus="MISSING", GlobalSecondaryIndexes=None)
    assert (gone.table_exists, gone.exists) == (False, False)
    assert gone.evidence == {"TableStatus": "MISSING", "GlobalSecondaryIndexes": []}
    mute = indexed(unread=DENIED)
    assert mute.evidence == {}
    with pytest.raises(CouldNotLook, match="AccessDeniedException"):
        mute.table_exists  # noqa: B018 - it raises


def test_keys_and_types_that_the_answer_lacks() -> None:
    assert index_keys({"KeySchema": SCHEMA[:1]}) == {"HASH": "team"}
    assert type_of(DEFINED, "at") == "N"
    with pytest.raises(CouldNotLook, match=r"^dynamodb:DescribeTable: the answer has no 'HASH'"):
        index_keys({"KeySchema": SCHEMA[1:]})
    with pytest.raises(CouldNotLook, match=r"^dynamodb:DescribeTable: the answer has no 'x'"):
        type_of(DEFINED, "x")


def test_an_incident_is_one_resource_of_its_table() -> None:
    assert isinstance(incident_of(HERE, Answer({})), Incident)
