"""What AWS tells in a form of its own, and values by which something is judged: what is not documented is blind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.dynamodb import plain_item
from opschecks.aws.evidence import json_mapping, moment_of_ms, moment_of_text, one_of, seconds, whole_number
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain

CALL = "sqs:GetQueueAttributes"


def told(value: Any) -> Answer:
    return Answer({"it": value}, CALL)


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (whole_number, "17", 17),
        (moment_of_ms, 1764403200000, datetime(2025, 11, 29, 8, tzinfo=UTC)),
        (moment_of_text, "2026-11-24T01:00:00+05:45", datetime(2026, 11, 23, 19, 15, tzinfo=UTC)),
        (moment_of_text, "2026-11-24T01:00:00", datetime(2026, 11, 24, 1, tzinfo=UTC)),
        (json_mapping, '{"a": 1}', {"a": 1}),
    ],
)
def test_what_has_the_documented_form_is_read(read: Callable[..., Any], value: Any, expected: Any) -> None:
    assert read(told(value), "it") == expected


NOT_READ: dict[Callable[..., Any], tuple[Any, ...]] = {
    whole_number: ("", "x", "1e3", "1.5", [], "9" * 5000, 3.9, True, float("inf")),
    moment_of_ms: (2**63, -(2**63), "x"),
    moment_of_text: ("", "yesterday", "2026-13-01", "0001-01-01T00:00:00+05:00"),
    json_mapping: ("", "[]", "null", "{", "[" * 100_000),
}


@pytest.mark.parametrize(("read", "value"), [(read, value) for read, values in NOT_READ.items() for value in values])
def test_another_form_is_blind_and_names_call_and_key(read: Callable[..., Any], value: Any) -> None:
    with pytest.raises(CouldNotLook, match="it is ") as caught:
        read(told(value), "it")
    assert caught.value.call == CALL
    assert len(str(caught.value)) < 300


def test_a_value_that_this_version_does_not_know_is_blind() -> None:
    assert one_of(told("on"), "it", ("on", "off")) == "on"
    assert one_of(told("on"), "other", ("on", "off"), "off") == "off"
    with pytest.raises(CouldNotLook, match="is 'half', which this version does not know: update") as caught:
        one_of(told("half"), "it", ("on", "off"))
    assert caught.value.call == CALL


def test_no_duration_is_too_long() -> None:
    assert seconds(90) == timedelta(minutes=1, seconds=30)
    assert seconds(1e300) == timedelta.max
    assert seconds(-1e300) == timedelta.min


def test_bytes_in_an_item_end_no_run() -> None:
    """boto3 gives them as a class whose str() raises: the run file could not be written."""
    item = plain_item({"a": {"B": b"\xff1"}, "b": {"M": {"c": {"L": [{"B": b"2"}]}}}, "d": {"BS": [b"3"]}}, CALL)
    assert dict(item) == {"a": b"\xff1", "b": {"c": [b"2"]}, "d": {b"3"}}
    assert plain(item)["b"] == {"c": ["2"]}


def test_a_number_that_is_none_of_dynamodbs_blinds_the_item() -> None:
    with pytest.raises(CouldNotLook, match="an item cannot be read: Overflow") as caught:
        plain_item({"n": {"N": "1e400"}}, CALL)
    assert caught.value.call == CALL
