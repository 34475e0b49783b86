"""Elastic Load Balancing: load balancers, target groups with their attributes, target health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation
from .ecs import Service
from .evidence import Read, equals
from .inventory import Inventory
from .session import Aws

_ATTRIBUTES = "elasticloadbalancing:DescribeTargetGroupAttributes"
BALANCERS_A_CALL = 20


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
    """A target group with its attributes."""

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attribute values by key; AWS gives every value as a string."""
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
    """A registered target and its health, from DescribeTargetHealth."""

    id: str
    state: str
    reason: str

    def __str__(self) -> str:
        return f"{self.id} is {self.state}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True, kw_only=True)
class TargetHealth(Resource):
    """A target group, and the health of every registered target.

    `stands_by`: it is empty because ECS fills the two groups of a pair alternately, and the other one has healthy
    targets.
    """

    stands_by: bool = False

    @property
    def targets(self) -> list[Target]:
        """All targets, whatever their state."""
        found = []
        for raw in self.evidence["TargetHealthDescriptions"]:
            target, health = raw["Target"], raw["TargetHealth"]
            where = f"{target['Id']}:{target['Port']}" if "Port" in target else str(target["Id"])
            reason = health.get("Description") or health.get("Reason") or ""
            found.append(Target(where, str(health["State"]), str(reason)))
        return found

    def in_state(self, *states: str) -> list[Target]:
        """The targets in one of these states.

        healthy, unhealthy, initial, draining, unhealthy.draining, unused, unavailable.
        """
        return [target for target in self.targets if target.state in states]


@observation(allow=["elasticloadbalancing:DescribeLoadBalancers"])
def load_balancers(aws: Aws, inventory: Inventory) -> list[LoadBalancer]:
    """The stack's load balancers."""
    wanted = inventory.some("load_balancers")
    arns = [name for name in wanted if name.startswith("arn:")]
    names = [name for name in wanted if not name.startswith("arn:")]
    found: list[dict[str, Any]] = []
    for key, listed in (("LoadBalancerArns", arns), ("Names", names)):
        for batch in batches(listed, BALANCERS_A_CALL):
            found += aws.items("elbv2", "DescribeLoadBalancers", "LoadBalancers", **{key: batch})
    return [LoadBalancer(arn=raw["LoadBalancerArn"], name=raw["LoadBalancerName"], evidence=raw) for raw in found]


@observation(allow=["elasticloadbalancing:DescribeTargetGroups"])
def balanced_groups(aws: Aws, load_balancers: list[LoadBalancer]) -> list[Resource]:
    """The target groups of the stack's load balancers, without attributes and health, which AWS returns per group."""
    listed = fan_out(
        lambda balancer: aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=balancer.arn),
        load_balancers,
    )
    return [
        Resource(arn=raw["TargetGroupArn"], name=raw["TargetGroupName"], evidence=raw)
        for group in listed
        for raw in group
    ]


@observation(allow=[_ATTRIBUTES])
def target_groups(aws: Aws, balanced_groups: list[Resource]) -> list[TargetGroup]:
    """The target groups of the stack's load balancers, each with its attributes."""

    def attributes(group: Resource) -> TargetGroup:
        answer = aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=group.arn)
        evidence = Answer(group.evidence, answer.call) | {"Attributes": answer["Attributes"]}
        return TargetGroup(arn=group.arn, name=group.name, evidence=evidence)

    return fan_out(attributes, balanced_groups)


@observation(allow=["elasticloadbalancing:DescribeTargetHealth"])
def registered_targets(aws: Aws, balanced_groups: list[Resource]) -> list[TargetHealth]:
    """The targets registered in each of the stack's target groups, and their health."""

    def health(group: Resource) -> TargetHealth:
        answer = aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=group.arn)
        seen = TargetHealth(arn=group.arn, name=group.name, evidence=answer)
        healthy = Figure("healthy targets", len(seen.in_state("healthy")))
        return replace(seen, figures=(healthy, Figure("registered targets", len(seen.targets))))

    return fan_out(health, balanced_groups)


@observation(soft=["services"])
def target_health(registered_targets: list[TargetHealth], services: list[Service] | CouldNotLook) -> list[TargetHealth]:
    """The health of the targets in each of the stack's target groups, and which empty group stands by for another."""
    known = [] if isinstance(services, CouldNotLook) else services
    pairs = [pair for service in known for pair in service.twin_groups]
    healthy = {group.arn for group in registered_targets if group.in_state("healthy")}
    twins = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
    return [
        replace(group, stands_by=not group.targets and twins.get(group.arn) in healthy) for group in registered_targets
    ]
