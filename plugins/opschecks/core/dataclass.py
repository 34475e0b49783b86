"""`dataclass` as Python's, with one comparison, one hash and one text for all classes.

Python writes and compiles these three for every class anew, when it is imported: of the 180 of a run, they take a
twentieth of its time. To a type checker, and to a class of a user, it is Python's.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, kw_only=False, eq=True):
        """The class with what Python's adds; as there, what it defines by itself stays."""
        if cls is None:
            return functools.partial(dataclass, frozen=frozen, kw_only=kw_only, eq=eq)
        given = {"__repr__": _text}
        if eq:
            given |= {"__eq__": _is_equal, "__hash__": _hash if frozen else None}
        own = set(vars(cls))
        if vars(cls).get("__hash__") is None:  # Python's, of a class with a comparison of its own
            own.discard("__hash__")
        made = dataclasses.dataclass(cls, frozen=frozen, kw_only=kw_only, eq=False, repr=False)
        for name in given.keys() - own:
            setattr(made, name, given[name])
        return made


@functools.cache
def _values(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    """Reads the fields of an instance that are compared."""
    names = [one.name for one in dataclasses.fields(cls) if one.compare]
    return attrgetter(*names) if len(names) > 1 else lambda one: tuple([getattr(one, name) for name in names])


def _is_equal(self: Any, other: object) -> Any:
    values = _values(self.__class__)
    if other.__class__ is not self.__class__:
        return NotImplemented
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(_values(self.__class__)(self))


@recursive_repr()
def _text(self: Any) -> str:
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({told})"
