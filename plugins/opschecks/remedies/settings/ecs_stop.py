"""The deployment of a service that is under way: what ECS would roll it back to, and the request that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.evidence import last_part
from ...aws.service_deployments import DESCRIBE, LIST, REVISIONS, ServiceDeployment, groups_of, is_refused
from ...core.change import Request, Sends
from ...core.observation import CouldNotLook

STOP = "ecs:StopServiceDeployment"
ALLOW = (LIST, DESCRIBE, REVISIONS, STOP)
STOPPABLE = ("PENDING", "IN_PROGRESS")
"""What can be rolled back and is not being stopped yet: AmazonECS/latest/developerguide/stop-service-deployment.html"""


@dataclass(frozen=True)
class UnderWay:
    """A deployment that is under way. `source`: the family:revision that ran before, empty where there is not one.

    `serves`: the new tasks get all production traffic, and ECS only watches them. `groups` and `groups_before`: ARNs of
    the target groups of the new tasks, and of those before; none where that is not known.
    """

    arn: str
    serves: bool
    source: str
    groups: tuple[str, ...] = ()
    groups_before: tuple[str, ...] = ()


def stop_request(arn: str) -> Request:
    """Stop the service deployment, and roll it back; ECS does so also where no automatic roll-back is set."""
    return Request("ecs", "StopServiceDeployment", {"serviceDeploymentArn": arn, "stopType": "ROLLBACK"})


def under_way(aws: Sends, target: str) -> UnderWay | None:
    """The newest deployment of service/CLUSTER/NAME that can be rolled back; None without one.

    None too where AWS denies the call or does not have it: then a service is updated, as before.
    """
    _, cluster, name = target.split("/")
    asked = {"cluster": cluster, "service": name, "status": list(STOPPABLE)}
    try:
        listed = aws.items("ecs", "ListServiceDeployments", "serviceDeployments", **asked)
        if not listed:
            return None
        newest = max(listed, key=lambda one: one["createdAt"])
        arn = str(newest["serviceDeploymentArn"])
        [told] = aws.call("ecs", "DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"]
        sources = [str(one["arn"]) for one in told.get("sourceServiceRevisions") or []]
        new = str((told.get("targetServiceRevision") or {}).get("arn") or "")
        revisions = _revisions(aws, sources, new)
        before = revisions.get(sources[0], {}) if len(sources) == 1 else {}
        source = last_part(before["taskDefinition"]) if before else ""
        now = revisions.get(new, {})
        return UnderWay(arn, ServiceDeployment(told, "").serves, source, groups_of(now), groups_of(before))
    except CouldNotLook as problem:
        if is_refused(problem):
            return None
        raise


def _revisions(aws: Sends, sources: list[str], new: str) -> dict[str, Mapping[str, Any]]:
    if len(sources) != 1:
        return {}
    asked = [*sources, *filter(None, [new])]
    told = aws.call("ecs", "DescribeServiceRevisions", serviceRevisionArns=asked)["serviceRevisions"]
    return {str(one["serviceRevisionArn"]): one for one in told}
