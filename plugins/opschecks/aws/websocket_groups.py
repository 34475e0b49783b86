"""Elastic Load Balancing: the target groups that WebSocket sessions reach, and whether a client finds back."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotConfigured, names_no, observation, seen
from .ecs import Service
from .elbv2 import TargetGroup, TargetHealth, filled_by, named
from .listeners import Route, Rule, routes_of
from .own_groups import doubt_of
from .unread import first_unread, readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

_RULES = "elasticloadbalancing:DescribeRules"
NAME_THEM = "websocket.target_groups in stacks.toml can say"


@dataclass(frozen=True, kw_only=True)
class WebSocketGroup(TargetGroup):
    """A target group, and what WebSocket sessions have to do with it.

    `unused`: why no session reaches it; `doubt`: why it is not known whether one does; `split_by`: the weighted rule
    that may lead a client that comes back to another group, or why that is not known.
    """

    unused: str = ""
    doubt: CouldNotLook | None = None
    split_by: str | CouldNotLook = ""

    @property
    def split(self) -> str:
        """What is wrong with the rule that shares clients out; empty where nothing is."""
        return seen(self.split_by)

    @property
    def keeps_clients(self) -> bool:
        """Whether stickiness is on; CouldNotLook where it is off, and it is unknown whether that matters."""
        if not self.sticky:
            seen(self.doubt)
        return self.sticky

    @property
    def by_address(self) -> bool:
        """Whether it goes by the client's address, as behind a network load balancer, which has no cookies."""
        return self.sticky_by.startswith("source_ip")


def no_websocket(group: Mapping[str, Any]) -> str:
    """Why no WebSocket session can reach the target group of DescribeTargetGroups, or nothing.

    A handshake is HTTP/1.1, which groups of another protocol version answer with an error, and Lambda functions refuse:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
    """
    if group.get("TargetType") in ("lambda", "alb"):
        return f"no WebSocket ends here: its targets are of type {group['TargetType']}"
    if group.get("ProtocolVersion") in ("GRPC", "HTTP2"):
        return f"no WebSocket uses it: its protocol version is {group['ProtocolVersion']}"
    if group.get("Protocol") in ("UDP", "GENEVE", "QUIC"):
        return f"no WebSocket uses it: its protocol is {group['Protocol']}"
    return ""


def unused_by(arn: str, rules: Sequence[Rule], stack: Stack) -> str | CouldNotLook:
    """Why no session reaches the group, nothing where one does; CouldNotLook where the rules do not tell."""
    here = [one for one in routes_of(rules, stack.websocket_url) if one.group == arn]
    if any(one.certain for one in here):
        return ""
    if here:
        why = f"whether rule {here[0].rule.name} leads WebSocket sessions here is not known: {NAME_THEM}"
        return CouldNotLook(_RULES, why)
    return "no WebSocket uses it: no rule leads the WebSocket's URL here"


def weighted(arn: str, rules: Sequence[Rule]) -> Rule | None:
    """The rule that shares clients out between the group and others and does not bring them back, if there is one.

    "Sticky sessions and weighted target groups": a group's stickiness is only honored with the rule's:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
    """
    return next((one for one in rules if arn in one.groups and len(one.groups) > 1 and not one.keeps_group), None)


def no_cookie(group: Mapping[str, Any], rules: Sequence[Rule], stack: Stack) -> str:
    """Why stickiness is not to be switched on for the target group of DescribeTargetGroups, or nothing.

    CouldNotLook where it is not known whether sessions reach it.
    """
    arn, name = str(group["TargetGroupArn"]), str(group["TargetGroupName"])
    if why := no_websocket(group):
        return why
    if group.get("Protocol") not in ("HTTP", "HTTPS"):
        return f"its protocol is {group.get('Protocol')}: only an ALB has cookies, which bind a client to its target"
    if rule := weighted(arn, rules):
        why = f"rule {rule.name} shares clients out between {len(rule.groups)} groups"
        return f"{why}: turn on the rule's stickiness first, without which a group's is not honored"
    if stack.websocket.target_groups:
        chosen = any(fnmatch.fnmatchcase(name, one) for one in stack.websocket.target_groups)
        return "" if chosen else "no WebSocket uses it: websocket.target_groups names others"
    return seen(unused_by(arn, rules, stack))


@observation(soft=["target_groups", "target_health", "listener_rules", "services"])
def websocket_groups(
    stack: Stack,
    target_groups: list[TargetGroup] | CouldNotLook,
    target_health: list[TargetHealth] | CouldNotLook,
    listener_rules: list[Rule] | CouldNotLook,
    services: list[Service] | CouldNotLook,
) -> list[WebSocketGroup]:
    """The stack's target groups, with what the listeners' rules say of WebSocket sessions; NotConfigured if none fits.

    Without the rules, a group that is not sticky is only judged where it is the only one that a session can reach.
    """
    if not stack.websocket_url and not stack.websocket.target_groups:
        raise names_no(stack.name, "WebSocket", "websocket.url")
    groups = seen(target_groups)
    told = {one.arn: one.foreign for one in target_health} if isinstance(target_health, list) else {}
    patterns = stack.websocket.target_groups
    chosen = {one.arn for one in named(groups, patterns)} if patterns else set()
    found: list[tuple[TargetGroup, str | CouldNotLook]] = []
    for group in groups:
        foreign = told.get(group.arn, "")
        if unread := why_unread(group):
            found.append((group, unread))
            continue
        unused: str | CouldNotLook = no_websocket(group.evidence) or (foreign if isinstance(foreign, str) else "")
        if chosen:
            unused = "" if group.arn in chosen else "no WebSocket uses it: websocket.target_groups names others"
        elif not unused:
            rules = listener_rules
            unused = rules.again() if isinstance(rules, CouldNotLook) else unused_by(group.arn, rules, stack)
        found.append((group, unused))
    used = [group for group, unused in found if not isinstance(unused, str) or not unused]
    if not used:
        why = "; ".join(f"{group.name}: {unused}" for group, unused in found) or "there is no target group"
        raise NotConfigured(_RULES, f"WebSocket sessions reach no target group ({why}): {NAME_THEM}")
    routes = [] if isinstance(listener_rules, CouldNotLook) else routes_of(listener_rules, stack.websocket_url)
    # without these, a neighbour's group may look like one of the stack's
    missing = _unread(services) or _unread(target_health)
    if isinstance(services, list):
        missing = missing or first_unread(services)
    doubt = None if chosen or stack.target_groups else missing
    judged = [_group(group, unused, used, routes, services, doubt) for group, unused in found]
    if isinstance(listener_rules, CouldNotLook) and len(judged) > 1:  # a rule may share clients out between them
        return [replace(one, split_by=listener_rules) for one in judged]
    return judged


def _unread(told: object) -> CouldNotLook | None:
    return told if isinstance(told, CouldNotLook) and not isinstance(told, NotConfigured) else None


def _group(
    group: TargetGroup,
    unused: str | CouldNotLook,
    used: Sequence[TargetGroup],
    routes: Sequence[Route],
    services: list[Service] | CouldNotLook,
    of_services: CouldNotLook | None,
) -> WebSocketGroup:
    doubt = (unused if isinstance(unused, CouldNotLook) else of_services) if len(used) > 1 else None
    rule = weighted(group.arn, [one.rule for one in routes])
    return WebSocketGroup(
        **vars(group),
        unused=unused if isinstance(unused, str) else "",
        doubt=doubt,
        split_by=_split(rule, services) if rule else "",
    )


def _split(rule: Rule, services: list[Service] | CouldNotLook) -> str | CouldNotLook:
    """What is wrong with the rule; nothing where one service fills all groups, and its deployment moves the weights."""
    if any({*rule.groups} <= filled_by(service.evidence) for service in readable(services)):
        return ""
    if doubt := doubt_of(services):
        return doubt
    return f"rule {rule.name} shares clients out between {len(rule.groups)} groups and does not bring them back"
