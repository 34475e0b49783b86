"""Valid answers of AWS, by botocore's models: places in an answer, what else could be there, and whole answers."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]
GONE = "gone"
"""What stands for a member that is left out."""
UNKNOWN = "A_VALUE_OF_NEXT_YEAR"
"""AWS adds values to enumerations, and botocore passes them on."""
TEXTS = ("", "a", "-", "0", "-1", "007", "1e400", "None", "null", "N/A", "true", "{}", "[]", '{"a": {}}', "%s{}",
         "a/b:c", "*", "arn:aws:x", "arn:aws:ecs:us-west-2:123456789012:service/a/b", "2026-13-45T99:99:99Z",
         "ü\u202e\x1b[31m\x00", "x" * 5000)  # fmt: skip
"""Texts that some program takes for something else. The longest is longer than any name."""
MOMENTS = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
"""Zero values of other languages among them, and what is written for "never"."""
AGES = (
    timedelta(),
    timedelta(seconds=1),
    timedelta(days=1),
    timedelta(days=400),
    -timedelta(minutes=5),
    -timedelta(days=1),
)
NUMBERS = (0, 1, -1, 2, 7, 1000, 2**31 - 1, 2**53)
FLOATS = (0.0, -0.0, 1e-300, 0.5, 1.0, -1.0, 99.99999, 1e15, 1e300)
BYTES = (b"", b"\xff\xfe", b"{}", b"[]", b"null", b'{"a": 1e999}', b"user,arn\n", b"\x00" * 100)
_DEPTH = 6
_UNIONS = ("AttributeValue",)
"""Structures of exactly one member, which the model does not say."""


@dataclass(frozen=True)
class Place:
    """A value in an answer: where, by what shape, and whether it may be left out."""

    path: Path
    shape: Any
    optional: bool


def places(shape: Any, answer: Any) -> Mapping[str, list[Place]]:
    """Every value of the answer, by its path in the model such as `services[].deployments[].status`."""
    found: dict[str, list[Place]] = {}
    for name, place in _places(shape, answer, "", (), optional=False):
        found.setdefault(name, []).append(place)
    return found


def _places(shape: Any, value: Any, name: str, path: Path, *, optional: bool) -> Iterator[tuple[str, Place]]:
    if path:
        yield name, Place(path, shape, optional)
    if shape.type_name == "structure" and isinstance(value, dict):
        for key, member in shape.members.items():
            if key in value:
                required = key in shape.required_members or shape.name in _UNIONS
                inner = f"{name}.{key}" if name else key
                yield from _places(member, value[key], inner, (*path, key), optional=not required)
    elif shape.type_name == "list" and isinstance(value, list):
        for index, one in enumerate(value):
            yield from _places(shape.member, one, f"{name}[]", (*path, index), optional=False)
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, one in value.items():
            yield from _places(shape.value, one, f"{name}{{}}", (*path, key), optional=True)


def other(place: Place, now: datetime) -> st.SearchStrategy[Any]:
    """What else a valid answer may have there; GONE where it may leave it out."""
    kinds = [any_value(place.shape, now)]
    if place.optional:
        kinds.append(st.just(GONE))
    if place.shape.type_name == "list":
        kinds += [st.just([])] if not place.shape.metadata.get("min") else []
    if place.shape.type_name == "structure" and not place.shape.required_members and place.shape.name not in _UNIONS:
        kinds.append(st.just({}))
    return st.one_of(kinds)


def any_value(shape: Any, now: datetime, depth: int = _DEPTH) -> st.SearchStrategy[Any]:
    """Any value that the model allows, made of nothing; deep ones are short."""
    key = (id(shape), now, depth)
    if key not in _MADE:
        _MADE[key] = _any_value(shape, now, depth), shape  # the shape is kept, so that its id stays its own
    return _MADE[key][0]


_MADE: dict[tuple[int, datetime, int], tuple[st.SearchStrategy[Any], Any]] = {}


def _any_value(shape: Any, now: datetime, depth: int) -> st.SearchStrategy[Any]:
    kind = shape.type_name
    if kind == "structure":
        return _structure(shape, now, depth)
    if kind == "list":
        few = st.lists(st.deferred(lambda: any_value(shape.member, now, depth - 1)), max_size=2 if depth > 2 else 1)
        return few if depth > 0 else st.just([])
    if kind == "map":
        if depth <= 0:
            return st.just({})
        keys = st.sampled_from(("a", "Name", "status", "")) if not shape.key.enum else st.sampled_from(shape.key.enum)
        return st.dictionaries(keys, st.deferred(lambda: any_value(shape.value, now, depth - 1)), max_size=2)
    return _scalar(shape, now)


def _structure(shape: Any, now: datetime, depth: int) -> st.SearchStrategy[Any]:
    def member(key: str) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: any_value(shape.members[key], now, depth - 1))

    if shape.name in _UNIONS:
        simple = [key for key, of in shape.members.items() if depth > 1 or of.type_name in ("string", "boolean")]
        return st.sampled_from(simple).flatmap(lambda key: st.fixed_dictionaries({key: member(key)}))
    needed = {key: member(key) for key in shape.required_members}
    if depth <= 0:
        return st.fixed_dictionaries(needed)
    more = {key: member(key) for key in shape.members if key not in needed and not _is_stream(shape.members[key])}
    return st.fixed_dictionaries(needed, optional=more)


def _is_stream(shape: Any) -> bool:
    return bool(shape.serialization.get("streaming"))


def _scalar(shape: Any, now: datetime) -> st.SearchStrategy[Any]:
    kind, limits = shape.type_name, shape.metadata
    if kind == "string":
        if shape.enum:
            return st.sampled_from((*shape.enum, UNKNOWN))
        least, most = limits.get("min", 0), limits.get("max", 10**6)
        fitting = [one for one in TEXTS if least <= len(one) <= most]
        return st.sampled_from(fitting or ["a" * least])
    if kind == "timestamp":
        return st.sampled_from((*MOMENTS, *(now - age for age in AGES)))
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "long"):
        least, most = limits.get("min", -(2**31)), limits.get("max", 2**53)
        return st.sampled_from([one for one in NUMBERS if least <= one <= most] or [least])
    if kind in ("float", "double"):
        return st.sampled_from(FLOATS)
    if kind == "blob":
        return st.sampled_from([io.BytesIO(one) for one in BYTES] if _is_stream(shape) else BYTES)
    raise TypeError(f"{shape.name} is a {kind}")


def put(answer: Any, path: Path, value: Any) -> None:
    """Set the value there, or take it out where it is GONE; nothing where another change has taken its place away."""
    *way, last = path
    at = answer
    for key in way:
        try:
            at = at[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(at, list) and not (isinstance(last, int) and last < len(at)):
        return
    if not isinstance(at, list | dict):
        return
    if isinstance(value, str) and value == GONE:
        if isinstance(at, dict):
            at.pop(last, None)
    else:
        at[last] = value  # type: ignore[index] # the path is of this answer
