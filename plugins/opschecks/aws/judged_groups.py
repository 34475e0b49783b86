"""Which target groups are a stack's to judge, and which stand by: those of other services, and idle colours."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.observation import CouldNotLook, NotConfigured
from ..core.wording import plural
from .ecs import Service
from .unread import why_unread

if TYPE_CHECKING:
    from .elbv2 import TargetHealth

MOVING = ("initial", "draining")
NO_CHECKS = "Target.HealthCheckDisabled"


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


def idle(
    group: TargetHealth, services: Sequence[Service], healthy: set[str], unread: Mapping[str, CouldNotLook]
) -> str | CouldNotLook:
    """Why it needs no healthy target now, or why that is not known; nothing where it needs one."""
    if group.unread:
        return ""
    if group.targets and all((one.state, one.code) == ("unavailable", NO_CHECKS) for one in group.targets):
        return "not assessed: its health checks are off"
    others = {one for service in services for pair in _pairs(service) if group.arn in pair for one in pair}
    others -= {group.arn}
    if any(one.state not in MOVING for one in group.targets):
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


def foreign(
    group: TargetHealth, services: list[Service] | CouldNotLook, groups: Sequence[TargetHealth], healthy: set[str]
) -> str | CouldNotLook:
    """Why it is not the stack's to judge: on a balancer where its services fill some groups, the others are not."""
    read = [] if isinstance(services, CouldNotLook) else [one for one in services if not why_unread(one)]
    filled = set().union(*(filled_by(service.evidence) for service in read))
    if group.is_whole or group.arn in filled:
        return ""
    shared = filled & {one.arn for one in groups if _are_together(one, group)}
    if doubt := _doubt(services):
        return doubt.again() if shared or (not group.unread and not group.targets and healthy) else ""
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
