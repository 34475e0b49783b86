"""What a drill is: a rehearsal that makes or changes something, watches what follows, and cleans up."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..core.dataclass import dataclass
from ..core.observation import REGISTRY

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..fixing.outcome import Fixed
    from ..history.journal import Entry

F = TypeVar("F", bound=Callable[..., Any])

GIVEN = ("stack", "aws", "http", "ground")
"""What a drill may ask for besides observations, which are looked at afresh when it begins."""

DRILLS: dict[str, Drill] = {}


class Ground(Protocol):
    """Where a drill takes place: the stack, under its lock; everything that it changes goes through the journal."""

    def look(self, *names: str) -> list[Any]:
        """The named observations as they are now; CouldNotLook where there is none."""

    def make(
        self,
        remedy: str,
        target: str,
        wish: Mapping[str, str] | None = None,
        *,
        within: timedelta | None = None,
        cleans_up: bool = False,
    ) -> Fixed:
        """A change by a remedy, guarded and written down as any other; CannotFix where the remedy will not.

        `within` is how long it may take to settle, where that is not the remedy's own to say. `cleans_up`: it removes
        what the drill itself made, which waits for no cool-down.
        """

    def earlier(self) -> Sequence[Entry]:
        """What the journal has of this stack, the oldest first."""

    def say(self, line: str) -> None:
        """Show a line of progress."""

    def pause(self) -> None:
        """Let the time between two looks pass."""


@dataclass(frozen=True)
class Drill:
    """A function that rehearses, and what it needs. `makes` says what it is going to change, of this stack."""

    name: str
    function: Callable[..., Any]
    allow: tuple[str, ...]
    parameters: tuple[str, ...]
    needs: tuple[str, ...]
    makes: Callable[[Stack], str]
    remedies: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The first sentence of its docstring."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]


def drill(
    *, makes: Callable[[Stack], str], allow: Sequence[str] = (), remedies: Sequence[str] = ()
) -> Callable[[F], F]:
    """Declare a function a drill: checks of checks/drills take its value as a fixture of the same name.

    `allow` lists the IAM actions of its own calls; its `remedies`, by name, list theirs. Its parameters are
    those of GIVEN and observations by name.
    """

    def declare(function: F) -> F:
        name = function.__name__
        if name in REGISTRY or (name in DRILLS and DRILLS[name].function.__module__ != function.__module__):
            raise TypeError(f"drill {name}: there is an observation or a drill of that name already")
        parameters = tuple(inspect.signature(function).parameters)
        needs = tuple(parameter for parameter in parameters if parameter not in GIVEN)
        DRILLS[name] = Drill(name, function, tuple(allow), parameters, needs, makes, tuple(remedies))
        return function

    return declare
