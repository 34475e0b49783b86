"""Which target groups get a service's production traffic while two of its colours run side by side."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.observation import CouldNotLook
from .ecs import TaskSet
from .rollouts import Rollout
from .service_deployments import LIST, REVISIONS, SHIFTED, is_shifting

SHIFTING = "PRODUCTION_TRAFFIC_SHIFT"
"""The stage in which both colours get production traffic; it lasts as long as the steps of a linear shift do."""


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
        own = {arn for one in primary for arn in _groups_of(one)} & set(groups)
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


def _groups_of(one: TaskSet) -> list[str]:
    return [str(raw.get("targetGroupArn")) for raw in one.evidence.get("loadBalancers") or []]
