"""ECS: the service deployments that are under way or went wrong within a day, as ECS itself records them.

AmazonECS/latest/developerguide/service-deployment.html: it keeps 90 days of them, for services that ECS deploys.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, batches, fan_out, observation
from .evidence import OneOf, Read, last_part, seconds, utc
from .inventory import Inventory
from .session import Aws
from .unread import or_why

LIST, DESCRIBE = "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments"
REVISIONS = "ecs:DescribeServiceRevisions"
OPEN = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
ROLLED_BACK = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
_ASKED = [*OPEN, "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"]
SHIFTED = ("POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP")
"""The stages in which the new tasks get all production traffic."""
ARNS_A_CALL = 20
DAY = timedelta(hours=24)
_HOOK_MINUTES = 24 * 60
"""How long a pause waits unless it says: AmazonECS API_DeploymentLifecycleHookTimeoutConfiguration.html."""
_NOT_OFFERED = (
    "UnsupportedFeature", "UnknownOperation", "InvalidAction", "NotImplemented", "UnrecognizedAction", "501",
)  # fmt: skip


@dataclass(frozen=True)
class ServiceDeployment:
    """One deployment of a service, from DescribeServiceDeployments; `revision` is its family:revision, if known.

    `groups`: ARNs of the target groups that its tasks have; none where that is not known, and `unread` may say why.
    """

    evidence: dict[str, Any] = field(repr=False)
    revision: str
    groups: tuple[str, ...] = ()
    unread: CouldNotLook | None = field(default=None, repr=False)

    arn = Read(str, "serviceDeploymentArn")
    """Its ARN, which StopServiceDeployment takes."""
    status = OneOf("status", *_ASKED, "SUCCESSFUL")
    """PENDING, IN_PROGRESS, STOPPED, ROLLBACK_SUCCESSFUL, …"""

    stage = Read(str, "lifecycleStage", default="")
    """lifecycleStage of a blue/green, linear or canary deployment, such as BAKE_TIME; else empty."""

    @property
    def configuration(self) -> Mapping[str, Any]:
        """Its deploymentConfiguration."""
        return self.evidence.get("deploymentConfiguration") or {}

    @property
    def serves(self) -> bool:
        """Whether it is going well, and its new tasks get all production traffic: ECS only watches them."""
        return self.status == "IN_PROGRESS" and self.stage in SHIFTED and is_shifting(self.configuration)

    @property
    def is_open(self) -> bool:
        """Whether it is under way."""
        return self.status in OPEN

    began = Read(utc, "startedAt", "createdAt")
    """When it started, in UTC; of one that waits to start, when it was created."""
    ended = Read(utc, "finishedAt", "stoppedAt", "updatedAt")
    """When it finished or was stopped, in UTC."""

    @property
    def has_failed(self) -> bool:
        """Whether it was rolled back, or stopped by its circuit breaker or alarms; a newer one also stops it."""
        watched = (self.evidence.get(key) or {} for key in ("deploymentCircuitBreaker", "alarms"))
        triggered = any(one.get("status") == "TRIGGERED" for one in watched)
        return self.status in ROLLED_BACK or (self.status == "STOPPED" and triggered)

    @property
    def why(self) -> str:
        """Why it is in its status, with the alarms that rang."""
        rollback, alarms = self.evidence.get("rollback") or {}, self.evidence.get("alarms") or {}
        names = alarms.get("triggeredAlarmNames") or []
        said = [rollback.get("reason"), self.evidence.get("statusReason")]
        return "; ".join([*dict.fromkeys(one for one in said if one), *(f"alarm {name}" for name in names)])

    def __str__(self) -> str:
        what = self.status.replace("_", " ").lower()
        return f"{self.revision}: {what}" + (f", stage {self.stage}" if self.stage else "")


def is_refused(problem: CouldNotLook) -> bool:
    """Whether a call is denied here, or not offered by this endpoint."""
    return bool(problem.action) or problem.reason.startswith(_NOT_OFFERED)


@dataclass(frozen=True)
class Recorded:
    """The deployments of one service, newest first; `problem`: why they are not known."""

    listed: tuple[ServiceDeployment, ...] = ()
    problem: CouldNotLook | None = None

    @property
    def is_refused(self) -> bool:
        """Whether they cannot be asked for here: denied, or not offered by this endpoint."""
        return bool(self.problem and is_refused(self.problem))

    @property
    def deployments(self) -> tuple[ServiceDeployment, ...]:
        """The deployments, none where this endpoint does not offer them: there, ECS shifts no traffic either.

        CouldNotLook where asking went wrong or is denied. DescribeServices does not say as much: no stage, no
        rolloutState of a deployment that shifts traffic, no roll-back but in a message among the newest 100.
        """
        if self.problem and (self.problem.action or not self.is_refused):
            raise self.problem.again()
        return self.listed


def groups_of(revision: Mapping[str, Any]) -> tuple[str, ...]:
    """ARNs of the target groups that a service revision has, by its resolvedConfiguration; none where AWS names none.

    AmazonECS/latest/APIReference/API_ServiceRevisionLoadBalancer.html
    """
    resolved = (revision.get("resolvedConfiguration") or {}).get("loadBalancers") or []
    return tuple(str(one["targetGroupArn"]) for one in resolved if one.get("targetGroupArn"))


def is_shifting(configuration: Mapping[str, Any]) -> bool:
    """Whether traffic is shifted from old tasks to new ones, which run beside them; not so in a rolling update."""
    return configuration.get("strategy") in ("BLUE_GREEN", "LINEAR", "CANARY")


def planned_wait(configuration: Mapping[str, Any]) -> timedelta:
    """How long a deployment waits by its own configuration: for bakes, steps of traffic, and a person's word.

    AmazonECS/latest/APIReference/API_DeploymentConfiguration.html, with the defaults that it documents.
    """
    minutes = _bake_minutes(configuration)
    linear, canary = (configuration.get(f"{one}Configuration") or {} for one in ("linear", "canary"))
    if configuration.get("strategy") == "LINEAR":
        percent = linear.get("stepPercent")
        steps = math.ceil(100 / float(percent)) if percent else 10
        minutes += (steps - 1) * float(linear.get("stepBakeTimeInMinutes", 6))
    if configuration.get("strategy") == "CANARY":
        minutes += float(canary.get("canaryBakeTimeInMinutes", 10))
    for hook in configuration.get("lifecycleHooks") or []:
        if hook.get("targetType") == "PAUSE":
            at_most = float((hook.get("timeoutConfiguration") or {}).get("timeoutInMinutes", _HOOK_MINUTES))
            minutes += at_most * max(1, len(hook.get("lifecycleStages") or []))
    return seconds(60 * minutes)


def bake_after(configuration: Mapping[str, Any]) -> timedelta:
    """The part of `planned_wait` in which the new tasks have all production traffic; none in a rolling update."""
    return seconds(60 * _bake_minutes(configuration) if is_shifting(configuration) else 0)


def _bake_minutes(configuration: Mapping[str, Any]) -> float:
    return float(configuration.get("bakeTimeInMinutes") or 0)


@observation(allow=[LIST, DESCRIBE, REVISIONS])
def service_deployments(aws: Aws, inventory: Inventory, now: datetime) -> dict[str, Recorded]:
    """By service: its deployments that are under way, and those of the last day that did not succeed.

    Where nothing is under way and nothing went wrong, ListServiceDeployments for each service is all that is asked.
    """
    inventory.the_cluster  # noqa: B018 - raises where there is none
    names = inventory.some("services")
    listed = dict(zip(names, fan_out(lambda name: _listed(aws, *inventory.place(name), now), names), strict=True))
    briefs = [one for told in listed.values() if not isinstance(told, CouldNotLook) for one in told]
    arns = [str(one["serviceDeploymentArn"]) for one in briefs]
    revisions = sorted({str(one["targetServiceRevisionArn"]) for one in briefs if one.get("targetServiceRevisionArn")})
    asked: list[tuple[Callable[[Aws, Sequence[str]], Mapping[str, Any]], list[str]]]
    asked = [(_described, part) for part in batches(arns, ARNS_A_CALL)]
    asked += [(_revisions, part) for part in batches(revisions, ARNS_A_CALL)]
    told = {arn: one for part in fan_out(lambda one: one[0](aws, one[1]), asked) for arn, one in part.items()}
    return {name: _recorded(listed[name], told) for name in names}


@or_why  # of this service alone
def _listed(aws: Aws, cluster: str, service: str, now: datetime) -> list[Answer]:
    asked = {"cluster": cluster, "service": service, "status": _ASKED, "maxResults": 100}
    told = aws.items("ecs", "ListServiceDeployments", "serviceDeployments", **asked)
    return [one for one in told if one["status"] in OPEN or now - (one.get("finishedAt") or now) < DAY]


def _described(aws: Aws, arns: Sequence[str]) -> dict[str, Answer | CouldNotLook]:
    """By ARN; AWS names in `failures` what it cannot describe."""
    try:
        answer = aws.call("ecs", "DescribeServiceDeployments", serviceDeploymentArns=list(arns))
        told = {str(one["serviceDeploymentArn"]): one for one in answer["serviceDeployments"]}
    except CouldNotLook as problem:
        return dict.fromkeys(arns, problem)
    reasons = {str(one.get("arn")): str(one.get("reason")) for one in answer.get("failures") or []}
    return {
        arn: told.get(arn) or CouldNotLook(DESCRIBE, f"{last_part(arn)}: {reasons.get(arn, 'the answer lacks it')}")
        for arn in arns
    }


def _revisions(aws: Aws, arns: Sequence[str]) -> dict[str, Mapping[str, Any] | CouldNotLook]:
    """Service revisions by their ARN. Without them, messages have the ARN's end, and no target group is known."""
    try:
        told = aws.call("ecs", "DescribeServiceRevisions", serviceRevisionArns=list(arns))["serviceRevisions"]
    except CouldNotLook as problem:
        return dict.fromkeys(arns, problem)
    return {str(one["serviceRevisionArn"]): one for one in told}


def _recorded(listed: Sequence[Answer] | CouldNotLook, told: Mapping[str, Any]) -> Recorded:
    if isinstance(listed, CouldNotLook):
        return Recorded(problem=listed)
    found = []
    for brief in listed:
        described = told[str(brief["serviceDeploymentArn"])]
        if isinstance(described, CouldNotLook):
            return Recorded(problem=described)
        target = str(brief.get("targetServiceRevisionArn") or "")
        revision = told.get(target) or {}
        unread = revision if isinstance(revision, CouldNotLook) else None
        known: Mapping[str, Any] = {} if unread else revision
        name = last_part(known["taskDefinition"]) if "taskDefinition" in known else ""
        name = name or f"service revision {last_part(target)}"
        found.append(ServiceDeployment(described, name, groups_of(known), unread))
    return Recorded(tuple(sorted(found, key=lambda one: one.began, reverse=True)))
