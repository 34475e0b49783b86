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

    return Row(checks.test_alarms_call_somebody, look, outcome, source, says)


def stops(*alarms: str, enable: bool = True) -> Raw:
    """A service's deployment configuration with alarms."""
    return {"alarms": {"alarmNames": list(alarms), "enable": enable, "rollback": True}}


ROWS = {
    "a topic with a subscriber": row("passed", TOPICS),
    "a topic whose subscription by e-mail waits": row("failed", TOPICS, "1 wait for confirmation", topics=topic(0, 1)),
    "a topic that everybody left": row("failed", TOPICS, "on-call has no confirmed subscription", topics=topic(0)),
    "a topic that was deleted": row(
        "failed", TOPICS, "does not exist", topics=NotThere("sns:GetTopicAttributes", "NotFound")
    ),
    "a topic of the central account, not known": row(
        "blind", TOPICS, "add it to alarm_receivers", actions=[OTHERS], topics=DENIED
    ),
    "a topic of the central account, known": row(
        "passed", TOPICS, actions=[OTHERS], topics=DENIED, receivers=["*:central-*"]
    ),
    "a topic that may not be read": row("blind", TOPICS, "allow sns:GetTopicAttributes", topics=DENIED),
    "two topics, of which one has nobody": row("passed", TOPICS, actions=[TOPIC, OTHERS], topics=[topic(0), topic(2)]),
    "a function is called": row("passed", TOPICS, actions=[f"arn:aws:lambda:{ACCOUNT}:function:page"]),
    "a response plan is begun": row(
        "passed", TOPICS, actions=["arn:aws:ssm-incidents::123456789012:response-plan/web"]
    ),
    "it rang twice, and every call failed": row(
        "failed", ITEM, "AWSKMS", history=[action("cpu-high", FAILED, 50, HistoryData=WHY)]
    ),
    "it rang, and somebody was called": row("passed", ITEM, history=[action("cpu-high", DONE, 50)]),
    "it has no action, EventBridge takes it": row(
        "passed", EVENTS, "EventBridge rule to-the-pager", actions=[], rules=[rule()]
    ),
    "it has no action, EventBridge takes everything of AWS": row(
        "passed", EVENTS, actions=[], rules=[rule(pattern='{"source":[{"prefix":"aws."}]}')]
    ),
    "a rule that is off": row("failed", EVENTS, "it has no action", actions=[], rules=[rule(State="DISABLED")]),
    "a rule for other alarms": row("failed", EVENTS, "it has no action", actions=[], rules=[rule()], matches=False),
    "a rule for tasks of ECS": row(
        "failed", EVENTS, "it has no action", actions=[], rules=[rule(pattern='{"source":["aws.ecs"]}')]
    ),
    "a rule that only writes a log": row(
        "failed",
        EVENTS,
        "it has no action",
        actions=[],
        rules=[rule()],
        target=f"arn:aws:logs:{ACCOUNT}:log-group:/aws/events/alarms",
    ),
    "rules that may not be listed": row(
        "blind", EVENTS, "ListRules", actions=[], rules=CouldNotLook("events:ListRules", "no")
    ),
    "it stops deployments of a service": row(
        "passed", DEPLOYS, "deployments of backend", actions=[], deployment=stops("cpu-high")
    ),
    "it would, but that is off": row("failed", DEPLOYS, actions=[], deployment=stops("cpu-high", enable=False)),
    "nobody hears it at all": row("failed", EVENTS, "neither a composite alarm", actions=[]),
}
