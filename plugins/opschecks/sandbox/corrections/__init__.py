"""Where moto is not like AWS, and what is corrected: a module for each service, a declaration for each correction.

A declaration says what moto does, for which version that was found, and which page of AWS says otherwise.
tests/test_corrections.py shows of each that moto still needs it, and docs/upstream.md reports the bugs.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from ..moto_private import set_transition, transition

Undo = Callable[[], None]
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


def declared() -> list[Correction]:
    """Every correction, in the order in which they are applied: some extend what others have put there."""
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        importlib.import_module(f"{__name__}.{module}")
    return sorted(_DECLARED, key=lambda one: one.module)


def correct(
    states: States,
    follow_attributes: Callable[[Mapping[str, str]], None],
    forget: Callable[[Iterable[str]], None],
    follow_task: Callable[[Any, Any], None],
) -> Undo:
    """Apply every correction with these ties; the returned function undoes them: moto's classes are the process's."""
    ties, undo = Ties(states, follow_attributes, forget, follow_task), contextlib.ExitStack()

    def patch(owner: Any, name: str, value: Any) -> None:
        missing = object()
        before = owner.__dict__.get(name, missing)
        setattr(owner, name, value)
        undo.callback(lambda: delattr(owner, name) if before is missing else setattr(owner, name, before))

    # a service's tasks start at once, stay, and stop only when something stops them
    as_before = transition("ecs::task")
    set_transition("ecs::task", {"progression": "manual", "times": 10**9})
    undo.callback(lambda: set_transition("ecs::task", as_before))
    for one in declared():
        patch(one.owner, one.attribute, one.make(getattr(one.owner, one.attribute, None), ties))
        if one.path:
            urls, path = one.path
            patch(urls, "url_paths", {**urls.url_paths, path: urls.response.dispatch})
    return undo.close
