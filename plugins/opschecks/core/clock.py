"""The clock: the only place that reads the time of day. A run has one moment as `now`; tests can stop the clock."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware UTC."""
    return _stands or _read()


def stand_at(moment: datetime | None) -> None:
    """Let it be this moment (aware UTC) from now on, as where a recording is replayed; None: let it go on."""
    global _stands
    _stands = moment


_stands: datetime | None = None


def _read() -> datetime:
    return datetime.now(UTC)
