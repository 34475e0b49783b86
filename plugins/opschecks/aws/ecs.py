"""ECS: services, their deployments, their tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ..core import clock
from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation
from .evidence import Read, equals, last_part, utc
from .inventory import Inventory
from .session import Aws

SERVICES_A_CALL = 10
TASKS_A_CALL = 100
_DIED = ("EssentialContainerExited", "TaskFailedToStart", "InfrastructureHealth", "TerminationNotice")
"""Stop codes of unwanted stops. SpotInterruption is not among them: it is expected with Spot capacity."""
_STARTED = "has started"
_FAILED = ("deployment failed", "rolling back")
DAY = timedelta(hours=24)
EVENTS_KEPT = 5


@dataclass(frozen=True)
class _Rollout:
    """A rollout of a revision; `evidence` is AWS's own description."""

    evidence: dict[str, Any] = field(repr=False)

    id = Read(str, "id")
    """Its id: only this distinguishes a roll-back from a success, as both end in the same state."""
    created_at = Read(utc, "createdAt")
    """When it was created, in UTC."""
    revision = Read(last_part, "taskDefinition")
    """family:revision of its task definition."""


class Deployment(_Rollout):
    """One deployment of a service by ECS itself."""

    is_primary = Read(equals("PRIMARY"), "status")
    """Whether it is the deployment that the service is moving to."""

    @property
    def state(self) -> str:
        """rolloutState: IN_PROGRESS, COMPLETED, FAILED; empty where the deployment controller is not ECS."""
        return str(self.evidence.get("rolloutState", ""))


class TaskSet(_Rollout):
    """A task set of a service with an external deployment controller."""

    is_settled = Read(equals("STEADY_STATE"), "stabilityStatus")
    """Whether it has reached a steady state."""


@dataclass(frozen=True)
class Event:
    """One message of a service."""

    evidence: dict[str, Any] = field(repr=False)

    @property
    def message(self) -> str:
        """The text of the message."""
        return str(self.evidence.get("message", ""))

    at = Read(utc, "createdAt")
    """When, in UTC."""


@dataclass(frozen=True, kw_only=True)
class Service(Resource):
    """An ECS service. One that does not exist has the status MISSING and nothing else."""

    status = Read(str, "status")
    """ACTIVE, DRAINING, INACTIVE, or MISSING."""
    desired = Read(int, "desiredCount")
    """Desired number of tasks."""
    running = Read(int, "runningCount")
    """Number of running tasks."""
    pending = Read(int, "pendingCount")
    """Number of tasks that are starting."""

    @property
    def deployments(self) -> list[Deployment]:
        """Deployments of the ECS controller; empty with task sets (EXTERNAL, CODE_DEPLOY)."""
        return [Deployment(raw) for raw in self.evidence["deployments"]]

    @property
    def task_sets(self) -> list[TaskSet]:
        """Task sets of an external deployment controller."""
        return [TaskSet(raw) for raw in self.evidence.get("taskSets", [])]

    @property
    def changed_at(self) -> datetime:
        """When a task was last started or a deployment created, in UTC; CouldNotLook where neither is known."""
        told = [deployment.created_at for deployment in self.deployments if deployment.is_primary]
        told += [event.at for event in self.events if _STARTED in event.message]
        if not told:
            raise CouldNotLook("ecs:DescribeServices", f"it is unknown since when {self.name} has been starting tasks")
        return max(told)

    @property
    def is_starting(self) -> bool:
        """Whether some tasks run, and all missing ones are starting."""
        return self.running > 0 and self.pending > 0 and self.running + self.pending >= self.desired

    @property
    def events(self) -> list[Event]:
        """The service's messages of the last day, and at least the newest few, newest first."""
        return [Event(raw) for raw in self.evidence.get("events", [])]

    @property
    def failed_deployments(self) -> list[Event]:
        """Events of the last 24 hours about deployments that failed or were rolled back.

        After a roll-back by the circuit breaker, counts and states are those of a success.
        """
        told = [event for event in self.events if any(word in event.message for word in _FAILED)]
        return [event for event in told if clock.now() - event.at < DAY]

    revision = Read(last_part, "taskDefinition")
    """family:revision of the service's task definition."""

    @property
    def newest_event(self) -> str:
        """The service's newest message, or nothing."""
        return self.events[0].message if self.events else ""

    @property
    def twin_groups(self) -> list[tuple[str, str]]:
        """Pairs of target groups that ECS fills alternately: blue/green, linear and canary deployments."""
        pairs = []
        for raw in self.evidence.get("loadBalancers", []):
            other = raw.get("advancedConfiguration", {}).get("alternateTargetGroupArn")
            if other and raw.get("targetGroupArn"):
                pairs.append((str(raw["targetGroupArn"]), str(other)))
        return pairs


@dataclass(frozen=True, kw_only=True)
class Task(Resource):
    """One task of a service: running, starting, or stopped within the last hour (ECS forgets older ones)."""

    service: str

    last_status = Read(str, "lastStatus")
    """PROVISIONING … RUNNING … STOPPED."""
    is_wanted = Read(equals("RUNNING"), "desiredStatus")
    """Whether the service wants it to run."""

    @property
    def health(self) -> str:
        """HEALTHY, UNHEALTHY, or UNKNOWN where no container has a health check."""
        return str(self.evidence.get("healthStatus", "UNKNOWN"))

    @property
    def started_by(self) -> str:
        """The id of the deployment that started it, or who else did."""
        return str(self.evidence.get("startedBy", ""))

    @property
    def images(self) -> list[tuple[str, str, str]]:
        """Name, image and digest of each container; the digest is empty until ECS reports it.

        Without containers that AWS itself adds (GuardDuty's agent), for which ECS reports no image.
        """
        return [
            (str(one.get("name", "container")), str(one["image"]), str(one.get("imageDigest", "")))
            for one in self.evidence["containers"]
            if one.get("image")
        ]

    @property
    def death(self) -> str:
        """Why it stopped, where that was not the service's or a person's wish; else empty."""
        reason = str(self.evidence.get("stoppedReason", ""))
        code = str(self.evidence.get("stopCode", ""))
        if code not in _DIED and "health checks" not in reason:
            return ""
        exits = [
            f"{container.get('name', 'container')} exited with {container['exitCode']}"
            + (f" ({container['reason']})" if container.get("reason") else "")
            for container in self.evidence.get("containers", [])
            if container.get("exitCode")
        ]
        return "; ".join([reason or code, *exits])


@observation(allow=["ecs:DescribeServices"])
def services(aws: Aws, inventory: Inventory, now: datetime, since: datetime | None = None) -> list[Service]:
    """The stack's ECS services (10 per DescribeServices).

    With `since`, without older events: what failed before a change does not show its effect.
    """
    cluster = inventory.the_cluster
    names = inventory.some("services")
    chunks = batches(names, SERVICES_A_CALL)
    answers = fan_out(lambda chunk: aws.call("ecs", "DescribeServices", cluster=cluster, services=chunk), chunks)
    found: list[Service] = []
    for chunk, answer in zip(chunks, answers, strict=True):
        told = [_service(raw, now, since) for raw in answer["services"]]
        for raw in answer.get("failures", []):
            arn = str(raw.get("arn", ""))
            told.append(Service(arn=arn, name=last_part(arn), evidence=raw | {"status": "MISSING"}))
        if missed := set(chunk) - {service.name for service in told}:
            raise CouldNotLook("ecs:DescribeServices", f"the answer does not mention {', '.join(sorted(missed))}")
        found.extend(told)
    return found


def _service(raw: Answer, now: datetime, since: datetime | None) -> Service:
    events = [
        event
        for index, event in enumerate(raw.get("events", []))
        if index < EVENTS_KEPT or now - event["createdAt"] < DAY
        if not since or event["createdAt"] > since
    ]
    figures = [
        Figure(label, raw[f"{label}Count"]) for label in ("running", "desired", "pending") if f"{label}Count" in raw
    ]
    evidence = raw | {"events": events}
    return Service(arn=str(raw["serviceArn"]), name=str(raw["serviceName"]), evidence=evidence, figures=tuple(figures))


@observation(allow=["ecs:ListTasks", "ecs:DescribeTasks"])
def tasks(aws: Aws, inventory: Inventory) -> list[Task]:
    """The tasks of the stack's services: those that should run, and those that stopped within the last hour."""
    cluster = inventory.the_cluster
    wanted = {f"service:{name}": name for name in inventory.some("services")}
    listed = fan_out(
        lambda status: aws.items("ecs", "ListTasks", "taskArns", cluster=cluster, desiredStatus=status),
        ["RUNNING", "STOPPED"],
    )
    chunks = batches(list(dict.fromkeys([*listed[0], *listed[1]])), TASKS_A_CALL)
    answers = fan_out(lambda chunk: aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=chunk), chunks)
    told = [raw for answer in answers for raw in answer["tasks"]]
    return [
        Task(arn=arn, name=last_part(arn), service=wanted[raw["group"]], evidence=raw)
        for raw in told
        if raw["group"] in wanted and (arn := str(raw["taskArn"]))
    ]
