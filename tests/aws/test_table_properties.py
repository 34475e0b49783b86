"""DynamoDB: every property of tables, items, incidents and indexes; values that answers tell in a form of their own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.dynamodb import Incident, Table, incident_of, incidents_table_of, plain_item, tables
from opschecks.aws.dynamodb_items import digest_of, from_line, key_line, key_names, read_items, to_line
from opschecks.aws.evidence import OneOf, Read, equals, last_part, one_of, utc
from opschecks.aws.forms import json_mapping, moment_of_ms, moment_of_text, seconds, whole_number
from opschecks.aws.freeze_windows import FreezeWindow, freeze_windows
from opschecks.aws.indexes import Index, index_keys, indexes, type_of
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure, Resource
from opschecks.core.observation import REGISTRY, CouldNotLook, NotConfigured, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, given, names, stack

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
TABLES: dict[str, tuple[Table, Callable[[Table], Any], Any]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", TABLES)
def test_what_a_table_is_read_as(case: str) -> None:
    one, read, expected = TABLES[case]
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


LINES: dict[str, tuple[Raw, str]] = {
    "scalars": (
        {"b": {"S": "é"}, "a": {"N": "1"}, "c": {"BOOL": True}, "d": {"NULL": True}},
        '{"Item":{"a":{"N":"1"},"b":{"S":"\\u00e9"},"c":{"BOOL":true},"d":{"NULL":true}}}'),
    "binary": ({"a": {"B": b"\xff1"}}, '{"Item":{"a":{"B":"/zE="}}}'),
    "sets": (
        {"a": {"SS": ["x", "b"]}, "n": {"NS": ["2", "1"]}, "z": {"BS": [b"2", b"1"]}},
        '{"Item":{"a":{"SS":["b","x"]},"n":{"NS":["1","2"]},"z":{"BS":["MQ==","Mg=="]}}}'),
    "nested": (
        {"a": {"L": [{"S": "x"}, {"M": {"k": {"B": b"1"}}}]}},
        '{"Item":{"a":{"L":[{"S":"x"},{"M":{"k":{"B":"MQ=="}}}]}}}'),
}  # fmt: skip


@pytest.mark.parametrize("case", LINES)
def test_an_item_as_a_line_and_back(case: str) -> None:
    item, line = LINES[case]
    assert to_line(item) == line
    assert to_line(from_line(line)) == line
    assert from_line(line).call == "s3:GetObject"


def test_a_line_as_an_item() -> None:
    line = '{"Item":{"a":{"B":"MQ=="},"b":{"BS":["Mg=="]},"l":{"L":[{"B":"Mw=="}]},"m":{"M":{"k":{"N":"1"}}}}}'
    assert dict(from_line(line)) == {
        "a": {"B": b"1"}, "b": {"BS": [b"2"]}, "l": {"L": [{"B": b"3"}]}, "m": {"M": {"k": {"N": "1"}}},
    }  # fmt: skip


NO_LINES = {
    "": "Expecting value",
    "[]": "not a line of a DynamoDB export",
    '"Item"': "not a line of a DynamoDB export",
    '["Item"]': "not a line of a DynamoDB export",
    "{}": "not a line of a DynamoDB export",
    '{"Item":[]}': "not a line of a DynamoDB export",
    '{"Item":null}': "not a line of a DynamoDB export",
    '{"Item":{},"More":1}': "not a line of a DynamoDB export",
    '{"Item":{"a":1}}': "not an attribute of DynamoDB",
    '{"Item":{"a":{"L":1}}}': "not an attribute of DynamoDB",
    '{"Item":{"a":{"B":"?"}}}': "base64",
    '{"Item":{"a":{"BS":["MQ=?="]}}}': "base64",
    '{"Item":{"a":{"B":"M?Q=="}}}': "base64",
    '{"Item":{"a":{"X":"1"}}}': "unknown attribute type X",
    '{"Item":{"a":{"S":"1","N":"2"}}}': "too many values",
}


@pytest.mark.parametrize("line", NO_LINES)
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=NO_LINES[line]):
        from_line(line)


def test_an_attribute_of_an_unknown_type_is_not_copied() -> None:
    with pytest.raises(ValueError, match="unknown attribute type X: an item with one cannot be copied"):
        to_line({"a": {"X": "1"}})


def test_keys_and_digests_of_items() -> None:
    raw = {"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}]}
    assert key_names(raw) == ("a", "b")
    assert key_line({"a": {"S": "1"}, "b": {"N": "2"}, "c": {"S": "3"}}, ("a", "b")) == '{"a":{"S":"1"},"b":{"N":"2"}}'
    assert digest_of(["b", "a"]) == digest_of(["a", "b"]) == hashlib.sha256(b"a\nb").hexdigest()[:16]
    assert digest_of(["a"]) != digest_of(["b"])


def key(number: int) -> Raw:
    return {"id": {"S": f"{number:03}"}, "more": {"S": "x"}}


def answered(items: list[Raw], left: list[Raw] | None = None, table: str = "t") -> Raw:
    unprocessed = {table: {"Keys": [{"id": one["id"]} for one in left]}} if left else {}
    return {"Responses": {table: items} if items or not left else {}, "UnprocessedKeys": unprocessed}


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without waiting."""
    made: list[float] = []
    monkeypatch.setattr("opschecks.aws.dynamodb_items.time.sleep", made.append)
    return made


def test_items_are_read_a_hundred_at_once_and_consistently(pauses: list[float]) -> None:
    def answer(RequestItems: Any) -> Raw:  # noqa: N803 - AWS's name
        return answered([{**one, "v": {"N": "1"}} for one in RequestItems["t"]["Keys"]])

    aws = Aws({("dynamodb", "BatchGetItem"): answer})
    found = read_items(aws, "t", ["id"], [key(number) for number in range(101)])
    assert len(found) == 101
    assert found['{"id":{"S":"007"}}'] == {"id": {"S": "007"}, "v": {"N": "1"}}
    asked = [one["RequestItems"]["t"] for one in aws.parameters_of("BatchGetItem")]
    assert [len(one["Keys"]) for one in asked] == [100, 1]
    assert asked[1] == {"Keys": [{"id": {"S": "100"}}], "ConsistentRead": True}
    assert pauses == []


def test_what_is_left_for_later_is_asked_for_again_after_growing_pauses(pauses: list[float]) -> None:
    one, two = key(1), key(2)
    aws = Aws({("dynamodb", "BatchGetItem"): [answered([one], [two]), answered([], [two]), answered([two])]})
    found = read_items(aws, "t", ["id"], [one, two])
    assert list(found.values()) == [one, two]
    assert pauses == [0.05, 0.1]
    asked = [one["RequestItems"]["t"]["Keys"] for one in aws.parameters_of("BatchGetItem")]
    assert asked == [[{"id": one["id"]}, {"id": two["id"]}], [{"id": two["id"]}], [{"id": two["id"]}]]


def test_what_stays_unread_is_not_taken_as_gone(pauses: list[float]) -> None:
    aws = Aws({("dynamodb", "BatchGetItem"): answered([], [key(1)])})
    says = "^dynamodb:BatchGetItem: 1 item left unread 8 times: the table is throttled$"
    with pytest.raises(CouldNotLook, match=says):
        read_items(aws, "t", ["id"], [key(1)])
    assert pauses == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4]


def test_an_answer_without_the_table_is_not_one_without_items() -> None:
    aws = Aws({("dynamodb", "BatchGetItem"): {"Responses": {}, "UnprocessedKeys": {}}})
    with pytest.raises(CouldNotLook, match="the answer has no 't'"):
        read_items(aws, "t", ["id"], [key(1)])
    none = Aws({("dynamodb", "BatchGetItem"): {"Responses": {"t": []}, "UnprocessedKeys": {}}})
    assert read_items(none, "t", ["id"], [key(1)]) == {}


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


LONG = "x" * 101
FORMS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "a number": (whole_number, 17, 17),
    "a number as text": (whole_number, "-17", -17),
    "a whole fraction": (whole_number, 3.0, 3),
    "nought": (whole_number, 0, 0),
    "a moment": (moment_of_ms, 1764403200500, datetime(2025, 11, 29, 8, 0, 0, 500000, tzinfo=UTC)),
    "a moment as text": (moment_of_ms, "0", datetime(1970, 1, 1, tzinfo=UTC)),
    "a mapping": (json_mapping, '{"a": [1]}', {"a": [1]}),
    "an empty mapping": (json_mapping, "{}", {}),
}


@pytest.mark.parametrize("case", FORMS)
def test_a_value_in_its_form(case: str) -> None:
    read, value, expected = FORMS[case]
    found = read(Answer({"it": value}, CALL), "it")
    assert (found, type(found)) == (expected, type(expected))


NO_FORMS: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "a fraction": (whole_number, 1.5, "it is '1.5', which is not a whole number"),
    "a fraction as text": (whole_number, "1.5", "it is '1.5', which is not a whole number"),
    "a flag": (whole_number, True, "it is 'True', which is not a whole number"),
    "a list": (whole_number, [], "it is '[]', which is not a whole number"),
    "no number": (whole_number, float("nan"), "it is 'nan', which is not a whole number"),
    "no end": (whole_number, float("inf"), "it is 'inf', which is not a whole number"),
    "no moment": (moment_of_ms, 2**63, f"it is '{2**63}', which is not a moment in milliseconds"),
    "no time": (moment_of_text, LONG, f"it is '{LONG[:100]}', which is not a time"),
    "no mapping": (json_mapping, "[1]", "it is '[1]', which is not a mapping in JSON"),
    "no JSON": (json_mapping, "{", "it is '{', which is not a mapping in JSON"),
}


@pytest.mark.parametrize("case", NO_FORMS)
def test_a_value_in_another_form(case: str) -> None:
    read, value, says = NO_FORMS[case]
    with pytest.raises(CouldNotLook) as it:
        read(Answer({"it": value}, CALL), "it")
    assert str(it.value) == f"{CALL}: {says}"
    with pytest.raises(CouldNotLook) as it:
        read({"it": value}, "it")
    assert str(it.value) == says


def test_durations_have_ends() -> None:
    assert (seconds(0), seconds(-1.5), seconds(90)) == (timedelta(), timedelta(seconds=-1.5), timedelta(seconds=90))
    assert (seconds(1e300), seconds(-1e300)) == (timedelta.max, timedelta.min)


class Seen(Resource):
    """A resource of which each kind of attribute is read."""

    text = Read(str, "text")
    is_on = Read(equals("on"), "switch")
    at = Read(utc, "at")
    end = Read(last_part, "arn")
    switch = OneOf("switch", "on", "off")


def test_attributes_are_read_of_the_evidence_when_they_are_asked_for() -> None:
    told = Answer({"text": 7, "switch": "on", "at": NOW.astimezone(), "arn": "a:b/c/d"}, CALL)
    seen = Seen(arn="x", name="x", evidence=told)
    assert (seen.text, seen.is_on, seen.at, seen.end, seen.switch) == ("7", True, NOW, "d", "on")
    assert seen.at.tzinfo is UTC
    off = Seen(arn="x", name="x", evidence=Answer({"switch": "off"}, CALL))
    assert (off.is_on, off.switch, last_part("d")) == (False, "off", "d")
    with pytest.raises(CouldNotLook, match=r"^dynamodb:DescribeTable: the answer has no 'text'"):
        off.text  # noqa: B018 - it raises
    odd = Seen(arn="x", name="x", evidence=Answer({"switch": LONG}, CALL))
    with pytest.raises(CouldNotLook) as it:
        odd.switch  # noqa: B018 - it raises
    assert str(it.value) == f"{CALL}: switch is '{LONG[:100]}', which this version does not know: update opschecks"


def test_what_an_attribute_gives_is_said_and_no_class_has_it() -> None:
    described = {name: vars(Seen)[name].gives for name in ("text", "is_on", "at", "end", "switch")}
    assert described == {"text": str, "is_on": "bool", "at": "datetime", "end": "str", "switch": str}
    assert Read(lambda value: value, "x").gives is None
    for name in ("text", "switch"):
        with pytest.raises(AttributeError, match="Seen has it in its instances only"):
            getattr(Seen, name)


ONE_OF: dict[str, tuple[Raw, str | None, str]] = {
    "there": ({"it": "on"}, None, "on"),
    "there, with a default": ({"it": "on"}, "off", "on"),
    "missing": ({}, "off", "off"),
    "empty": ({"it": ""}, "off", "off"),
}


@pytest.mark.parametrize("case", ONE_OF)
def test_a_value_by_which_something_is_judged(case: str) -> None:
    told, default, expected = ONE_OF[case]
    assert one_of(told, "it", ("on", "off"), default) == expected


def test_a_value_that_nobody_knows_is_not_judged() -> None:
    for told, default in (({"it": "half"}, None), ({"it": "half"}, "off"), ({}, "half")):
        with pytest.raises(CouldNotLook, match=r"^it is 'half', which this version does not know: update opschecks$"):
            one_of(told, "it", ("on", "off"), default)


def frozen(begins: float, ends: float) -> list[FreezeWindow]:
    """Windows that begin and end so many hours from now."""
    one = {"begins": NOW + timedelta(hours=begins), "ends": NOW + timedelta(hours=ends), "reason": "holidays"}
    return freeze_windows(stack(fix={"freeze": [one]}), NOW)


WINDOWS: dict[tuple[float, float], bool | None] = {
    (-1, 1): True,
    (0, 1): True,
    (1, 2): False,
    (-1, 0): None,
    (-2, -1): None,
}


@pytest.mark.parametrize("hours", WINDOWS, ids=str)
def test_windows_in_which_nothing_may_be_changed(hours: tuple[float, float]) -> None:
    found = frozen(*hours)
    assert [one.is_open for one in found] == ([] if WINDOWS[hours] is None else [WINDOWS[hours]])
    for one in found:
        begins, ends = (NOW + timedelta(hours=hour) for hour in hours)
        assert (one.name, one.reason, one.begins, one.ends) == ("holidays", "holidays", begins, ends)
        assert one.arn == f"stacks.here.fix.freeze/{begins.isoformat()}"
        assert one.evidence == {"begins": begins.isoformat(), "ends": ends.isoformat(), "reason": "holidays"}


def test_an_incident_is_one_resource_of_its_table() -> None:
    assert isinstance(incident_of(HERE, Answer({})), Incident)
