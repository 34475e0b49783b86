"""Which target groups of the stack's load balancers are the stack's own: those that its ECS services fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..core.model import Resource
from ..core.observation import CouldNotLook, observation
from .ecs import Service
from .elbv2 import LoadBalancer
from .inventory import Inventory


def filled_by(service: Mapping[str, Any]) -> set[str]:
    """ARNs of the target groups that ECS fills with a service's tasks, of DescribeServices' answer for it.

    With blue/green, linear and canary deployments the alternate group, too; with task sets (CODE_DEPLOY, EXTERNAL)
    those of each set: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
    """
    listed = list(service.get("loadBalancers") or [])
    for one in service.get("taskSets") or []:
        listed += one.get("loadBalancers") or []
    found = {one.get("targetGroupArn") for one in listed}
    found |= {(one.get("advancedConfiguration") or {}).get("alternateTargetGroupArn") for one in listed}
    return {str(arn) for arn in found if arn}


@dataclass(frozen=True, kw_only=True)
class Fronted(Resource):
    """An application load balancer's target groups: `own` and, where other stacks share the balancer, `others`."""

    balancer: LoadBalancer
    own: tuple[Resource, ...]
    others: tuple[Resource, ...] = ()

    @property
    def count(self) -> int:
        """How many target groups it has, whoever fills them."""
        return len(self.own) + len(self.others)


def dimension(group: Resource) -> str:
    """A target group's value of CloudWatch's TargetGroup dimension, such as targetgroup/name/0123456789abcdef."""
    return group.arn.rsplit(":", 1)[-1]


@observation(soft=["services"])
def own_groups(
    inventory: Inventory,
    load_balancers: list[LoadBalancer],
    balanced_groups: list[Resource],
    services: list[Service] | CouldNotLook,
) -> list[Fronted]:
    """The target groups of each application load balancer of the stack.

    A stack without ECS services, or none of which fills a group of the balancer, has all of them. CouldNotLook where
    the stack's services could not be read: on a shared balancer a neighbour's errors would be taken for its own.
    """
    filled: set[str] = set()
    if inventory.services:
        if isinstance(services, CouldNotLook):
            raise services.again()
        filled = set().union(*(filled_by(service.evidence) for service in services))
    found = []
    for balancer in load_balancers:
        if balancer.is_application:
            groups = [one for one in balanced_groups if balancer.arn in one.evidence["LoadBalancerArns"]]
            own = tuple(one for one in groups if one.arn in filled) or tuple(groups)
            others = tuple(one for one in groups if one not in own)
            found.append(Fronted(arn=balancer.arn, name=balancer.name, balancer=balancer, own=own, others=others))
    return found
