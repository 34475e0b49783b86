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

STICKY = daily("websocket").test_websocket_sessions_are_sticky
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


def sessions(
    groups: Mapping[str, tuple[Raw, Raw]],
    rules: list[Rule] | CouldNotLook,
    *services: Service,
    empty: tuple[str, ...] = (),
) -> Mapping[str, Any]:
    """Target groups by name, each with its attributes and what else DescribeTargetGroups says of it."""
    raw = {"Protocol": "HTTP", "ProtocolVersion": "HTTP1", "TargetType": "ip"}
    listed = [
        Resource(arn=arn(name), name=name, evidence=given({"TargetGroupArn": arn(name), **raw}, more))
        for name, (_, more) in groups.items()
    ]
    answers = {arn(name): attributes for name, (attributes, _) in groups.items()}

    def attributes(TargetGroupArn: str) -> Raw:  # noqa: N803 - AWS's name
        return {"Attributes": [{"Key": key, "Value": value} for key, value in answers[TargetGroupArn].items()]}

    here = stack(websocket={"url": "wss://chat.example.com/ws"})
    known = list(services) or [service(*(name for name in groups if name not in empty))]
    seen = health(known, **{name: [] if name in empty else [UP, UP] for name in groups})
    aws = Aws({("elbv2", "DescribeTargetGroupAttributes"): attributes})
    return {"websocket_groups": websocket_groups(here, target_groups(aws, listed), seen, rules, known)}


SHARED = [rule("1", forward(("a", 50), ("b", 50)), OURS), rule("default", REFUSED)]
ATTRIBUTE = f"{DOCS}/APIReference/API_TargetGroupAttribute.html"
ROWS = {
    "the pages beside the WebSocket are not sticky": Row(
        STICKY,
        lambda: sessions(
            {"ws": (ON, {}), "pages": (OFF, {})},
            [rule("default", forward(("pages", 1))), rule("1", forward(("ws", 1)), WS_PATH)],
        ),
        {"ws": "passed", "pages": "passed"},
        CONDITIONS,
        "no rule leads the WebSocket's URL here",
    ),
    "only the CDN's secret header opens the balancer": Row(
        STICKY,
        lambda: sessions(
            {"ws": (ON, {}), "pages": (OFF, {})},
            [
                rule("1", forward(("ws", 1)), SECRET, WS_PATH),
                rule("2", forward(("pages", 1)), SECRET),
                rule("default", REFUSED),
            ],
        ),
        {"ws": "passed", "pages": "passed"},
        "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/restrict-access-to-load-balancer.html",
    ),
    "gRPC on a listener of its own": Row(
        STICKY,
        lambda: sessions(
            {"ws": (ON, {}), "rpc": (OFF, GRPC)},
            [rule("default", forward(("ws", 1))), rule("default", forward(("rpc", 1)), listener=f"{LISTENER}x")],
        ),
        {"ws": "passed", "rpc": "passed"},
        GROUPS,
        "its protocol version is GRPC",
    ),
    "an empty default group is not sticky": Row(
        STICKY,
        lambda: sessions(
            {"ws": (ON, {}), "default": (OFF, {})},
            [rule("default", forward(("default", 1))), rule("1", forward(("ws", 1)), OURS)],
            empty=("default",),
        ),
        {"ws": "passed", "default": "passed"},
        GROUPS,
    ),
    "a network load balancer binds clients by their address": Row(
        STICKY,
        lambda: sessions({"ws": (BY_ADDRESS, TCP)}, [rule("default", forward(("ws", 1)))]),
        "passed",
        ATTRIBUTE,
        "by the client's address",
    ),
    "a canary deployment moves the weights of one service's two groups": Row(
        STICKY,
        lambda: sessions(
            {"blue": (ON, {}), "green": (ON, {})},
            [rule("default", forward(("blue", 90), ("green", 10)))],
            service("blue", alternate="green"),
        ),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/canary-deployment.html",
    ),
    "two services share the clients by weight for good": Row(
        STICKY,
        lambda: sessions({"a": (ON, {}), "b": (ON, {})}, SHARED, service("a"), service("b")),
        {"a": "failed", "b": "failed"},
        RULES,
        "shares clients out between 2 groups",
    ),
    "the group of the WebSocket is not sticky": Row(
        STICKY,
        lambda: sessions(
            {"ws": (OFF, {}), "pages": (ON, {})},
            [rule("1", forward(("ws", 1)), WS_PATH), rule("default", forward(("pages", 1)))],
        ),
        {"ws": "failed", "pages": "passed"},
        f"{DOCS}/application/sticky-sessions.html",
        "stickiness is off",
    ),
    "a network load balancer that binds no client": Row(
        STICKY,
        lambda: sessions(
            {"ws": ({**BY_ADDRESS, "stickiness.enabled": "false"}, TCP)}, [rule("default", forward(("ws", 1)))]
        ),
        "failed",
        ATTRIBUTE,
    ),
    "two groups, and the rules may not be read": Row(
        STICKY,
        lambda: sessions({"ws": (ON, {}), "pages": (OFF, {})}, DENIED),
        {"ws": "blind", "pages": "blind"},
        f"{DOCS}/APIReference/API_DescribeRules.html",
        "allow elasticloadbalancing:DescribeRules",
    ),
}
