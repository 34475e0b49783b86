"""Drills: when each was done last, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.dataclass import dataclass
from ..amounts import capital
from ..commands import suite_command
from ..source import PageSource
from ..standing import WORDS, promise, tone_of


@dataclass(frozen=True)
class Drills:
    """The drills of one stack that are on record: what each shows when it passes, how it ended, its tone, when."""

    on: str
    drills: tuple[tuple[str, str, str, str], ...]
    command: str


def facts(source: PageSource, week: Mapping[str, Any]) -> Drills | None:
    """Of a stack whose run file has them; of earlier versions it has not."""
    if "drills" not in week:
        return None
    drills = tuple(
        (
            capital(promise(one["check"])),
            WORDS.get(one["outcome"], one["outcome"]),
            tone_of(one["outcome"]),
            source.time(one["at"]),
        )
        for one in week["drills"]
    )
    return Drills(source.on(week["stack"]), drills, f"{suite_command(source.run, 'drills')} --stack {week['stack']}")
