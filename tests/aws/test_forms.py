"""What AWS tells in a form of its own, and values by which something is judged: what is not documented is blind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.dynamodb import plain_item
from opschecks.aws.evidence import (
    OneOf,
    Read,
    equals,
    json_mapping,
    last_part,
    moment_of_ms,
    moment_of_text,
    one_of,
    seconds,
    utc,
    whole_number,
)
from opschecks.aws.freeze_windows import FreezeWindow, freeze_windows
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain
from tests.canned import NOW, Raw, stack
from tests.cases import cases

CALL = "sqs:GetQueueAttributes"


def told(value: Any) -> Answer:
    return Answer({"it": value}, CALL)


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


def test_bytes_in_an_item_end_no_run() -> None:
    """boto3 gives them as a class whose str() raises: the run file could not be written."""
    item = plain_item({"a": {"B": b"\xff1"}, "b": {"M": {"c": {"L": [{"B": b"2"}]}}}, "d": {"BS": [b"3"]}}, CALL)
    assert dict(item) == {"a": b"\xff1", "b": {"c": [b"2"]}, "d": {b"3"}}
    assert plain(item)["b"] == {"c": ["2"]}


def test_a_number_that_is_none_of_dynamodbs_blinds_the_item() -> None:
    with pytest.raises(CouldNotLook, match="an item cannot be read: Overflow") as caught:
        plain_item({"n": {"N": "1e400"}}, CALL)
    assert caught.value.call == CALL


LONG = "x" * 101


@cases({
    "a number": (whole_number, 17, 17),
    "a number as plain text": (whole_number, "17", 17),
    "a number as text": (whole_number, "-17", -17),
    "a whole fraction": (whole_number, 3.0, 3),
    "nought": (whole_number, 0, 0),
    "a moment": (moment_of_ms, 1764403200500, datetime(2025, 11, 29, 8, 0, 0, 500000, tzinfo=UTC)),
    "a moment as text": (moment_of_ms, "0", datetime(1970, 1, 1, tzinfo=UTC)),
    "a whole second": (moment_of_ms, 1764403200000, datetime(2025, 11, 29, 8, tzinfo=UTC)),
    "a time in a zone": (moment_of_text, "2026-11-24T01:00:00+05:45", datetime(2026, 11, 23, 19, 15, tzinfo=UTC)),
    "a time without one": (moment_of_text, "2026-11-24T01:00:00", datetime(2026, 11, 24, 1, tzinfo=UTC)),
    "a mapping of a number": (json_mapping, '{"a": 1}', {"a": 1}),
    "a mapping": (json_mapping, '{"a": [1]}', {"a": [1]}),
    "an empty mapping": (json_mapping, "{}", {}),
})  # fmt: skip
def test_a_value_in_its_form(read: Callable[..., Any], value: Any, expected: Any) -> None:
    found = read(told(value), "it")
    assert (found, type(found)) == (expected, type(expected))


@cases({
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
})  # fmt: skip
def test_a_value_in_another_form(read: Callable[..., Any], value: Any, says: str) -> None:
    with pytest.raises(CouldNotLook) as it:
        read(told(value), "it")
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
    assert [equals("on")(value) for value in ("on", "off", None)] == [True, False, False]
    with pytest.raises(CouldNotLook, match=r"^sqs:GetQueueAttributes: the answer has no 'text'"):
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


@cases({
    "there": ({"it": "on"}, None, "on"),
    "not there, with a default": ({"else": "on"}, "off", "off"),
    "there, with a default": ({"it": "on"}, "off", "on"),
    "missing": ({}, "off", "off"),
    "empty": ({"it": ""}, "off", "off"),
})  # fmt: skip
def test_a_value_by_which_something_is_judged(told: Raw, default: str | None, expected: str) -> None:
    assert one_of(told, "it", ("on", "off"), default) == expected


def test_an_unknown_value_is_not_judged() -> None:
    for told, default in (({"it": "half"}, None), ({"it": "half"}, "off"), ({}, "half")):
        with pytest.raises(CouldNotLook, match=r"^it is 'half', which this version does not know: update opschecks$"):
            one_of(told, "it", ("on", "off"), default)
    with pytest.raises(CouldNotLook, match=r"^sqs:GetQueueAttributes: it is 'half'"):
        one_of(Answer({"it": "half"}, CALL), "it", ("on", "off"))


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
