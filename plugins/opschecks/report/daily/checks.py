"""Every check with its result, and every observation with what it took; folded."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.model import NOT_APPLICABLE
from ..source import PageSource
from ..standing import TONES, WORDS, promise

_KINDS = {"failed": "failed", "blind": "unseen", "not_run": "unseen"}


@dataclass(frozen=True)
class CheckRow:
    """One check of one stack. `kinds` are what filters choose it by."""

    stack: str
    name: str
    outcome: str
    tone: str
    severity: str
    examined: int
    message: str
    kinds: str


@dataclass(frozen=True)
class ObservationRow:
    """One observation of one stack: how long it took, and how many AWS calls it made."""

    stack: str
    name: str
    took: str
    calls: int
    error: str


@dataclass(frozen=True)
class Checks:
    """All of them, in the order in which they were collected."""

    checks: tuple[CheckRow, ...]
    observations: tuple[ObservationRow, ...]


def facts(source: PageSource) -> Checks:
    """The tables at the end of the page."""
    order = [stack.name for stack in source.run.stacks]
    return Checks(
        tuple(
            CheckRow(
                stack=one.stack,
                name=promise(one.check),
                outcome=WORDS[one.outcome],
                tone="none" if one.outcome == NOT_APPLICABLE else TONES.get(one.outcome, "unsure"),
                severity=one.severity.value,
                examined=len(source.run.findings_of(one)),
                message=one.message,
                kinds=f"{_KINDS.get(one.outcome, 'other')} {one.severity.value} of-{order.index(one.stack)}",
            )
            for one in source.run.checks
        ),
        tuple(
            ObservationRow(
                one.stack, one.name.replace("_", " "), f"{one.duration_s * 1000:.0f} ms", len(one.calls), one.error
            )
            for one in source.run.observations
        ),
    )
