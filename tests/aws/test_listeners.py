"""Listeners: to which target groups their rules lead the handshake of a WebSocket."""

from __future__ import annotations

import pytest

from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.listeners import Rule, listener_rules, routes_of
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, pages_of
from tests.cases import cases

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
LISTENER = f"{ELB}:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2"
NETWORK = f"{ELB}:listener/net/edge/50dc6c495c0c9188/f2f7dc8efc522ab2"
URL = "wss://www.example.com/ws"


def arn(name: str) -> str:
    return f"{ELB}:targetgroup/{name}/73e2d6bc24d8a067"


def forward(*names: str, weights: tuple[int, ...] = (), sticky: bool = False) -> Raw:
    """The forward action as AWS answers it: with ForwardConfig, and TargetGroupArn too where it is one group."""
    tuples = [{"TargetGroupArn": arn(one), "Weight": (weights or (1,) * len(names))[n]} for n, one in enumerate(names)]
    kept = {"Enabled": sticky, **({"DurationSeconds": 3600} if sticky else {})}
    alone = {"TargetGroupArn": arn(names[0])} if len(names) == 1 else {}
    return {
        "Type": "forward",
        **alone,
        "ForwardConfig": {"TargetGroups": tuples, "TargetGroupStickinessConfig": kept},
    }


def path(*values: str) -> Raw:
    return {"Field": "path-pattern", "Values": list(values), "PathPatternConfig": {"Values": list(values)}}


def host(*values: str) -> Raw:
    return {"Field": "host-header", "Values": list(values), "HostHeaderConfig": {"Values": list(values)}}


def header(name: str, *values: str) -> Raw:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": list(values)}}


def method(*values: str) -> Raw:
    return {"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": list(values)}}


REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "StatusCode": "HTTP_301"}}
SECRET = header("X-Origin-Verify", "s3cret")


def rule(priority: int | str, action: Raw, *conditions: Raw) -> Raw:
    return {
        "RuleArn": f"{LISTENER.replace(':listener/', ':listener-rule/')}/{priority}",
        "Priority": str(priority),
        "Conditions": list(conditions),
        "Actions": [action],
        "IsDefault": priority == "default",
    }


def rules(*raw: Raw, listener: str = LISTENER) -> list[Rule]:
    return [Rule(arn=one["RuleArn"], name=one["Priority"], listener=listener, evidence=one) for one in raw]


def default(action: Raw) -> Raw:
    return rule("default", action)


@cases({
    "the default": ([default(forward("web"))], URL, {"web"}, set()),
    "by path": ([default(forward("web")), rule(1, forward("ws"), path("/ws", "/ws/*"))], URL, {"ws"}, set()),
    "by priority, not by order": (
        [rule(20, forward("late"), path("/*")), rule(3, forward("ws"), path("/w?")), default(forward("web"))],
        URL,
        {"ws"},
        set(),
    ),
    "another path": ([rule(1, forward("api"), path("/api/*")), default(forward("web"))], URL, {"web"}, set()),
    "a path is told in its case": ([rule(1, forward("ws"), path("/WS")), default(forward("web"))], URL, {"web"}, set()),
    "by host": ([rule(1, forward("ws"), host("WWW.example.com")), default(forward("web"))], URL, {"ws"}, set()),
    "a host beside ours": (
        [rule(1, forward("api"), host("api.example.com")), rule(2, forward("ws"), host("*.example.com"))],
        URL,
        {"ws"},
        set(),
    ),
    "behind a CDN the host is another": (
        [rule(1, forward("ws"), host("origin.example.net")), default(forward("web"))],
        URL,
        set(),
        {"ws", "web"},
    ),
    "by upgrade": (
        [rule(1, forward("ws"), header("Upgrade", "WebSocket")), default(forward("web"))],
        URL,
        {"ws"},
        set(),
    ),
    "by another header": (
        [rule(1, forward("canary"), header("X-Canary", "1")), default(forward("web"))],
        URL,
        {"canary", "web"},
        set(),
    ),
    "a CDN's secret": (
        [rule(1, forward("ws"), SECRET, path("/ws*")), rule(2, forward("web"), SECRET), default(REDIRECT)],
        URL,
        {"ws"},
        set(),
    ),
    "of POST only": ([rule(1, forward("api"), method("POST")), default(forward("web"))], URL, {"web"}, set()),
    "redirected": ([default(REDIRECT)], URL, set(), set()),
    "by weight": ([default(forward("blue", "green", weights=(90, 10)))], URL, {"blue", "green"}, set()),
    "by a weight of nothing": ([default(forward("blue", "green", weights=(100, 0)))], URL, {"blue"}, set()),
    "an expression": (
        [rule(1, forward("api"), {"Field": "path-pattern", "RegexValues": ["^/w.$"]}), default(forward("web"))],
        URL,
        set(),
        {"api", "web"},
    ),
    "no URL is known": (
        [rule(1, forward("ws"), path("/ws*")), default(forward("web"))],
        None,
        set(),
        {"ws", "web"},
    ),
    "no URL, one way": ([default(forward("web"))], None, {"web"}, set()),
})  # fmt: skip
def test_a_handshake_is_led_as_the_rules_say(
    raw: list[Raw], url: str | None, certain: set[str], perhaps: set[str]
) -> None:
    found = routes_of(rules(*raw), url)
    sure = {one.group for one in found if one.certain}
    assert sure == {arn(one) for one in certain}
    assert {one.group for one in found} - sure == {arn(one) for one in perhaps}


def test_each_listener_leads_by_itself() -> None:
    other = rules(default(forward("test")), listener=f"{LISTENER}x")
    assert {one.group for one in routes_of([*rules(default(forward("web"))), *other], URL)} == {arn("web"), arn("test")}


def balancer(kind: str) -> LoadBalancer:
    return LoadBalancer(arn=f"{ELB}:loadbalancer/{kind}/web/50dc6c495c0c9188", name="web")


def test_rules_are_read_page_by_page_and_an_nlb_has_its_default_action() -> None:
    listed = {
        "app": {"Listeners": [{"ListenerArn": LISTENER, "DefaultActions": [forward("web")]}]},
        "net": {"Listeners": [{"ListenerArn": NETWORK, "DefaultActions": [forward("tcp")]}]},
    }
    aws = Aws(
        {
            ("elbv2", "DescribeListeners"): lambda LoadBalancerArn: listed[LoadBalancerArn.split("/")[1]],  # noqa: N803
            ("elbv2", "DescribeRules"): pages_of(
                "Rules", [rule(1, forward("ws"), path("/ws"))], [default(forward("web"))], token="NextMarker"
            ),
        }
    )
    found = listener_rules(aws, [balancer("app"), balancer("net")])
    assert [(one.name, one.groups) for one in found] == [
        ("1", [arn("ws")]),
        ("default", [arn("web")]),
        ("default", [arn("tcp")]),
    ]


def test_a_rule_of_which_half_is_said_is_not_seen() -> None:
    half = rules(rule(1, forward("ws")))[0].evidence
    broken = Rule(arn="r", name="1", listener=LISTENER, evidence={key: half[key] for key in half if key != "Priority"})
    with pytest.raises((CouldNotLook, KeyError)):
        routes_of([broken], URL)
