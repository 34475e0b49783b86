"""What a call answered, which knows the call: what it lacks could not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .observation import CouldNotLook


class MissingKey(CouldNotLook, KeyError):  # noqa: N818 - as CouldNotLook, it is no error of the program
    """An answer lacks what was read of it. A KeyError too: code that knows nothing of answers takes it for one."""


class Answer(dict[str, Any]):
    """What `call` answered: `answer["Key"]` is there, or raises a CouldNotLook (MissingKey) that names the call.

    AWS's JSON services answer an empty or cut body with `{}` and no error, so that a missing key, or null,
    means that nothing was seen. `get` and `in` are a dict's, for what may rightly be absent. Mappings in it are
    Answers of the same call when they are taken out, and so is `answer | {…}`; copies are plain dicts.
    """

    __slots__ = ("call",)

    def __init__(self, told: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), call: str = "") -> None:
        super().__init__(told)
        self.call = call

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
        """The values, as `get` gives them."""
        self._take_all()
        return super().values()

    def items(self) -> Any:
        """The keys, with the values that `get` gives."""
        self._take_all()
        return super().items()

    def _take_all(self) -> None:
        for key, value in super().items():
            if type(value) in _RAW:
                self[key] = _of_call(value, self.call)

    def __or__(self, other: Any) -> Answer:  # type: ignore[override] # the keys of one that knows a call are texts
        return Answer({**self, **other}, self.call)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class _Answers(list[Any]):
    """A list of an Answer, whose mappings are Answers."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


_RAW = frozenset([dict, list])
"""The types of what nobody has taken out yet: what was has another."""


def _of_call(value: Any, call: str) -> Any:
    kind = type(value)
    if kind is dict:
        made = Answer.__new__(Answer)  # past __init__: an answer may hold ten thousands of mappings
        made.update(value)
        made.call = call
        return made
    return _Answers([_of_call(one, call) for one in value]) if kind is list else value
