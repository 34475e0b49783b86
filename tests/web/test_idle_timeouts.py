"""Which load balancers carry WebSocket sessions, and after how long without a byte they close one."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.unread import Unread, why_unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotConfigured
from opschecks.web.idle_timeout import _addresses, websocket_balancers
from tests.canned import ACCOUNT, Aws, Raw, stack
from tests.web.told import Answers

THROTTLED = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "Throttling: no")
WS = "wss://site.test/ws"
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer"


def _balancer(name: str, kind: str = "application", unread: CouldNotLook | None = None) -> LoadBalancer:
    told = Answer({"Type": kind, "DNSName": f"{name}-1.us-west-2.elb.AMAZONAWS.com"}, "x")
    return LoadBalancer(arn=f"{ELB}/app/{name}/1", name=name, evidence=Unread(unread) if unread else told)


A, B, NET = _balancer("a"), _balancer("b"), _balancer("n", "network")
DNS_A, DNS_B = (f"{name}-1.us-west-2.elb.amazonaws.com" for name in "ab")
ADDRESSES = {"site.test": ["10.0.0.1", "10.0.0.2"], DNS_A: ["10.0.0.9"], DNS_B: ["10.0.0.2"], "lost.test": []}


def _carrying(url: str, *balancers: LoadBalancer, attributes: Any = None) -> tuple[list[Any], Aws]:
    told = attributes or {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": "60"}, {"Key": "x"}]}
    aws = Aws({("elbv2", "DescribeLoadBalancerAttributes"): told})
    tape = Answers(dns=lambda host: ADDRESSES[host])
    return websocket_balancers(stack(websocket={"url": url}), aws, list(balancers), tape), aws


CARRY: dict[str, tuple[str, tuple[LoadBalancer, ...], list[str]]] = {
    "by its name": (f"wss://{DNS_B.upper()}/ws", (A, B), ["b"]),
    "by its name for both kinds of addresses": (f"wss://dualstack.{DNS_A}/ws", (A, B), ["a"]),
    "the only one": ("wss://lost.test/ws", (NET, A), ["a"]),
    "by its address": ("wss://site.test/ws", (A, B), ["b"]),
    "none": ("wss://lost.test/ws", (NET,), []),
    "API Gateway": ("wss://x.execute-api.us-west-2.amazonaws.com/ws", (A,), []),
    "a name that only ends so": ("wss://myamazonaws.com/ws", (A,), ["a"]),
}


@pytest.mark.parametrize(("url", "balancers", "names"), CARRY.values(), ids=CARRY)
def test_which_balancers_carry_the_sessions(url: str, balancers: tuple[LoadBalancer, ...], names: list[str]) -> None:
    assert [one.name for one in _carrying(url, *balancers)[0]] == names


def test_addresses_of_a_name_that_is_not_known_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(host: str, port: Any) -> Any:
        if host == "lost.test":
            raise OSError("Name or service not known")
        return [(2, 1, 6, "", ("10.0.0.1", 0)), (10, 1, 6, "", ("fd00::1", 0, 0, 0))]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    assert _addresses("site.test") == {"10.0.0.1", "fd00::1"}
    assert _addresses("lost.test") == set()


def test_which_balancer_carries_the_sessions_may_not_be_known() -> None:
    with pytest.raises(CouldNotLook, match=r"which of 2 load balancers carries the sessions of lost\.test is not"):
        _carrying("wss://lost.test/ws", A, B)
    lost = _balancer("x", unread=THROTTLED)
    with pytest.raises(CouldNotLook, match="Throttling"):
        _carrying("wss://site.test/ws", A, lost)
    assert [one.name for one in _carrying(f"wss://{DNS_A}/ws", lost, A)[0]] == ["a"]
    with pytest.raises(CouldNotLook, match="Throttling"):
        websocket_balancers(stack(websocket={"url": WS}), Aws({}), THROTTLED)
    assert websocket_balancers(stack(websocket={"url": WS}), Aws({}), NotConfigured("", "none")) == []
    with pytest.raises(NotConfigured, match=r"names no WebSocket: set websocket\.url"):
        websocket_balancers(stack(), Aws({}), [A])


def test_the_idle_timeout_of_a_balancer_is_one_of_its_attributes() -> None:
    [seen], aws = _carrying("wss://site.test/ws", A)
    assert (seen.arn, seen.name, seen.idle_timeout.total_seconds()) == (A.arn, "a", 60)
    assert seen.evidence == {"attributes": {"idle_timeout.timeout_seconds": "60", "x": ""}}
    assert seen.figures == (Figure("idle timeout", "60", "s"),)
    assert aws.parameters_of("DescribeLoadBalancerAttributes") == [{"LoadBalancerArn": A.arn}]
    empty: Raw = {"Attributes": [{"Key": "idle_timeout.timeout_seconds", "Value": ""}]}
    assert _carrying("wss://site.test/ws", A, attributes=empty)[0][0].figures == ()
    [seen], _ = _carrying("wss://site.test/ws", A, attributes={"Attributes": []})
    with pytest.raises(CouldNotLook, match=r"no 'idle_timeout\.timeout_seconds'"):
        assert seen.idle_timeout

    def refuses(LoadBalancerArn: str) -> Any:  # noqa: N803 - AWS's name
        return THROTTLED if LoadBalancerArn == A.arn else {"Attributes": []}

    ADDRESSES["both.test"] = ["10.0.0.9", "10.0.0.2"]
    first, second = _carrying("wss://both.test/ws", A, B, attributes=refuses)[0]
    assert (first.arn, first.name, why_unread(first), why_unread(second)) == (A.arn, "a", THROTTLED, None)
