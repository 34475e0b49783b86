"""Target groups and WebSocket sessions: which groups they reach, and whether a client finds back."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import registered_targets, target_groups
from opschecks.aws.own_groups import target_health
from opschecks.aws.websocket_groups import WebSocketGroup, websocket_groups
from opschecks.core.change import CannotFix
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook, NotConfigured
from opschecks.remedies.settings.elbv2 import EnableStickiness
from tests.aws.test_elbv2 import fills, health
from tests.aws.test_listeners import ELB, LISTENER, URL, arn, default, forward, host, path, rule, rules
from tests.canned import Aws, Raw, daily, judges, stack, verdicts
from tests.cases import cases

check = daily("websocket").test_websocket_sessions_are_sticky
LB_COOKIE, APP_COOKIE = (f"stickiness.{kind}_cookie.duration_seconds" for kind in ("lb", "app"))
APPLICATION = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "true",
    "stickiness.type": "lb_cookie",
    LB_COOKIE: "86400",
    APP_COOKIE: "60",
    "stickiness.app_cookie.cookie_name": "",
    "load_balancing.algorithm.type": "round_robin",
}
NETWORK = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "true",
    "stickiness.type": "source_ip",
    "proxy_protocol_v2.enabled": "false",
    "preserve_client_ip.enabled": "true",
}
SESSION = {"stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "SESSION"}

STICKY: dict[str, tuple[dict[str, str], str, str]] = {
    "for a day": (APPLICATION, "passed", "for 24 h"),
    "for exactly as long as wanted": ({**APPLICATION, LB_COOKIE: "3600"}, "passed", "for 1 h"),
    "for a second less": ({**APPLICATION, LB_COOKIE: "3599"}, "failed", "for 59 min 59 s; expected at least 1 h"),
    "off": ({**APPLICATION, "stickiness.enabled": "false"}, "failed", "stickiness is off"),
    "by the application's cookie, for a minute": ({**APPLICATION, **SESSION}, "failed", "expected at least"),
    "by the application's cookie": ({**APPLICATION, **SESSION, APP_COOKIE: "7200"}, "passed", "for 2 h"),
    "network load balancer": (NETWORK, "passed", "by the client's address"),
    "network load balancer, off": ({**NETWORK, "stickiness.enabled": "false"}, "failed", "stickiness is off"),
    "nothing said of it": ({"load_balancing.algorithm.type": "x"}, "blind", "the answer has no 'stickiness.enabled'"),
    "nothing said of the duration": (
        {**NETWORK, "stickiness.type": "lb_cookie"},
        "blind",
        f"the answer has no '{LB_COOKIE}'",
    ),
}


def listed(name: str, **more: Any) -> Raw:
    """An element of DescribeTargetGroups."""
    return {
        "TargetGroupArn": arn(name),
        "TargetGroupName": name,
        "Protocol": "HTTP",
        "ProtocolVersion": "HTTP1",
        "TargetType": "ip",
        "LoadBalancerArns": [f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188"],
        **more,
    }


OFF = {**APPLICATION, "stickiness.enabled": "false"}
DENIED = CouldNotLook(
    "elasticloadbalancing:DescribeRules", "AccessDenied: no", action="elasticloadbalancing:DescribeRules"
)


def seen(
    groups: dict[str, dict[str, str]],
    *raw: Raw,
    kinds: dict[str, Raw] | None = None,
    services: list[Service] | CouldNotLook | None = None,
    empty: tuple[str, ...] = (),
    denied: CouldNotLook | None = None,
    url: str | None = URL,
    named: tuple[str, ...] = (),
) -> list[WebSocketGroup]:
    """What the check is given: groups by name with their attributes, and the rules of one listener."""
    here = stack(websocket={"url": url, "target_groups": named})
    told = [listed(name, **(kinds or {}).get(name, {})) for name in groups]
    balanced = [Resource(arn=one["TargetGroupArn"], name=one["TargetGroupName"], evidence=one) for one in told]

    def attributes(TargetGroupArn: str) -> Raw:  # noqa: N803 - AWS's name
        of = groups[TargetGroupArn.split("/")[1]]
        return {"Attributes": [{"Key": key, "Value": value} for key, value in of.items()]}

    def healthy(TargetGroupArn: str) -> Raw:  # noqa: N803 - AWS's name
        return health() if TargetGroupArn.split("/")[1] in empty else health("healthy")

    aws = Aws({("elbv2", "DescribeTargetGroupAttributes"): attributes, ("elbv2", "DescribeTargetHealth"): healthy})
    known = services if services is not None else [fills(*(arn(name) for name in groups if name not in empty))]
    judged = target_health(here, registered_targets(aws, balanced), known)
    return websocket_groups(here, target_groups(aws, balanced), judged, denied or rules(*raw), known)


test_stickiness_is_read_from_strings = judges(
    check, STICKY, websocket_groups=lambda attributes: seen({"ws": attributes}, default(forward("ws")))
)

TO_WS = (rule(1, forward("ws"), path("/ws*")), default(forward("web")))
SPLIT = default(forward("a", "b", weights=(50, 50)))
TWO = {"a": APPLICATION, "b": APPLICATION}


@cases({
    "a group that no session reaches": (
        lambda: seen({"ws": APPLICATION, "web": OFF}, *TO_WS),
        {"ws": "passed", "web": "passed"},
    ),
    "the one that sessions reach": (
        lambda: seen({"ws": OFF, "web": APPLICATION}, *TO_WS),
        {"ws": "failed", "web": "passed"},
    ),
    "gRPC beside it": (
        lambda: seen({"ws": APPLICATION, "rpc": OFF}, *TO_WS, kinds={"rpc": {"ProtocolVersion": "GRPC"}}),
        {"ws": "passed", "rpc": "passed"},
    ),
    "a group that nobody fills": (
        lambda: seen({"ws": APPLICATION, "web": OFF}, default(forward("web")), *TO_WS[:1], empty=("web",)),
        {"ws": "passed", "web": "passed"},
    ),
    "several that sessions may reach": (
        lambda: seen({"ws": APPLICATION, "web": OFF}, rule(1, forward("ws"), host("x.net")), default(forward("web"))),
        {"ws": "passed", "web": "blind"},
    ),
    "without the rules": (
        lambda: seen({"ws": APPLICATION, "web": OFF}, denied=DENIED),  # one may share clients out between the two
        {"ws": "blind", "web": "blind"},
    ),
    "without the rules, one group": (lambda: seen({"ws": OFF}, denied=DENIED), {"ws": "failed"}),
    "the stack says which": (
        lambda: seen({"ws": OFF, "web": OFF}, denied=DENIED, named=("w?",)),
        {"ws": "failed", "web": "passed"},
    ),
    "shared out between two services": (
        lambda: seen(TWO, SPLIT, services=[fills(arn("a")), fills(arn("b"))]),
        {"a": "failed", "b": "failed"},
    ),
    "shared out, but by a rule for another path": (
        lambda: seen(
            TWO,
            rule(1, forward("a", "b", weights=(50, 50)), path("/api*")),
            default(forward("a")),
            services=[fills(arn("a")), fills(arn("b"))],
        ),
        {"a": "passed", "b": "passed"},
    ),
    "shared out, and brought back": (
        lambda: seen(TWO, default(forward("a", "b", sticky=True)), services=[fills(arn("a")), fills(arn("b"))]),
        {"a": "passed", "b": "passed"},
    ),
    "a deployment moves the weights": (
        lambda: seen(TWO, SPLIT, services=[fills(arn("a"), arn("b"))]),
        {"a": "passed", "b": "passed"},
    ),
})  # fmt: skip
def test_only_groups_that_sessions_reach_must_be_sticky(found: Any, wanted: dict[str, str]) -> None:
    assert verdicts(check, websocket_groups=found()) == wanted


def test_a_stack_whose_sessions_reach_no_group_is_not_passed() -> None:
    with pytest.raises(NotConfigured, match=r"WebSocket sessions reach no target group .*web: no WebSocket uses it"):
        seen({"web": APPLICATION}, rule(1, forward("web"), path("/api/*")))
    with pytest.raises(CouldNotLook, match="the load balancer has no target group wss"):
        seen({"web": APPLICATION}, default(forward("web")), named=("wss",))


def remedy(group: Raw, *raw: Raw, named: tuple[str, ...] = ()) -> EnableStickiness:
    listener = {"ListenerArn": LISTENER, "DefaultActions": [forward("web")]}
    attributes = [{"Key": key, "Value": value} for key, value in OFF.items()]
    answers = {
        ("elbv2", "DescribeTargetGroups"): {"TargetGroups": [group]},
        ("elbv2", "DescribeListeners"): {"Listeners": [listener]},
        ("elbv2", "DescribeRules"): {"Rules": list(raw)},
        ("elbv2", "DescribeTargetGroupAttributes"): {"Attributes": attributes},
    }
    return EnableStickiness(stack(websocket={"url": URL, "target_groups": named}), Aws(answers))


@cases({
    "for a group that no WebSocket uses": (listed("web"), TO_WS, "no rule leads the WebSocket's URL here"),
    "for gRPC": (listed("ws", ProtocolVersion="GRPC"), TO_WS, "protocol version is GRPC"),
    "for a network load balancer": (listed("ws", Protocol="TCP"), TO_WS, "only an ALB has cookies"),
    "for a Lambda function": (listed("ws", TargetType="lambda"), TO_WS, "type lambda"),
    "behind a weighted rule": (
        listed("ws"),
        (default(forward("ws", "green", weights=(90, 10))),),
        "rule default shares clients out between 2 groups",
    ),
    "behind nothing": (listed("ws"), (default(forward("web")),), "no rule leads"),
})  # fmt: skip
def test_stickiness_is_not_switched_on(group: Raw, raw: tuple[Raw, ...], why: str) -> None:
    with pytest.raises(CannotFix, match=why):
        remedy(group, *raw).read_for_plan(arn("ws") if group["TargetGroupName"] == "ws" else arn("web"))


def test_stickiness_is_not_switched_on_where_it_is_unknown_whether_sessions_come() -> None:
    with pytest.raises(CouldNotLook, match="whether rule 1 leads WebSocket sessions here is not known"):
        remedy(listed("ws"), rule(1, forward("ws"), host("x.net")), default(forward("web"))).read_for_plan(arn("ws"))


@cases({
    "by a rule": (TO_WS, ()),
    "by name": ((rule(1, forward("ws"), host("x.net")),), ("ws",)),
    "behind a weighted rule that brings clients back": ((default(forward("ws", "g", sticky=True)),), ()),
})  # fmt: skip
def test_stickiness_is_switched_on_where_sessions_come(raw: tuple[Raw, ...], named: tuple[str, ...]) -> None:
    assert remedy(listed("ws"), *raw, named=named).read_for_plan(arn("ws"))["stickiness.enabled"] == "false"
