"""Bets: names inside other packages that this one uses although their makers do not publish them.

Each package's are listed in one module (`hooks/pytest_private.py`, `aws/botocore_private.py`, the sandbox's), which is
the only one that uses them. tests/core/test_bets.py looks at each, and fails with the name of one that is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Bet:
    """One name that is not ours to rely on."""

    name: str
    version: str
    """The package and version that it was found in."""
    used_by: str
    why: str
    """What would be lost without it, and that nothing published does the same."""
    look: Callable[..., Any]
    """Returns what is bet on; whatever it raises, or a None, means that it is not there."""

    def take(self, *subject: Any) -> Any:
        """What is bet on, of these objects; LostBet where it is not there."""
        try:
            found = self.look(*subject)
        except Exception as error:
            raise LostBet(self, f"{type(error).__name__}: {error}") from error
        if found is None:
            raise LostBet(self, "it is None")
        return found


class LostBet(RuntimeError):  # noqa: N818 - the bet is lost, whoever asks
    """Another version of the package no longer has the name."""

    def __init__(self, bet: Bet, how: str) -> None:
        super().__init__(
            f"{bet.name} (found in {bet.version}) is gone: {how}. It is needed by {bet.used_by}: {bet.why}. "
            f"Install {bet.version}, or change {bet.used_by}"
        )
