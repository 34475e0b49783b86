"""Elastic Load Balancing: listeners, the target groups to which their rules lead requests, and their certificates."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Resource
from ..core.observation import CouldNotLook, Later, fan_out, observation
from .elbv2 import LoadBalancer, TargetHealth
from .evidence import grouped, whole_number
from .session import Aws
from .unread import readable

_LISTENERS = "elasticloadbalancing:DescribeListeners"
_HOST = "host-header"
_HANDSHAKE = {"upgrade": "websocket", "connection": "upgrade"}
"""The headers that every handshake has, and their values."""


@dataclass(frozen=True, kw_only=True)
class Rule(Resource):
    """A rule of a listener, named by its priority; `listener` is the listener's ARN."""

    listener: str

    @property
    def rank(self) -> tuple[bool, int]:
        """Its place in the order in which the listener tries its rules: by priority, the default one last."""
        default = bool(self.evidence.get("IsDefault"))
        return default, 0 if default else whole_number(self.evidence, "Priority")

    @property
    def _forward(self) -> Mapping[str, Any]:
        actions = [one for one in self.evidence["Actions"] if one["Type"] == "forward"]
        return actions[-1] if actions else {}

    @property
    def groups(self) -> list[str]:
        """The ARNs of the target groups that get requests by it: several by weight, none of a weight of 0."""
        listed = self._forward.get("ForwardConfig", {}).get("TargetGroups", [])
        found = [str(one["TargetGroupArn"]) for one in listed if one.get("Weight") != 0]
        if self._forward and not listed:
            return [str(self._forward["TargetGroupArn"])]  # one that forwards says where, here or in a list
        return found

    @property
    def keeps_group(self) -> bool:
        """Whether a client comes back to the group that it reached first: only matters where there are several."""
        return bool(self._forward.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {}).get("Enabled"))

    @property
    def conditions(self) -> Sequence[Mapping[str, Any]]:
        """Its conditions, all of which a request must meet; the default rule has none."""
        default = self.evidence.get("IsDefault")
        return [] if default else self.evidence["Conditions"]  # without one, another rule would match everything


@dataclass(frozen=True)
class Route:
    """A target group that a handshake reaches by a rule; `certain` unless that cannot be known here."""

    group: str
    rule: Rule
    certain: bool


@observation(allow=[_LISTENERS, "elasticloadbalancing:DescribeRules"], lasting=True)
def listener_rules(aws: Aws, load_balancers: list[LoadBalancer]) -> list[Rule]:
    """The rules of all listeners of the stack's load balancers.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
    """
    return rules_of(aws, [one.arn for one in readable(load_balancers)])


@observation(later=["listener_rules"])
def served_groups(target_health: list[TargetHealth], listener_rules: Later[list[Rule]]) -> list[TargetHealth]:
    """The health of the stack's target groups; also of one that nobody fills and that gets a share of the requests.

    By a weighted rule the share of an empty group is lost, whatever the other groups could take:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html
    Without the rules it is not known whether one that nobody fills gets any, which matters if a target is not healthy;
    where each group is judged already, they are not asked for.
    """
    judged = {group.arn for group in target_health if group.foreign == ""}
    if all(group.foreign == "" for group in target_health):
        return target_health
    rules = listener_rules()
    if isinstance(rules, CouldNotLook):
        return [replace(group, foreign=rules) if _matters(group) else group for group in target_health]
    sharing = {arn for rule in rules if judged & {*rule.groups} for arn in rule.groups}
    return [replace(group, foreign="") if group.arn in sharing else group for group in target_health]


def _matters(group: TargetHealth) -> bool:
    """Whether a group that nobody fills would fail if it were judged."""
    if group.unread or group.foreign == "" or isinstance(group.foreign, CouldNotLook):
        return False
    return not group.targets or len(group.in_state("healthy")) < len(group.targets)


def rules_of(aws: Any, balancers: Sequence[str]) -> list[Rule]:
    """The rules of all listeners of the load balancers with these ARNs; of an NLB's listener, its default action."""
    return [rule for some in fan_out(lambda raw: _rules(aws, raw), _listeners(aws, balancers)) for rule in some]


def _listeners(aws: Any, balancers: Iterable[str]) -> list[Answer]:
    told = fan_out(lambda arn: aws.items("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn), balancers)
    return [listener for some in told for listener in some]


def _rules(aws: Any, listener: Mapping[str, Any]) -> list[Rule]:
    arn = str(listener["ListenerArn"])
    if ":listener/app/" not in arn:
        default = {"IsDefault": True, "Actions": listener["DefaultActions"]}
        return [Rule(arn=arn, name="default", listener=arn, evidence=Answer(default, _LISTENERS))]
    listed = aws.items("elbv2", "DescribeRules", "Rules", ListenerArn=arn)
    return [Rule(arn=str(raw["RuleArn"]), name=str(raw["Priority"]), listener=arn, evidence=raw) for raw in listed]


def routes_of(rules: Iterable[Rule], url: str | None) -> list[Route]:
    """Where the listeners lead a handshake for the URL; without a URL, any path and host may be meant.

    The host that a load balancer sees may be another one, behind a CDN: a listener's rules for hosts are only taken
    literally where one of them names the URL's host. Of headers, queries and addresses, some clients have what a rule
    asks for, others not: both ways are followed.
    """
    in_order = [sorted(some, key=lambda one: one.rank) for some in grouped(rules, attrgetter("listener")).values()]
    return [route for some in in_order for has_it in (True, False) for route in _routes(some, url, has_it)]


def _routes(rules: Sequence[Rule], url: str | None, has_it: bool) -> Iterable[Route]:
    """The routes of one listener; `has_it`: whether a client has the headers and so on that a rule may ask for."""
    host, path = "", ""
    if url:
        split = urlsplit(url)
        host, path = split.hostname or "", split.path or "/"
    of_hosts = [one for rule in rules for one in rule.conditions if one.get("Field") == _HOST]
    named = any(_has_host(one, host) for one in of_hosts)
    certain = True
    for rule in rules:
        met = [_meets(one, host, path, named=named, has_it=has_it) for one in rule.conditions]
        if False in met:
            continue
        certain = certain and None not in met
        yield from (Route(group, rule, certain) for group in rule.groups)
        if None not in met:
            return


def _meets(condition: Mapping[str, Any], host: str, path: str, *, named: bool, has_it: bool) -> bool | None:
    """Whether a handshake meets the condition; None where that cannot be known here."""
    field = condition.get("Field")
    if field == _HOST:
        return _has_host(condition, host) if named else None
    if field == "path-pattern":
        return _any_of(condition, "PathPatternConfig", path) if path else None
    if field == "http-request-method":
        return "GET" in _values(condition, "HttpRequestMethodConfig")
    name = str(condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "")).lower()
    if value := _HANDSHAKE.get(name):
        return _any_of(condition, "HttpHeaderConfig", value, folded=True)
    return has_it


def _has_host(condition: Mapping[str, Any], host: str) -> bool | None:
    return _any_of(condition, "HostHeaderConfig", host, folded=True)


def _values(condition: Mapping[str, Any], key: str) -> list[str]:
    """The values of a condition, which older ones have beside the config instead of in it."""
    return [*(condition.get(key, {}).get("Values") or condition.get("Values") or [])]


def _any_of(condition: Mapping[str, Any], key: str, value: str, *, folded: bool = False) -> bool | None:
    """Whether one of the condition's values, with * and ?, fits; None where it has regular expressions as well."""
    fold = str.lower if folded else str
    patterns = [re.sub(r"\[", "[[]", fold(one)) for one in _values(condition, key)]
    if any(fnmatch.fnmatchcase(fold(value), one) for one in patterns):
        return True
    by_expression = condition.get("RegexValues") or condition.get(key, {}).get("RegexValues")
    return None if by_expression else False


def listener_certificates(aws: Aws, balancers: Iterable[str]) -> list[str]:
    """ARNs of the default certificates of the listeners of these load balancers, which are ARNs as well.

    Without certificates that were uploaded to IAM. Further certificates of a listener (SNI) are not listed here:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListenerCertificates.html
    """
    certificates = (one for listener in _listeners(aws, balancers) for one in listener.get("Certificates") or [])
    return sorted({arn for one in certificates if ":acm:" in (arn := str(one["CertificateArn"]))})
