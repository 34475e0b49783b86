"""What differs between two recordings: questions of one only, and the places where answers differ."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .coding import canonical
from .file import Exchange, Recording, key_of

SHOWN = 5
"""How many places of one answer are named."""
ASKED = 60
"""How much of its parameters names a call."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?|(?<!\d)1[5-9]\d{11}(?!\d)")


def differences(before: Recording, after: Recording) -> Iterator[str]:
    """A line for each question of one only, and for each place where an answer differs; moments are left out."""
    ours, theirs = _by_question(before), _by_question(after)
    for key in sorted({*ours, *theirs}):
        first, second = ours.get(key, []), theirs.get(key, [])
        one = (first or second)[0]
        asked = _short(_timeless(one.question.get("parameters", {})), ASKED)
        name = f"{one.call} {asked}" if one.kind == "aws" and asked != "{}" else one.call
        if not first or not second:
            yield f"{'+' if second else '-'} {name}"
            continue
        if len(first) != len(second):
            yield f"  {name}: {len(first)} times -> {len(second)} times"
        for left, right in zip(first, second, strict=False):
            places = list(_places(_told(left), _told(right), ""))
            for place in places[:SHOWN]:
                yield f"  {name}: {place}"
            if len(places) > SHOWN:
                yield f"  {name}: … and {len(places) - SHOWN} more places"


def _by_question(recording: Recording) -> dict[str, list[Exchange]]:
    found: dict[str, list[Exchange]] = {}
    for one in recording.exchanges:
        if one.kind != "moment":
            found.setdefault(key_of(one.kind, _timeless(one.question)), []).append(one)
    return found


def _told(one: Exchange) -> Any:
    return _timeless({"error": dict(one.error)} if one.error else one.answer)


def _timeless(told: Any) -> Any:
    if isinstance(told, dict):
        return {"$moment": "…"} if set(told) == {"$moment"} else {key: _timeless(item) for key, item in told.items()}
    if isinstance(told, list):
        return [_timeless(one) for one in told]
    if isinstance(told, int) and not isinstance(told, bool) and _MOMENT.fullmatch(str(told)):
        return "…"
    return _MOMENT.sub("…", told) if isinstance(told, str) else told


def _places(left: Any, right: Any, path: str) -> Iterator[str]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            yield from _places(left.get(key), right.get(key), f"{path}.{key}" if path else key)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _places(one, other, f"{path}[{index}]")
    elif canonical(left) != canonical(right):
        yield f"{path}: {_short(left)} -> {_short(right)}"


def _short(told: Any, longest: int = 40) -> str:
    if isinstance(told, list):
        return f"{len(told)} items"
    text = json.dumps(told, ensure_ascii=False)
    return text if len(text) <= longest else f"{text[:longest]}…"
