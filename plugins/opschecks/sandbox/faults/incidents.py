"""Faults of a week's incidents."""

from __future__ import annotations

from datetime import timedelta

from ..seed import incident
from . import Sandbox, fault
from .dynamodb import put_incident


@fault(caught_by=["test_no_incident_keeps_coming_back"])
def incident_keeps_coming_back(sandbox: Sandbox) -> None:
    """The same incident was opened and resolved four times this week."""
    for number, days in enumerate((2.5, 3.5, 4.5, 5.5)):
        opened = sandbox.now - timedelta(days=days)
        put_incident(sandbox, incident(f"inc-103{number}", "resolved", "medium", opened, "Agents lose their sessions"))
