"""Why it is no matter that some mutants survive: of each that the recorded sample has, one reason."""

from __future__ import annotations

from dataclasses import dataclass

from tests.mutants.making import Mutant


@dataclass(frozen=True)
class Reason:
    """Of the mutants of one function: those with this change, or all of it where none is named."""

    file: str
    within: str
    why: str
    change: str = ""

    def covers(self, mutant: Mutant) -> bool:
        """Whether it is about this mutant of the function."""
        return self.change in ("", mutant.change)


REASONS: tuple[Reason, ...] = ()
