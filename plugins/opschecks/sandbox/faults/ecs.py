"""Faults of the ECS services, their deployments and tasks."""

from __future__ import annotations

from datetime import timedelta

from ..corrections.ecs import run_tasks, say
from ..corrections.ecs_deployments import baking, record
from . import Sandbox, fault

_DEPLOYED = ["test_what_was_deployed_serves", "test_no_deployment_is_under_way"]
_FEWER_TASKS = ["test_services_run_the_tasks_they_want", *_DEPLOYED]
_UNSETTLED = ["test_deployments_are_settled", *_DEPLOYED]


def _event(sandbox: Sandbox, ago: timedelta, message: str) -> None:
    """An event of the service, so long ago."""
    say(sandbox.service(), message, sandbox.now - ago)


@fault(caught_by=_FEWER_TASKS)
def task_is_missing(sandbox: Sandbox) -> None:
    """One task fewer than desired is running, and none is being started."""
    sandbox.service().running_count -= 1
    _event(sandbox, timedelta(), "was unable to place a task: capacity is unavailable.")


@fault(caught_by=[*_FEWER_TASKS, "test_services_are_within_their_task_limits"])
def service_wants_no_task(sandbox: Sandbox) -> None:
    """The service was scaled to zero, so its running count equals its desired count."""
    service = sandbox.service()
    service.desired_count = service.running_count = 0


@fault(
    caught_by=[*_FEWER_TASKS, "test_deployments_are_settled", "test_tasks_run_the_image_of_their_tag"],
    blinds=[
        "test_services_are_not_at_max_capacity",
        "test_services_are_within_their_task_limits",
        "test_scaling_has_room_for_a_deploy",
    ],
)
def service_is_gone(sandbox: Sandbox) -> None:
    """The service does not exist."""
    del sandbox.backend("ecs").services[f"{sandbox.stack.cluster}:{sandbox.service().name}"]


@fault(caught_by=_UNSETTLED)
def deployment_does_not_end(sandbox: Sandbox) -> None:
    """A deployment has been in progress for hours."""
    sandbox.service().deployments[0].update(rolloutState="IN_PROGRESS", createdAt=sandbox.now - timedelta(hours=3))


@fault(caught_by=_UNSETTLED)
def deployment_failed(sandbox: Sandbox) -> None:
    """The newest deployment failed; the tasks of the previous one still run."""
    reason = "ECS deployment circuit breaker: tasks failed to start."
    made = {"rolloutState": "FAILED", "rolloutStateReason": reason, "createdAt": sandbox.now - timedelta(minutes=9)}
    sandbox.service().deployments[0].update(made)


@fault(caught_by=["test_deployments_are_settled"])
def deployment_was_rolled_back(sandbox: Sandbox) -> None:
    """The circuit breaker rolled back last night's deployment; counts and states look like a success."""
    _event(sandbox, timedelta(minutes=195), "(deployment ecs-svc/0002) deployment failed: tasks failed to start.")
    _event(sandbox, timedelta(minutes=190), "rolling back to deployment ecs-svc/0001.")
    _event(sandbox, timedelta(minutes=180), "has reached a steady state.")


@fault(caught_by=["test_deployments_are_settled"])
def deployment_was_rolled_back_by_an_alarm(sandbox: Sandbox) -> None:
    """An alarm rolled back last night's deployment; only ECS's record of its deployments shows it."""
    service, begun = sandbox.service(), sandbox.now - timedelta(hours=9)
    alarms = {"status": "TRIGGERED", "alarmNames": ["5xx"], "triggeredAlarmNames": ["5xx"]}
    told = record(service, service.deployments[0], status="ROLLBACK_SUCCESSFUL", createdAt=begun, startedAt=begun)
    told |= {"finishedAt": begun + timedelta(minutes=12), "alarms": alarms}
    told["serviceDeploymentArn"] += "-rolled-back"
    service.past = [told]


@fault(caught_by=["test_deployments_are_settled", "test_no_deployment_is_under_way"])
def bake_does_not_end(sandbox: Sandbox) -> None:
    """A blue/green deployment bakes for a day, though it was to bake for an hour."""
    service, begun = sandbox.service(), sandbox.now - timedelta(hours=26)
    told = baking(service, service.deployments[0], 60) | {"createdAt": begun, "startedAt": begun}
    told["serviceDeploymentArn"] += "-baking"
    service.past = [told]


@fault(caught_by=_FEWER_TASKS)
def task_restarts_for_ever(sandbox: Sandbox) -> None:
    """One of two tasks has died and been started again for an hour; the newest attempt is a minute old."""
    service = sandbox.service()
    service.running_count, service.pending_count = service.desired_count - 1, 1
    for minutes in range(61, 0, -6):
        _event(sandbox, timedelta(minutes=minutes), "has started 1 tasks: (task 0123).")


@fault(caught_by=_FEWER_TASKS)
def task_does_not_start(sandbox: Sandbox) -> None:
    """A task has been pending for an hour."""
    service = sandbox.service()
    service.running_count, service.pending_count = service.desired_count - 1, 1
    _event(sandbox, timedelta(hours=1), "has started 1 tasks: (task 0123).")


@fault(caught_by=["test_tasks_are_healthy"])
def tasks_keep_dying(sandbox: Sandbox) -> None:
    """A task ran out of memory within the last hour and was killed; ECS has replaced it."""
    service = sandbox.service()
    [extra] = run_tasks(sandbox.backend("ecs"), sandbox.stack.cluster or "", service, 1, sandbox.now)
    extra.started_by = "ecs-svc/before"
    extra.last_status = extra.desired_status = "STOPPED"
    extra.stop_code = "EssentialContainerExited"
    extra.stopped_reason = "Essential container in task exited"
    extra.containers[0].exit_code = 137
    extra.containers[0].reason = "OutOfMemoryError: Container killed due to memory usage"


@fault(caught_by=["test_tasks_are_healthy"])
def task_is_unhealthy(sandbox: Sandbox) -> None:
    """A running task's own health check fails."""
    sandbox.tasks[0].health_status = "UNHEALTHY"
