"""Remedies of Elastic Load Balancing."""

from __future__ import annotations

from collections.abc import Mapping

from ..observe import need
from ..remedy import Remedy, Request, Risk, State

STICKINESS = ("stickiness.enabled", "stickiness.type", "stickiness.lb_cookie.duration_seconds")


class EnableStickiness(Remedy):
    """Turn cookie stickiness of a target group on, for as long as the stack's limits want."""

    risk = Risk.SAFE
    runbook = "websocket-connection-issues"
    allow = (
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
    )
    expects = "a client that reconnects reaches the task that holds its session"
    beware = "what CDK or CloudFormation defines must be changed there too, or the next deployment undoes it"

    def shown(self, target: str) -> str:
        """The target group's name, which its ARN has in the middle."""
        return target.split("/")[-2] if target.count("/") >= 2 else target

    def read(self, target: str) -> State:
        """The attributes of stickiness; AWS gives every value as text, and none for kinds that do not apply."""
        answer = self.aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=target)
        listed = need(answer, "Attributes", call="elasticloadbalancing:DescribeTargetGroupAttributes")
        return {one["Key"]: one["Value"] for one in listed if one["Key"] in STICKINESS}

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """On, by the load balancer's own cookie unless the application brings one, at least as long as wanted."""
        del wish
        key = "stickiness.lb_cookie.duration_seconds"
        seconds = max(int(now.get(key, 0)), self.stack.limits.stickiness_s)
        return {**now, "stickiness.enabled": "true", "stickiness.type": "lb_cookie", key: str(seconds)}

    def request(self, target: str, before: State, after: State) -> Request:
        """Only the attributes that change."""
        changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
        return Request("elbv2", "ModifyTargetGroupAttributes", {"TargetGroupArn": target, "Attributes": changed})
