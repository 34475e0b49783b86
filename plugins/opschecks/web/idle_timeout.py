"""The idle timeout of the load balancers that carry WebSocket sessions."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..aws.elbv2 import LoadBalancer
from ..aws.evidence import whole_number
from ..aws.session import Aws
from ..aws.unread import Unread, each_alone, first_unread, readable
from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotConfigured, names_no, observation, seen
from ..core.tape import LIVE, Tape

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "elasticloadbalancing:DescribeLoadBalancerAttributes"
_KEY = "idle_timeout.timeout_seconds"


@dataclass(frozen=True, kw_only=True)
class WebSocketBalancer(Resource):
    """An ALB that carries the WebSocket's sessions, with its attributes."""

    @property
    def idle_timeout(self) -> timedelta:
        """After so long without a byte from either side it closes a session; a WebSocket's ping is such bytes."""
        return timedelta(seconds=whole_number(Answer(self.evidence["attributes"], _CALL), _KEY))


@observation(allow=[_CALL], soft=["load_balancers"])
def websocket_balancers(
    stack: Stack, aws: Aws, load_balancers: list[LoadBalancer] | CouldNotLook, tape: Tape = LIVE
) -> list[WebSocketBalancer]:
    """The ALBs that carry the WebSocket's sessions, each with its attributes; none where no ALB does.

    NLBs have another timeout, which cannot be set as low. Source: "Edit attributes for your Application Load Balancer".
    """
    if not stack.websocket_url:
        raise names_no(stack.name, "WebSocket", "websocket.url")
    if isinstance(load_balancers, NotConfigured):
        return []
    host = str(urlsplit(stack.websocket_url).hostname)  # in small letters
    return each_alone(
        lambda one: _with_attributes(aws, one),
        _carrying(host, seen(load_balancers), tape),
        lambda one, why: WebSocketBalancer(arn=one.arn, name=one.name, evidence=Unread(why)),
    )


def _carrying(host: str, balancers: Sequence[LoadBalancer], tape: Tape) -> list[LoadBalancer]:
    """The ALBs behind the host: by name, the only one that there is, or by address."""
    applications = [one for one in readable(balancers) if one.is_application]
    if host.endswith(".amazonaws.com") and ".elb." not in host:
        return []  # API Gateway and the like
    named = [one for one in applications if host.removeprefix("dualstack.") == _name(one)]
    if not named:
        seen(first_unread(balancers))
    if named or len(applications) < 2:
        return named or applications
    wanted = _known(host, tape)
    found = [one for one in applications if wanted & _known(_name(one), tape)]
    if not found:
        why = f"which of {len(applications)} load balancers carries the sessions of {host} is not known"
        raise CouldNotLook("", why)
    return found


def _name(balancer: LoadBalancer) -> str:
    return str(balancer.evidence["DNSName"]).lower()


def _known(host: str, tape: Tape) -> set[str]:
    return set(tape.ask("dns", f"the address of {host}", {"host": host}, lambda: sorted(_addresses(host))))


def _addresses(host: str) -> set[str]:
    try:
        return {str(address[0]) for *_, address in socket.getaddrinfo(host, None)}
    except OSError:
        return set()  # an internal balancer's name may be unknown here; then no address tells


def _with_attributes(aws: Aws, balancer: LoadBalancer) -> WebSocketBalancer:
    answer = aws.call("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=balancer.arn)
    told = {str(one["Key"]): one.get("Value", "") for one in answer["Attributes"]}
    figures = (Figure("idle timeout", told[_KEY], "s"),) if told.get(_KEY) else ()
    return WebSocketBalancer(arn=balancer.arn, name=balancer.name, evidence={"attributes": told}, figures=figures)
