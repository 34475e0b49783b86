"""Faults, and what a sandbox has besides: how they are declared, also by users. The sandbox itself is not imported."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from .dataclass import dataclass

S = TypeVar("S", bound=Callable[[Any], None])


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

    @property
    def file(self) -> str:
        """The file that declares it."""
        return self.function.__code__.co_filename


class DeclaredTwice(TypeError):  # noqa: N818 - it is said of the fault
    """Two files have a fault of one name."""


class CannotBreak(Exception):  # noqa: N818 - it is said of the sandbox
    """A seed or a fault of a file raised; the message says which, where and what."""


FAULTS: dict[str, Fault] = {}
SEEDS: dict[tuple[str, str], Callable[[Any], None]] = {}
"""By file and name."""


def fault(*, caught_by: Sequence[str] = (), blinds: Sequence[str] = ()) -> Callable[[S], S]:
    """Declare a fault; the function's name is what --fault takes."""

    def declare(function: S) -> S:
        area = function.__module__.rsplit(".", 1)[-1]
        made = Fault(function.__name__, function, tuple(caught_by), tuple(blinds), area)
        before = FAULTS.get(made.name)
        if before and before.file != made.file:
            raise DeclaredTwice(f"fault {made.name} is declared twice: in {before.file} and in {made.file}")
        FAULTS[made.name] = made
        return function

    return declare


def seed(function: S) -> S:
    """Declare what every sandbox has besides: the function is given each, before its faults."""
    SEEDS[function.__code__.co_filename, function.__name__] = function
    return function


def sow_own(sandbox: Any) -> None:
    """Give a sandbox what users' and verticals' seeds declare."""
    for (file, name), function in SEEDS.items():
        give(sandbox, function, f"the seed {name} of {file}")


def give(sandbox: Any, function: Callable[[Any], None], what: str) -> None:
    """Call it with the sandbox; CannotBreak, with the line, where it raises anything but NotImplementedError."""
    try:
        function(sandbox)
    except NotImplementedError:
        raise
    except Exception as error:
        file = function.__code__.co_filename
        own = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == file]
        line = f", line {own[-1]}" if own else ""
        raise CannotBreak(f"{what}{line}: {type(error).__name__}: {error}") from error
