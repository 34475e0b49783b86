"""Elastic Load Balancing: load balancers, target groups with their attributes, target health."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotThere, batches, observation, seen
from .ecs import groups_of
from .evidence import one_of, unlike, whole_number
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone, require_read, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_BALANCERS = "elasticloadbalancing:DescribeLoadBalancers"
_GROUPS = "elasticloadbalancing:DescribeTargetGroups"
_ATTRIBUTES = "elasticloadbalancing:DescribeTargetGroupAttributes"
HEALTH = "elasticloadbalancing:DescribeTargetHealth"
_ARNS, _NAMES = "LoadBalancerArns", "Names"
BALANCERS_A_CALL = 20
TARGETS_TOLD = 5
"""How many targets a message lists."""
NO_CHECKS = "Target.HealthCheckDisabled"
_STATES = ("initial", "healthy", "unhealthy", "unhealthy.draining", "unused", "draining", "unavailable")
_ILL = ("unhealthy", "unhealthy.draining", "unused")


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(Resource):
    """A load balancer."""

    @property
    def dimension(self) -> str:
        """Its value of CloudWatch's LoadBalancer dimension: the ARN's end, such as app/name/0123456789abcdef."""
        _, found, dimension = self.arn.partition(":loadbalancer/")
        if not found:
            raise unlike(self.evidence, "LoadBalancerArn", self.arn, "the ARN of a load balancer")
        return dimension

    @property
    def is_application(self) -> bool:
        """Whether it is an ALB: only those serve HTTP."""
        return one_of(self.evidence, "Type", ("application", "network", "gateway")) == "application"


class GroupsUnread(Resource):
    """What stands for the target groups of a load balancer that could not be read."""


@dataclass(frozen=True, kw_only=True)
class TargetGroup(Resource):
    """A target group with its attributes. `problem`: why these could not be read."""

    problem: CouldNotLook | None = None

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attribute values by key; AWS gives every value as a string."""
        seen(self.problem)
        return Answer(((item["Key"], item["Value"]) for item in self.evidence["Attributes"]), _ATTRIBUTES)

    @property
    def sticky(self) -> bool:
        """Whether stickiness is on."""
        return self.attributes["stickiness.enabled"] == "true"

    @property
    def sticky_by(self) -> str:
        """lb_cookie, app_cookie; source_ip and others with a network load balancer."""
        return self.attributes["stickiness.type"]

    @property
    def sticky_for(self) -> timedelta:
        """Lifetime of the stickiness cookie."""
        kind = "app_cookie" if self.sticky_by == "app_cookie" else "lb_cookie"
        return timedelta(seconds=whole_number(self.attributes, f"stickiness.{kind}.duration_seconds"))


@dataclass(frozen=True)
class Target:
    """A registered target and its health, from DescribeTargetHealth; `code` is AWS's code for the reason."""

    id: str
    state: str
    reason: str
    code: str = ""

    def __str__(self) -> str:
        return f"{self.id} is {self.state}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True, kw_only=True)
class TargetHealth(Resource):
    """A target group, and the health of every registered target.

    `idle`: why it needs no healthy target now, or why that is not known; `foreign`: the same of why it is not the
    stack's to judge. `unread`: why its targets could not be read; whatever is asked of them then raises that.
    """

    idle: str | CouldNotLook = ""
    foreign: str | CouldNotLook = ""
    unread: CouldNotLook | None = None
    is_whole: bool = False
    """Whether it stands for all groups of a load balancer, because they could not be read."""
    balancers: tuple[str, ...] = ()
    """The ARNs of its load balancers, where they are known."""

    @property
    def not_judged(self) -> str:
        """Why its targets are not judged, or nothing where they are; CouldNotLook where that is not known."""
        for why in (self.idle, self.foreign):
            if why and isinstance(why, str):
                return why
        return seen(self.idle) or seen(self.foreign)

    @property
    def targets(self) -> list[Target]:
        """All targets, whatever their state."""
        found = []
        for raw in self.evidence["TargetHealthDescriptions"]:
            target, health = raw["Target"], raw["TargetHealth"]
            where = f"{target['Id']}:{target['Port']}" if "Port" in target else str(target["Id"])
            code = str(health.get("Reason") or "")
            found.append(Target(where, one_of(health, "State", _STATES), str(health.get("Description") or code), code))
        return found

    def in_state(self, *states: str) -> list[Target]:
        """Those in one of: healthy, unhealthy, initial, draining, unhealthy.draining, unused, unavailable."""
        return [target for target in self.targets if target.state in states]

    @property
    def ill(self) -> list[Target]:
        """The targets that should be healthy and are not: one that starts, or drains after a scale-in, is not ill.

        CouldNotLook where AWS cannot tell the health of a target, and no other is ill.
        """
        found = self.in_state(*_ILL)
        unknown = [target for target in self.in_state("unavailable") if target.code != NO_CHECKS]
        if unknown and not found:
            raise CouldNotLook(HEALTH, told(unknown))
        return found

    @property
    def why_none(self) -> str:
        """The states of its targets, where none is healthy."""
        return f"no target is healthy: {told(self.targets) or 'none is registered'}"


def told(targets: Sequence[Target]) -> str:
    """The first targets, each with its state and the reason that AWS gives for it; and how many there are besides."""
    more = len(targets) - TARGETS_TOLD
    return ", ".join(map(str, targets[:TARGETS_TOLD])) + (f", and {more} more" if more > 0 else "")


def filled_by(service: Mapping[str, Any]) -> set[str]:
    """ARNs of the target groups that ECS fills with a service's tasks, of DescribeServices' answer for it.

    With blue/green, linear and canary deployments the alternate group, too; with task sets (CODE_DEPLOY, EXTERNAL)
    those of each set: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
    """
    # AWS always lists them, also where there are none; of a service that does not exist it says nothing
    listed = [] if service.get("status") == "MISSING" else list(service["loadBalancers"])
    for one in service.get("taskSets") or []:
        listed += one.get("loadBalancers") or []
    return {arn for one in listed for arn in groups_of(one)}


@observation(allow=[_BALANCERS], lasting=True)
def load_balancers(aws: Aws, inventory: Inventory) -> list[LoadBalancer]:
    """The stack's load balancers; of several, one that is not there is blind alone.

    LoadBalancerNotFound is AWS's answer to the whole call: API_DescribeLoadBalancers.
    """
    wanted = inventory.some("load_balancers")
    by_key = {_ARNS: [name for name in wanted if name.startswith("arn:")]}
    by_key[_NAMES] = [name for name in wanted if name not in by_key[_ARNS]]
    parts = [(key, some) for key, names in by_key.items() for some in batches(names, BALANCERS_A_CALL)]
    try:
        return [one for key, batch in parts for one in _described(aws, key, batch)]
    except CouldNotLook as error:
        if len(wanted) == 1 or error.action or not isinstance(error, NotThere | _NotMentioned):
            raise
    return each_alone(
        lambda one: _described(aws, _ARNS if one in by_key[_ARNS] else _NAMES, [one])[0],
        wanted,
        lambda one, why: LoadBalancer(arn=one, name=one.split("/")[-2:][0], evidence=Unread(why)),
    )


class _NotMentioned(CouldNotLook):
    """An answer that lacks what was asked for."""


def _described(aws: Aws, key: str, batch: list[str]) -> list[LoadBalancer]:
    told = aws.items("elbv2", "DescribeLoadBalancers", "LoadBalancers", **{key: batch})
    known = {raw["LoadBalancerArn" if key == _ARNS else "LoadBalancerName"] for raw in told}
    if missed := [name for name in batch if name not in known]:  # AWS has an error for those that do not exist
        raise _NotMentioned(_BALANCERS, f"the answer does not mention {', '.join(missed)}")
    return [LoadBalancer(arn=raw["LoadBalancerArn"], name=raw["LoadBalancerName"], evidence=raw) for raw in told]


@observation(allow=[_GROUPS], lasting=True)
def every_group(aws: Aws, load_balancers: list[LoadBalancer]) -> list[Resource]:
    """All target groups of the stack's load balancers, other stacks' too, without attributes and health.

    Those AWS returns per group.
    """
    listed: list[list[Resource]] = each_alone(
        lambda balancer: _groups_of(aws, balancer),
        load_balancers,
        lambda one, why: [GroupsUnread(arn=one.arn, name=f"target groups of {one.name}", evidence=Unread(why))],
    )
    return [group for groups in listed for group in groups]


def _groups_of(aws: Aws, balancer: LoadBalancer) -> list[Resource]:
    require_read(balancer)
    listed = aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=balancer.arn)
    return [Resource(arn=raw["TargetGroupArn"], name=raw["TargetGroupName"], evidence=raw) for raw in listed]


@observation()
def balanced_groups(stack: Stack, every_group: list[Resource]) -> list[Resource]:
    """The target groups of the stack's load balancers; where the stack names its `target_groups`, only those."""
    return named(every_group, stack.target_groups) if stack.target_groups else every_group


def named(groups: Iterable[Resource], patterns: Sequence[str]) -> list[Resource]:
    """The groups whose name matches one of the patterns; CouldNotLook where a pattern matches none."""
    known = list(groups)
    unread = [group for group in known if why_unread(group)]
    matched = {one: [group for group in known if fnmatch.fnmatchcase(group.name, one)] for one in patterns}
    if missing := [one for one, some in matched.items() if not some and not unread]:
        raise CouldNotLook(_GROUPS, f"the load balancer has no target group {', '.join(missing)}")
    return [group for group in known if group in unread or any(group in some for some in matched.values())]


@observation(allow=[_ATTRIBUTES])
def target_groups(aws: Aws, balanced_groups: list[Resource]) -> list[TargetGroup]:
    """The target groups of the stack's load balancers, each with its attributes."""

    def attributes(group: Resource) -> TargetGroup:
        require_read(group)
        answer = aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group.arn)
        evidence = Answer(group.evidence, answer.call) | {"Attributes": answer["Attributes"]}
        return TargetGroup(arn=group.arn, name=group.name, evidence=evidence)

    return each_alone(
        attributes,
        balanced_groups,
        lambda group, why: TargetGroup(arn=group.arn, name=group.name, evidence=group.evidence, problem=why),
    )


@observation(allow=[HEALTH])
def registered_targets(aws: Aws, balanced_groups: list[Resource]) -> list[TargetHealth]:
    """The targets registered in each of the stack's target groups, and their health."""
    return each_alone(lambda group: health_of(aws, group), balanced_groups, health_unread)


def health_of(aws: Aws, group: Resource) -> TargetHealth:
    """The targets registered in a group, and their health."""
    require_read(group)
    answer = aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group.arn)
    found = TargetHealth(arn=group.arn, name=group.name, evidence=answer, balancers=_balancers_of(group))
    healthy = Figure("healthy targets", len(found.in_state("healthy")))
    return replace(found, figures=(healthy, Figure("registered targets", len(found.targets))))


def health_unread(group: Resource, why: CouldNotLook) -> TargetHealth:
    """What stands for a group whose targets could not be read."""
    return TargetHealth(
        arn=group.arn,
        name=group.name,
        evidence=Unread(why),
        unread=why,
        is_whole=isinstance(group, GroupsUnread),
        balancers=_balancers_of(group),
    )


def _balancers_of(group: Resource) -> tuple[str, ...]:
    return () if why_unread(group) else tuple(group.evidence.get("LoadBalancerArns") or ())
