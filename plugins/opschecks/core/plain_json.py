"""JSON as Python's own module reads and writes it, by pydantic's, which takes a half to a quarter of the time."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import from_json, to_json


def read(text: str | bytes) -> Any:
    """What the text says; ValueError where it is not JSON, as json.loads reports it."""
    try:
        return from_json(text)
    except (ValueError, TypeError):  # more than 200 levels, half a character, another encoding; or it is wrong
        return json.loads(text)


def written(value: Any) -> str:
    """Plain data as JSON on one line; ValueError or TypeError where JSON has no such value."""
    try:
        return to_json(value, inf_nan_mode="null").decode()
    except ValueError:  # more than 250 levels; or it is wrong
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
