"""Faults of scaling that show over a week: failed attempts, a maximum that holds it back, flapping."""

from __future__ import annotations

from datetime import timedelta

from ..seeds.scaling import activities_of, not_scaled, scaled
from . import Sandbox, fault


def _tried(sandbox: Sandbox, ago: timedelta, status: str, said: str) -> None:
    """An attempt to scale to 5 tasks that ended like this."""
    tried = scaled(sandbox, sandbox.stack.services[0], sandbox.now - ago, 5)
    activities_of(sandbox).append({**tried, "StatusCode": status, "StatusMessage": said})


@fault(caught_by=["test_scaling_attempts_succeed"])
def scaling_fails(sandbox: Sandbox) -> None:
    """Scaling out failed two days ago, because its role lacks a permission."""
    said = "Failed to set desired count to 5. Reason: not authorized to perform ecs:UpdateService."
    _tried(sandbox, timedelta(days=2), "Failed", said)


@fault(caught_by=["test_scaling_attempts_succeed"])
def scaling_is_not_fulfilled(sandbox: Sandbox) -> None:
    """Scaling asked for more tasks, and ECS did not start them."""
    said = "Successfully set desired count to 5. Change could not be fulfilled by ecs."
    _tried(sandbox, timedelta(days=3), "Unfulfilled", said)


@fault(caught_by=["test_scaling_is_not_held_at_its_maximum"])
def scaling_wants_more_than_it_may(sandbox: Sandbox) -> None:
    """For five hours of one evening scaling needed more tasks than its maximum."""
    for hour in range(5):
        at = sandbox.now - timedelta(days=3, hours=hour)
        activities_of(sandbox).append(not_scaled(sandbox, sandbox.stack.services[0], at, "AlreadyAtMaxCapacity"))


@fault(caught_by=["test_scaling_does_not_flap"])
def scaling_knows_no_rest(sandbox: Sandbox) -> None:
    """Two policies work against each other: the service scales out and in every quarter of an hour."""
    for index in range(12):
        at = sandbox.now - timedelta(days=2) + index * timedelta(minutes=15)
        activities_of(sandbox).append(scaled(sandbox, sandbox.stack.services[0], at, 3 + index % 2))
