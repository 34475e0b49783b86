"""Faults of the ECS services, their deployments and tasks."""

from __future__ import annotations

from datetime import timedelta

from . import Sandbox, fault


@fault(
    caught_by=[
        "test_services_run_the_tasks_they_want",
        "test_what_was_deployed_serves",
        "test_no_deployment_is_under_way",
    ]
)
def task_is_missing(sandbox: Sandbox) -> None:
    """One task fewer runs than the service wants, and none is being started."""
    service = sandbox.service()
    service.running_count -= 1
    service.events.insert(
        0,
        {
            "id": "event",
            "createdAt": sandbox.now,
            "message": f"(service {service.name}) was unable to place a task: capacity is unavailable.",
        },
    )


@fault(
    caught_by=[
        "test_services_run_the_tasks_they_want",
        "test_what_was_deployed_serves",
        "test_no_deployment_is_under_way",
    ]
)
def service_wants_no_task(sandbox: Sandbox) -> None:
    """Somebody scaled the service to zero, so that running is what is desired."""
    service = sandbox.service()
    service.desired_count = service.running_count = 0


@fault(
    caught_by=[
        "test_services_run_the_tasks_they_want",
        "test_deployments_are_settled",
        "test_what_was_deployed_serves",
        "test_tasks_run_the_image_of_their_tag",
        "test_no_deployment_is_under_way",
    ],
    blinds=["test_services_are_not_at_max_capacity", "test_scaling_has_room_for_a_deploy"],
)
def service_is_gone(sandbox: Sandbox) -> None:
    """ECS does not know the service."""
    service = sandbox.service()
    del sandbox.backend("ecs").services[f"{sandbox.stack.cluster}:{service.name}"]


@fault(caught_by=["test_deployments_are_settled", "test_what_was_deployed_serves", "test_no_deployment_is_under_way"])
def deployment_does_not_end(sandbox: Sandbox) -> None:
    """A deployment has been in progress for hours."""
    deployment = sandbox.service().deployments[0]
    deployment.update(rolloutState="IN_PROGRESS", createdAt=sandbox.now - timedelta(hours=3))


@fault(caught_by=["test_deployments_are_settled", "test_what_was_deployed_serves", "test_no_deployment_is_under_way"])
def deployment_failed(sandbox: Sandbox) -> None:
    """The newest deployment failed; the tasks of the one before still run."""
    deployment = sandbox.service().deployments[0]
    deployment.update(rolloutState="FAILED", createdAt=sandbox.now - timedelta(minutes=9))


@fault(caught_by=["test_deployments_are_settled"])
def deployment_was_rolled_back(sandbox: Sandbox) -> None:
    """The circuit breaker rolled last night's deployment back: counts and states are those of a success."""
    service = sandbox.service()
    for ago, message in (
        (195, "(deployment ecs-svc/0002) deployment failed: tasks failed to start."),
        (190, "rolling back to deployment ecs-svc/0001."),
        (180, "has reached a steady state."),
    ):
        made = sandbox.now - timedelta(minutes=ago)
        service.events.insert(0, {"id": f"event-{ago}", "createdAt": made, "message": f"(service backend) {message}"})


@fault(
    caught_by=[
        "test_services_run_the_tasks_they_want",
        "test_what_was_deployed_serves",
        "test_no_deployment_is_under_way",
    ]
)
def task_does_not_start(sandbox: Sandbox) -> None:
    """A task has been pending for an hour."""
    service = sandbox.service()
    service.running_count, service.pending_count = service.desired_count - 1, 1
    message = f"(service {service.name}) has started 1 tasks: (task 0123)."
    service.events.insert(0, {"id": "event", "createdAt": sandbox.now - timedelta(hours=1), "message": message})


@fault(caught_by=["test_tasks_are_healthy"])
def tasks_keep_dying(sandbox: Sandbox) -> None:
    """A task was killed for its memory within the hour; ECS has replaced it."""
    extra = sandbox.backend("ecs").run_task(
        sandbox.stack.cluster,
        sandbox.service().task_definition,
        1,
        None,
        "ecs-svc/before",
        None,
        "FARGATE",
        sandbox.service().deployments[0]["networkConfiguration"],
        f"service:{sandbox.service().name}",
    )[0]
    extra.last_status = extra.desired_status = "STOPPED"
    extra.stop_code = "EssentialContainerExited"
    extra.stopped_reason = "Essential container in task exited"
    extra.containers[0].exit_code = 137
    extra.containers[0].reason = "OutOfMemoryError: Container killed due to memory usage"


@fault(caught_by=["test_tasks_are_healthy"])
def task_is_unhealthy(sandbox: Sandbox) -> None:
    """A running task's own health check fails."""
    sandbox.tasks[0].health_status = "UNHEALTHY"
