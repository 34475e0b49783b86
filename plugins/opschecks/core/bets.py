"""Bets: private names of other packages that opschecks uses.

There is one module per package (`hooks/pytest_private.py`, `aws/botocore_private.py`, one in sandbox/), and only that
module uses the names. tests/core/test_bets.py fails with the name of a bet that is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dataclass import dataclass


@dataclass(frozen=True)
class Bet:
    """One private name."""

    name: str
    version: str
    """The package and version in which it was found."""
    used_by: str
    why: str
    """What needs it, and why no public name does."""
    look: Callable[..., Any]
    """Returns the object; an exception or None means that the name is gone."""

    def take(self, *subject: Any) -> Any:
        """The object; LostBet if the name is gone."""
        try:
            found = self.look(*subject)
        except Exception as error:
            raise LostBet(self, f"{type(error).__name__}: {error}") from error
        if found is None:
            raise LostBet(self, "it is None")
        return found


class LostBet(RuntimeError):  # noqa: N818 - the project's word for it
    """Another version of the package no longer has the name."""

    def __init__(self, bet: Bet, how: str) -> None:
        super().__init__(
            f"{bet.name} (found in {bet.version}) is gone: {how}. It is needed by {bet.used_by}: {bet.why}. "
            f"Install {bet.version}, or change {bet.used_by}"
        )
