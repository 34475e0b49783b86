"""The clock: the only place that reads the time of day. A run has one moment as `now`; tests can stop the clock."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware UTC."""
    return _read()


def _read() -> datetime:
    return datetime.now(UTC)
