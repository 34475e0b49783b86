"""Elastic Load Balancing: load balancers, target groups with their attributes, target health."""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotConfigured, batches, fan_out, observation, seen
from ..core.wording import plural
from .ecs import Service
from .evidence import Read, equals
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone

if TYPE_CHECKING:
    from ..config.stack import Stack

_BALANCERS = "elasticloadbalancing:DescribeLoadBalancers"
_GROUPS = "elasticloadbalancing:DescribeTargetGroups"
_ATTRIBUTES = "elasticloadbalancing:DescribeTargetGroupAttributes"
_HEALTH = "elasticloadbalancing:DescribeTargetHealth"
BALANCERS_A_CALL = 20
TARGETS_TOLD = 5
"""How many targets a message lists."""
_ILL = ("unhealthy", "unhealthy.draining", "unused")
_MOVING = ("initial", "draining")
_NO_CHECKS = "Target.HealthCheckDisabled"


@dataclass(frozen=True, kw_only=True)
class LoadBalancer(Resource):
    """A load balancer."""

    @property
    def dimension(self) -> str:
        """Its value of CloudWatch's LoadBalancer dimension: the ARN's end, such as app/name/0123456789abcdef."""
        return self.arn.split(":loadbalancer/", 1)[1]

    is_application = Read(equals("application"), "Type")
    """Whether it is an ALB: only those serve HTTP."""


@dataclass(frozen=True, kw_only=True)
class TargetGroup(Resource):
    """A target group with its attributes. `problem`: why these could not be read."""

    problem: CouldNotLook | None = None

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attribute values by key; AWS gives every value as a string."""
        if self.problem:
            raise self.problem.again()
        return Answer(((item["Key"], item["Value"]) for item in self.evidence["Attributes"]), _ATTRIBUTES)

    def _attribute(self, key: str) -> str:
        return str(self.attributes[key])

    @property
    def sticky(self) -> bool:
        """Whether stickiness is on."""
        return self._attribute("stickiness.enabled") == "true"

    @property
    def sticky_by(self) -> str:
        """lb_cookie, app_cookie; source_ip and others with a network load balancer."""
        return self._attribute("stickiness.type")

    @property
    def sticky_for(self) -> timedelta:
        """Lifetime of the stickiness cookie."""
        kind = "app_cookie" if self.sticky_by == "app_cookie" else "lb_cookie"
        return timedelta(seconds=int(self._attribute(f"stickiness.{kind}.duration_seconds")))


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

    @property
    def not_judged(self) -> str:
        """Why its targets are not judged, or nothing where they are; CouldNotLook where that is not known."""
        for why in (self.idle, self.foreign):
            if why and isinstance(why, str):
                return why
        return seen(self.idle) or seen(self.foreign)

    @property
    def stands_by(self) -> bool:
        """Whether its targets are not judged; CouldNotLook where that is not known."""
        return bool(self.not_judged)

    @property
    def targets(self) -> list[Target]:
        """All targets, whatever their state."""
        found = []
        for raw in self.evidence["TargetHealthDescriptions"]:
            target, health = raw["Target"], raw["TargetHealth"]
            where = f"{target['Id']}:{target['Port']}" if "Port" in target else str(target["Id"])
            code = str(health.get("Reason") or "")
            found.append(Target(where, str(health["State"]), str(health.get("Description") or code), code))
        return found

    def in_state(self, *states: str) -> list[Target]:
        """The targets in one of these states.

        healthy, unhealthy, initial, draining, unhealthy.draining, unused, unavailable.
        """
        return [target for target in self.targets if target.state in states]

    @property
    def ill(self) -> list[Target]:
        """The targets that should be healthy and are not: one that starts, or drains after a scale-in, is not ill.

        CouldNotLook where AWS cannot tell the health of a target, and no other is ill.
        """
        found = self.in_state(*_ILL)
        unknown = [target for target in self.in_state("unavailable") if target.code != _NO_CHECKS]
        if unknown and not found:
            raise CouldNotLook(_HEALTH, told(unknown))
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
    listed = list(service["loadBalancers"])  # AWS always lists them, also where there are none
    for one in service.get("taskSets") or []:
        listed += one.get("loadBalancers") or []
    found = {one.get("targetGroupArn") for one in listed}
    found |= {(one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn") for one in listed}
    return {str(arn) for arn in found if arn}


@observation(allow=[_BALANCERS], lasting=True)
def load_balancers(aws: Aws, inventory: Inventory) -> list[LoadBalancer]:
    """The stack's load balancers."""
    wanted = inventory.some("load_balancers")
    arns = [name for name in wanted if name.startswith("arn:")]
    names = [name for name in wanted if not name.startswith("arn:")]
    found: list[dict[str, Any]] = []
    for key, listed in (("LoadBalancerArns", arns), ("Names", names)):
        for batch in batches(listed, BALANCERS_A_CALL):
            told = aws.items("elbv2", "DescribeLoadBalancers", "LoadBalancers", **{key: batch})
            known = {raw[key.removesuffix("s").replace("Name", "LoadBalancerName")] for raw in told}
            if missed := [name for name in batch if name not in known]:  # AWS has an error for those that do not exist
                raise CouldNotLook(_BALANCERS, f"the answer does not mention {', '.join(missed)}")
            found += told
    return [LoadBalancer(arn=raw["LoadBalancerArn"], name=raw["LoadBalancerName"], evidence=raw) for raw in found]


@observation(allow=[_GROUPS], lasting=True)
def every_group(aws: Aws, load_balancers: list[LoadBalancer]) -> list[Resource]:
    """All target groups of the stack's load balancers, other stacks' too, without attributes and health.

    Those AWS returns per group.
    """
    listed = fan_out(
        lambda balancer: aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=balancer.arn),
        load_balancers,
    )
    return [
        Resource(arn=raw["TargetGroupArn"], name=raw["TargetGroupName"], evidence=raw)
        for group in listed
        for raw in group
    ]


@observation()
def balanced_groups(stack: Stack, every_group: list[Resource]) -> list[Resource]:
    """The target groups of the stack's load balancers; where the stack names its `target_groups`, only those."""
    return named(every_group, stack.target_groups) if stack.target_groups else every_group


def named(groups: Iterable[Resource], patterns: Sequence[str]) -> list[Resource]:
    """The groups whose name matches one of the patterns; CouldNotLook where a pattern matches none."""
    known = list(groups)
    matched = {one: [group for group in known if fnmatch.fnmatchcase(group.name, one)] for one in patterns}
    if missing := [one for one, some in matched.items() if not some]:
        raise CouldNotLook(_GROUPS, f"the load balancer has no target group {', '.join(missing)}")
    return [group for group in known if any(group in some for some in matched.values())]


@observation(allow=[_ATTRIBUTES])
def target_groups(aws: Aws, balanced_groups: list[Resource]) -> list[TargetGroup]:
    """The target groups of the stack's load balancers, each with its attributes."""

    def attributes(group: Resource) -> TargetGroup:
        answer = aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group.arn)
        evidence = Answer(group.evidence, answer.call) | {"Attributes": answer["Attributes"]}
        return TargetGroup(arn=group.arn, name=group.name, evidence=evidence)

    return each_alone(
        attributes,
        balanced_groups,
        lambda group, why: TargetGroup(arn=group.arn, name=group.name, evidence=group.evidence, problem=why),
    )


@observation(allow=[_HEALTH])
def registered_targets(aws: Aws, balanced_groups: list[Resource]) -> list[TargetHealth]:
    """The targets registered in each of the stack's target groups, and their health."""

    def health(group: Resource) -> TargetHealth:
        answer = aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group.arn)
        found = TargetHealth(arn=group.arn, name=group.name, evidence=answer)
        healthy = Figure("healthy targets", len(found.in_state("healthy")))
        return replace(found, figures=(healthy, Figure("registered targets", len(found.targets))))

    return each_alone(
        health,
        balanced_groups,
        lambda group, why: TargetHealth(arn=group.arn, name=group.name, evidence=Unread(why), unread=why),
    )


@observation(soft=["services"])
def target_health(
    stack: Stack, registered_targets: list[TargetHealth], services: list[Service] | CouldNotLook
) -> list[TargetHealth]:
    """The health of the targets in each of the stack's target groups, and which groups are not judged, and why.

    A group with health checks off, which only a Lambda function may have, is not assessed:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
    """
    known = [] if isinstance(services, CouldNotLook) else services
    unread = {group.arn: group.unread for group in registered_targets if group.unread}
    healthy = {group.arn for group in registered_targets if not group.unread and group.in_state("healthy")}
    return [
        replace(
            group,
            idle=_idle(group, known, healthy, unread),
            foreign="" if stack.target_groups else _foreign(group, services, registered_targets, healthy),
        )
        for group in registered_targets
    ]


def _idle(
    group: TargetHealth, services: Sequence[Service], healthy: set[str], unread: Mapping[str, CouldNotLook]
) -> str | CouldNotLook:
    if group.unread:
        return ""
    if group.targets and all((one.state, one.code) == ("unavailable", _NO_CHECKS) for one in group.targets):
        return "not assessed: its health checks are off"
    others = {one for service in services for pair in _pairs(service) if group.arn in pair for one in pair}
    others -= {group.arn}
    if any(one.state not in _MOVING for one in group.targets):
        return ""
    if not others & healthy:
        return next((unread[one] for one in sorted(others) if one in unread), "")
    how = f"{plural(len(group.targets), 'target')} starting or draining" if group.targets else "no targets"
    return f"{how}: it stands by, and the group that serves has healthy ones"


def _pairs(service: Service) -> list[tuple[str, str]]:
    """Groups that deployments fill alternately: ECS's blue and green, and those of task sets, as CodeDeploy makes them.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
    """
    of_sets = sorted(filled_by(service.evidence)) if service.evidence.get("taskSets") else []
    return [*service.twin_groups, *itertools.combinations(of_sets, 2)]


def _foreign(
    group: TargetHealth, services: list[Service] | CouldNotLook, groups: Sequence[TargetHealth], healthy: set[str]
) -> str | CouldNotLook:
    """Why it is not the stack's to judge: on a balancer where its services fill some groups, the others are not."""
    if isinstance(services, CouldNotLook):
        if group.unread or isinstance(services, NotConfigured) or not healthy or len(groups) < 2:
            return ""
        ill = len(group.in_state("healthy")) < max(1, len(group.targets))
        return services.again() if ill else ""  # a neighbour's, or the stack's
    filled = set().union(*(filled_by(service.evidence) for service in services))
    if group.arn in filled or not filled & {one.arn for one in groups}:
        return ""
    what = "" if group.unread else f"{plural(len(group.targets), 'target')}, " if group.targets else "no targets, "
    return f"{what}not judged: no service of the stack fills it (target_groups in stacks.toml can name it)"
