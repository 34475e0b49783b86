"""Faults of auto-scaling: its settings, and what shows over a week: failed attempts, its maximum, flapping."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..seed import scalable
from ..seeds.scaling import activities_of, not_scaled, scaled
from . import Sandbox, fault


def _target(sandbox: Sandbox) -> dict[str, Any]:
    return scalable(sandbox.stack, sandbox.stack.services[0])


def _register(sandbox: Sandbox, **changes: Any) -> None:
    sandbox.client("application-autoscaling").register_scalable_target(**_target(sandbox), **changes)


@fault(
    caught_by=[
        "test_services_can_scale",
        "test_scaling_limits_are_as_wanted",
        "test_services_are_not_at_max_capacity",
        "test_scaling_has_room_for_a_deploy",
    ]
)
def scaling_is_deregistered(sandbox: Sandbox) -> None:
    """The service no longer has a scalable target."""
    sandbox.client("application-autoscaling").deregister_scalable_target(**_target(sandbox))


@fault(caught_by=["test_services_can_scale"])
def scaling_is_suspended(sandbox: Sandbox) -> None:
    """Scaling out was suspended for an incident and never resumed."""
    suspended = {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }
    _register(sandbox, SuspendedState=suspended)


@fault(caught_by=["test_services_can_scale"])
def scaling_policies_are_gone(sandbox: Sandbox) -> None:
    """The scalable target has no scaling policies."""
    client = sandbox.client("application-autoscaling")
    for policy in client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]:
        client.delete_scaling_policy(**_target(sandbox), PolicyName=policy["PolicyName"])


@fault(caught_by=["test_scaling_limits_are_as_wanted"])
def scaling_maximum_is_low(sandbox: Sandbox) -> None:
    """The maximum was lowered to save money."""
    _register(sandbox, MinCapacity=sandbox.stack.limits.min_tasks, MaxCapacity=3)


@fault(caught_by=["test_services_are_not_at_max_capacity", "test_scaling_has_room_for_a_deploy"])
def service_is_at_its_maximum(sandbox: Sandbox) -> None:
    """The service runs its maximum number of tasks."""
    service, most = sandbox.service(), sandbox.stack.limits.max_tasks
    service.desired_count = service.running_count = most
    more = [{"Id": f"172.31.32.{10 + index}", "Port": 8000} for index in range(most - len(sandbox.seeded.targets))]
    sandbox.client("elbv2").register_targets(TargetGroupArn=sandbox.seeded.target_group, Targets=more)


@fault(caught_by=["test_services_are_within_their_task_limits"])
def service_runs_fewer_than_its_minimum(sandbox: Sandbox) -> None:
    """A pipeline put the desired count back to one below the minimum, and no alarm scales it up again."""
    service = sandbox.service()
    service.desired_count = service.running_count = sandbox.stack.limits.min_tasks - 1
    service.deployments[0].update(desiredCount=service.desired_count, runningCount=service.running_count)


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
