"""What an IAM action can be limited to, for one stack: the resources that it names, and conditions.

Which actions take which resources: https://docs.aws.amazon.com/service-authorization/latest/reference/ (a test holds
this module against it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from .places import Places

if TYPE_CHECKING:
    from ..config.stack import Stack

ANYTHING = ("*",)
OPEN_TO_ALL = ("sts:GetCallerIdentity",)
"""Needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""

WIDE: Mapping[str, str] = {
    "ce:GetCostAndUsage": "costs are of the account, and not of a billing view",
    "cloudfront:GetCachePolicy": "only the distribution says which policies it uses, and most are AWS's own",
    "cloudwatch:DescribeAlarmHistory": "composite alarms are only told where it is allowed for all alarms",
    "cloudwatch:DescribeAlarms": "composite alarms are only told where it is allowed for all alarms",
    "cloudwatch:GetMetricData": "metrics of AWS's services are in no data set",
    "cloudwatch:ListMetrics": "metrics of AWS's services are in no data set",
    "cloudwatch:ListAlarmMuteRules": "a list of all",
    "ecr:BatchGetImage": "only task definitions say which repositories, of whose account",
    "ecr:DescribeImageScanFindings": "only task definitions say which repositories, of whose account",
    "ecr:DescribeImages": "only task definitions say which repositories, of whose account",
    "ecs:ListTasks": "tasks are listed by cluster, which a condition names",
    "health:DescribeAffectedEntities": "the ids of events are not known before they happen",
    "iam:GetAccessKeyLastUsed": "a key is asked for by its id, before it is known whose it is",
    "kms:Decrypt": "which keys, --kms says",
    "logs:DescribeMetricFilters": "filters are found by their metric, in whichever log group",
    "logs:GetQueryResults": "a query is asked for by its id",
}
"""Actions that could be limited to resources and are not, each with the reason."""


@dataclass(frozen=True)
class Grant:
    """An action, the ARNs that it is allowed for, and the conditions: (operator, key, values)."""

    action: str
    resources: tuple[str, ...] = ANYTHING
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


_Narrow = Callable[[Places], list[str]]

_LIMITED: Mapping[str, _Narrow] = {
    **dict.fromkeys(
        (
            "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:CreateBackup", "dynamodb:DeleteItem",
            "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem",
            "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateItem", "dynamodb:UpdateTable", "dynamodb:DeleteTable",
            "dynamodb:RestoreTableToPointInTime",
        ),
        Places.tables,
    ),
    **dict.fromkeys(("dynamodb:DescribeContributorInsights", "dynamodb:Query", "dynamodb:Scan"), Places.indexes),
    **dict.fromkeys(("dynamodb:DescribeBackup", "dynamodb:RestoreTableFromBackup"), Places.table_backups),
    **dict.fromkeys(
        (
            "logs:CreateExportTask", "logs:DeleteRetentionPolicy", "logs:DescribeSubscriptionFilters",
            "logs:FilterLogEvents", "logs:PutRetentionPolicy", "logs:StartQuery",
        ),
        Places.log_groups,
    ),
    **dict.fromkeys(("ecs:DescribeServices", "ecs:UpdateService", "ecs:ListServiceDeployments"), Places.services),
    **dict.fromkeys(("ecs:DescribeServiceDeployments", "ecs:StopServiceDeployment"), Places.deployments),
    "ecs:DescribeServiceRevisions": Places.revisions,
    **dict.fromkeys(("ecs:DescribeTasks", "ecs:StopTask"), Places.tasks),
    "elasticloadbalancing:ModifyTargetGroupAttributes": Places.target_groups,
    **dict.fromkeys(("cloudwatch:DisableAlarmActions", "cloudwatch:EnableAlarmActions"), Places.alarms),
    "cloudwatch:GetAlarmMuteRule": Places.mute_rules,
    "cloudwatch:DeleteAlarmMuteRule": Places.own_mute_rules,
    "cloudwatch:PutAlarmMuteRule": Places.muted_alarms,
    "cloudwatch:GetInsightRuleReport": Places.insight_rules,
    **dict.fromkeys(
        (
            "cloudfront:CreateInvalidation", "cloudfront:GetDistribution", "cloudfront:GetInvalidation",
            "cloudfront:ListInvalidations", "cloudfront:UpdateDistribution",
        ),
        Places.distributions,
    ),
    **dict.fromkeys(
        ("cloudformation:ListStackResources", "cloudformation:DescribeStackResourceDrifts"), Places.formation
    ),
    "iam:ListAccessKeys": Places.users,
    **dict.fromkeys(("iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:UpdateAccessKey"), Places.rotated_users),
    **dict.fromkeys(
        ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"),
        Places.secrets,
    ),
    "sns:GetTopicAttributes": Places.topics,
    "events:ListTargetsByRule": Places.rules,
    "ec2:RevokeSecurityGroupIngress": Places.security_groups,
    "ec2:AuthorizeSecurityGroupIngress": Places.groups_with_rules,
    "ec2:CreateTags": Places.security_group_rules,
    "ec2:CreateFlowLogs": Places.vpcs,
    "ec2:DeleteFlowLogs": Places.flow_logs,
    "iam:PassRole": Places.flow_log_role,
    "application-autoscaling:RegisterScalableTarget": Places.scalable_targets,
    **dict.fromkeys(("sqs:GetQueueAttributes", "sqs:GetQueueUrl"), Places.queues),
    "acm:DescribeCertificate": Places.certificates,
    **dict.fromkeys(("lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"), Places.functions),
    "servicequotas:GetServiceQuota": Places.quotas,
    "rds:DescribeDBInstances": Places.databases,
    "rds:DescribePendingMaintenanceActions": Places.databases_and_clusters,
}  # fmt: skip
"""The actions that are limited, and to what."""

_RESTORES = dict.fromkeys(
    (
        "dynamodb:RestoreTableFromBackup", "dynamodb:RestoreTableToPointInTime", "dynamodb:DeleteTable",
        "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:GetItem",
        "dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:UpdateItem", "dynamodb:DescribeTable",
    ),
    Places.restored_tables,
)  # fmt: skip
_OF_ONE: Mapping[str, Mapping[str, _Narrow]] = {
    "restore-table": _RESTORES,
    "delete-restored-table": dict.fromkeys(_RESTORES, Places.drill_tables),
    "restore_drills": _RESTORES,
    "scale-dev-to-zero": {"ecs:UpdateService": Places.dev_services},
    "rotate-access-key": {"iam:ListAccessKeys": Places.rotated_users},
}
"""What one observation or remedy needs for other resources than all others."""

_PLACES: Mapping[str, tuple[str, ...]] = {
    "buckets": ("site", "listed"),
    "put-lifecycle": ("site", "listed"),
    "sync-dashboard": ("site",),
    "site_objects": ("site",),
    "static_assets": ("site",),
    "full_backups": ("backups",),
    "back-up-everything": ("backups", "site"),
    "archive-incidents": ("archive",),
    "restore-incidents": ("archive",),
    "state": ("state",),
}
"""Which places in S3 an observation or remedy is for."""
_CHANGED: Mapping[str, tuple[str, ...]] = {"back-up-everything": ("backups",)}
"""Which of them a remedy changes, where it only reads the others."""
_OF_OBJECTS = (
    "s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:PutObject",
    "s3:PutObjectTagging",
)  # fmt: skip


def _counts_by(stack: Stack, how: str) -> bool:
    return any(one.by == how for one in stack.log_searches)


_ONLY_WHERE: Mapping[str, Callable[[Stack], object]] = {
    "tag:GetResources": lambda stack: stack.tags,
    "elasticloadbalancing:DescribeTags": lambda stack: stack.tags,
    "logs:StartQuery": lambda stack: _counts_by(stack, "insights"),
    "logs:GetQueryResults": lambda stack: _counts_by(stack, "insights"),
    "logs:DescribeMetricFilters": lambda stack: _counts_by(stack, "metric"),
    "acm:ListCertificates": lambda stack: stack.resources.get("certificates"),
    "lambda:GetAccountSettings": lambda stack: (
        stack.resources.get("functions") or stack.tags or stack.cloudformation_stack
    ),
    "servicequotas:GetAWSDefaultServiceQuota": lambda stack: stack.resources.get("quotas"),
    "cloudformation:ListStackResources": lambda stack: stack.cloudformation_stack,
    "cloudfront:GetDistribution": lambda stack: stack.distribution_id or stack.tags or stack.cloudformation_stack,
}
"""Actions that are never called for a stack which does not say this."""


def granted(action: str, needed_by: str, places: Places) -> Grant | None:
    """The action as far as the observation, remedy or other part needs it for the stack.

    None where the stack names nothing that the action could be called for.
    """
    only_where = _ONLY_WHERE.get(action)
    if action in OPEN_TO_ALL or (only_where and not only_where(places.stack)):
        return None
    if action.startswith("s3:") and needed_by in _PLACES:
        where = (_CHANGED if ":Put" in action else _PLACES).get(needed_by, _PLACES[needed_by])
        arns = places.objects(*where) if action in _OF_OBJECTS else places.buckets(*where)
        return Grant(action, tuple(arns)) if arns else None
    narrow = _OF_ONE.get(needed_by, {}).get(action) or _LIMITED.get(action)
    resources = tuple(dict.fromkeys(narrow(places))) if narrow else ANYTHING
    return _with_conditions(Grant(action, resources), places) if resources else None


def _with_conditions(grant: Grant, places: Places) -> Grant | None:
    """Conditions that IAM has for the action."""
    if grant.action == "ecs:ListTasks":
        clusters = tuple(places.clusters())
        return Grant(grant.action, ANYTHING, (("ArnLike", "ecs:cluster", clusters),)) if clusters else None
    if grant.action == "iam:PassRole":
        to = (("StringEquals", "iam:PassedToService", ("vpc-flow-logs.amazonaws.com",)),)
        return Grant(grant.action, grant.resources, to)
    if grant.action == "ec2:CreateTags":
        by = (("StringEquals", "ec2:CreateAction", ("AuthorizeSecurityGroupIngress",)),)
        return Grant(grant.action, grant.resources, by)
    return grant


def of_keys(keys: Iterable[str], places: Places) -> list[Grant]:
    """Use of the KMS keys that encrypt what is read and written, through the services that hold it and not directly."""
    region = places.stack.region or "*"
    suffix = "amazonaws.com.cn" if places.partition == "aws-cn" else "amazonaws.com"
    via = tuple(f"{one}.{region}.{suffix}" for one in ("dynamodb", "s3", "secretsmanager", "sqs"))
    condition = (("StringLike", "kms:ViaService", via),)
    named = tuple(keys)
    return [Grant(action, named, condition) for action in ("kms:Decrypt", "kms:GenerateDataKey")]
