"""An answer of AWS that knows its call: reading a key that it lacks means that the check could not look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .observation import CouldNotLook


class MissingKey(CouldNotLook, KeyError):  # noqa: N818 - as CouldNotLook, not an error of the program
    """A key that was read is missing in an answer. Also a KeyError, for code that does not know Answer."""


class Answer(dict[str, Any]):
    """The answer to `call`: `answer["Key"]` returns the value, or raises MissingKey (a CouldNotLook) naming the call.

    botocore parses an empty or cut body of a JSON service as `{}` without an error; so a missing or null key means
    that nothing was seen. Use `get` and `in` for what may be absent. Mappings in it are Answers of the same call when
    they are read, and so is `answer | {…}`; copies are plain dicts.
    """

    __slots__ = ("call", "date")

    def __init__(
        self, told: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), call: str = "", date: str = ""
    ) -> None:
        """`date` is the Date header of a whole answer: when AWS gave it, by AWS's own clock."""
        super().__init__(told)
        self.call = call
        self.date = date

    def __getitem__(self, key: str) -> Any:
        value = self.get(key)
        if value is None:
            shown = ", ".join(sorted(self)[:8])
            has = f"it has {shown}" if shown else "it is empty"
            raise MissingKey(self.call, f"the answer has no {key!r} ({has})")
        return value

    def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none."""
        value = dict.get(self, key, default)
        if type(value) in _RAW and value is not default:
            self[key] = value = _of_call(value, self.call)
        return value

    def values(self) -> Any:
        """The values, as `get` returns them."""
        self._take_all()
        return super().values()

    def items(self) -> Any:
        """The keys, with the values that `get` returns."""
        self._take_all()
        return super().items()

    def _take_all(self) -> None:
        for key, value in super().items():
            if type(value) in _RAW:
                self[key] = _of_call(value, self.call)

    def __or__(self, other: Any) -> Answer:  # type: ignore[override] # its keys are texts
        return Answer({**self, **other}, self.call)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class _Answers(list[Any]):
    """A list of an Answer, whose mappings are Answers."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


_RAW = frozenset([dict, list])
"""The types of values that were not read yet; those that were are Answers and _Answers."""


def _of_call(value: Any, call: str) -> Any:
    kind = type(value)
    if kind is dict:
        made = Answer.__new__(Answer)  # without __init__, for speed: an answer may have tens of thousands of mappings
        made.update(value)
        made.call = call
        return made
    if kind is not list:
        return value
    is_flat = _RAW.isdisjoint(map(type, value))  # as a metric's hundreds of points
    return _Answers(value if is_flat else [_of_call(one, call) for one in value])
