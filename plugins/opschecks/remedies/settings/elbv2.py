"""Remedies of Elastic Load Balancing."""

from __future__ import annotations

from collections.abc import Mapping

from ...aws.listeners import rules_of
from ...aws.websocket_groups import no_cookie
from ...core.change import CannotFix, Request, Risk, State
from ...fixing.remedy import IN_CODE_TOO, Setting

_COOKIES = {kind: f"stickiness.{kind}.duration_seconds" for kind in ("lb_cookie", "app_cookie")}
"""The kinds of stickiness that a cookie makes, and the attribute that says for how long."""
STICKINESS = ("stickiness.enabled", "stickiness.type", *_COOKIES.values())


class EnableStickiness(Setting):
    """Turn cookie stickiness of a target group on, for as long as the stack's limits expect."""

    runbook = "websocket-connection-issues"
    allow = (
        "elasticloadbalancing:ModifyTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroupAttributes",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeRules",
    )
    expects = "a client that reconnects reaches the task that holds its session"
    beware = IN_CODE_TOO

    def risk_of(self, before: State, after: State) -> Risk:
        """Disruptive where it is turned off or shortened: clients then lose their task."""
        shorter = any(int(after.get(key, 0)) < int(before.get(key, 0)) for key in _COOKIES.values())
        return Risk.DISRUPTIVE if after["stickiness.enabled"] != "true" or shorter else Risk.SAFE

    def read(self, target: str) -> State:
        """The attributes of stickiness. AWS returns every value as text, and leaves out kinds that do not apply."""
        answer = self.aws.call("elbv2", "DescribeTargetGroupAttributes", TargetGroupArn=target)
        return {one["Key"]: one["Value"] for one in answer["Attributes"] if one["Key"] in STICKINESS}

    def read_for_plan(self, target: str) -> State:
        """CannotFix where, by the listeners' rules, a cookie would do nothing or bind clients that have no session."""
        for group in self.aws.items("elbv2", "DescribeTargetGroups", "TargetGroups", TargetGroupArns=[target]):
            if why := no_cookie(group, rules_of(self.aws, group["LoadBalancerArns"]), self.stack):
                raise CannotFix(why)
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """On, with the cookie that it already uses (a person chooses which), for at least as long as expected."""
        kind = str(now.get("stickiness.type"))
        if not (key := _COOKIES.get(kind)):
            raise CannotFix(f"its stickiness is by {kind}, which no cookie can replace: it is not behind an ALB")
        seconds = max(int(now.get(key, 0)), self.stack.limits.stickiness_s)
        return {**now, "stickiness.enabled": "true", key: str(seconds)}

    def request(self, target: str, before: State, after: State) -> Request:
        changed = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
        return Request("elbv2", "ModifyTargetGroupAttributes", {"TargetGroupArn": target, "Attributes": changed})
