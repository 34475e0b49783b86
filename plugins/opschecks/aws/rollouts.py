"""How far each ECS service is with its deployments, what went wrong with them, and which colours have its traffic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, Later, observation
from ..core.wording import plural
from .ecs import CANNOT_START, DAY, Event, Launch, Service, Task
from .service_deployments import (
    LIST,
    REVISIONS,
    SHIFTED,
    Recorded,
    ServiceDeployment,
    bake_after,
    is_shifting,
    planned_wait,
)
from .unread import first_unread, readable, why_unread

_SERVICES = "ecs:DescribeServices"
SHIFTING = "PRODUCTION_TRAFFIC_SHIFT"
"""The stage in which both colours get production traffic; it lasts as long as the steps of a linear shift do."""
_FAILED = ("deployment failed", "rolling back")
_COMPLETED = "deployment completed"


@dataclass(frozen=True)
class Moving:
    """A deployment that is under way.

    `planned`: how long it waits by its own configuration; `until_it_serves`: without the bake that follows when what is
    new has all traffic.
    """

    revision: str
    age: timedelta
    planned: timedelta
    stage: str = ""
    until_it_serves: timedelta = timedelta()

    def __str__(self) -> str:
        minutes = self.age / timedelta(minutes=1)
        age = f"{plural(round(minutes), 'minute')}" if minutes < 180 else f"{plural(round(minutes / 60), 'hour')}"
        return f"{self.revision} has been under way for {age}" + (f", stage {self.stage}" if self.stage else "")


@dataclass(frozen=True, kw_only=True)
class Rollout(Resource):
    """A service, its deployments as ECS records them, and how its tasks died within the hour."""

    service: Service
    now: datetime
    recorded: Recorded
    deaths: tuple[str, ...] = ()
    deaths_unknown: CouldNotLook | None = None
    """Why it is not known whether any of its tasks died."""

    @property
    def current(self) -> Launch:
        """The primary deployment, or the primary task set; CouldNotLook where there is neither."""
        found = [one for one in (*self.service.deployments, *self.service.task_sets) if one.is_primary]
        if not found:
            raise CouldNotLook(_SERVICES, f"{self.name} has neither a primary deployment nor task set")
        return found[0]

    @property
    def known(self) -> tuple[ServiceDeployment, ...]:
        """ECS's records of what is under way or went wrong, none where others deploy it; CouldNotLook where denied."""
        return self.recorded.deployments if self.service.controller == "ECS" else ()

    @property
    def by_events_only(self) -> str:
        """Why deployments are judged by the service's messages alone; empty where ECS's records are read."""
        told = self.recorded
        return str(told.problem) if self.service.controller == "ECS" and told.is_refused else ""

    @property
    def why(self) -> str:
        """What ECS says of the trouble, and how the newest task died; empty where it says nothing."""
        return "; ".join(dict.fromkeys(one for one in (self.service.trouble, *self.deaths[:1]) if one))

    @property
    def cannot_start(self) -> str:
        """ECS's message that tasks keep failing to start, and how the newest one died; else empty."""
        said = self.service.cannot_start
        return "; ".join([said, *self.deaths[:1]]) if said else ""

    @property
    def is_starting(self) -> bool:
        """Whether some tasks run, and all missing ones are starting, or are about to in a rolling deployment.

        CouldNotLook where only a task that died would tell that they are not, and tasks could not be read.
        """
        if self.service.is_starting:
            return True
        # with minimumHealthyPercent below 100 ECS stops old tasks before it starts new ones
        may_be = self.service.running > 0 and not self.why and bool(self.under_way)
        if may_be and self.deaths_unknown:
            raise self.deaths_unknown.again()
        return may_be

    @property
    def under_way(self) -> list[Moving]:
        """The deployments that have not ended."""
        if opened := [one for one in self.known if one.is_open]:
            return [self._moving(one.revision, one.began, one.configuration, one.stage) for one in opened]
        configuration = self.service.evidence.get("deploymentConfiguration") or {}
        deployments = self.service.deployments
        # the old deployment is being replaced for as long as the new one takes, whatever its own age
        moving = [one for one in deployments if one.is_primary and (one.state == "IN_PROGRESS" or deployments[1:])]
        sets = [one for one in self.service.task_sets if not one.is_settled]
        return [self._moving(one.revision, one.created_at, configuration) for one in (*moving, *sets)]

    def _moving(self, revision: str, began: datetime, configuration: Mapping[str, Any], stage: str = "") -> Moving:
        planned = planned_wait(configuration)
        return Moving(revision, self.now - began, planned, stage, planned - bake_after(configuration))

    @property
    def replacing(self) -> list[str]:
        """The revisions that still run beside the current one, until CodeDeploy ends its deployment too."""
        sets = self.service.task_sets if self.service.controller == "CODE_DEPLOY" else []
        beside = [one.revision for one in sets if not one.is_primary and one.running > 0]
        return [*(one.revision for one in self.service.deployments if not one.is_primary), *beside]

    @property
    def state(self) -> str:
        """COMPLETED, SERVING (it gets all traffic, and ECS still watches it), or why it is neither.

        CouldNotLook where ECS does not say: without rolloutState, without its records, without a message.
        """
        current = self.current
        if current in self.service.task_sets:
            return "COMPLETED" if all(one.is_settled for one in self.service.task_sets) else "not yet stable"
        opened = [one for one in self.known if one.is_open]
        if opened and opened[0].serves:
            return "SERVING"
        if opened:
            return opened[0].status + (f", stage {opened[0].stage}" if opened[0].stage else "")
        if said := str(current.evidence.get("rolloutState", "")):
            return said
        if len(self.service.deployments) > 1:
            return "IN_PROGRESS"
        done = any(current.id in event.message and _COMPLETED in event.message for event in self.service.events)
        if self.by_events_only and not done:
            raise CouldNotLook(LIST, f"whether {current.id} has ended is not known: {self.by_events_only}")
        return "COMPLETED"

    @property
    def failure(self) -> str:
        """What deployment failed, or was rolled back, within a day, unless a later one has completed; else empty.

        After a roll-back, counts and states are those of a success.
        """
        if failed := [one for one in self.service.deployments if one.state == "FAILED"]:
            said = failed[0].evidence.get("rolloutStateReason")
            return "; ".join([f"{', '.join(one.revision for one in failed)} failed", *filter(None, (said, self.why))])
        if self.recorded.problem and (told := self._failures_told):
            return _first(told)
        for one in self.known:
            if one.has_failed and (one.is_open or not self._is_superseded(one.ended)):
                return f"{one.began:%Y-%m-%d %H:%M} UTC: {one}: {one.why or 'ECS says no reason'}"
        return _first(self._failures_told)

    @property
    def _failures_told(self) -> list[Event]:
        told = [event for event in self.service.events if any(word in event.message for word in _FAILED)]
        told = [event for event in told if self.now - event.at < DAY]
        named = " ".join(event.message for event in told)
        return [] if told and self._is_superseded(told[0].at, named) else told

    def _is_superseded(self, ended: datetime, named: str = "") -> bool:
        """Whether a deployment has completed that began later, and is not the one that was rolled back to."""
        current = self.current
        return current.created_at > ended and current.id not in named and self.state == "COMPLETED"


def _first(told: list[Event]) -> str:
    """The message with the reason, which is "deployment failed"; the roll-back follows it."""
    first = next((event for event in told if _FAILED[0] in event.message), next(iter(told), None))
    return f"{first.at:%Y-%m-%d %H:%M} UTC: {first.message}" if first else ""


@observation(soft=["service_deployments", "tasks"])
def rollouts(
    services: list[Service],
    service_deployments: dict[str, Recorded] | CouldNotLook,
    tasks: list[Task] | CouldNotLook,
    now: datetime,
) -> list[Rollout]:
    """Each service with its deployments as ECS records them, and with how its tasks died within the hour."""
    unknown = tasks if isinstance(tasks, CouldNotLook) else None
    own: dict[str, list[Task]] = {}
    for task in [] if isinstance(tasks, CouldNotLook) else tasks:
        own.setdefault(task.service, []).append(task)
    return [_rollout(one, _of(service_deployments, one.name), own.get(one.name, []), unknown, now) for one in services]


@observation(later=["tasks", "service_deployments"])
def task_counts(
    services: list[Service],
    service_deployments: Later[dict[str, Recorded]],
    tasks: Later[list[Task]],
    now: datetime,
) -> list[Rollout]:
    """Each service as in `rollouts`, as far as it is told of one that runs what it wants, or lacks some.

    ECS's records of deployments are asked for only where tasks are missing; tasks there, and where ECS says that it
    cannot start any.
    """
    is_short = any(map(_is_short, services))
    recorded: dict[str, Recorded] | CouldNotLook = service_deployments() if is_short else {}
    died = tasks() if is_short or any(map(_says_it_cannot_start, services)) else []
    return rollouts(services, recorded, died, now)


def _is_short(service: Service) -> bool:
    """Whether it is known to lack tasks; what an answer lacks is said where the service is judged."""
    if why_unread(service):
        return False
    running, desired = (service.evidence.get(key) for key in ("runningCount", "desiredCount"))
    return running is not None and desired is not None and running < desired


def _says_it_cannot_start(service: Service) -> bool:
    """Whether one of its messages does; whether that still holds is said where the service is judged."""
    events = [] if why_unread(service) else service.evidence.get("events") or []
    return any(CANNOT_START in str(event.get("message")) for event in events)


def _of(recorded: Mapping[str, Recorded] | CouldNotLook, service: str) -> Recorded:
    if isinstance(recorded, CouldNotLook):
        return Recorded(problem=recorded)
    return recorded.get(service) or Recorded(problem=CouldNotLook(LIST, f"it was not asked for {service}"))


def _rollout(
    service: Service, recorded: Recorded, tasks: Sequence[Task], unknown: CouldNotLook | None, now: datetime
) -> Rollout:
    dead = sorted((one for one in readable(tasks) if one.death), key=lambda one: one.ended, reverse=True)
    evidence = service.evidence
    if recorded.listed and not why_unread(service):
        evidence = Answer({**evidence, "serviceDeployments": [one.evidence for one in recorded.listed]}, _SERVICES)
    return Rollout(
        arn=service.arn,
        name=service.name,
        evidence=evidence,
        figures=service.figures,
        service=service,
        now=now,
        recorded=recorded,
        deaths=tuple(f"task {one.name[:8]} stopped: {one.death}" for one in dead),
        deaths_unknown=unknown or first_unread(tasks),
    )


def serving(rollout: Rollout, groups: Sequence[str]) -> list[set[str]]:
    """Of groups that are filled alternately: sets of which each must have the healthy targets that are desired.

    One of them all, as long as one colour serves. Both colours run during a bake, and the new one alone has the
    traffic; while it is shifted, both have some:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/blue-green-deployment-how-it-works.html
    Whose group is which is in the resolvedConfiguration of the service revision (API_ServiceRevisionLoadBalancer.html).
    CouldNotLook where that cannot be known.
    """
    together = [set(groups)]
    service = rollout.service
    if len(groups) < 2:
        return together
    if primary := [one for one in service.task_sets if one.is_primary]:
        filled = [raw for one in primary for raw in one.evidence.get("loadBalancers") or []]
        own = {str(raw.get("targetGroupArn")) for raw in filled} & set(groups)
        return [own] if own else together
    if rollout.by_events_only:
        if len(service.deployments) < 2 or not is_shifting(service.evidence.get("deploymentConfiguration") or {}):
            return together
        raise CouldNotLook(LIST, f"which colour serves is not known: {rollout.by_events_only}")
    going = [one for one in rollout.known if one.status == "IN_PROGRESS" and is_shifting(one.configuration)]
    if not going:
        return together
    if going[0].stage == SHIFTING:
        return [{one} for one in groups]
    if going[0].stage not in SHIFTED:
        return together
    own = set(going[0].groups) & set(groups)
    if not own:
        unread = going[0].unread
        why, action = (f": {unread.reason}", unread.action) if unread else ("", "")
        raise CouldNotLook(REVISIONS, f"which target group {going[0].revision} has is not known{why}", action=action)
    return [own]
