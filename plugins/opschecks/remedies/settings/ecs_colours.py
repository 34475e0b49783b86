"""Whether rolling back helps while two colours run: only where the new one is the trouble, and the old one serves."""

from __future__ import annotations

from collections.abc import Collection

from ...core.change import CannotFix, Sends
from .ecs_stop import UnderWay

HEALTH = "elasticloadbalancing:DescribeTargetHealth"


def require_new_colour(aws: Sends, opened: UnderWay | None, groups: Collection[str]) -> None:
    """CannotFix where rolling back would send all traffic to the target group that the finding is of, or to a sick one.

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
