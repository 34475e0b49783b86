"""Which target groups of the stack's load balancers are the stack's own: those that its ECS services fill."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.model import Resource
from ..core.observation import CouldNotLook, fan_out, observation
from .ecs import Service
from .elbv2 import HEALTH, LoadBalancer, TargetHealth, filled_by, health_of, health_unread
from .inventory import Inventory
from .session import Aws
from .unread import why_unread

AT_ONCE = 8
"""AWS answers for one group a call, and most shared balancers have a group with targets among the first."""


@dataclass(frozen=True, kw_only=True)
class Fronted(Resource):
    """An application load balancer's target groups: `own` and, where other stacks share the balancer, `others`.

    A group without targets, such as that of a default action, is nobody's. `count`: of all groups. `doubtful`: those
    of which it is not known whose they are, because a service could not be read; `doubt` is why. `of_others`: why it
    is not known whether any of `others` has targets.
    """

    balancer: LoadBalancer
    own: tuple[Resource, ...]
    others: tuple[Resource, ...] = ()
    count: int
    doubtful: tuple[Resource, ...] = ()
    of_others: CouldNotLook | None = None
    doubt: CouldNotLook | None = None


def dimension(group: Resource) -> str:
    """A target group's value of CloudWatch's TargetGroup dimension, such as targetgroup/name/0123456789abcdef."""
    return group.arn.rpartition(":")[2]


@observation(allow=[HEALTH])
def fronted_targets(
    aws: Aws,
    load_balancers: list[LoadBalancer],
    every_group: list[Resource],
    balanced_groups: list[Resource],
    registered_targets: list[TargetHealth],
) -> list[TargetHealth]:
    """The stack's groups, and of those that its `target_groups` leaves out the first that has targets.

    A group without targets is nobody's, and one that has some says that others share the balancer: a few of each
    balancer's are asked at a time, up to those with that one.
    """
    ours = {one.arn for one in balanced_groups}
    left = [one for one in every_group if one.arn not in ours and not why_unread(one)]
    waiting = {
        one.arn: [group for group in left if one.arn in group.evidence["LoadBalancerArns"]] for one in load_balancers
    }
    found = list(registered_targets)
    while any(waiting.values()):
        batch = {group.arn: group for groups in waiting.values() for group in groups[:AT_ONCE]}
        found += (told := fan_out(lambda group: _health_or_why(aws, group), batch.values()))
        shared = {arn for one in told if not one.unread and one.targets for arn in one.balancers}
        waiting = {arn: groups[AT_ONCE:] for arn, groups in waiting.items() if arn not in shared}
    return found


def _health_or_why(aws: Aws, group: Resource) -> TargetHealth:
    """What cannot be read is kept: the next group may say that the balancer is shared."""
    try:
        return health_of(aws, group)
    except CouldNotLook as why:
        return health_unread(group, why)


@observation(soft=["services", "fronted_targets"])
def own_groups(
    inventory: Inventory,
    load_balancers: list[LoadBalancer],
    every_group: list[Resource],
    balanced_groups: list[Resource],
    services: list[Service] | CouldNotLook,
    fronted_targets: list[TargetHealth] | CouldNotLook,
) -> list[Fronted]:
    """The target groups of each application load balancer of the stack.

    A stack without ECS services, or none of which fills a group of the balancer, has all of them. CouldNotLook where
    the stack's services could not be read: on a shared balancer a neighbour's errors would be taken for its own.
    """
    filled: set[str] = set()
    doubt: CouldNotLook | None = None
    if inventory.services:
        if isinstance(services, CouldNotLook):
            raise services.again()
        doubt = next((why for service in services if (why := why_unread(service))), None)
        filled = set().union(*(filled_by(service.evidence) for service in services if not why_unread(service)))
    known = [] if isinstance(fronted_targets, CouldNotLook) else fronted_targets
    has_targets = {group.arn: bool(group.targets) for group in known if not group.unread}
    empty = {arn for arn, some in has_targets.items() if not some}
    asked = {group.arn: group.unread for group in known}
    found = []
    read = [one for one in every_group if not why_unread(one)]
    for balancer in load_balancers:
        if not why_unread(balancer) and balancer.is_application:
            groups = [one for one in read if balancer.arn in one.evidence["LoadBalancerArns"]]
            named = {one.arn for one in balanced_groups} if len(balanced_groups) < len(every_group) else filled
            own = tuple(one for one in groups if one.arn in named)
            chosen = named is not filled
            doubtful = () if chosen or not doubt else tuple(one for one in groups if one not in own)
            own = own or (() if doubtful or chosen else tuple(groups))
            whole = tuple(one for one in every_group if one.arn == balancer.arn)
            doubtful += whole
            why = doubt or next((why_unread(one) for one in whole), None)
            others = tuple(one for one in groups if one not in (*own, *doubtful) and one.arn not in empty)
            of_others = None
            if others and not any(has_targets.get(one.arn) for one in others):
                refused = fronted_targets if isinstance(fronted_targets, CouldNotLook) else None
                of_others = refused or next((asked[one.arn] for one in others if one.arn in asked), None)
            found.append(
                Fronted(
                    arn=balancer.arn,
                    name=balancer.name,
                    balancer=balancer,
                    own=own,
                    others=others,
                    count=len(groups),
                    doubtful=doubtful,
                    doubt=why if doubtful else None,
                    of_others=of_others,
                )
            )
    return found
