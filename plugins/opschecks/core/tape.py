"""What stands between a run and the world: every question passes a tape, which may keep the answer or give one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Tape(Protocol):
    """`replays`: the answers come from a recording, and nothing is asked of the world."""

    @property
    def replays(self) -> bool:
        """Whether it gives recorded answers."""

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> T:
        """The answer to the question; raises the CouldNotLook that was, or is, the answer.

        `kind` is aws, http, websocket, tls, dns, filed or moment; `call` is what a person would name it, such as
        `ecs:DescribeServices`. `question` is plain data, equal where the same is asked, and all that the answer depends
        on. `make` asks the world; its answer is plain data too: mappings, lists, texts, numbers, bytes, moments,
        or a stream of bytes as a value of a mapping.
        """


class Live:
    """No tape: the world is asked, and nothing is kept."""

    replays = False

    def ask(self, kind: str, call: str, question: Mapping[str, Any], make: Callable[[], T]) -> T:
        """As the world answers."""
        return make()


LIVE: Tape = Live()
