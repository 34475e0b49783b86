"""`dataclass` as Python's, with one comparison, one hash and one text for all classes.

Python writes and compiles these three again for every class that is imported: of the 180 of a run, they take a
twentieth of its time. To a type checker it is Python's; a class of a user may derive from ours by Python's.
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
        if "__eq__" in own and vars(cls)["__hash__"] is None:  # Python's, since it has a comparison
            own.discard("__hash__")
        made = dataclasses.dataclass(cls, frozen=frozen, kw_only=kw_only, eq=False, repr=False)
        for name in given.keys() - own:
            setattr(made, name, given[name])
        return made


_Values = Callable[[Any], tuple[Any, ...]]


@functools.cache
def _compared(cls: Any) -> _Values:
    """Reads the fields of an instance that are compared."""
    return _reader([one.name for one in dataclasses.fields(cls) if one.compare])


@functools.cache
def _hashed(cls: Any) -> _Values:
    """Reads those that its hash is made of."""
    fields = dataclasses.fields(cls)
    return _reader([one.name for one in fields if (one.compare if one.hash is None else one.hash)])


def _reader(names: list[str]) -> _Values:
    return attrgetter(*names) if len(names) > 1 else lambda one: tuple([getattr(one, name) for name in names])


def _is_equal(self: Any, other: Any) -> Any:
    kind: Any = self.__class__
    if other.__class__ != kind:
        return NotImplemented
    values = _compared(kind)
    return values(self) == values(other)


def _hash(self: Any) -> int:
    return hash(_hashed(self.__class__)(self))


@recursive_repr()
def _text(self: Any) -> str:
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in dataclasses.fields(self) if one.repr)
    return f"{self.__class__.__qualname__}({told})"
