"""Plain data, as a run file has it, to values of our types: of each type, how it is read is worked out once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Annotated, Any, NoReturn, Union, get_args, get_origin, get_type_hints

from ..core.model import Series
from ..core.written import LATER

Reader = Callable[[Any], Any]


def read_as(kind: Any, told: Any) -> Any:
    """The value of that type that was written as `told`, plain data.

    KeyError where a field is missing that every version writes; TypeError or ValueError where it is not of that type.
    """
    return _item(kind)(told)


@functools.cache
def _item(kind: Any) -> Reader:
    """Reads a value that may be null only where the type has None, or is Any."""
    read, may_be_null = _reader(kind), _may_be_null(kind)

    def item(told: Any) -> Any:
        if told is None:
            return None if may_be_null else _refuse_null()
        return read(told) if read else told

    return item


def _refuse_null() -> NoReturn:
    raise TypeError("null where there must be a value")


def _may_be_null(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        return _may_be_null(get_args(kind)[0])
    return kind is Any or type(None) in get_args(kind)


@functools.cache
def _reader(kind: Any) -> Reader | None:
    """How a value of the type that is not null is read; None where it is what was written."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Annotated, Union, UnionType):
        return _reader(inner[0])
    if origin is tuple:
        return _all_of(inner[0]) if inner[1:] == (...,) else _each_of(inner)
    if origin is Mapping:
        return None if inner[1] is Any else _values_of(inner[1])
    if kind is Series:
        return _series
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _of_class(kind)
    if kind is datetime:
        return datetime.fromisoformat
    return kind if kind is not Any and issubclass(kind, Enum) else None


def _all_of(kind: Any) -> Reader:
    item = _item(kind)
    return lambda told: tuple([item(one) for one in told])


def _each_of(kinds: tuple[Any, ...]) -> Reader:
    items = [_item(kind) for kind in kinds]
    return lambda told: tuple([item(one) for item, one in zip(items, told, strict=True)])


def _values_of(kind: Any) -> Reader:
    item = _item(kind)
    return lambda told: {key: item(value) for key, value in told.items()}


def _of_class(kind: type) -> Reader:
    fields = [
        (name, _reader(field), _may_be_null(field), LATER not in getattr(field, "__metadata__", ()))
        for name, field in get_type_hints(kind, include_extras=True).items()
    ]

    def made(told: Mapping[str, Any]) -> Any:
        given: dict[str, Any] = {}
        for name, read, may_be_null, is_needed in fields:
            if name in told:
                value = told[name]
                if value is None:
                    given[name] = None if may_be_null else _refuse_null()
                else:
                    given[name] = read(value) if read else value
            elif is_needed:
                raise KeyError(name)
        return kind(**given)

    return made


def _series(told: Mapping[str, Any]) -> Series:
    points = zip(_moments(told["start"], tuple(told["at_s"])), told["values"], strict=True)
    return Series(told["label"], told["unit"], tuple(points), told["period_s"], told["limit"])


@functools.lru_cache(maxsize=64)
def _moments(start: str | None, at_s: tuple[float, ...]) -> tuple[datetime, ...]:
    """Most series of a run have the same times, and so have the stacks of a fleet."""
    if not at_s:
        return ()
    if start is None:
        raise TypeError("a series has points and no start")
    begun = datetime.fromisoformat(start)
    return tuple([begun + timedelta(seconds=at) for at in at_s])
