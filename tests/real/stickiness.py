"""Stickiness as real accounts have it: of several groups, by rules, by weights, behind a CDN, without cookies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import target_groups
from opschecks.aws.listeners import Rule
from opschecks.aws.websocket_groups import websocket_groups
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw, daily, given, stack
from tests.real.balancers import DENIED, DOCS, ECS, GROUPS, LISTENER, RULES, UP, arn, forward, health, rule, service
from tests.real.rows import Row

CONDITIONS = f"{DOCS}/application/rule-condition-types.html"
OFF = {"stickiness.enabled": "false", "stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "86400"}
ON = {**OFF, "stickiness.enabled": "true"}
BY_ADDRESS = {"stickiness.enabled": "true", "stickiness.type": "source_ip", "preserve_client_ip.enabled": "false"}
GRPC = {"ProtocolVersion": "GRPC"}
TCP = {"Protocol": "TCP", "ProtocolVersion": None}


WS_PATH = {"Field": "path-pattern", "Values": ["/ws*"], "PathPatternConfig": {"Values": ["/ws*"]}}
SECRET = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Origin-Verify", "Values": ["a1b2"]}}
REFUSED = {"Type": "fixed-response", "Order": 1, "FixedResponseConfig": {"StatusCode": "403"}}
OURS = {"Field": "host-header", "Values": ["chat.example.com"], "HostHeaderConfig": {"Values": ["chat.example.com"]}}


def row(
    source: str,
    rules: list[Rule] | CouldNotLook,
    *services: Service,
    empty: tuple[str, ...] = (),
    says: str = "",
    **groups: tuple[str, Raw] | tuple[str, Raw, Raw],
) -> Row:
    """Target groups: the outcome, the attributes, and what else DescribeTargetGroups says of it, if anything."""
    answers = {arn(name): one[1] for name, one in groups.items()}

    def attributes(TargetGroupArn: str) -> Raw:  # noqa: N803 - AWS's name
        return {"Attributes": [{"Key": key, "Value": value} for key, value in answers[TargetGroupArn].items()]}

    def seen() -> Mapping[str, Any]:
        raw = {"Protocol": "HTTP", "ProtocolVersion": "HTTP1", "TargetType": "ip"}
        listed = [
            Resource(arn=arn(name), name=name, evidence=given({"TargetGroupArn": arn(name), **raw}, *one[2:] or ({},)))
            for name, one in groups.items()
        ]
        here = stack(websocket={"url": "wss://chat.example.com/ws"})
        known = list(services) or [service(*(name for name in groups if name not in empty))]
        healths = health(known, **{name: [] if name in empty else [UP, UP] for name in groups})
        aws = Aws({("elbv2", "DescribeTargetGroupAttributes"): attributes})
        return {"websocket_groups": websocket_groups(here, target_groups(aws, listed), healths, rules, known)}

    check = daily("websocket").test_websocket_sessions_are_sticky
    return Row(check, seen, {name: one[0] for name, one in groups.items()}, source, says)


def to(name: str, priority: str = "default", *conditions: Raw, **more: str) -> Rule:
    """A rule that leads to one group."""
    return rule(priority, forward((name, 1)), *conditions, **more)


SHARED = [rule("1", forward(("a", 50), ("b", 50)), OURS), rule("default", REFUSED)]
ATTRIBUTE = f"{DOCS}/APIReference/API_TargetGroupAttribute.html"
ROWS = {
    "the pages beside the WebSocket are not sticky": row(
        CONDITIONS,
        [to("pages"), to("ws", "1", WS_PATH)],
        ws=("passed", ON),
        pages=("passed", OFF),
        says="no rule leads the WebSocket's URL here",
    ),
    "only the CDN's secret header opens the balancer": row(
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html",
        [to("ws", "1", SECRET, WS_PATH), to("pages", "2", SECRET), rule("default", REFUSED)],
        ws=("passed", ON),
        pages=("passed", OFF),
    ),
    "gRPC on a listener of its own": row(
        GROUPS,
        [to("ws"), to("rpc", listener=f"{LISTENER}x")],
        ws=("passed", ON),
        rpc=("passed", OFF, GRPC),
        says="its protocol version is GRPC",
    ),
    "an empty default group is not sticky": row(
        GROUPS, [to("default"), to("ws", "1", OURS)], ws=("passed", ON), default=("passed", OFF), empty=("default",)
    ),
    "a network load balancer binds clients by their address": row(
        ATTRIBUTE, [to("ws")], ws=("passed", BY_ADDRESS, TCP), says="by the client's address"
    ),
    "a canary deployment moves the weights of one service's two groups": row(
        f"{ECS}/canary-deployment.html",
        [rule("default", forward(("blue", 90), ("green", 10)))],
        service("blue", alternate="green"),
        blue=("passed", ON),
        green=("passed", ON),
    ),
    "two services share the clients by weight for good": row(
        RULES,
        SHARED,
        service("a"),
        service("b"),
        a=("failed", ON),
        b=("failed", ON),
        says="shares clients out between 2 groups",
    ),
    "the group of the WebSocket is not sticky": row(
        f"{DOCS}/application/sticky-sessions.html",
        [to("ws", "1", WS_PATH), to("pages")],
        ws=("failed", OFF),
        pages=("passed", ON),
        says="stickiness is off",
    ),
    "a network load balancer that binds no client": row(
        ATTRIBUTE, [to("ws")], ws=("failed", {**BY_ADDRESS, "stickiness.enabled": "false"}, TCP)
    ),
    "two groups, and the rules may not be read": row(
        f"{DOCS}/APIReference/API_DescribeRules.html",
        DENIED,
        ws=("blind", ON),
        pages=("blind", OFF),
        says="allow elasticloadbalancing:DescribeRules",
    ),
}
