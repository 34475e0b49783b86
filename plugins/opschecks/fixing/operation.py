"""An operation: a remedy of several steps, each written down before it is sent."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..core.change import State, Step
from .remedy import BaseRemedy


class Operation(BaseRemedy):
    """Work of several steps: write `read`, `want` and `steps`. Each step has a line in the journal before it is sent.

    Of more than STEP_LINES steps (history/journal.py), a line stands for a batch of them.
    """

    followed_by: ClassVar[Sequence[type[BaseRemedy]]] = ()
    """Remedies that a change by name is not complete without."""

    @abc.abstractmethod
    def steps(self, target: str, before: State, after: State) -> Sequence[Step]:
        """What leads from one state to the other, in either direction unless it is one-way; planned and sent alike."""

    def aimed(self, target: str, wish: Mapping[str, str]) -> str:
        """The target, where a wish says more about it; CannotFix where it says too little or something else."""
        return target
