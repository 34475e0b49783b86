"""Faults of alarms that exist and are useless."""

from __future__ import annotations

from typing import Any

from . import Sandbox, fault


def _alarm(sandbox: Sandbox, name: str) -> Any:
    return sandbox.backend("cloudwatch").alarms[f"{sandbox.stack.alarm_prefix}-{name}"]


@fault(caught_by=["test_alarms_call_somebody"])
def alarm_calls_nobody(sandbox: Sandbox) -> None:
    """An alarm that no composite names lost its action when the topic was renamed."""
    _alarm(sandbox, "latency-high").alarm_actions = []


@fault(caught_by=["test_alarms_call_somebody"])
def topic_has_no_subscriber(sandbox: Sandbox) -> None:
    """Nobody has confirmed the subscription of the alarms' topic."""
    for one in sandbox.backend("sns").subscriptions.values():
        one.attributes["PendingConfirmation"] = "true"


@fault(caught_by=["test_alarms_watch_something"])
def alarm_watches_a_service_that_is_gone(sandbox: Sandbox) -> None:
    """An alarm is OK for a service that was renamed long ago, because missing data counts as good."""
    for dimension in _alarm(sandbox, "memory-high").dimensions:
        if dimension.name == "ServiceName":
            dimension.value = "backend-of-last-year"


@fault(caught_by=["test_alarms_watch_something"])
def alarm_watches_errors_of_a_load_balancer_that_is_gone(sandbox: Sandbox) -> None:
    """An alarm watches the 5xx errors of a load balancer that no longer exists, so it never sees any."""
    for dimension in _alarm(sandbox, "5xx-high").dimensions:
        dimension.value = "app/incident-commander/0000000000000000"
