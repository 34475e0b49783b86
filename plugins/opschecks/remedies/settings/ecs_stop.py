"""The deployment of a service that is under way: what ECS would roll it back to, and the request that does."""

from __future__ import annotations

from dataclasses import dataclass

from ...aws.evidence import last_part
from ...aws.service_deployments import DESCRIBE, LIST, REVISIONS, ServiceDeployment, is_refused
from ...core.change import Request, Sends
from ...core.observation import CouldNotLook

STOP = "ecs:StopServiceDeployment"
ALLOW = (LIST, DESCRIBE, REVISIONS, STOP)
STOPPABLE = ("PENDING", "IN_PROGRESS")
"""What can be rolled back and is not being stopped yet: AmazonECS/latest/developerguide/stop-service-deployment.html"""


@dataclass(frozen=True)
class UnderWay:
    """A deployment that is under way. `source`: the family:revision that ran before, empty where there is not one.

    `serves`: the new tasks get all production traffic, and ECS only watches them.
    """

    arn: str
    serves: bool
    source: str


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
        return UnderWay(arn, ServiceDeployment(told, "").serves, _revision(aws, sources))
    except CouldNotLook as problem:
        if is_refused(problem):
            return None
        raise


def _revision(aws: Sends, sources: list[str]) -> str:
    if len(sources) != 1:
        return ""
    [told] = aws.call("ecs", "DescribeServiceRevisions", serviceRevisionArns=sources)["serviceRevisions"]
    return last_part(told["taskDefinition"])
