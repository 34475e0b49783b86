"""Who hears an alarm: SNS topics with subscribers, rules of EventBridge, deployments of ECS."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.global_services import region_of
from ..core.observation import CouldNotLook, NotThere, fan_out, seen
from .cloudwatch_alarms import Alarm
from .ecs import parts_of
from .evidence import grouped, json_object, whole_number
from .inventory import Inventory
from .session import Aws
from .unread import or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

_SOURCE, _DETAIL = "aws.cloudwatch", "CloudWatch Alarm State Change"


def deaf_topics(stack: Stack, aws: Aws, alarms: Sequence[Alarm]) -> dict[str, str | CouldNotLook]:
    """Why each SNS topic among the alarms' actions reaches nobody: "" where it does, CouldNotLook where it is unknown.

    A topic that `alarm_receivers` names is not asked. Source: API_GetTopicAttributes, whose SubscriptionsConfirmed
    counts; a subscription by e-mail is pending until somebody confirms it.
    """
    topics = {action for alarm in alarms for action in alarm.evidence.get("AlarmActions", ()) if ":sns:" in action}
    asked = sorted(one for one in topics if not any(fnmatchcase(one, known) for known in stack.alarm_receivers))
    return dict(zip(asked, fan_out(lambda topic: _deaf(aws, topic), asked), strict=True))


def _deaf(aws: Aws, topic: str) -> str | CouldNotLook:
    name, region = topic.rpartition(":")[2], region_of(topic)
    there = aws.elsewhere(region) if region != aws.region else aws
    try:
        told = there.call("sns", "GetTopicAttributes", TopicArn=topic)["Attributes"]
        confirmed = whole_number(told, "SubscriptionsConfirmed")
        pending = whole_number(told, "SubscriptionsPending") if "SubscriptionsPending" in told else 0
    except NotThere:
        return f"the topic {name} does not exist"
    except CouldNotLook as error:
        why = f"{error.reason} (topic {topic}); if it is known to call somebody, add it to alarm_receivers"
        return CouldNotLook(error.call, why, action=error.action)
    if confirmed:
        return ""
    return f"the topic {name} has no confirmed subscription" + (f", {pending} wait for confirmation" if pending else "")


@dataclass(frozen=True)
class Consumers:
    """What reacts to an alarm though it has no action for it; `unknown`: what could not be looked at."""

    names: tuple[str, ...] = ()
    unknown: tuple[CouldNotLook, ...] = ()


def consumers(aws: Aws, inventory: Inventory, alarms: Sequence[Alarm]) -> dict[str, Consumers]:
    """By ARN: the services whose deployments the alarm stops, and the rules of EventBridge that its change triggers.

    Sources: API_DeploymentAlarms of ECS; "Alarm events and EventBridge" of the CloudWatch user guide.
    """
    found = {}
    deployments = _watched_by_deployments(aws, inventory)
    for region, here in sorted(grouped(alarms, attrgetter("region")).items()):
        away = region not in ("", aws.region)
        there = aws.elsewhere(region) if away else aws
        rules = _rules(there) if region else ()  # without one it is missing, and sends nothing
        for alarm in here:
            # a deployment watches alarms of its own region alone
            found[alarm.arn] = _of(there, alarm, rules, {} if away else deployments)
    return found


@or_why
def _watched_by_deployments(aws: Aws, inventory: Inventory) -> dict[str, list[str]]:
    """The services whose deployments an alarm stops, by the alarm's name."""
    found: dict[str, list[str]] = {}
    for cluster, names in parts_of(inventory.by_cluster if inventory.services else {}):
        for raw in aws.call("ecs", "DescribeServices", cluster=cluster, services=names)["services"]:
            told = raw.get("deploymentConfiguration", {}).get("alarms", {})
            for alarm in told["alarmNames"] if told.get("enable") else ():
                found.setdefault(alarm, []).append(str(raw["serviceName"]))
    return found


def _of(
    aws: Aws,
    alarm: Alarm,
    rules: Sequence[Mapping[str, Any]] | CouldNotLook,
    deployments: Mapping[str, Sequence[str]] | CouldNotLook,
) -> Consumers:
    unknown: list[CouldNotLook] = []
    names: list[str] = []
    if isinstance(deployments, CouldNotLook):
        unknown.append(deployments)
    else:
        names += [f"deployments of {name}" for name in deployments.get(alarm.name, ())]
    if isinstance(rules, CouldNotLook):
        unknown.append(rules)
    else:
        try:
            names += [f"EventBridge rule {rule['Name']}" for rule in rules if _is_sent(aws, rule, alarm)]
        except CouldNotLook as error:
            unknown.append(error)
    return Consumers(tuple(names), () if names else tuple(unknown))


@or_why
def _rules(aws: Aws) -> list[Mapping[str, Any]]:
    """The rules of the default event bus that may be about alarms, or why they could not be listed."""
    on = [rule for rule in aws.items("events", "ListRules", "Rules") if rule.get("State") != "DISABLED"]
    return [rule for rule in on if _may_match(str(rule.get("EventPattern", "")))]


def _may_match(pattern: str) -> bool:
    """Whether the pattern may match an alarm: only EventBridge itself knows for sure."""
    if not pattern:
        return False  # a schedule
    told = json_object(pattern) or {}
    for key, expected in (("source", _SOURCE), ("detail-type", _DETAIL)):
        wanted = told.get(key) or [expected]
        if isinstance(wanted, list) and expected not in wanted and all(isinstance(one, str) for one in wanted):
            return False
    return True


def _is_sent(aws: Aws, rule: Mapping[str, Any], alarm: Alarm) -> bool:
    """Whether the rule sends the alarm's going off to anything but an archive or a log group."""
    moment = f"{alarm.since:%Y-%m-%dT%H:%M:%SZ}"
    event = {
        "version": "0",
        "id": "00000000-0000-0000-0000-000000000000",
        "source": _SOURCE,
        "detail-type": _DETAIL,
        "account": alarm.arn.split(":")[4],
        "region": alarm.region,
        "time": moment,
        "resources": [alarm.arn],
        "detail": {
            "alarmName": alarm.name,
            "state": {"value": "ALARM", "reason": "", "timestamp": moment},
            "previousState": {"value": "OK", "reason": "", "timestamp": moment},
        },
    }
    asked = {"EventPattern": rule["EventPattern"], "Event": json.dumps(event)}
    if not aws.call("events", "TestEventPattern", **asked)["Result"]:
        return False
    targets = aws.items("events", "ListTargetsByRule", "Targets", Rule=rule["Name"])
    return any(":logs:" not in one["Arn"] and ":archive/" not in one["Arn"] for one in targets)


def never_heard(alarm: Alarm, reasons: Sequence[str | CouldNotLook]) -> str:
    """Why nobody hears it, "" where its actions are heard; CouldNotLook where one of the reasons is that."""
    told = "; ".join(seen(one) for one in reasons)
    if alarm.evidence["AlarmActions"]:  # AWS always lists them, also where there are none
        return told
    return "it has no action, and neither a composite alarm with one, EventBridge nor a deployment of ECS reacts to it"
