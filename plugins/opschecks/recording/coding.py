"""Answers as JSON and back: what JSON lacks (moments, bytes, exact numbers, streams) is tagged."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

TAGS = frozenset(["$moment", "$date", "$time", "$seconds", "$bytes", "$stream", "$number", "$map"])


def encoded(value: Any) -> Any:
    """The value as JSON data; TypeError for what no answer of the world has."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        told = {str(key): encoded(item) for key, item in value.items()}
        return {"$map": told} if len(told) == 1 and not TAGS.isdisjoint(told) else told
    if isinstance(value, list | tuple):
        return [encoded(one) for one in value]
    if isinstance(value, set | frozenset):
        return sorted((encoded(one) for one in value), key=json.dumps)
    if isinstance(value, datetime):
        return {"$moment": (value.astimezone(UTC) if value.tzinfo else value).isoformat()}
    if isinstance(value, date | time):
        return {"$date" if isinstance(value, date) else "$time": value.isoformat()}
    if isinstance(value, timedelta):
        return {"$seconds": value.total_seconds()}
    if isinstance(value, Decimal):
        return {"$number": str(value)}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, io.BytesIO):
        return {"$stream": base64.b64encode(value.getvalue()).decode()}
    raise TypeError(f"{type(value).__name__} cannot be recorded")


_DECODED: Mapping[str, Any] = {
    "$moment": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$seconds": lambda seconds: timedelta(seconds=seconds),
    "$bytes": base64.b64decode,
    "$stream": lambda text: io.BytesIO(base64.b64decode(text)),
    "$number": Decimal,
}


def decoded(told: Any) -> Any:
    """What was encoded, moments in UTC; a fresh copy each time."""
    if isinstance(told, list):
        return [decoded(one) for one in told]
    if not isinstance(told, dict):
        return told
    if len(told) == 1:
        (tag,) = told
        if tag == "$map":
            return {key: decoded(item) for key, item in told[tag].items()}
        if tag in TAGS:
            return _DECODED[tag](told[tag])
    return {key: decoded(item) for key, item in told.items()}


def canonical(told: Any) -> str:
    """Encoded data as a text that is equal where the data is, whatever the order of its keys and lists.

    AWS answers the same whether tasks are named in this order or that.
    """
    return json.dumps(_ordered(told), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


_TEXT = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
"""By what items of lists are ordered."""


def _ordered(told: Any) -> Any:
    if isinstance(told, dict):
        return {key: _ordered(item) for key, item in told.items()}
    return sorted(map(_ordered, told), key=_TEXT) if isinstance(told, list) else told
