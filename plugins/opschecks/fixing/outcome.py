"""What becomes of a change: its result, and what a look at its check says before and after."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.change import Change
from ..core.dataclass import dataclass


class ChangeResult(enum.StrEnum):
    """What became of a change."""

    PLANNED = "planned"
    FIXED = "fixed"
    DONE = "done"
    """Made by name, and read back; there was no finding to cure."""
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"
    ROLL_BACK_FAILED = "roll-back failed"
    HANDED_OVER = "handed over"
    SETTLED = "settled"
    """Made by an earlier fixer that was killed; settled by reading."""

    @property
    def is_good(self) -> bool:
        """Whether nothing more has to be done about it."""
        return self in (ChangeResult.FIXED, ChangeResult.DONE, ChangeResult.PLANNED)


@dataclass(frozen=True)
class Fixed:
    """A change and what became of it; `entry` is its line in the journal, if there is one."""

    change: Change
    result: ChangeResult
    said: str
    entry: str = ""

    @property
    def undo(self) -> str:
        """The command that undoes it, or why there is none."""
        if not self.entry:
            return ""
        return "one-way" if self.change.one_way else f"opschecks undo {self.entry} --stack {self.change.stack}"

    def to_plain(self, resource: str, nodeid: str) -> dict[str, Any]:
        """As the run file has it: the change, with its resource and check."""
        return {
            **self.change.to_plain(),
            "resource": resource,
            "nodeid": nodeid,
            "result": self.result.value,
            "said": self.said,
            "entry": self.entry,
            "undo": self.undo,
            "differs": list(self.change.differs),
        }


@dataclass(frozen=True)
class Look:
    """What the check said the second time: cured, or not and why; `worse` are resources that were fine before."""

    cured: bool
    said: str = ""
    blind: bool = False
    worse: tuple[str, ...] = ()


Veto = Callable[[Change], str]
"""Why a change must not be made at this moment; nothing where it may."""


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM while changes were made; `fixed` is what became of them."""

    def __init__(self, fixed: Sequence[Fixed]) -> None:
        super().__init__("interrupted while changes were made")
        self.fixed = list(fixed)


def not_begun(changes: Iterable[Change]) -> list[Fixed]:
    """What is said of changes that Ctrl-C came before: nothing was sent."""
    return [Fixed(one, ChangeResult.REFUSED, "not made: interrupted before it was begun") for one in changes]
