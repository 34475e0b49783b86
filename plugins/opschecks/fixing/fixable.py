"""What the fixing loop sees of a remedy, be it a setting or an operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Protocol

from ..core.change import Progress, Proof, Sends, State, Step


class Fixable(Protocol):
    """How its state is read, what is sent, when it is there, and what follows where it did not help.

    Each name means what fixing/remedy.py says of it. `settles_within` is asked for each time: it may depend on what
    was sent. `read` and `steps` raise CannotFix or CouldNotLook where there is nothing to read, or to send.
    """

    aws: Sends
    proof: ClassVar[Proof]
    rolls_back: ClassVar[bool]
    resumes: ClassVar[bool]
    one_way: bool
    settles_within: timedelta

    def read(self, target: str) -> State:
        """The state as it is now."""

    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """What leads from one state to the other."""

    def progress(self, target: str, before: State, after: State) -> Progress:
        """How far it is, once everything was sent."""
