"""What the fixing loop sees of a remedy, be it a setting or an operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from ..core.change import Progress, Proof, Sends, State, Step


class Fixable(Protocol):
    """How its state is read, what is sent, when it is there, and what follows where it did not help."""

    @property
    def aws(self) -> Sends:
        """What sends the requests."""

    @property
    def proof(self) -> Proof:
        """Whether its state or a symptom proves it."""

    @property
    def rolls_back(self) -> bool:
        """Whether it is rolled back automatically where it did not help."""

    @property
    def one_way(self) -> bool:
        """Whether nothing leads back."""

    @property
    def resumes(self) -> bool:
        """Whether it can go on from a state in between."""

    @property
    def settles_within(self) -> timedelta:
        """How long its state may take to be there; asked each time, because the answer may depend on what was sent."""

    def read(self, target: str) -> State:
        """The state as it is now; CannotFix or CouldNotLook where it cannot be read."""

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """What leads from one state to the other; CannotFix or CouldNotLook where nothing does."""

    def progress(self, target: str, before: State, after: State) -> Progress:
        """How far it is, once everything was sent."""
