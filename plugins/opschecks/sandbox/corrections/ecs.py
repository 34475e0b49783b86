"""Where moto's ECS is not like AWS's: tasks that run and are replaced, services that settle, deployments that end."""

from __future__ import annotations

import copy
import uuid
from datetime import datetime, timedelta
from typing import Any

from moto.ecr.models import ecr_backends
from moto.ecs.models import EC2ContainerServiceBackend

from ...core import clock
from ..correction import Before, Kind, Ties, extends, follows

DOCS = "AmazonECS/latest/APIReference/"

LOOKS_TO_SETTLE = 2
"""After how many reads an updated service settles: on AWS it takes minutes."""


def run_service(backend: Any, cluster: str, service: str, addresses: tuple[str, ...], begun: datetime) -> list[Any]:
    """Let a service run: its desired tasks since `begun`, its deployment completed."""
    made, ended = backend.services[f"{cluster}:{service}"], begun + timedelta(minutes=3)
    made.running_count, made.pending_count = made.desired_count, 0
    deployment = made.deployments[0]
    deployment.update(
        runningCount=made.desired_count,
        pendingCount=0,
        desiredCount=made.desired_count,
        rolloutState="COMPLETED",
        rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
        createdAt=begun,
        updatedAt=ended,
    )
    say(made, "has reached a steady state.", ended)
    tasks = run_tasks(backend, cluster, made, len(addresses), begun)
    for task, address in zip(tasks, addresses, strict=True):
        place_of(task)["value"] = address
    return tasks


def run_tasks(backend: Any, cluster: str, service: Any, count: int, begun: datetime) -> list[Any]:
    """Start tasks of the service's newest deployment, with the image that its tag points to now."""
    deployment = service.deployments[0]
    tasks = backend.run_task(
        cluster, service.task_definition, count, None, deployment["id"], None, "FARGATE",
        deployment["networkConfiguration"], f"service:{service.name}",
    )  # fmt: skip
    for task in tasks:
        task.health_status, task.started_at, task.created_at = "HEALTHY", begun, begun
        for container in task.containers:
            container.image_digest = _digest(backend, container.image) or None
    return list(tasks)


def say(service: Any, message: str, at: datetime) -> None:
    """Add an event of the service; the newest is the first of its list."""
    event = {"id": str(uuid.uuid4()), "createdAt": at, "message": f"(service {service.name}) {message}"}
    service.events.insert(0, event)


def place_of(task: Any) -> dict[str, Any]:
    """The detail of the task's network interface whose value is its private address."""
    details = (detail for attachment in task.attachments for detail in attachment["details"])
    return next(detail for detail in details if detail["name"] == "privateIPv4Address")


def _digest(backend: Any, image: str) -> str | None:
    """The digest of the image's tag in ECR; empty for another registry, None if ECR does not have it."""
    if "@" in image:
        return image.partition("@")[2]
    if ".dkr.ecr." not in image:
        return ""
    name, _, tag = image.partition("/")[2].partition(":")
    repository = ecr_backends[backend.account_id][backend.region_name].repositories.get(name)
    found = [one for one in repository.images if (tag or "latest") in one.image_tags] if repository else []
    return found[0].get_image_digest() if found else None


def _running(backend: Any, service: Any) -> list[Any]:
    """The service's tasks that are to run."""
    return [
        task
        for task in backend.tasks.get(service.cluster_name, {}).values()
        if task.group == f"service:{service.name}" and task.desired_status == "RUNNING"
    ]


@extends(EC2ContainerServiceBackend, "update_service", Kind.BUG, DOCS)
def _update_service(before: Before, self: Any, service_properties: dict[str, Any]) -> Any:
    """moto makes no deployment for another task definition, and a forced one replaces the id of the old one at once.

    AWS starts and stops tasks after an update; a new deployment replaces the old one when it is steady.
    """
    name = service_properties["service"].split("/")[-1]
    ran = self.services[f"{service_properties.get('cluster', 'default')}:{name}"].running_count
    renewed = service_properties.get("force_new_deployment") or service_properties.get("task_definition")
    service = before(self, service_properties)
    service.running_count = ran
    if renewed:
        made = copy.deepcopy(service.deployments[0])
        now = clock.now()
        made.update(id=f"ecs-svc/{uuid.uuid4().int % 10**19}", status="PRIMARY", createdAt=now, updatedAt=now)
        made.update(rolloutState="IN_PROGRESS", taskDefinition=service.task_definition)
        service.deployments = [made, *({**old, "status": "ACTIVE"} for old in service.deployments)]
    service.pending_count = max(0, service.desired_count - service.running_count)
    service.looks_to_settle = LOOKS_TO_SETTLE
    return service


@follows(EC2ContainerServiceBackend, "stop_task", Kind.BUG, DOCS + "API_Task.html")
def _stop_task(before: Before, ties: Ties, self: Any, cluster_str: str, task_str: str, reason: str) -> Any:
    """moto sets no stopCode, stoppingAt and stoppedAt on a stopped task.

    Its service lacks a task at once, and starts another a moment later.
    """
    task = before(self, cluster_str, task_str, reason)
    now = clock.now()
    task.stop_code, task.stopped_at, task.stopping_at = "UserInitiated", now, now
    name = str(task.group).removeprefix("service:")
    service = self.services.get(f"{cluster_str.rsplit('/', 1)[-1]}:{name}")
    if service is not None:
        service.running_count -= 1
        service.lost = [*getattr(service, "lost", ()), task]
        if not getattr(service, "has_no_room", False):
            service.pending_count = 1
            service.looks_to_settle = LOOKS_TO_SETTLE + getattr(service, "looks_more", 0)
        ties.task(task, None)
    return task


@follows(EC2ContainerServiceBackend, "describe_services", Kind.SIMPLER, DOCS + "API_Service.html")
def _settling(before: Before, ties: Ties, self: Any, *args: Any, **kwargs: Any) -> Any:
    """moto's services run no tasks; here an updated service settles after LOOKS_TO_SETTLE looks.

    moto serves no requests either: the sandbox's web side follows the task that replaces a stopped one.
    """
    for service in self.services.values():
        left = getattr(service, "looks_to_settle", None)
        if left:
            service.looks_to_settle = left - 1
            continue
        if left == 0:
            service.looks_to_settle = None
            _settled(self, service)
        if (lost := getattr(service, "lost", [])) and service.running_count >= service.desired_count:
            newest = sorted(_running(self, service), key=lambda task: task.started_at)[-len(lost) :]
            for old, new in zip(lost, newest, strict=False):
                ties.task(old, new)
            service.lost = []
    return before(self, *args, **kwargs)


def _settled(backend: Any, service: Any) -> None:
    """Replace all tasks by those of the newest deployment; if its image is missing, fail it and keep the old tasks."""
    newest, count, now = service.deployments[0], service.desired_count, clock.now()
    definition = backend.describe_task_definition(service.task_definition)
    if any(_digest(backend, one["image"]) is None for one in definition.container_definitions):
        reason = "CannotPullContainerError: the image was not found"
        newest.update(rolloutState="FAILED", rolloutStateReason=reason, failedTasks=count, runningCount=0)
        say(service, f"({newest['id']}) deployment failed: tasks failed to start: {reason}.", now)
        service.pending_count = 0
        return
    running = _running(backend, service)
    kept = [task for task in running if task.started_by == newest["id"]][:count]
    for task in running:
        if task not in kept:
            task.last_status = task.desired_status = "STOPPED"
            task.stop_code = "ServiceSchedulerInitiated"
            task.stopped_reason = "Scaling activity initiated by deployment"
    if count > len(kept):
        run_tasks(backend, service.cluster_name, service, count - len(kept), now)
    service.running_count, service.pending_count = count, 0
    newest.update(rolloutState="COMPLETED", runningCount=count, desiredCount=count, pendingCount=0)
    service.deployments = [newest]
    say(service, "has reached a steady state.", now)


@extends(EC2ContainerServiceBackend, "list_tasks", Kind.BUG, DOCS)
def _list_tasks(before: Before, self: Any, *args: Any, **kwargs: Any) -> list[Any]:
    """moto ignores serviceName."""
    service = kwargs.get("service_name") or (args[4] if len(args) > 4 else None)
    found = before(self, *args, **kwargs)
    return [task for task in found if not service or task.group == f"service:{service.split('/')[-1]}"]
