"""Defects that the sandbox can be given. Each names the checks that must catch it; no other check may fail."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..environment import Sandbox as Sandbox
else:
    Sandbox = Any  # only annotations name it, and its imports take a second

EVERYTHING_OF_AWS = "everything that asks AWS"
"""In `blinds`: every check that needs an answer from AWS."""


@dataclass(frozen=True)
class Fault:
    """A way to break the sandbox: `caught_by` fail, `blinds` cannot be checked, all others stay as they were."""

    name: str
    function: Callable[[Any], None]
    caught_by: tuple[str, ...]
    blinds: tuple[str, ...]
    area: str

    @property
    def what(self) -> str:
        """The first sentence of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


_FAULTS: dict[str, Fault] = {}


def fault(
    *, caught_by: Sequence[str] = (), blinds: Sequence[str] = ()
) -> Callable[[Callable[[Sandbox], None]], Callable[[Sandbox], None]]:
    """Declare a fault; the function's name is what --fault takes."""

    def declare(function: Callable[[Sandbox], None]) -> Callable[[Sandbox], None]:
        area = function.__module__.rsplit(".", 1)[-1]
        _FAULTS[function.__name__] = Fault(function.__name__, function, tuple(caught_by), tuple(blinds), area)
        return function

    return declare


def known_faults() -> dict[str, Fault]:
    """Every fault by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return dict(sorted(_FAULTS.items()))


class NotWritten(Exception):  # noqa: N818 - it is said of the fault
    """The fault is still as `opschecks new check` laid it out; the message says what to write."""


def give_fault(sandbox: Sandbox, name: str) -> None:
    """Give the sandbox a fault; KeyError if there is none of that name, NotWritten if it is only laid out."""
    try:
        known_faults()[name].function(sandbox)
    except NotImplementedError as error:
        raise NotWritten(f"--fault {name}: not written yet: {error}") from None
