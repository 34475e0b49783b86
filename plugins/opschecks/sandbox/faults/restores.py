"""Faults of restore rehearsals."""

from __future__ import annotations

from datetime import timedelta

from ..seeds.restores import restored
from . import Sandbox, fault

_REHEARSED = ["test_a_restore_was_rehearsed_lately"]


@fault(caught_by=_REHEARSED)
def no_restore_was_rehearsed(sandbox: Sandbox) -> None:
    """The last successful restore of a table was 100 days ago; a later one was denied."""
    own, trail = sandbox.stack.tables[0], sandbox.backend("cloudtrail")
    trail.history = [
        restored(sandbox, own, timedelta(days=100)),
        restored(sandbox, own, timedelta(days=3), errorCode="AccessDenied"),
    ]
