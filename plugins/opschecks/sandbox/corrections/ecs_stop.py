"""Where moto's StopTask is not like AWS's: its target drains, and it is replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend

from ...core import clock
from ..correction import Kind, Ties, follows
from .ecs import LOOKS_TO_SETTLE


@follows(EC2ContainerServiceBackend, "stop_task", Kind.BUG, "AmazonECS/latest/APIReference/API_Task.html")
def _stop_task(before: Callable[..., Any], ties: Ties, self: Any, cluster_str: str, task_str: str, reason: str) -> Any:
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


@follows(EC2ContainerServiceBackend, "describe_services", Kind.STATE)
def _replacing(before: Callable[..., Any], ties: Ties, self: Any, *args: Any, **kwargs: Any) -> Any:
    """moto serves no requests; the sandbox's web side follows the task that replaces a stopped one."""
    told = before(self, *args, **kwargs)
    for service in self.services.values():
        lost = getattr(service, "lost", [])
        if not lost or getattr(service, "looks_to_settle", None) is not None:
            continue
        if service.running_count < service.desired_count:
            continue
        running = [
            task
            for task in self.tasks[service.cluster_name].values()
            if task.group == f"service:{service.name}" and task.desired_status == "RUNNING"
        ]
        newest = sorted(running, key=lambda task: task.started_at)[-len(lost) :]
        for old, new in zip(lost, newest, strict=False):
            ties.task(old, new)
        service.lost = []
    return told
