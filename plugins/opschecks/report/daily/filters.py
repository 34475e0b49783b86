"""What the cards can be filtered by, without JavaScript: radio buttons whose choice the style sheet follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ...core.model import Severity
from ...core.run import Run

STACKS = 12
"""Stacks that can be chosen; style.css has a rule for each."""


class Kinds(Protocol):
    """A card: the classes that filters choose it by."""

    @property
    def kinds(self) -> str:
        """The classes, with spaces between them."""


@dataclass(frozen=True)
class Choice:
    """One radio button: the class of the cards that it leaves, its words, and how many cards those are."""

    key: str
    words: str
    count: int


@dataclass(frozen=True)
class Filters:
    """All, then the choices."""

    total: int
    choices: tuple[Choice, ...]


def filters(run: Run, cards: Sequence[Kinds]) -> Filters | None:
    """The choices that leave some cards and hide others; None where there is none."""
    named = [("failed", "Failed"), ("unseen", "Could not look")]
    named += [(one.value, one.value) for one in reversed(Severity)]
    named += [(f"of-{place}", stack.name) for place, stack in enumerate(run.stacks[:STACKS])]
    of = [set(card.kinds.split()) for card in cards]
    counted = [Choice(key, words, sum(key in kinds for kinds in of)) for key, words in named]
    choices = tuple(one for one in counted if 0 < one.count < len(cards))
    return Filters(len(cards), choices) if choices else None
