"""Attributes of resources that are read from their evidence: a missing key is a CouldNotLook that names the call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from ..core.observation import CouldNotLook

T = TypeVar("T")


class Read(Generic[T]):
    """`desired = Read(int, "desiredCount")`: the value of a key of the evidence, converted when it is read."""

    def __init__(self, convert: Callable[[Any], T], key: str) -> None:
        self._convert, self._key = convert, key
        self.gives = convert if isinstance(convert, type) else convert.__annotations__.get("return")
        """The type of the value, or its name; None where it is not said."""

    def __get__(self, resource: Any, owner: type) -> T:
        if resource is None:
            raise AttributeError(f"{owner.__name__} has it in its instances only")
        return self._convert(resource.evidence[self._key])


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
