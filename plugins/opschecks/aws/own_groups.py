"""Which target groups are the stack's own, those that its ECS services fill; and which are its to judge."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, NotConfigured, fan_out, observation, seen
from ..core.wording import plural
from .ecs import Service
from .elbv2 import HEALTH, NO_CHECKS, LoadBalancer, TargetHealth, filled_by, health_of, health_unread
from .inventory import Inventory
from .session import Aws
from .unread import first_unread, readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_MOVING = ("initial", "draining")
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
    left = [one for one in readable(every_group) if one.arn not in ours]
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
    doubt = first_unread(seen(services)) if inventory.services else None
    filled = _filled(services) if inventory.services else set()
    chosen = len(balanced_groups) < len(every_group)
    named = {one.arn for one in balanced_groups} if chosen else filled
    refused, known = (fronted_targets, []) if isinstance(fronted_targets, CouldNotLook) else (None, fronted_targets)
    has_targets = {group.arn: bool(group.targets) for group in known if not group.unread}
    empty = {arn for arn, some in has_targets.items() if not some}
    asked = {group.arn: group.unread for group in known}
    known_groups = readable(every_group)
    found = []
    for balancer in load_balancers:
        if why_unread(balancer) or not balancer.is_application:
            continue
        groups = tuple(one for one in known_groups if balancer.arn in one.evidence["LoadBalancerArns"])
        own = tuple(one for one in groups if one.arn in named)
        doubtful = tuple(one for one in groups if one not in own) if doubt and not chosen else ()
        own = own or (() if doubtful or chosen else groups)
        whole = tuple(one for one in every_group if one.arn == balancer.arn)
        doubtful += whole
        why = doubt or first_unread(whole)
        others = tuple(one for one in groups if one not in (*own, *doubtful) and one.arn not in empty)
        of_others = None
        if others and not any(has_targets.get(one.arn) for one in others):
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


def _filled(services: Iterable[Service] | CouldNotLook) -> set[str]:
    """ARNs of the target groups that the services fill, as far as these could be read."""
    return {arn for service in readable(services) for arn in filled_by(service.evidence)}


@observation(soft=["services"])
def target_health(
    stack: Stack, registered_targets: list[TargetHealth], services: list[Service] | CouldNotLook
) -> list[TargetHealth]:
    """The health of the targets in each of the stack's target groups, and which groups are not judged, and why.

    A group with health checks off, which only a Lambda function may have, is not assessed:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
    """
    known, doubt = readable(services), doubt_of(services)
    filled = set() if stack.target_groups or not registered_targets else _filled(known)
    is_read = not all(group.unread for group in registered_targets)
    pairs = [pair for service in known for pair in _pairs(service)] if is_read else []
    unread = {group.arn: group.unread for group in registered_targets if group.unread}
    healthy = {group.arn for group in registered_targets if not group.unread and group.in_state("healthy")}
    return [
        replace(
            group,
            idle=_idle(group, pairs, healthy, unread, doubt),
            foreign="" if stack.target_groups else _foreign(group, filled, registered_targets, healthy, doubt),
        )
        for group in registered_targets
    ]


def _idle(
    group: TargetHealth,
    pairs: Sequence[tuple[str, ...]],
    healthy: set[str],
    unread: Mapping[str, CouldNotLook],
    doubt: CouldNotLook | None,
) -> str | CouldNotLook:
    """Why it needs no healthy target now, or why that is not known; nothing where it needs one.

    `pairs` are groups that services fill alternately. `doubt`: why not all services are known; then a group that has
    no healthy one may stand by.
    """
    if group.unread:
        return ""
    if group.targets and all((one.state, one.code) == ("unavailable", NO_CHECKS) for one in group.targets):
        return "not assessed: its health checks are off"
    others = {one for pair in pairs if group.arn in pair for one in pair}
    others -= {group.arn}
    if any(one.state not in _MOVING for one in group.targets):
        return ""
    if not others & healthy:
        unknown = doubt if healthy - {group.arn} else None
        return next((unread[one] for one in sorted(others) if one in unread), unknown or "")
    how = f"{plural(len(group.targets), 'target')} starting or draining" if group.targets else "no targets"
    return f"{how}: it stands by, and the group that serves has healthy ones"


def _pairs(service: Service) -> list[tuple[str, ...]]:
    """Groups that deployments fill alternately: ECS's blue and green, and those of task sets, as CodeDeploy makes them.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-bluegreen.html
    """
    of_sets = sorted(filled_by(service.evidence)) if service.evidence.get("taskSets") else []
    return [*service.twin_groups, *itertools.combinations(of_sets, 2)]


def _foreign(
    group: TargetHealth,
    filled: set[str],
    groups: Sequence[TargetHealth],
    healthy: set[str],
    doubt: CouldNotLook | None,
) -> str | CouldNotLook:
    """Why it is not the stack's to judge: on a balancer where its services fill some groups, the others are not."""
    if group.is_whole or group.arn in filled:
        return ""
    shared = filled & {one.arn for one in groups if _are_together(one, group)}
    if doubt:
        ill = not group.unread and len(group.in_state("healthy")) < max(1, len(group.targets))
        return doubt.again() if shared or (ill and healthy and len(groups) > 1) else ""  # a neighbour's, or its own
    if not shared:
        return ""
    what = "" if group.unread else f"{plural(len(group.targets), 'target')}, " if group.targets else "no targets, "
    return f"{what}not judged: no service of the stack fills it (target_groups in stacks.toml can name it)"


def _are_together(one: TargetHealth, other: TargetHealth) -> bool:
    """Whether two groups are of one load balancer, as far as that is known."""
    return not one.balancers or not other.balancers or bool({*one.balancers} & {*other.balancers})


def doubt_of(services: list[Service] | CouldNotLook) -> CouldNotLook | None:
    """Why it is not known which groups the stack's services fill."""
    if isinstance(services, CouldNotLook):
        return None if isinstance(services, NotConfigured) else services
    return first_unread(services)
