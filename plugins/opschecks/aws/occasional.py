"""Actions that an observation asks AWS for only in some situations: in all others, no check is blind without them."""

from __future__ import annotations

from collections.abc import Mapping

from ..core.dataclass import dataclass


@dataclass(frozen=True)
class Occasion:
    """When an observation asks for an action: `when` continues "only where"; always, if empty.

    `checks`: those that need it, where not all that take the observation do. `explains`: it names the cause of a
    failure that is known without it, so that no check is blind without it.
    """

    when: str = ""
    checks: tuple[str, ...] = ()
    explains: bool = False


_CALLED, _WATCHED = ("test_alarms_call_somebody",), ("test_alarms_watch_something",)
_SCANNED = ("test_images_have_no_grave_vulnerabilities",)
_UNHEARD = "an alarm has no action that calls somebody"
_RULES = f"{_UNHEARD}, and EventBridge has rules of alarms"
_COUNTED, _METRIC = 'log_searches say by = "insights"', 'log_searches say by = "metric"'
_IDLE = "a load balancer had no traffic in a week"
_THROTTLED = "a table was throttled"
_UNLISTED = "incidents_table is not one of the stack's tables"

OCCASIONS: Mapping[tuple[str, str], Occasion] = {
    ("balancer_use", "elasticloadbalancing:DescribeTags"): Occasion("the stack's own are found by tags"),
    ("balancer_use", "elasticloadbalancing:DescribeTargetGroups"): Occasion(_IDLE),
    ("balancer_use", "elasticloadbalancing:DescribeTargetHealth"): Occasion(_IDLE),
    ("bucket_behaviors", "cloudfront:GetCachePolicy"): Occasion("a distribution uses a cache policy of one's own"),
    ("formation_stacks", "cloudformation:DescribeStackResourceDrifts"): Occasion("a stack has drifted", explains=True),
    ("ingress_rules", "ec2:DescribeSecurityGroupRules"): Occasion(explains=True),
    ("log_errors", "cloudwatch:GetMetricData"): Occasion(_METRIC),
    ("log_errors", "logs:DescribeMetricFilters"): Occasion(_METRIC),
    ("log_errors", "logs:GetQueryResults"): Occasion(_COUNTED),
    ("log_errors", "logs:StartQuery"): Occasion(_COUNTED),
    ("log_exports", "logs:DescribeAccountPolicies"): Occasion("a log group was not exported lately"),
    ("log_exports", "logs:DescribeSubscriptionFilters"): Occasion("a log group was not exported lately"),
    ("log_writers", "ecs:DescribeTaskDefinition"): Occasion("log groups are found by CloudFormation or tags"),
    ("opened_incidents", "dynamodb:DescribeTable"): Occasion(_UNLISTED),
    ("opened_incidents", "dynamodb:Query"): Occasion("the table of incidents is large and has an index by time"),
    ("overnight_reading", "dynamodb:DescribeTable"): Occasion(_UNLISTED),
    ("restore_rehearsal", "backup:ListRestoreJobs"): Occasion("CloudTrail tells of no restore"),
    ("running_images", "ecr:BatchGetImage"): Occasion("an image that runs has several platforms", _SCANNED),
    ("saved_tables", "backup:ListRecoveryPointsByResource"): Occasion("DynamoDB has no recent backup of a table"),
    ("service_deployments", "ecs:DescribeServiceDeployments"): Occasion("a deployment is under way, or has failed"),
    ("service_deployments", "ecs:DescribeServiceRevisions"): Occasion("a deployment is under way, or has failed"),
    ("service_quotas", "servicequotas:GetAWSDefaultServiceQuota"): Occasion("a quota has AWS's own value"),
    ("table_backups", "backup:ListRecoveryPointsByResource"): Occasion("DynamoDB has no recent backup of a table"),
    ("throttle_causes", "cloudwatch:GetInsightRuleReport"): Occasion(_THROTTLED, explains=True),
    ("throttle_causes", "cloudwatch:GetMetricData"): Occasion(_THROTTLED, explains=True),
    ("throttle_causes", "dynamodb:DescribeContributorInsights"): Occasion(_THROTTLED, explains=True),
    ("vpcs", "ec2:DescribeSubnets"): Occasion("no flow log of a whole VPC records its traffic"),
    ("watched_alarms", "cloudwatch:DescribeAlarmHistory"): Occasion("alarms are in another region, too", _CALLED),
    ("watched_alarms", "cloudwatch:ListMetrics"): Occasion("a metric had no data for a week", _WATCHED),
    ("watched_alarms", "ecs:DescribeServices"): Occasion(_UNHEARD, _CALLED),
    ("watched_alarms", "events:ListRules"): Occasion(_UNHEARD, _CALLED),
    ("watched_alarms", "events:ListTargetsByRule"): Occasion(_RULES, _CALLED),
    ("watched_alarms", "events:TestEventPattern"): Occasion(_RULES, _CALLED),
    ("watched_alarms", "sns:GetTopicAttributes"): Occasion("", _CALLED),
}
"""By observation and action; all others are asked for in every look."""
