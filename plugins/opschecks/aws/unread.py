"""Resources that cannot be read: each blinds itself alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..core.answer import Answer
from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out

T = TypeVar("T")
R = TypeVar("R")


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


def require_read(resource: Resource) -> None:
    """CouldNotLook where the resource could not be read."""
    if why := why_unread(resource):
        raise why.again()


def each_alone(look: Callable[[T], R], items: Iterable[T], unread: Callable[[T, CouldNotLook], R]) -> list[R]:
    """As fan_out; what cannot be looked at becomes `unread(item, why)`. CouldNotLook where nothing can be."""

    def one(item: T) -> tuple[R, CouldNotLook | None]:
        try:
            return look(item), None
        except CouldNotLook as why:
            return unread(item, why), why

    told = fan_out(one, items)
    refused = [why for _, why in told if why]
    if refused and len(refused) == len(told):
        raise refused[0].again()
    return [seen for seen, _ in told]
