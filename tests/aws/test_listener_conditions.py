"""Rules of listeners, condition by condition; and groups that get a share of the requests though nobody fills them."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.elbv2 import LoadBalancer, TargetHealth
from opschecks.aws.listeners import Route, Rule, listener_rules, routes_of, rules_of, served_groups
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.aws.test_listeners import (
    ELB,
    LISTENER,
    NETWORK,
    REDIRECT,
    URL,
    arn,
    default,
    forward,
    header,
    host,
    method,
    path,
    rule,
    rules,
)
from tests.canned import Aws, Raw, without
from tests.cases import cases

REFUSED = CouldNotLook("elasticloadbalancing:DescribeRules", "AccessDenied: no")


def _rule(raw: Raw) -> Rule:
    return Rule(arn="r", name="1", listener=LISTENER, evidence=Answer(raw, "elasticloadbalancing:DescribeRules"))


def test_rules_are_tried_by_their_numbers_and_the_default_last() -> None:
    listed = [default(forward("d")), rule(10, forward("b")), rule(9, forward("a")), rule(100, forward("c"))]
    assert [one.name for one in sorted(rules(*listed), key=lambda one: one.rank)] == ["9", "10", "100", "default"]
    assert _rule(rule(7, forward("a"))).rank == (False, 7)
    assert _rule(default(forward("a"))).rank == (True, 0)
    assert _rule({"IsDefault": True, "Actions": []}).rank == (True, 0)


AUTHENTICATE = {"Type": "authenticate-oidc", "Order": 1}


@cases({
    "one": ([forward("a")], ["a"]),
    "one, without a list": ([{"Type": "forward", "TargetGroupArn": arn("a")}], ["a"]),
    "one, with an empty list": (
        [{"Type": "forward", "TargetGroupArn": arn("a"), "ForwardConfig": {"TargetGroups": []}}], ["a"]),
    "two": ([forward("a", "b")], ["a", "b"]),
    "two without weights": (
        [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": arn(x)} for x in "ab"]}}],
        ["a", "b"]),
    "one of a weight of nothing": ([forward("a", "b", weights=(0, 1))], ["b"]),
    "none of any weight": ([forward("a", weights=(0,))], []),
    "behind a log-in": ([AUTHENTICATE, forward("a")], ["a"]),
    "a redirect": ([REDIRECT], []),
    "nothing": ([], []),
})  # fmt: skip
def test_the_groups_that_get_requests_by_a_rule(actions: list[Raw], groups: list[str]) -> None:
    assert _rule({**rule(1, REDIRECT), "Actions": actions}).groups == [arn(one) for one in groups]


def test_a_rule_that_forwards_to_nowhere_is_blind() -> None:
    with pytest.raises(CouldNotLook, match="no 'Actions'"):
        assert _rule(without("Actions", rule(1, REDIRECT))).groups
    with pytest.raises(KeyError, match="TargetGroupArn"):
        assert _rule(rule(1, {"Type": "forward"})).groups


def test_a_rule_keeps_the_group_where_its_stickiness_is_on() -> None:
    assert _rule(rule(1, forward("a", "b", sticky=True))).keeps_group
    assert not _rule(rule(1, forward("a", "b"))).keeps_group
    assert not _rule(rule(1, {"Type": "forward", "TargetGroupArn": arn("a")})).keeps_group
    assert not _rule(rule(1, {"Type": "forward", "ForwardConfig": {"TargetGroups": []}})).keeps_group
    assert not _rule(rule(1, REDIRECT)).keeps_group


def test_the_default_rule_has_no_condition_and_another_must_have_some() -> None:
    assert _rule(default(forward("a"))).conditions == []
    assert _rule(without("Conditions", default(forward("a")))).conditions == []
    assert _rule(rule(1, forward("a"), path("/x"))).conditions == [path("/x")]
    with pytest.raises(CouldNotLook, match="no 'Conditions'"):
        assert _rule(without("Conditions", rule(1, forward("a")))).conditions


EXPRESSION = {"RegexValues": ["^/w.$"]}
QUERY = {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}]}}
OLD_PATH, OLD_HOST = ({"Field": one, "Values": [two]} for one, two in (("path-pattern", "/ws"), ("host-header", "w*")))
SURE, PERHAPS, NEVER = "surely", "perhaps", "never"


@cases({
    "no condition": ([], SURE),
    "the path": ([path("/ws")], SURE),
    "the path in the older form": ([OLD_PATH], SURE),
    "one of two paths": ([path("/x", "/ws")], SURE),
    "another path": ([path("/x")], NEVER),
    "a path that begins so": ([path("/w")], NEVER),
    "a path with a character for another": ([path("/?s")], SURE),
    "a path with brackets, which are themselves": ([path("/[w]s")], NEVER),
    "a path in capitals": ([path("/WS")], NEVER),
    "an expression for the path": ([{"Field": "path-pattern", "PathPatternConfig": EXPRESSION}], PERHAPS),
    "an expression beside the config": ([{"Field": "path-pattern", **EXPRESSION}], PERHAPS),
    "an expression beside the right path": (
        [{"Field": "path-pattern", "PathPatternConfig": {**EXPRESSION, "Values": ["/ws"]}}], SURE),
    "the host": ([host("www.example.com")], SURE),
    "the host in the older form": ([OLD_HOST], SURE),
    "the host in capitals": ([host("WWW.EXAMPLE.COM")], SURE),
    "another host": ([host("api.example.com")], PERHAPS),
    "the host and another path": ([host("*.example.com"), path("/x")], NEVER),
    "another host and another path": ([host("api.example.com"), path("/x")], NEVER),
    "the method of a handshake": ([method("POST", "GET")], SURE),
    "another method": ([method("POST")], NEVER),
    "the header of a handshake": ([header("UPGRADE", "WebSocket")], SURE),
    "the other header of a handshake": ([header("Connection", "upgrade")], SURE),
    "another value of it": ([header("Connection", "keep-alive")], NEVER),
    "a pattern of it": ([header("connection", "*grade")], SURE),
    "a header that some clients have": ([header("X-Canary", "1")], SURE),
    "a query that some clients have": ([QUERY], SURE),
    "an address that some clients have": (
        [{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}], SURE),
})  # fmt: skip
def test_a_handshake_meets_the_conditions_of_a_rule(conditions: list[Raw], met: str) -> None:
    [*found] = routes_of(rules(rule(1, forward("ws"), *conditions)), URL)
    assert {one.certain for one in found} == ({True} if met == SURE else {False} if met == PERHAPS else set())


CANARY = [rule(1, forward("canary"), header("X-Canary", "1")), default(forward("web"))]


def test_both_ways_of_a_header_that_some_clients_have_are_followed() -> None:
    [canary, web] = rules(*CANARY)
    assert routes_of([canary, web], URL) == [Route(arn("canary"), canary, True), Route(arn("web"), web, True)]


def test_what_comes_after_a_rule_that_is_not_known_to_match_is_uncertain() -> None:
    listed = rules(
        rule(1, forward("a"), host("other.net")),
        rule(2, forward("b"), path("/ws")),
        rule(3, forward("c"), path("/ws")),
    )
    found = routes_of(listed, URL)
    assert [(one.group, one.certain) for one in found[:2]] == [(arn("a"), False), (arn("b"), False)]
    assert arn("c") not in {one.group for one in found}


def test_hosts_count_literally_where_one_of_the_rules_names_the_urls_host() -> None:
    other, ours = rule(1, forward("a"), host("other.net")), rule(2, forward("b"), path("/ws"), host("www.example.com"))
    assert {(one.group, one.certain) for one in routes_of(rules(other, ours), URL)} == {(arn("b"), True)}


def test_a_pattern_of_paths_names_no_host() -> None:
    listed = rules(rule(1, forward("a"), host("other.net")), rule(2, forward("b"), {**OLD_PATH, "Values": ["*"]}))
    assert {(one.group, one.certain) for one in routes_of(listed, URL)} == {(arn("a"), False), (arn("b"), False)}


def test_a_url_without_a_host_meets_no_rule_for_one() -> None:
    found = routes_of(rules(rule(1, forward("a"), host("www.example.com"))), "ws:///ws")
    assert {one.certain for one in found} == {False}


@cases([
    ("wss://h", {(arn("root"), True)}),
    ("wss://h/", {(arn("root"), True)}),
    ("wss://h/ws", {(arn("ws"), True)}),
    (None, {(arn("root"), False), (arn("ws"), False)}),
    ("", {(arn("root"), False), (arn("ws"), False)}),
])  # fmt: skip
def test_a_url_without_a_path_asks_for_the_root_and_without_a_url_any_path_may_be_meant(
    url: str | None, found: set[tuple[str, bool]]
) -> None:
    listed = rules(rule(1, forward("root"), path("/")), rule(2, forward("ws"), path("/ws")))
    assert {(one.group, one.certain) for one in routes_of(listed, url)} == found


def test_each_listener_has_its_own_rules() -> None:
    others = rules(rule(1, forward("x"), host("www.example.com")), listener="other")
    ours = rules(rule(2, forward("a"), host("cdn.net")))
    # the name of the URL's host at another listener says nothing of this one
    found = {(one.group, one.certain) for one in routes_of([*others, *ours], URL)}
    assert found == {(arn("x"), True), (arn("a"), False)}


def _health(name: str, *states: str, **more: Any) -> TargetHealth:
    raw = [{"Target": {"Id": f"10.0.0.{n}"}, "TargetHealth": {"State": state}} for n, state in enumerate(states)]
    evidence = Answer({"TargetHealthDescriptions": raw}, "elasticloadbalancing:DescribeTargetHealth")
    return TargetHealth(arn=arn(name), name=name, evidence=evidence, **more)


NOBODY = "no service fills it"


def _foreign(found: list[TargetHealth]) -> list[Any]:
    return [one.foreign for one in found]


def test_a_group_that_nobody_fills_is_judged_where_it_shares_requests_with_one_that_is() -> None:
    groups = [_health("a", "healthy"), _health("b", foreign=NOBODY), _health("c", foreign=NOBODY)]
    shared = rules(rule(1, forward("a", "b")), default(forward("c")))
    assert _foreign(served_groups(groups, lambda: shared)) == ["", "", NOBODY]
    assert _foreign(served_groups(groups, lambda: rules(rule(1, forward("b", "c"))))) == ["", NOBODY, NOBODY]
    without_a_share = rules(rule(1, forward("a", "b", weights=(1, 0))))
    assert _foreign(served_groups(groups, lambda: without_a_share)) == ["", NOBODY, NOBODY]
    assert _foreign(served_groups(groups, list)) == ["", NOBODY, NOBODY]
    assert _foreign(served_groups([_health("a"), _health("b")], lambda: pytest.fail("asked for in vain"))) == ["", ""]
    doubtful = [_health("a", foreign=REFUSED), _health("b", foreign=NOBODY)]
    assert _foreign(served_groups(doubtful, lambda: shared)) == [REFUSED, NOBODY]


UNKNOWN = CouldNotLook("ecs:DescribeServices", "ThrottlingException")


@cases({
    "ours": (_health("a", "unhealthy"), ""),
    "nobody's, without targets": (_health("a", foreign=NOBODY), REFUSED),
    "nobody's, one is ill": (_health("a", "healthy", "unhealthy", foreign=NOBODY), REFUSED),
    "nobody's, all are healthy": (_health("a", "healthy", "healthy", foreign=NOBODY), NOBODY),
    "not known whose": (_health("a", "unhealthy", foreign=UNKNOWN), UNKNOWN),
    "unread": (TargetHealth(arn="a", name="a", foreign=NOBODY, unread=REFUSED, evidence=Unread(REFUSED)), NOBODY),
})  # fmt: skip
def test_without_the_rules_it_is_unknown_whether_a_group_that_would_fail_is_judged(
    group: TargetHealth, foreign: str | CouldNotLook
) -> None:
    assert _foreign(served_groups([group], lambda: REFUSED)) == [foreign]


def test_the_default_action_of_a_network_balancer_is_its_rule() -> None:
    answers: Any = {
        ("elbv2", "DescribeListeners"): {
            "Listeners": [
                {"ListenerArn": NETWORK, "DefaultActions": [forward("tcp")]},
                {"ListenerArn": LISTENER, "DefaultActions": [forward("web")]},
            ]
        },
        ("elbv2", "DescribeRules"): {"Rules": [rule(1, forward("ws"), path("/ws"))]},
    }
    aws = Aws(answers)
    tcp, ws = rules_of(aws, ["balancer"])
    assert (tcp.arn, tcp.name, tcp.listener, tcp.groups, tcp.rank) == (
        NETWORK,
        "default",
        NETWORK,
        [arn("tcp")],
        (True, 0),
    )
    assert tcp.conditions == []
    assert (ws.arn, ws.name, ws.listener) == (rule(1, REDIRECT)["RuleArn"], "1", LISTENER)
    assert aws.parameters_of("DescribeRules") == [{"ListenerArn": LISTENER}]
    assert aws.parameters_of("DescribeListeners") == [{"LoadBalancerArn": "balancer"}]


def test_a_balancer_that_could_not_be_read_is_not_asked_for_its_rules() -> None:
    aws = Aws({("elbv2", "DescribeListeners"): {"Listeners": []}})
    unread = LoadBalancer(arn="x", name="x", evidence=Unread(REFUSED))
    read = LoadBalancer(arn=f"{ELB}:loadbalancer/app/web/1", name="web", evidence={"Type": "application"})
    assert listener_rules(aws, [unread, read]) == []
    assert aws.parameters_of("DescribeListeners") == [{"LoadBalancerArn": read.arn}]
