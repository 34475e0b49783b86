"""DynamoDB items as lines of text and back, and consistent reads of them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from opschecks.aws.dynamodb_items import digest_of, from_line, key_line, key_names, read_items, to_line
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw
from tests.cases import cases


@cases({
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
})  # fmt: skip
def test_an_item_as_a_line_and_back(item: Raw, line: str) -> None:
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
