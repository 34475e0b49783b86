"""Every check with its result, and every observation with what it took; folded."""

from __future__ import annotations

from ...core.dataclass import dataclass
from ...core.model import NOT_APPLICABLE, CheckResult, ObservationResult
from ..source import PageSource
from ..standing import TONES, WORDS, promise

_KINDS = {"failed": "failed", "blind": "unseen", "not_run": "unseen"}


@dataclass(frozen=True)
class CheckRow:
    """One check of one stack. `kinds` are what filters choose it by."""

    check: CheckResult
    name: str
    outcome: str
    tone: str
    examined: int
    kinds: str


@dataclass(frozen=True)
class Checks:
    """All of them, in the order in which they were collected."""

    checks: tuple[CheckRow, ...]
    observations: tuple[ObservationResult, ...]


def facts(source: PageSource) -> Checks:
    """The tables at the end of the page."""
    order = [stack.name for stack in source.run.stacks]
    return Checks(
        tuple(
            CheckRow(
                check=one,
                name=promise(one.check),
                outcome=WORDS[one.outcome],
                tone="none" if one.outcome == NOT_APPLICABLE else TONES.get(one.outcome, "unsure"),
                examined=len(source.run.findings_of(one)),
                kinds=f"{_KINDS.get(one.outcome, 'other')} {one.severity.value} of-{order.index(one.stack)}",
            )
            for one in source.run.checks
        ),
        source.run.observations,
    )
