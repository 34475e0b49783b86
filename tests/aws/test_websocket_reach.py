"""Which groups WebSocket sessions reach, and what is not known of them: each answer that may be missing, by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import TargetGroup, TargetHealth
from opschecks.aws.listeners import Rule
from opschecks.aws.unread import Unread
from opschecks.aws.websocket_groups import (
    WebSocketGroup,
    no_cookie,
    no_websocket,
    unused_by,
    websocket_groups,
    weighted,
)
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.aws.test_listeners import URL, arn, default, forward, host, path, rule, rules
from tests.aws.test_websocket_groups import listed as raw_group
from tests.canned import Raw, stack
from tests.cases import cases

REFUSED = CouldNotLook("elasticloadbalancing:DescribeRules", "AccessDenied: no")
THROTTLED = CouldNotLook("ecs:DescribeServices", "ThrottlingException: no")
NO_HEALTH = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: no")
NO_SERVICES = NotConfigured("", "stack here names no services")


def _group(name: str, sticky: str = "false", by: str = "lb_cookie", **more: Any) -> TargetGroup:
    told = {"stickiness.enabled": sticky, "stickiness.type": by}
    attributes = [{"Key": key, "Value": value} for key, value in told.items()]
    evidence = Answer({**raw_group(name, **more), "Attributes": attributes}, "x")
    return TargetGroup(arn=arn(name), name=name, evidence=evidence)


def _service(*groups: str, name: str = "backend") -> Service:
    balanced = [{"targetGroupArn": arn(one)} for one in groups]
    return Service(arn=name, name=name, evidence=Answer({"status": "ACTIVE", "loadBalancers": balanced}, "x"))


def _health(name: str, foreign: str | CouldNotLook = "") -> TargetHealth:
    return TargetHealth(arn=arn(name), name=name, foreign=foreign)


UNREAD = Service(arn="x", name="x", evidence=Unread(THROTTLED))
TO_WS = rules(rule(1, forward("ws"), path("/ws*")), default(forward("web")))
SPLIT = rules(default(forward("a", "b")))
OTHER_HOST = rules(rule(1, forward("a"), host("x.net")), default(forward("b")))


def _seen(
    groups: Sequence[TargetGroup] | CouldNotLook,
    listed: list[Rule] | CouldNotLook,
    *,
    health: Any = (),
    services: Any = (),
    named: Sequence[str] = (),
    **keys: Any,
) -> list[WebSocketGroup]:
    here = stack(websocket={"url": URL, "target_groups": named}, **keys)
    known = groups if isinstance(groups, CouldNotLook) else list(groups)
    told = health if isinstance(health, CouldNotLook) else list(health)
    return websocket_groups(
        here, known, told, listed, services if isinstance(services, CouldNotLook) else list(services)
    )


def _told(seen: Sequence[WebSocketGroup]) -> dict[str, tuple[str, Any, Any]]:
    return {one.name: (one.unused, one.doubt, one.split_by) for one in seen}


NO_RULE = "no WebSocket uses it: no rule leads the WebSocket's URL here"
OTHERS = "no WebSocket uses it: websocket.target_groups names others"
TWO = (_group("a"), _group("b"))


def test_a_group_is_used_where_a_rule_leads_there() -> None:
    seen = _seen([_group("ws"), _group("web")], TO_WS)
    assert _told(seen) == {"ws": ("", None, ""), "web": (NO_RULE, None, "")}
    assert [(one.arn, one.evidence["TargetGroupName"], one.problem) for one in seen] == [
        (arn("ws"), "ws", None),
        (arn("web"), "web", None),
    ]


def test_what_no_websocket_can_use_is_unused_whatever_the_rules_say() -> None:
    seen = _seen([_group("ws"), _group("web", TargetType="lambda")], rules(default(forward("ws", "web"))))
    assert _told(seen)["web"][0] == "no WebSocket ends here: its targets are of type lambda"


def test_a_group_that_is_anothers_is_unused_and_one_of_which_that_is_not_known_is_not() -> None:
    listed = rules(default(forward("a", "b")))
    seen = _seen(TWO, listed, health=[_health("a", "nobody's"), _health("b")], services=[_service("a", "b")])
    assert _told(seen) == {"a": ("nobody's", None, ""), "b": ("", None, "")}
    seen = _seen(TWO, listed, health=[_health("a", NO_HEALTH), _health("b")], services=[_service("a", "b")])
    assert _told(seen) == {"a": ("", None, ""), "b": ("", None, "")}


def test_groups_that_are_named_are_used_whatever_the_rules_say() -> None:
    seen = _seen([_group("ws"), _group("web")], rules(default(forward("web"))), named=("w?",))
    assert _told(seen) == {"ws": ("", None, ""), "web": (OTHERS, None, "")}
    seen = _seen([_group("ws", TargetType="lambda"), _group("web")], [], named=("ws",))
    assert _told(seen)["ws"][0] == ""


def test_a_group_that_could_not_be_read_may_be_used() -> None:
    unread = TargetGroup(arn="x", name="x", evidence=Unread(THROTTLED), problem=THROTTLED)
    seen = _seen([unread, _group("ws")], TO_WS)
    assert _told(seen) == {"x": ("", THROTTLED, ""), "ws": ("", None, "")}
    assert seen[0].problem is THROTTLED
    assert _told(_seen([unread], TO_WS)) == {"x": ("", None, "")}


def test_where_sessions_reach_no_group_it_is_said_why() -> None:
    with pytest.raises(NotConfigured, match=r"reach no target group \(web: .* leads the WebSocket's URL here\)"):
        _seen([_group("web")], rules(rule(1, forward("web"), path("/x"))))
    with pytest.raises(NotConfigured, match=r"\(web: no WebSocket ends here.*lambda; b: nobody's\)") as told:
        _seen([_group("web", TargetType="lambda"), _group("b")], REFUSED, health=[_health("b", "nobody's")])
    assert told.value.call == "elasticloadbalancing:DescribeRules"
    with pytest.raises(NotConfigured, match=r"\(there is no target group\)"):
        _seen([], TO_WS)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        _seen(REFUSED, TO_WS)


def test_a_stack_that_names_a_url_or_a_group_has_a_websocket() -> None:
    with pytest.raises(NotConfigured, match=r"names no WebSocket: set websocket\.url"):
        websocket_groups(stack(), [_group("ws")], [], TO_WS, [])
    by_name = websocket_groups(stack(websocket={"target_groups": ["ws"]}), [_group("ws")], [], TO_WS, [])
    assert _told(by_name) == {"ws": ("", None, "")}
    by_url = websocket_groups(stack(websocket={"url": URL}), [_group("ws")], [], TO_WS, [])
    assert _told(by_url) == {"ws": ("", None, "")}


def test_where_the_rules_do_not_tell_each_of_several_groups_is_doubtful() -> None:
    seen = _told(_seen(TWO, OTHER_HOST))
    assert [of[0] for of in seen.values()] == ["", ""]
    assert str(seen["a"][1]).startswith("elasticloadbalancing:DescribeRules: whether rule 1 leads WebSocket sessions")
    assert "whether rule default leads" in str(seen["b"][1])
    assert _seen(TWO[:1], OTHER_HOST)[0].doubt is None


def test_without_the_rules_one_group_is_judged_and_of_several_nothing_is_known() -> None:
    assert _told(_seen(TWO[:1], REFUSED)) == {"a": ("", None, "")}
    seen = _seen(TWO, REFUSED)
    assert [(one.unused, str(one.doubt), one.split_by) for one in seen] == [("", str(REFUSED), REFUSED)] * 2
    seen = _seen(TWO, REFUSED, named=("a",))
    assert _told(seen) == {"a": ("", None, REFUSED), "b": (OTHERS, None, REFUSED)}
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert seen[0].split


BOTH = rules(default(forward("a", "b", sticky=True)))


@cases({
    "nothing is missing": ([_service("a")], [], {}, None),
    "the services": (THROTTLED, [], {}, THROTTLED),
    "one of the services": ([_service("a"), UNREAD], [], {}, THROTTLED),
    "there are none": (NO_SERVICES, [], {}, None),
    "the health": ([_service("a")], NO_HEALTH, {}, NO_HEALTH),
    "health and services": (THROTTLED, NO_HEALTH, {}, THROTTLED),
    "health and one of the services": ([UNREAD], NO_HEALTH, {}, NO_HEALTH),
    "the services, and the stack names its groups": (THROTTLED, [], {"target_groups": ["a", "b"]}, None),
    "the services, and the stack names those of WebSockets": (THROTTLED, [], {"named": ("a", "b")}, None),
})  # fmt: skip
def test_a_neighbours_group_may_look_like_the_stacks_where_its_services_or_their_targets_are_not_known(
    services: Any, health: Any, keys: dict[str, Any], doubt: CouldNotLook | None
) -> None:
    assert [one.doubt for one in _seen(TWO, BOTH, services=services, health=health, **keys)] == [doubt, doubt]
    one = _seen(TWO[:1], rules(default(forward("a"))), services=services, health=health, **{**keys, "named": ("a",)})
    assert one[0].doubt is None


SHARES = "rule default shares clients out between 2 groups and does not bring them back"


@cases({
    "no service fills both": ([_service("a"), _service("b")], SHARES),
    "one service fills both": ([_service("b"), _service("a", "b")], ""),
    "one service fills more": ([_service("a", "b", "c")], ""),
    "there are no services": (NO_SERVICES, SHARES),
    "an empty list": ([], SHARES),
    "the services are not known": (THROTTLED, THROTTLED),
    "one service is not known": ([_service("a"), UNREAD], THROTTLED),
    "one service is not known, another fills both": ([UNREAD, _service("a", "b")], ""),
})  # fmt: skip
def test_a_rule_that_shares_clients_out_is_wrong_unless_a_deployment_moves_its_weights(
    services: Any, split: Any
) -> None:
    seen = _seen(TWO, SPLIT, services=services)
    assert [str(one.split_by) for one in seen] == [str(split)] * 2
    if isinstance(split, str):
        assert [one.split for one in seen] == [split] * 2


def test_a_rule_that_no_session_meets_shares_none_out() -> None:
    apart = rules(rule(1, forward("a", "b"), path("/api")), default(forward("a")))
    assert [one.split_by for one in _seen(TWO, apart, services=[_service("a")])] == ["", ""]


def test_the_weighted_rule_of_a_group() -> None:
    one, two = rules(rule(1, forward("a", "b")), default(forward("a", "b", "c")))
    assert weighted(arn("a"), [one, two]) is one
    assert weighted(arn("c"), [one, two]) is two
    assert weighted(arn("d"), [one, two]) is None
    assert weighted(arn("a"), rules(rule(1, forward("a")), default(forward("a", "b", sticky=True)))) is None


def test_why_no_session_reaches_a_group() -> None:
    here = stack(websocket={"url": URL})
    assert unused_by(arn("ws"), TO_WS, here) == ""
    assert unused_by(arn("web"), TO_WS, here) == NO_RULE
    assert str(unused_by(arn("a"), OTHER_HOST, here)) == (
        "elasticloadbalancing:DescribeRules: whether rule 1 leads WebSocket sessions here is not known: "
        "websocket.target_groups in stacks.toml can say"
    )
    both = rules(rule(1, forward("a"), host("x.net")), rule(2, forward("b"), path("/ws")))
    sure = [*both, *rules(default(forward("a")), listener="another")]
    assert unused_by(arn("a"), sure, here) == ""


@cases([
    ({}, ""),
    ({"TargetType": "lambda"}, "no WebSocket ends here: its targets are of type lambda"),
    ({"TargetType": "alb"}, "no WebSocket ends here: its targets are of type alb"),
    ({"TargetType": "instance"}, ""),
    ({"ProtocolVersion": "GRPC"}, "no WebSocket uses it: its protocol version is GRPC"),
    ({"ProtocolVersion": "HTTP2"}, "no WebSocket uses it: its protocol version is HTTP2"),
    ({"Protocol": "UDP"}, "no WebSocket uses it: its protocol is UDP"),
    ({"Protocol": "GENEVE"}, "no WebSocket uses it: its protocol is GENEVE"),
    ({"Protocol": "QUIC"}, "no WebSocket uses it: its protocol is QUIC"),
    ({"Protocol": "TCP_UDP"}, ""),
    ({"Protocol": "TLS"}, ""),
    ({"TargetType": "alb", "Protocol": "TCP"}, "no WebSocket ends here: its targets are of type alb"),
])  # fmt: skip
def test_why_no_websocket_can_use_a_group(more: Raw, why: str) -> None:
    assert no_websocket(raw_group("a", **more)) == why


NO_COOKIES = "only an ALB has cookies, which bind a client to its target"
WEIGHTED = (
    "rule default shares clients out between 2 groups: turn on the rule's stickiness first, "
    "without which a group's is not honored"
)


@cases({
    "it is used": (raw_group("ws"), TO_WS, (), ""),
    "by HTTPS": (raw_group("ws", Protocol="HTTPS"), TO_WS, (), ""),
    "it is not used": (raw_group("web"), TO_WS, (), NO_RULE),
    "a Lambda function": (
        raw_group("ws", TargetType="lambda"), TO_WS, (), "no WebSocket ends here: its targets are of type lambda"),
    "a network balancer": (raw_group("ws", Protocol="TLS"), TO_WS, (), f"its protocol is TLS: {NO_COOKIES}"),
    "a weighted rule": (
        raw_group("a"), SPLIT, ("a",),
        WEIGHTED),
    "it is named": (raw_group("web"), TO_WS, ("ws", "w?b"), ""),
    "others are named": (raw_group("ws"), TO_WS, ("web",), OTHERS),
})  # fmt: skip
def test_why_stickiness_is_not_to_be_switched_on(
    group: Raw, listed: list[Rule], named: tuple[str, ...], why: str
) -> None:
    assert no_cookie(group, listed, stack(websocket={"url": URL, "target_groups": named})) == why


def test_a_group_that_is_not_sticky_is_blind_where_it_is_not_known_whether_that_matters() -> None:
    def made(sticky: str, doubt: CouldNotLook | None, by: str = "lb_cookie") -> WebSocketGroup:
        group = _group("a", sticky, by)
        return WebSocketGroup(arn=group.arn, name=group.name, evidence=group.evidence, doubt=doubt)

    assert made("true", None).keeps_clients
    assert made("true", REFUSED).keeps_clients
    assert not made("false", None).keeps_clients
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert made("false", REFUSED).keeps_clients
    assert made("true", None, "source_ip").by_address
    assert made("true", None, "source_ip_dest_ip").by_address
    assert not made("true", None, "lb_cookie").by_address
