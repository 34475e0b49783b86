"""What a correction of moto is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from typing import Any, TypeVar

from ..core.dataclass import dataclass

States = Mapping[str, tuple[str, str, str]]
Before = Callable[..., Any]
"""The method of moto that a correction extends."""
F = TypeVar("F", bound=Callable[..., Any])


class Kind(Enum):
    """Why moto is corrected."""

    BUG = "moto answers differently from what AWS documents"
    MISSING = "moto does not have the operation"
    SIMPLER = "moto does at once, or leaves out, what takes time on AWS"
    STATE = "the sandbox decides what no emulator can know"


@dataclass(frozen=True)
class Ties:
    """The sandbox's other parts: what they decide for moto, and what has to follow calls to moto."""

    states: States
    """The targets that are not healthy: state, reason, description by address."""
    attributes: Callable[[Mapping[str, str]], None]
    """Called with the attributes of a target group whenever they change."""
    forget: Callable[[Iterable[str]], None]
    """Called with the paths that are invalidated."""
    task: Callable[[Any, Any], None]
    """Called with the task that StopTask stopped, and later with that task and its replacement."""


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
    """What moto does; for a STATE, why no emulator can know it."""
    aws: str
    """The page of AWS's documentation that says what is right, a path of docs.aws.amazon.com; empty for a STATE."""
    make: Callable[[Any, Ties], Any]
    """The new value, from the one that was there before (None where there was none)."""
    path: tuple[Any, str] | None = None
    """moto's `urls` module and the path of an operation that moto does not route."""

    @property
    def name(self) -> str:
        """Unique among all corrections."""
        return f"{self.module}: {self.owner.__name__.rpartition('.')[2]}.{self.attribute}"


_DECLARED: list[Correction] = []


def _declares(
    bind: Callable[[Callable[..., Any], Any, Ties], Any],
    owner: Any,
    attribute: str,
    kind: Kind,
    aws: str = "",
    path: tuple[Any, str] | None = None,
    moto: str = "5.2.5",
) -> Callable[[F], F]:
    """Declare a correction; what is wrong is the first paragraph of the decorated function's docstring.

    `aws` may be an API reference, a path that ends in a slash: then the page is that of the attribute's operation.
    """
    if aws.endswith("/"):
        aws += f"API_{attribute.title().replace('_', '')}.html"

    def declare(function: F) -> F:
        module, wrong = function.__module__.rpartition(".")[2], str(function.__doc__).partition("\n")[0]
        make = functools.partial(bind, function)
        _DECLARED.append(Correction(module, owner, attribute, kind, moto, wrong, aws, make, path))
        return function

    return declare


def _method(function: Callable[..., Any], before: Any, *ties: Ties) -> Any:
    """A method, or a property where `before` is one, that gives the function what was there before."""
    replaced = before.fget if isinstance(before, property) else before

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(replaced, *ties, self, *args, **kwargs)

    return property(method) if isinstance(before, property) else method


replaces = functools.partial(_declares, lambda function, before, ties: function)
"""Declare a correction: the decorated method replaces moto's."""
extends = functools.partial(_declares, lambda function, before, ties: _method(function, before))
"""Declare a correction: as `replaces`, of a function that takes moto's method before its own arguments."""
follows = functools.partial(_declares, _method)
"""Declare a correction: as `extends`, of a function that takes the ties, too, after moto's method."""
