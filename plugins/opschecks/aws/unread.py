"""Resources, and parts of them, that cannot be read: each blinds itself alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from ..core.answer import Answer
from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out, seen

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")
One = TypeVar("One", bound=Resource)


class Unread(Answer):
    """Evidence of a resource that could not be read: reading anything of it raises why."""

    __slots__ = ("error",)

    def __init__(self, error: CouldNotLook) -> None:
        super().__init__((), error.call)
        self.error = error

    def __getitem__(self, key: str) -> Any:
        raise self.error.again()

    def get(self, key: str, default: Any = None) -> Any:
        """Raises why."""
        raise self.error.again()


def why_unread(resource: Resource) -> CouldNotLook | None:
    """Why a resource could not be read; None where it was."""
    return resource.evidence.error if isinstance(resource.evidence, Unread) else None


def readable(resources: Iterable[One] | CouldNotLook) -> list[One]:
    """Those of the resources that could be read; none where their list could not be."""
    return [] if isinstance(resources, CouldNotLook) else [one for one in resources if not why_unread(one)]


def first_unread(resources: Iterable[Resource]) -> CouldNotLook | None:
    """Why the first of those could not be read that could not; None where all could."""
    return next((why for one in resources if (why := why_unread(one))), None)


def require_read(resource: Resource) -> None:
    """CouldNotLook where the resource could not be read."""
    seen(why_unread(resource))


def or_why(look: Callable[P, R]) -> Callable[P, R | CouldNotLook]:
    """The same function; where it cannot look, it returns why, which then blinds only what asks for its value."""

    @functools.wraps(look)
    def looked(*given: P.args, **more: P.kwargs) -> R | CouldNotLook:
        try:
            return look(*given, **more)
        except CouldNotLook as why:
            return why

    return looked


def each_alone(look: Callable[[T], R], items: Iterable[T], unread: Callable[[T, CouldNotLook], R]) -> list[R]:
    """As fan_out; what cannot be looked at becomes `unread(item, why)`. CouldNotLook where nothing can be."""
    asked = list(items)
    told = fan_out(or_why(look), asked)
    refused = [one for one in told if isinstance(one, CouldNotLook)]
    if refused and len(refused) == len(told):
        raise refused[0].again()
    return [unread(item, one) if isinstance(one, CouldNotLook) else one for item, one in zip(asked, told, strict=True)]
