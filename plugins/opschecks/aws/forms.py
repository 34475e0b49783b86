"""Values that answers tell in a form of their own: numbers as text, moments as milliseconds; another form is blind."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core.observation import CouldNotLook


def whole_number(told: Mapping[str, Any], key: str) -> int:
    """The whole number that the answer has there, as a number or as text; CouldNotLook where it is none."""
    value = told[key]
    if isinstance(value, str) or (isinstance(value, int | float) and not isinstance(value, bool)):
        with contextlib.suppress(ValueError, OverflowError):  # of a text or a number without end, or that is none
            if isinstance(value, str) or value == int(value):
                return int(value)
    raise unlike(told, key, value, "a whole number")


def moment_of_ms(told: Mapping[str, Any], key: str) -> datetime:
    """The moment (UTC) that the answer has there in milliseconds since 1970; CouldNotLook where there is none such."""
    value = whole_number(told, key)
    try:
        return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise unlike(told, key, value, "a moment in milliseconds") from None


def moment_of_text(told: Mapping[str, Any], key: str) -> datetime:
    """The moment that the answer has there as ISO text, in UTC, which is also meant where none is named."""
    text = str(told[key])
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise unlike(told, key, text, "a time") from None


def seconds(value: float) -> timedelta:
    """So many seconds, or as many as a duration can have."""
    try:
        return timedelta(seconds=value)
    except OverflowError:
        return timedelta.max if value > 0 else timedelta.min


def json_mapping(told: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The mapping that the answer has there as JSON; CouldNotLook where it is none."""
    import json

    text = str(told[key])
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise unlike(told, key, text, "a mapping in JSON")
    return found


def unlike(told: Mapping[str, Any], key: str, value: Any, expected: str) -> CouldNotLook:
    """That the value is not of the form that AWS documents; it names the answer's call."""
    return CouldNotLook(getattr(told, "call", ""), f"{key} is {str(value)[:100]!r}, which is not {expected}")
