"""Values that are read from evidence and answers, in the form that each has there.

What is missing, or has another form, is a CouldNotLook that names the call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from ..core.observation import CouldNotLook

T = TypeVar("T")


class Read(Generic[T]):
    """`desired = Read(int, "desiredCount")`: the value of a key of the evidence, converted when it is read.

    Of several keys it is that of the first that is there. `default` stands for a key that AWS may rightly leave out.
    """

    def __init__(self, convert: Callable[[Any], T], *keys: str, default: Any = None) -> None:
        self._convert, self._keys, self._default = convert, keys, default
        self.gives = convert if isinstance(convert, type) else convert.__annotations__.get("return")
        """The type of the value, or its name; None where it is not said."""

    def __get__(self, resource: Any, owner: type) -> T:
        if resource is None:
            raise AttributeError(f"{owner.__name__} has it in its instances only")
        told, last = resource.evidence, self._keys[-1]
        if key := next((one for one in self._keys[:-1] if told.get(one)), None):
            return self._convert(told[key])
        return self._convert(told[last] if self._default is None else told.get(last) or self._default)


def one_of(told: Mapping[str, Any], key: str, known: Collection[str], default: str | None = None) -> str:
    """The value of a key by which something is judged; CouldNotLook where nobody here knows what it means.

    AWS adds values to its enumerations: a new one is neither good nor bad. `default` stands for a key that is missing.
    """
    value = told[key] if default is None else told.get(key) or default
    if value not in known:
        why = f"{key} is {str(value)[:100]!r}, which this version does not know: update opschecks"
        raise CouldNotLook(getattr(told, "call", ""), why)
    return str(value)


class OneOf:
    """`state = OneOf("State", "on", "off")`: the value of a key of the evidence, as `one_of` reads it."""

    gives = str

    def __init__(self, key: str, *known: str) -> None:
        self._key, self._known = key, known

    def __get__(self, resource: Any, owner: type) -> str:
        if resource is None:
            raise AttributeError(f"{owner.__name__} has it in its instances only")
        return one_of(resource.evidence, self._key, self._known)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC: answers are parsed into the zone of the machine."""
    return moment.astimezone(UTC)


def equals(expected: str) -> Callable[[Any], bool]:
    """Whether a value is this one."""

    def same(value: Any) -> bool:
        return bool(value == expected)

    return same


def last_part(arn: str) -> str:
    """What follows the last slash of an ARN."""
    return str(arn).rpartition("/")[2]


def grouped(items: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    """The items by their key, in their order."""
    found: dict[str, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


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


def later(moment: datetime, span: timedelta) -> datetime:
    """So long after a moment, or the last moment that there is."""
    try:
        return moment + span
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)


def json_mapping(told: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The mapping that the answer has there as JSON; CouldNotLook where it is none."""
    text = str(told[key])
    found = json_object(text)
    if found is None:
        raise unlike(told, key, text, "a mapping in JSON")
    return found


def json_object(text: str | bytes) -> dict[str, Any] | None:
    """The object that the text is in JSON; None where it is none, however deep whoever wrote it nests it."""
    import json

    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def unlike(told: Mapping[str, Any], key: str, value: Any, expected: str) -> CouldNotLook:
    """That the value is not of the form that AWS documents; it names the answer's call."""
    return CouldNotLook(getattr(told, "call", ""), f"{key} is {str(value)[:100]!r}, which is not {expected}")
