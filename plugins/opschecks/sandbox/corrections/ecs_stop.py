"""Where moto's StopTask is not like AWS's: its target drains, and another task is started in its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ecs.models import EC2ContainerServiceBackend

from ...core import clock
from ..correction import Kind, Ties, corrects
from .ecs import LOOKS_TO_SETTLE


@corrects(
    EC2ContainerServiceBackend,
    "stop_task",
    Kind.BUG,
    moto="5.2.5",
    wrong="a task that is stopped has no stopCode, stoppingAt and stoppedAt",
    aws="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html",
)
def _stop_task(before: Callable[..., Any], ties: Ties) -> Callable[..., Any]:
    def stop_task(self: Any, cluster_str: str, task_str: str, reason: str) -> Any:
        """The task is told who stopped it, its service lacks one at once, and starts another after a moment."""
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

    return stop_task


@corrects(
    EC2ContainerServiceBackend,
    "describe_services",
    Kind.STATE,
    moto="5.2.5",
    wrong="moto serves nothing; the sandbox's web side follows the task that replaces a stopped one",
)
def _replacing(before: Callable[..., Any], ties: Ties) -> Callable[..., Any]:
    def describe_services(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Once the service has settled, each task that was stopped has one in its place."""
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

    return describe_services
