"""Faults of rehearsals."""

from __future__ import annotations

from datetime import timedelta

from ..seeds.restores import restored
from . import Sandbox, fault

_REHEARSED = ["test_a_restore_was_rehearsed_lately"]


@fault(caught_by=_REHEARSED)
def no_restore_was_rehearsed(sandbox: Sandbox) -> None:
    """The last restore of a table is so long ago that nobody remembers how it went; a younger one was refused."""
    own, trail = sandbox.stack.tables[0], sandbox.backend("cloudtrail")
    trail.history = [
        restored(sandbox, own, timedelta(days=100)),
        restored(sandbox, own, timedelta(days=3), errorCode="AccessDenied"),
    ]
