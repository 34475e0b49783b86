"""Items as lines of an archive and back, and the conditions and batches in which they are deleted."""

from __future__ import annotations

import pytest

from opschecks.aws.dynamodb_items import from_line, to_line
from opschecks.remedies.operations.archive_objects import batches, packed
from opschecks.remedies.operations.archived_items import EXPRESSION_BYTES, OPERATORS, can_be_told, delete_of
from tests.remedies.operations.archiving import EVERY_KIND, OLD, incident


def test_every_type_comes_back_as_it_went() -> None:
    back = from_line(to_line(EVERY_KIND))
    sets = {"texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "10", "2"]}}
    assert back == {**EVERY_KIND, **sets}
    assert to_line(back) == to_line(EVERY_KIND)
    assert "\n" not in to_line(EVERY_KIND)


def test_what_is_unknown_is_not_copied() -> None:
    with pytest.raises(ValueError, match="unknown attribute type X"):
        to_line({"a": {"X": 1}})
    for line in (
        '{"a":1}',
        "[]",
        '{"Item":{},"b":1}',
        '{"Item":{"a":{"X":1}}}',
        '{"Item":{"a":{"B":"?"}}}',
        '{"Item":{"a":1}}',
        "",
    ):
        with pytest.raises(ValueError):
            from_line(line)


def test_a_delete_asks_for_all_that_was_read_and_for_nothing_that_others_have() -> None:
    item = incident(1, note={"S": "x"}, seen={"N": "1"})
    told = delete_of("incidents", item, ("incident_id", "created_at"), {"reopened_at", "note", "incident_id"})["Delete"]
    assert told["Key"] == {"incident_id": {"S": "inc-001"}, "created_at": {"S": OLD}}
    assert told["ConditionExpression"] == (
        "attribute_not_exists(#key) OR (#0 = :0 AND #1 = :1 AND #2 = :2 AND attribute_not_exists(#3))"
    )
    assert told["ExpressionAttributeNames"] == {
        "#key": "incident_id", "#0": "note", "#1": "seen", "#2": "status", "#3": "reopened_at",
    }  # fmt: skip
    assert told["ExpressionAttributeValues"] == {":0": {"S": "x"}, ":1": {"N": "1"}, ":2": {"S": "resolved"}}


def test_a_condition_stays_within_what_dynamodb_takes() -> None:
    for own in (1, 100, 149):
        item = incident(1, **{f"a{n}": {"N": str(n)} for n in range(own - 1)})
        told = delete_of("t", item, ("incident_id", "created_at"), {f"other{n}" for n in range(400)})["Delete"]
        expression = told["ConditionExpression"]
        assert len(expression) <= EXPRESSION_BYTES
        counted = [expression.count(one) for one in (" = ", " AND ", " OR ", "attribute_not_exists(")]
        assert sum(counted) <= OPERATORS
        assert expression.count(" = ") == own
        assert set(told["ExpressionAttributeNames"]) - {"#key"} <= set(
            expression.replace(")", " ").replace("(", " ").split()
        )
    assert not can_be_told(incident(1, **{f"a{n}": {"N": "1"} for n in range(160)}), ("incident_id",))


def test_requests_are_of_what_dynamodb_takes() -> None:
    assert [count for _, count in batches(["x"] * 250)] == [100, 100, 50]
    assert batches([]) == []
    assert packed([]) == []
    large = "x" * 400_000
    assert batches([large] * 5) == [(0, 2), (2, 2), (4, 1)]
    assert batches(["x" * 2_000_000, "y"]) == [(0, 1), (1, 1)]
    assert packed(["a", "b"])[0].body == packed(["a", "b"])[0].body
    assert packed(["a", "b"])[0].body[4:8] == bytes(4)
