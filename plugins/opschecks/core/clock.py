"""The clock: the only place that reads the time of day, so that a run has one and a test can stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_read: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731 - this is the one place


def now() -> datetime:
    """This moment, aware UTC."""
    return _read()
