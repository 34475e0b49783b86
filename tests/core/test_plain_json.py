"""JSON by pydantic's reader and writer is that of Python's own, whatever these cannot do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from opschecks.core import plain_json


def nested(levels: int) -> Any:
    told: Any = 1
    for _ in range(levels):
        told = {"a": told}
    return told


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -1.5, 1e-300, 12345678901234567890123, "", "ü\u2028\x00\"\\", [], {}, {"a": [1, {"b": None}]},
        nested(150), nested(230), nested(400),
    ],
)  # fmt: skip
def test_what_is_written_is_read_again(value: Any) -> None:
    text = plain_json.written(value)
    assert plain_json.read(text) == plain_json.read(text.encode()) == json.loads(text) == value
    assert "\n" not in text


@pytest.mark.parametrize(
    "text",
    ["NaN", '{"a": 1, "a": 2}', '"\\ud800"', '"\ud800"', "1e999", " [1] ", b"\xff\xfe1\x00", b"\xef\xbb\xbf{}"],
    ids=repr,
)
def test_what_python_reads_is_read(text: str | bytes) -> None:
    assert repr(plain_json.read(text)) == repr(json.loads(text))


@pytest.mark.parametrize("text", ["", "{", "hello", "[1,]", "<testsuites/>", b"", b"\xff", "1 2"], ids=repr)
def test_what_is_no_json_is_told_as_python_tells_it(text: str | bytes) -> None:
    with pytest.raises(ValueError) as ours:
        plain_json.read(text)
    with pytest.raises(ValueError) as pythons:
        json.loads(text)
    assert (type(ours.value), str(ours.value)) == (type(pythons.value), str(pythons.value))


def test_what_json_has_not_is_no_json() -> None:
    assert json.loads(plain_json.written({"a": float("nan"), "b": float("inf")})) == {"a": None, "b": None}
    with pytest.raises((TypeError, ValueError)):
        plain_json.written({"a": object()})
    with pytest.raises((TypeError, ValueError)):
        plain_json.written("\ud800".encode("utf-8", "surrogatepass"))
