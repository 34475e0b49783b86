"""ECS: services, their deployments, their tasks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation
from .evidence import Read, equals, last_part, one_of, utc
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone

_SERVICES = "ecs:DescribeServices"
_TASKS = "ecs:DescribeTasks"
SERVICES_A_CALL, TASKS_A_CALL = 10, 100
_DIED = ("EssentialContainerExited", "TaskFailedToStart", "InfrastructureHealth", "TerminationNotice")
"""Stop codes of unwanted stops. SpotInterruption is not among them: it is expected with Spot capacity."""
_STOPS = (*_DIED, "UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "")
_STARTED = "has started"
_STEADY = "has reached a steady state"
CANNOT_START = "unable to consistently start tasks"
_TROUBLE = re.compile(r"unable|unhealthy|failed|rolling back|throttled|error|insufficient", re.IGNORECASE)
"""Words of trouble in messages; AmazonECS/latest/developerguide/service-event-messages-list.html has them all."""
DAY = timedelta(hours=24)
EVENTS_KEPT = 5


@dataclass(frozen=True)
class Launch:
    """The tasks of one revision that a service was told to run; `evidence` is AWS's own description."""

    evidence: dict[str, Any] = field(repr=False)

    id = Read(str, "id")
    """Its id: only this distinguishes a roll-back from a success, as both end in the same state."""
    created_at = Read(utc, "createdAt")
    """When it was created, in UTC."""
    revision = Read(last_part, "taskDefinition")
    """family:revision of its task definition."""
    is_primary = Read(equals("PRIMARY"), "status")
    """Whether it is what the service is moving to; of task sets, the one that gets production traffic."""


class Deployment(Launch):
    """One deployment of a service by ECS itself."""

    state = Read(str, "rolloutState", default="")
    """rolloutState: IN_PROGRESS, COMPLETED, FAILED; empty with blue/green, linear and canary deployments."""


class TaskSet(Launch):
    """A task set of a service that CodeDeploy or another external controller deploys."""

    is_settled = Read(equals("STEADY_STATE"), "stabilityStatus")
    """Whether it has reached a steady state."""
    running = Read(int, "runningCount")
    """Number of running tasks."""


@dataclass(frozen=True)
class Event:
    """One message of a service."""

    evidence: dict[str, Any] = field(repr=False)

    message = Read(str, "message")
    """The text of the message."""
    at = Read(utc, "createdAt")
    """When, in UTC."""


def groups_of(balanced: Mapping[str, Any]) -> tuple[str, ...]:
    """ARNs of the target groups of one of `loadBalancers`; with blue/green, linear and canary deployments, two."""
    other = (balanced.get("advancedConfiguration") or {}).get("alternateTargetGroupArn")
    return tuple(str(arn) for arn in (balanced.get("targetGroupArn"), other) if arn)


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
    def controller(self) -> str:
        """Who deploys it: ECS, CODE_DEPLOY or EXTERNAL."""
        told = self.evidence.get("deploymentController") or {}
        return one_of(told, "type", ("ECS", "CODE_DEPLOY", "EXTERNAL"), "ECS")

    is_daemon = Read(equals("DAEMON"), "schedulingStrategy", default="REPLICA")
    """Whether it runs a task on each container instance: without instances it desires none."""

    @property
    def deployments(self) -> list[Deployment]:
        """Deployments of the ECS controller; empty with task sets (EXTERNAL, CODE_DEPLOY)."""
        if self.controller != "ECS":
            return [Deployment(raw) for raw in self.evidence.get("deployments") or []]
        told = self.evidence["deployments"]
        if not told and self.status == "ACTIVE" and not self.evidence.get("taskSets"):
            raise CouldNotLook(_SERVICES, f"the answer has no deployment of {self.name}; an active service has one")
        return [Deployment(raw) for raw in told]

    @property
    def task_sets(self) -> list[TaskSet]:
        """Task sets of CodeDeploy or an external controller."""
        listed = self.evidence.get("taskSets") or [] if self.controller == "ECS" else self.evidence["taskSets"]
        return [TaskSet(raw) for raw in listed]

    @property
    def changed_at(self) -> datetime:
        """When a task was last started or a deployment created, in UTC; CouldNotLook where neither is known."""
        told = [launch.created_at for launch in (*self.deployments, *self.task_sets) if launch.is_primary]
        events = [Event(raw) for raw in self.evidence.get("events") or []]
        told += [event.at for event in events if _STARTED in event.message]
        return max(self._known(told))

    @property
    def short_since(self) -> datetime:
        """When the tasks that it lacks were first tried, in UTC; CouldNotLook where that is unknown.

        A task that dies again and again is started again and again: what counts is the first attempt since the service
        was last steady.
        """
        primary = [launch for launch in (*self.deployments, *self.task_sets) if launch.is_primary]
        tried = [event.at for event in self._unsteady if _STARTED in event.message or "unable" in event.message]
        steady = self._steady_at
        for launch in primary:
            unfinished = isinstance(launch, Deployment) and launch.state != "COMPLETED"
            if (unfinished and not steady) or (steady and launch.created_at > steady):
                tried.append(launch.created_at)
        return min(self._known(tried or [launch.created_at for launch in primary]))

    def _known(self, moments: list[datetime]) -> list[datetime]:
        if not moments:
            raise CouldNotLook(_SERVICES, f"it is unknown since when {self.name} has been starting tasks")
        return moments

    @property
    def is_starting(self) -> bool:
        """Whether some tasks run, and all missing ones are starting."""
        return self.running > 0 and self.pending > 0 and self.running + self.pending >= self.desired

    @property
    def events(self) -> list[Event]:
        """The service's messages of the last day, and at least the newest few, newest first."""
        return [Event(raw) for raw in self.evidence["events"]]

    @property
    def _steady_at(self) -> datetime | None:
        return next((event.at for event in self.events if _STEADY in event.message), None)

    @property
    def _unsteady(self) -> list[Event]:
        """The messages since it was last steady, newest first."""
        steady = self._steady_at
        return [event for event in self.events if not steady or event.at > steady]

    @property
    def cannot_start(self) -> str:
        """ECS's message that tasks keep failing to start, if it was not steady since; else empty."""
        return next((event.message for event in self._unsteady if CANNOT_START in event.message), "")

    @property
    def trouble(self) -> str:
        """The newest message since it was last steady that tells of something wrong; else empty."""
        return next((event.message for event in self._unsteady if _TROUBLE.search(event.message)), "")

    revision = Read(last_part, "taskDefinition")
    """family:revision of the service's task definition."""

    @property
    def filled_groups(self) -> list[tuple[str, ...]]:
        """The target groups that ECS fills with its tasks; those that it fills alternately are together."""
        found = [groups_of(raw) for raw in self.evidence.get("loadBalancers") or []]
        if sets := [raw for one in self.task_sets for raw in one.evidence.get("loadBalancers") or []]:
            # CodeDeploy moves traffic between the groups of its task sets, of which the service itself names one
            found = [tuple(dict.fromkeys(arn for groups in (*found, *map(groups_of, sets)) for arn in groups))]
        return list(dict.fromkeys(groups for groups in found if groups))

    @property
    def twin_groups(self) -> list[tuple[str, ...]]:
        """Pairs of target groups that ECS fills alternately: blue/green, linear and canary deployments."""
        return [groups for groups in map(groups_of, self.evidence.get("loadBalancers") or []) if len(groups) > 1]


@dataclass(frozen=True, kw_only=True)
class Task(Resource):
    """One task of a service: running, starting, or stopped within the last hour (ECS forgets older ones)."""

    service: str

    last_status = Read(str, "lastStatus")
    """PROVISIONING … RUNNING … STOPPED."""
    is_wanted = Read(equals("RUNNING"), "desiredStatus")
    """Whether the service wants it to run."""

    @property
    def ended(self) -> datetime:
        """When it stopped, began to stop or was created, in UTC: to sort by."""
        told = (self.evidence.get(key) for key in ("stoppedAt", "stoppingAt", "createdAt"))
        return utc(next((one for one in told if one), datetime.min.replace(tzinfo=UTC)))

    @property
    def health(self) -> str:
        """HEALTHY, UNHEALTHY, or UNKNOWN where no container has a health check."""
        return one_of(self.evidence, "healthStatus", ("HEALTHY", "UNHEALTHY", "UNKNOWN"), "UNKNOWN")

    started_by = Read(str, "startedBy", default="")
    """The id of the deployment that started it, or who else did."""

    @property
    def images(self) -> list[tuple[str, str, str]]:
        """Name, image and digest of each container; the digest is empty until ECS reports it.

        Without containers that AWS itself adds (GuardDuty's agent), for which ECS reports no image.
        """
        own = [one for one in self.evidence["containers"] if one.get("image")]
        return [(str(one.get("name", "container")), str(one["image"]), str(one.get("imageDigest", ""))) for one in own]

    @property
    def death(self) -> str:
        """Why it stopped, where that was not the service's or a person's wish; else empty."""
        reason, code = str(self.evidence.get("stoppedReason", "")), one_of(self.evidence, "stopCode", _STOPS, "")
        if code not in _DIED and "health checks" not in reason:
            return ""
        told = [_end(one) for one in self.evidence.get("containers") or []]
        return "; ".join([reason or code, *(one for one in told if one)])


def _end(container: Mapping[str, Any]) -> str:
    """How a container ended, where it failed: one whose image could not be pulled has a reason and no exit code."""
    name, reason, code = container.get("name", "container"), container.get("reason"), container.get("exitCode")
    if code:
        return f"{name} exited with {code}" + (f" ({reason})" if reason else "")
    return f"{name}: {reason}" if reason else ""


@observation(allow=[_SERVICES], lasting=True)
def services(aws: Aws, inventory: Inventory, now: datetime, since: datetime | None = None) -> list[Service]:
    """The stack's ECS services (10 per DescribeServices).

    With `since`, without older events: what failed before a change does not show its effect.
    """
    told = each_alone(
        lambda part: _described(aws, inventory, *part, now, since),
        parts_of(inventory.by_cluster),
        lambda part, why: [Service(**_unread(inventory, part[0], name, why)) for name in part[1]],
    )
    return [service for some in told for service in some]


def parts_of(by_cluster: Mapping[str, Sequence[str]]) -> list[tuple[str, list[str]]]:
    """Names of services as DescribeServices takes them: of one cluster, and no more than ten."""
    return [(cluster, some) for cluster, names in by_cluster.items() for some in batches(names, SERVICES_A_CALL)]


def _described(
    aws: Aws, inventory: Inventory, cluster: str, names: list[str], now: datetime, since: datetime | None
) -> list[Service]:
    answer = aws.call("ecs", "DescribeServices", cluster=cluster, services=names)
    told = [_service(raw, now, since) for raw in answer["services"]]
    for raw in answer.get("failures", []):
        arn = str(raw.get("arn", ""))
        told.append(Service(arn=arn, name=last_part(arn), evidence=raw | {"status": "MISSING"}))
    if missed := {*names} - {service.name for service in told}:
        raise CouldNotLook(_SERVICES, f"the answer does not mention {', '.join(sorted(missed))}")
    return [replace(service, name=inventory.called(cluster, service.name)) for service in told]


def _unread(inventory: Inventory, cluster: str, name: str, why: CouldNotLook) -> dict[str, Any]:
    """What stands for a service, or for its tasks, where its cluster could not be read."""
    return {"arn": f"service/{cluster}/{name}", "name": inventory.called(cluster, name), "evidence": Unread(why)}


def _service(raw: Answer, now: datetime, since: datetime | None) -> Service:
    evidence = raw
    if (told := raw.get("events")) is not None:
        kept = (event for index, event in enumerate(told) if index < EVENTS_KEPT or _is_after(event, now - DAY))
        evidence = raw | {"events": [event for event in kept if not since or _is_after(event, since)]}
    counted = [label for label in ("running", "desired", "pending") if f"{label}Count" in raw]
    figures = tuple(Figure(label, raw[f"{label}Count"]) for label in counted)
    return Service(arn=str(raw["serviceArn"]), name=str(raw["serviceName"]), evidence=evidence, figures=figures)


def _is_after(event: Mapping[str, Any], moment: datetime) -> bool:
    """Whether it is newer; one without a time is kept for whoever reads the time."""
    at: datetime | None = event.get("createdAt")
    return at is None or at > moment


@observation(allow=["ecs:ListTasks", _TASKS])
def tasks(aws: Aws, inventory: Inventory) -> list[Task]:
    """The tasks of the stack's services: those that should run, and those that stopped within the last hour."""
    told = each_alone(
        lambda part: _of_cluster(aws, inventory, *part),
        inventory.by_cluster.items(),
        lambda part, why: [
            Task(**_unread(inventory, part[0], name, why), service=inventory.called(part[0], name)) for name in part[1]
        ],
    )
    return [task for some in told for task in some]


def _of_cluster(aws: Aws, inventory: Inventory, cluster: str, names: list[str]) -> list[Task]:
    wanted = {f"service:{name}": inventory.called(cluster, name) for name in names}
    listed = fan_out(
        lambda status: aws.items("ecs", "ListTasks", "taskArns", cluster=cluster, desiredStatus=status),
        ["RUNNING", "STOPPED"],
    )
    chunks = batches(list(dict.fromkeys([*listed[0], *listed[1]])), TASKS_A_CALL)
    answers = fan_out(lambda chunk: aws.call("ecs", "DescribeTasks", cluster=cluster, tasks=chunk), chunks)
    told = [raw for answer in answers for raw in answer["tasks"]]
    gone = [raw for answer in answers for raw in answer.get("failures") or []]
    # a task may be forgotten between the two calls: then it is MISSING
    if odd := [raw for raw in gone if raw.get("reason") != "MISSING"]:
        raise CouldNotLook(_TASKS, f"{odd[0].get('arn')}: {odd[0].get('reason')} {odd[0].get('detail') or ''}".rstrip())
    answered = {str(raw.get("taskArn", raw.get("arn"))) for raw in (*told, *gone)}
    if missed := {arn for chunk in chunks for arn in chunk} - answered:
        raise CouldNotLook(_TASKS, f"the answer does not mention {', '.join(sorted(map(last_part, missed))[:3])}")
    return [
        Task(arn=arn, name=last_part(arn), service=wanted[raw["group"]], evidence=raw)
        for raw in told
        if raw["group"] in wanted and (arn := str(raw["taskArn"]))
    ]
