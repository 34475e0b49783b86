"""What looks wrong in the table and is right: each with its reason. A reason that excuses nothing is told as wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

LOST = ("list missing", "list null")
EXPLAINS = "It only explains a failure that is known without it, and is left out of its message."


@dataclass(frozen=True)
class Reason:
    """Why some combinations of an observation and a call are right.

    Of these `kinds`; without any, of all in which nobody notices that it could not be read, and nothing else is wrong.
    `detail`: of one list of the answer.
    """

    observation: str
    call: str
    kinds: tuple[str, ...]
    why: str
    detail: str = ""


REASONS: tuple[Reason, ...] = (
    Reason(
        "full_backups",
        "s3:GetObject",
        ("reset after headers once",),
        "A streamed body is read after botocore's retries: the object is not read, and the check is blind.",
    ),
    Reason(
        "log_errors",
        "logs:FilterLogEvents",
        ("second page throttled", "second page denied", "pages without end", "a page that names itself"),
        "Errors on the first page are more than the limit: whatever the rest has, the check fails.",
    ),
    Reason(
        "tables",
        "dynamodb:DescribeTable",
        LOST,
        "DynamoDB leaves GlobalSecondaryIndexes out where a table has none: absence is its answer. A run that saw more "
        "tables or indexes before says so (history/memory.py).",
        detail="Table.GlobalSecondaryIndexes",
    ),
    Reason(
        "tables",
        "dynamodb:DescribeTable",
        LOST,
        "DynamoDB leaves Replicas out where a table has none, as of every table that is not global.",
        detail="Table.Replicas",
    ),
    Reason(
        "inventory",
        "resourcegroupstaggingapi:GetResources@us-east-1",
        (),
        "It finds CloudFront's distributions and alarms only, which no check of that world needs.",
    ),
    *(
        Reason(
            "balancer_use",
            call,
            (),
            "It counts the targets of load balancers without traffic; one that is less than a week old is not judged.",
        )
        for call in ("elbv2:DescribeTargetGroups", "elbv2:DescribeTargetHealth")
    ),
    Reason(
        "scaling_week",
        "application-autoscaling:DescribeScalingActivities",
        LOST,
        "Only an activity that did not scale has NotScaledReasons (API_ScalingActivity): without, it is an attempt.",
        detail="ScalingActivities[].NotScaledReasons",
    ),
    *(
        Reason(observation, call, (), EXPLAINS)
        for observation, call in (
            ("service_deployments", "ecs:DescribeServiceRevisions"),
            ("throttle_causes", "cloudwatch:GetMetricData"),
            ("throttle_causes", "dynamodb:DescribeContributorInsights"),
            ("throttle_causes", "cloudwatch:GetInsightRuleReport"),
        )
    ),
)

NOT_ASKED: Mapping[str, tuple[str, ...]] = {
    "alarm_news_elsewhere": ("cloudwatch:GetAlarmMuteRule",),
    "bucket_behaviors": ("cloudfront:GetCachePolicy",),
    "formation_stacks": ("cloudformation:DescribeStackResourceDrifts",),
    "inventory": ("cloudformation:ListStackResources",),
    "log_errors": ("cloudwatch:GetMetricData", "logs:DescribeMetricFilters"),
    "log_writers": ("ecs:DescribeTaskDefinition",),
    "old_incidents": ("dynamodb:DescribeTable",),
    "opened_incidents": ("dynamodb:Query",),
    "overnight_reading": ("dynamodb:Query",),
    "running_images": ("ecr:BatchGetImage",),
    "watched_alarms": ("events:ListTargetsByRule", "events:TestEventPattern"),
}
"""Calls that observations may make and that no world needs, so that no fault of them is tried."""


NEEDED_WHERE_BROKEN = (
    ("listener_rules", "elasticloadbalancing:DescribeListeners"),
    ("listener_rules", "elasticloadbalancing:DescribeRules"),
    ("log_exports", "logs:DescribeAccountPolicies"),
    ("log_exports", "logs:DescribeSubscriptionFilters"),
    ("scaling_schedules", "application-autoscaling:DescribeScheduledActions"),
)
"""Observations and actions without which nobody is blind on a healthy stack, and somebody in the world "broken"."""


def reason_for(observation: str, call: str, kind: str, detail: str) -> Reason | None:
    """The reason that excuses this combination, if there is one."""
    for one in REASONS:
        is_of = (one.observation, one.call) == (observation, call)
        if is_of and kind in (one.kinds or (kind,)) and one.detail in ("", detail):
            return one
    return None
