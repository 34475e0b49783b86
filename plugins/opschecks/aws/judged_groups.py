"""Which target groups are a stack's to judge, and which stand by: those of other services, and idle colours."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core.observation import CouldNotLook, NotConfigured, observation
from ..core.wording import plural
from .ecs import Service
from .elbv2 import NO_CHECKS, TargetHealth, filled_by
from .unread import why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_MOVING = ("initial", "draining")


@observation(soft=["services"])
def target_health(
    stack: Stack, registered_targets: list[TargetHealth], services: list[Service] | CouldNotLook
) -> list[TargetHealth]:
    """The health of the targets in each of the stack's target groups, and which groups are not judged, and why.

    A group with health checks off, which only a Lambda function may have, is not assessed:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/check-target-health.html
    """
    known = [] if isinstance(services, CouldNotLook) else [one for one in services if not why_unread(one)]
    unread = {group.arn: group.unread for group in registered_targets if group.unread}
    healthy = {group.arn for group in registered_targets if not group.unread and group.in_state("healthy")}
    return [
        replace(
            group,
            idle=_idle(group, known, healthy, unread, _doubt(services)),
            foreign="" if stack.target_groups else _foreign(group, services, registered_targets, healthy),
        )
        for group in registered_targets
    ]


def _idle(
    group: TargetHealth,
    services: Sequence[Service],
    healthy: set[str],
    unread: Mapping[str, CouldNotLook],
    doubt: CouldNotLook | None,
) -> str | CouldNotLook:
    """Why it needs no healthy target now, or why that is not known; nothing where it needs one.

    `doubt`: why not all of `services` are known; then a group that has no healthy one may stand by.
    """
    if group.unread:
        return ""
    if group.targets and all((one.state, one.code) == ("unavailable", NO_CHECKS) for one in group.targets):
        return "not assessed: its health checks are off"
    others = {one for service in services for pair in _pairs(service) if group.arn in pair for one in pair}
    others -= {group.arn}
    if any(one.state not in _MOVING for one in group.targets):
        return ""
    if not others & healthy:
        unknown = doubt if healthy - {group.arn} else None
        return next((unread[one] for one in sorted(others) if one in unread), unknown or "")
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
    read = [] if isinstance(services, CouldNotLook) else [one for one in services if not why_unread(one)]
    filled = set().union(*(filled_by(service.evidence) for service in read))
    if group.is_whole or group.arn in filled:
        return ""
    shared = filled & {one.arn for one in groups if _are_together(one, group)}
    if doubt := _doubt(services):
        ill = not group.unread and len(group.in_state("healthy")) < max(1, len(group.targets))
        return doubt.again() if shared or (ill and healthy and len(groups) > 1) else ""  # a neighbour's, or its own
    if not shared:
        return ""
    what = "" if group.unread else f"{plural(len(group.targets), 'target')}, " if group.targets else "no targets, "
    return f"{what}not judged: no service of the stack fills it (target_groups in stacks.toml can name it)"


def _are_together(one: TargetHealth, other: TargetHealth) -> bool:
    """Whether two groups are of one load balancer, as far as that is known."""
    return not one.balancers or not other.balancers or bool({*one.balancers} & {*other.balancers})


def _doubt(services: list[Service] | CouldNotLook) -> CouldNotLook | None:
    """Why it is not known which groups the stack's services fill."""
    if isinstance(services, CouldNotLook):
        return None if isinstance(services, NotConfigured) else services
    return next((why for service in services if (why := why_unread(service))), None)
