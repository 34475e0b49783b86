"""Who hears an alarm, as real accounts have it: SNS, EventBridge, ECS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from opschecks.aws.alarm_history import read_history
from opschecks.aws.alarm_hygiene import HISTORY_DAYS, watched_alarms
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, names, stack, weekly
from tests.real.alarms import DONE, FAILED, ITEM, TOPIC, WHY, action, alarm, seen
from tests.real.rows import Row

checks = weekly("alarm_hygiene")
TOPICS = "https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html"
EVENTS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"
DEPLOYS = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentAlarms.html"
OTHERS = "arn:aws:sns:us-west-2:210987654321:central-on-call"
DENIED = CouldNotLook("sns:GetTopicAttributes", "AuthorizationError: not authorized", action="sns:GetTopicAttributes")
PATTERN = '{"source":["aws.cloudwatch"],"detail-type":["CloudWatch Alarm State Change"]}'


def topic(confirmed: int, pending: int = 0) -> Raw:
    """A topic's attributes, which are texts."""
    return {"Attributes": {"SubscriptionsConfirmed": str(confirmed), "SubscriptionsPending": str(pending)}}


def rule(name: str = "to-the-pager", pattern: str = PATTERN, **changes: object) -> Raw:
    """A rule of the default event bus."""
    arn = f"arn:aws:events:{ACCOUNT}:rule/{name}"
    return {"Name": name, "Arn": arn, "State": "ENABLED", "EventPattern": pattern, "EventBusName": "default", **changes}


def row(
    situation: str,
    outcome: str,
    source: str,
    says: str = "",
    *,
    actions: Sequence[str] = (TOPIC,),
    topics: Any = None,
    history: Sequence[Raw] = (),
    rules: Any = (),
    matches: bool = True,
    target: str = f"arn:aws:lambda:{ACCOUNT}:function:page",
    deployment: Mapping[str, Any] | None = None,
    receivers: Sequence[str] = (),
) -> Row:
    """One alarm, and who hears it."""

    def look() -> Mapping[str, Any]:
        service = {"serviceName": "backend", "deploymentConfiguration": deployment or {}}
        checked = stack(alarm_receivers=receivers)
        aws = Aws(
            {
                ("sns", "GetTopicAttributes"): topics or topic(1),
                ("events", "ListRules"): rules if isinstance(rules, Exception) else {"Rules": list(rules)},
                ("events", "TestEventPattern"): {"Result": matches},
                ("events", "ListTargetsByRule"): {"Targets": [{"Id": "1", "Arn": target}]},
                ("ecs", "DescribeServices"): {"services": [service], "failures": []},
                ("cloudwatch", "DescribeAlarmHistory"): {"AlarmHistoryItems": list(history)},
                ("cloudwatch", "GetMetricData"): {
                    "MetricDataResults": [
                        {"Id": "m0", "Timestamps": [NOW], "Values": [60.0], "StatusCode": "Complete"},
                    ]
                },
            },
            checked,
        )
        known = seen(alarm("cpu-high", AlarmActions=list(actions)))
        past = read_history(aws, NOW, timedelta(days=HISTORY_DAYS))
        return {"watched_alarms": watched_alarms(checked, aws, known, past, names(services=("backend",)), NOW)}

    return Row(situation, checks.test_alarms_call_somebody, look, outcome, source, says)


def stops(*alarms: str, enable: bool = True) -> Raw:
    """A service's deployment configuration with alarms."""
    return {"alarms": {"alarmNames": list(alarms), "enable": enable, "rollback": True}}


ROWS = [
    row("a topic with a subscriber", "passed", TOPICS),
    row("a topic whose subscription by e-mail waits", "failed", TOPICS, "1 wait for confirmation", topics=topic(0, 1)),
    row("a topic that everybody left", "failed", TOPICS, "on-call has no confirmed subscription", topics=topic(0)),
    row(
        "a topic that was deleted",
        "failed",
        TOPICS,
        "does not exist",
        topics=NotThere("sns:GetTopicAttributes", "NotFound"),
    ),
    row(
        "a topic of the central account, not known",
        "blind",
        TOPICS,
        "add it to alarm_receivers",
        actions=[OTHERS],
        topics=DENIED,
    ),
    row(
        "a topic of the central account, known",
        "passed",
        TOPICS,
        actions=[OTHERS],
        topics=DENIED,
        receivers=["*:central-*"],
    ),
    row("a topic that may not be read", "blind", TOPICS, "allow sns:GetTopicAttributes", topics=DENIED),
    row("two topics, of which one has nobody", "passed", TOPICS, actions=[TOPIC, OTHERS], topics=[topic(0), topic(2)]),
    row("a function is called", "passed", TOPICS, actions=[f"arn:aws:lambda:{ACCOUNT}:function:page"]),
    row(
        "a response plan is begun", "passed", TOPICS, actions=["arn:aws:ssm-incidents::123456789012:response-plan/web"]
    ),
    row(
        "it rang twice, and every call failed",
        "failed",
        ITEM,
        "AWSKMS",
        history=[action("cpu-high", FAILED, 50, HistoryData=WHY)],
    ),
    row("it rang, and somebody was called", "passed", ITEM, history=[action("cpu-high", DONE, 50)]),
    row(
        "it has no action, EventBridge takes it",
        "passed",
        EVENTS,
        "EventBridge rule to-the-pager",
        actions=[],
        rules=[rule()],
    ),
    row(
        "it has no action, EventBridge takes everything of AWS",
        "passed",
        EVENTS,
        actions=[],
        rules=[rule(pattern='{"source":[{"prefix":"aws."}]}')],
    ),
    row("a rule that is off", "failed", EVENTS, "it has no action", actions=[], rules=[rule(State="DISABLED")]),
    row("a rule for other alarms", "failed", EVENTS, "it has no action", actions=[], rules=[rule()], matches=False),
    row(
        "a rule for tasks of ECS",
        "failed",
        EVENTS,
        "it has no action",
        actions=[],
        rules=[rule(pattern='{"source":["aws.ecs"]}')],
    ),
    row(
        "a rule that only writes a log",
        "failed",
        EVENTS,
        "it has no action",
        actions=[],
        rules=[rule()],
        target=f"arn:aws:logs:{ACCOUNT}:log-group:/aws/events/alarms",
    ),
    row(
        "rules that may not be listed",
        "blind",
        EVENTS,
        "ListRules",
        actions=[],
        rules=CouldNotLook("events:ListRules", "no"),
    ),
    row(
        "it stops deployments of a service",
        "passed",
        DEPLOYS,
        "deployments of backend",
        actions=[],
        deployment=stops("cpu-high"),
    ),
    row("it would, but that is off", "failed", DEPLOYS, actions=[], deployment=stops("cpu-high", enable=False)),
    row("nobody hears it at all", "failed", EVENTS, "neither a composite alarm", actions=[]),
]
