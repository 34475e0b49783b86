"""What a correction of moto is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

States = Mapping[str, tuple[str, str, str]]
F = TypeVar("F", bound=Callable[..., Any])


class Kind(Enum):
    """What a correction makes up for."""

    BUG = "moto answers otherwise than AWS's documentation says"
    MISSING = "moto does not have the operation"
    SIMPLER = "moto does at once, or leaves out, what AWS does in its own time"
    STATE = "the sandbox decides what no emulator can know"


@dataclass(frozen=True)
class Ties:
    """The sandbox's other parts: what they decide about moto, and what must follow what is done at moto."""

    states: States
    """The targets that are not healthy: state, reason, description by address."""
    attributes: Callable[[Mapping[str, str]], None]
    """Told the attributes of a target group whenever they change."""
    forget: Callable[[Iterable[str]], None]
    """Told the paths that are invalidated."""
    task: Callable[[Any, Any], None]
    """Told the task that StopTask stopped, and later that task with the one that replaces it."""


@dataclass(frozen=True)
class Correction:
    """One attribute of moto that is replaced while a sandbox runs."""

    module: str
    owner: Any
    attribute: str
    kind: Kind
    moto: str
    """The version of moto it was written for."""
    wrong: str
    """What moto does; of a STATE, why no emulator can know it."""
    aws: str
    """The page of AWS's documentation that says what is right; empty for a STATE."""
    make: Callable[[Any, Ties], Any]
    """The new value, from the one that was there before (None where there was none)."""
    path: tuple[Any, str] | None = None
    """moto's `urls` module and the path of an operation that moto does not route."""

    @property
    def name(self) -> str:
        """Unique among all corrections."""
        return f"{self.module}: {self.owner.__name__.rpartition('.')[2]}.{self.attribute}"


_DECLARED: list[Correction] = []


def corrects(
    owner: Any, attribute: str, kind: Kind, *, moto: str, wrong: str, aws: str = "", path: tuple[Any, str] | None = None
) -> Callable[[F], F]:
    """Declare a correction: the decorated function makes the new value, from the old one and the ties."""

    def declare(function: F) -> F:
        module = function.__module__.rpartition(".")[2]
        _DECLARED.append(Correction(module, owner, attribute, kind, moto, wrong, aws, function, path))
        return function

    return declare


def extends(owner: Any, attribute: str, kind: Kind, **told: Any) -> Callable[[F], F]:
    """As `corrects`, of a function that needs the old value only."""

    def declare(function: F) -> F:
        def make(before: Any, ties: Ties) -> Any:
            return function(before)

        make.__module__ = function.__module__
        corrects(owner, attribute, kind, **told)(make)
        return function

    return declare


def replaces(owner: Any, attribute: str, kind: Kind, **told: Any) -> Callable[[F], F]:
    """As `corrects`, of a function that is the new value itself."""

    def declare(function: F) -> F:
        def make(before: Any, ties: Ties) -> Any:
            return function

        make.__module__ = function.__module__
        corrects(owner, attribute, kind, **told)(make)
        return function

    return declare
