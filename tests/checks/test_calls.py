"""What a run costs AWS: its calls are pinned, increase with pages only, and are made concurrently."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from benchmarks.account import FIFTY, SMALL, Size, account, stacks_toml
from benchmarks.latency_proxy import LatencyProxy
from benchmarks.morning import compare

from opschecks.sandbox.environment import CREDENTIALS
from tests.scratch import Project

DAILY_ONCE = {
    "application-autoscaling": "DescribeScalableTargets DescribeScalingPolicies DescribeScheduledActions",
    "cloudwatch": "GetMetricData DescribeAlarms DescribeAlarmHistory ListAlarmMuteRules",
    "dynamodb": "Query Scan",
    "ec2": "DescribeSecurityGroups DescribeSecurityGroupRules",
    "ecs": "DescribeServices DescribeTasks ListServiceDeployments",
    "elasticloadbalancing": "DescribeLoadBalancers DescribeTargetGroups DescribeTargetGroupAttributes "
    "DescribeTargetHealth DescribeListeners DescribeRules DescribeLoadBalancerAttributes",
    "logs": "FilterLogEvents",
    "sts": "GetCallerIdentity",
}
WEEKLY_ONCE = {
    "ce": "GetCostAndUsage",
    "cloudformation": "ListStacks",
    "cloudfront": "GetDistribution",
    "cloudwatch": "DescribeAlarmHistory DescribeAlarms",
    "dynamodb": "ListBackups Query Scan",
    "ec2": "DescribeAddresses DescribeFlowLogs DescribeSecurityGroups DescribeVolumes",
    "ecr": "DescribeImageScanFindings DescribeImages",
    "ecs": "DescribeServices DescribeTaskDefinition DescribeTasks",
    "health": "DescribeAffectedEntities DescribeEvents",
    "iam": "GetAccessKeyLastUsed GetCredentialReport ListAccessKeys",
    "logs": "DescribeExportTasks DescribeLogGroups",
    "s3": "GetBucketVersioning GetLifecycleConfiguration",
    "sns": "GetTopicAttributes",
    "sts": "GetCallerIdentity",
}


SEVERAL_PAGES = Size(log_groups=30, security_groups=401, alarms=301)
"""What has pages has three of them or four."""
TWENTY = Size(services=20, tables=20, log_groups=20, target_groups=5, security_groups=20, alarms=20)


def _each(once: dict[str, str]) -> dict[str, int]:
    return {f"{service}:{operation}": 1 for service, operations in once.items() for operation in operations.split()}


SEEDED = Counter(
    {
        **_each(DAILY_ONCE),
        "cloudwatch:GetMetricData": 3,  # of services, of load balancers and of tables, each when it is known
        "dynamodb:DescribeTable": 2,
        "ecs:ListTasks": 2,
    }
)
WEEKLY = Counter(
    {
        **_each(WEEKLY_ONCE),
        "cloudwatch:DescribeAlarms": 2,  # in the stack's region, and in that of CloudFront
        "application-autoscaling:DescribeScalingActivities": 2,  # 50 a page
        "cloudwatch:GetMetricData": 3,  # of windows and periods that differ
        "cloudtrail:LookupEvents": 2,  # one name of an event a question
        "dynamodb:DescribeContinuousBackups": 2,  # AWS answers a table a call
        "dynamodb:DescribeTable": 2,
        "ecs:ListTasks": 2,
        "elasticloadbalancing:DescribeLoadBalancers": 2,  # the stack's, and every one that may be idle
        "s3:GetObject": 2,  # when the newest full backup was begun, and what it has
        "s3:ListBucket": 3,  # one of the site, two of full backups
        "iam:GenerateCredentialReport": 2,  # asked for, and asked whether it is there
    }
)


def _calls(folder: Path, size: Size) -> tuple[Counter[str], int]:
    """The calls that the run file lists, and how many were made concurrently."""
    with account(size) as sandbox, LatencyProxy(sandbox.server.url, 0.05) as proxy:
        project = Project.of_the_checks(folder, stacks_toml(sandbox.stack, proxy.url, sandbox))
        project.run("checks/daily", **{key.upper(): value for key, value in CREDENTIALS.items()})
        told = project.told()
        calls = Counter(call for seen in told["observations"] for call in seen["calls"])
        assert proxy.seen.total == told["calls"] == calls.total()
        assert told["counts"]["blind"] == told["counts"]["not_run"] == 0, project.told()["verdict"]
        return calls, proxy.seen.most_at_once


def test_the_seeded_stack_costs_these_calls_and_no_other(tmp_path: Path) -> None:
    calls, at_once = _calls(tmp_path, SMALL)
    assert calls == SEEDED
    assert calls.total() <= 30
    assert at_once >= 8


def test_the_weekly_run_costs_these_calls_and_asks_for_costs_once(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    assert project.run("checks/weekly").code == 0
    told = project.told("weekly.json")
    assert Counter(call for seen in told["observations"] for call in seen["calls"]) == WEEKLY


def test_calls_grow_with_pages_only(tmp_path: Path) -> None:
    calls, _ = _calls(tmp_path, SEVERAL_PAGES)
    grown = calls - SEEDED
    assert grown == {
        "cloudwatch:DescribeAlarms": 3,  # 100 a page
        "logs:FilterLogEvents": 29,  # AWS searches one group a call
        "ec2:DescribeSecurityGroupRules": 2,  # 200 groups a call
    }
    assert calls["ec2:DescribeSecurityGroups"] == 1  # 1,000 a page


def test_calls_for_a_single_resource_are_made_concurrently(tmp_path: Path) -> None:
    calls, at_once = _calls(tmp_path, FIFTY)
    assert calls - SEEDED == {
        "dynamodb:DescribeTable": 48,
        "logs:FilterLogEvents": 49,
        "elasticloadbalancing:DescribeTargetGroupAttributes": 9,
        "elasticloadbalancing:DescribeTargetHealth": 9,
        "elasticloadbalancing:DescribeRules": 9,  # of each listener
        "ecs:DescribeServices": 4,  # 10 a call
        "ecs:ListServiceDeployments": 49,  # AWS lists those of one service a call
    }
    assert at_once >= 32


@pytest.mark.parametrize(
    ("size", "tls", "at_once"), [(TWENTY, True, 8), (SMALL, False, 4)], ids=["twenty by TLS", "small without"]
)
def test_a_run_makes_the_calls_of_bare_threads_and_many_at_once(size: Size, tls: bool, at_once: int) -> None:
    """Counted, because a busy machine changes times: benchmarks/README.md has the times on an idle one."""
    ours, threads, in_turn = compare(size, 0.05, tls=tls, rounds=1, warm_up=False)
    assert ours.calls == threads.calls == in_turn.calls
    assert min(ours.most_at_once, threads.most_at_once) >= at_once * in_turn.most_at_once
