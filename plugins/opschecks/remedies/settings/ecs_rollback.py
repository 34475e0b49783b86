"""What a roll-back of a service goes by: the deployment under way, its two colours, and revisions that were good."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...aws.evidence import last_part
from ...aws.service_deployments import DESCRIBE, LIST, REVISIONS, ServiceDeployment, groups_of, is_refused
from ...core.change import CannotFix, Request, Sends
from ...core.dataclass import dataclass
from ...core.observation import CouldNotLook

HEALTH = "elasticloadbalancing:DescribeTargetHealth"
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


def require_new_colour(aws: Sends, opened: UnderWay | None, groups: Collection[str]) -> None:
    """CannotFix where, of two colours, a roll-back would send all traffic to that of the finding, or to a sick one.

    While it is not known which group is whose, nothing is refused for that. A roll-back shifts all production traffic
    to the old tasks at once: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """
    if not opened or not opened.groups or not opened.groups_before:
        return
    if not set(groups) & set(opened.groups):
        raise CannotFix(
            f"{_names(groups)} belongs to what the deployment replaces: a roll-back would send all traffic there"
        )
    for arn in opened.groups_before:
        told = aws.call("elbv2", "DescribeTargetHealth", TargetGroupArn=arn)["TargetHealthDescriptions"]
        states = [str(one["TargetHealth"]["State"]) for one in told]
        healthy = states.count("healthy")
        if not healthy or "unhealthy" in states:
            raise CannotFix(
                f"{_names([arn])}, to which a roll-back would send all traffic, has {healthy} healthy of {len(states)} "
                "targets: a person must decide which colour is better"
            )


def _names(arns: Collection[str]) -> str:
    return " and ".join(arn.split("/")[-2] for arn in arns)


def good_revisions(runs: Iterable[Mapping[str, Any]], service: str) -> list[str]:
    """The revisions that the service's completed deployments ran in runs that saw nothing bad, newest first."""
    found: dict[str, None] = {}
    for run in runs:
        findings = run.get("findings", [])
        if run.get("state") != "finished" or any(one["outcome"] not in ("passed", "waived") for one in findings):
            continue
        for finding in findings:
            evidence = finding.get("evidence", {})
            ran = (evidence.get("deployments") or []) if evidence.get("serviceArn") == service else []
            for one in ran:
                # blue/green deployments have no rolloutState: there is one of them when it is over
                state = one.get("rolloutState") or ("COMPLETED" if len(ran) == 1 else "")
                if state == "COMPLETED" and one.get("taskDefinition"):
                    found.setdefault(last_part(one["taskDefinition"]))
    return list(found)
