"""Drills: when each was done last, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..amounts import sentence
from ..commands import suite_command
from ..source import PageSource
from ..standing import TONES, WORDS, promise


@dataclass(frozen=True)
class Drill:
    """One drill: what it shows when it passes, how it ended, when."""

    what: str
    words: str
    tone: str
    at: str


@dataclass(frozen=True)
class Drills:
    """The drills of one stack that are on record."""

    on: str
    drills: tuple[Drill, ...]
    command: str


def facts(source: PageSource) -> list[Drills]:
    """Of each stack whose run file has them; of earlier versions it has not."""
    return [
        Drills(
            source.on(week["stack"]),
            tuple(_drill(source, one) for one in week["drills"]),
            f"{suite_command(source.run, 'drills')} --stack {week['stack']}",
        )
        for week in source.run.weeks
        if "drills" in week
    ]


def _drill(source: PageSource, one: Mapping[str, Any]) -> Drill:
    outcome = one["outcome"]
    return Drill(
        what=sentence(promise(one["check"])).rstrip("."),
        words=WORDS.get(outcome, outcome),
        tone=TONES.get(outcome, "none"),
        at=source.time(datetime.fromisoformat(one["at"])),
    )
