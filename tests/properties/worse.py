"""Limits that have a direction: values from good to bad, and the check that must never think better of a worse one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.properties.base import Base
from tests.properties.metamorphic import measured, moved

DAYS = (0, 1, 8, 36, 91, 120, 400, 4000)


@dataclass(frozen=True)
class Worse:
    """Changes of a morning from the best to the worst, and the check of which one fails at last."""

    suite: str
    check: str
    what: str
    changes: Sequence[Callable[[Base], Mapping[int, Any]]]


def _metric(suite: str, check: str, name: str, *values: float) -> Worse:
    """Every value of the metric is each of these, one after the other."""
    return Worse(suite, check, name, [partial(measured, metric=name, value=one) for one in values])


def _value(suite: str, check: str, operation: str, path: str, *values: Any) -> Worse:
    changes = [partial(moved, operation=operation, path=path, change=partial(_instead, one)) for one in values]
    return Worse(suite, check, path, changes)


def _instead(value: Any, _: Any) -> Any:
    return value


def _older(suite: str, check: str, operation: str, path: str) -> Worse:
    """The moment is so many days earlier."""
    changes = [partial(moved, operation=operation, path=path, change=partial(_earlier, days=one)) for one in DAYS]
    return Worse(suite, check, path, changes)


def _earlier(moment: datetime | int, days: int) -> datetime | int:
    """Of a moment, or of milliseconds since 1970."""
    return moment - days * 86_400_000 if isinstance(moment, int) else moment - timedelta(days=days)


COUNTS = (0.0, 1.0, 5.0, 50.0, 1e3, 1e6, 1e15)
SHARES = (0.0, 10.0, 50.0, 79.0, 90.0, 99.0, 100.0, 250.0)
SECONDS = (0.0, 0.01, 0.5, 1.0, 5.0, 60.0, 1e6)
WORSE = (
    _metric("daily", "test_cpu_leaves_headroom", "CPUUtilization", *SHARES),
    _metric("daily", "test_cpu_is_not_saturated", "CPUUtilization", *SHARES),
    _metric("daily", "test_memory_leaves_headroom", "MemoryUtilization", *SHARES),
    _metric("daily", "test_server_errors_are_rare", "HTTPCode_Target_5XX_Count", *COUNTS),
    _metric("daily", "test_server_errors_are_rare", "HTTPCode_ELB_5XX_Count", *COUNTS),
    _metric("daily", "test_responses_are_quick", "TargetResponseTime", *SECONDS),
    _metric("daily", "test_tables_are_not_throttled", "ReadThrottleEvents", *COUNTS),
    _metric("daily", "test_tables_are_not_throttled", "WriteThrottleEvents", *COUNTS),
    _metric("daily", "test_functions_rarely_fail", "Errors", *COUNTS),
    _metric("daily", "test_functions_are_not_throttled", "Throttles", *COUNTS),
    _metric("daily", "test_queues_are_worked_off", "ApproximateAgeOfOldestMessage", *SECONDS),
    _metric("weekly", "test_databases_have_room", "FreeStorageSpace", 1e15, 1e12, 5e9, 1e9, 1e6, 1.0, 0.0),
    _metric("weekly", "test_replicas_follow", "ReplicaLag", *SECONDS),
    _metric("weekly", "test_quotas_have_room", "ResourceCount", *COUNTS),
    _metric("deploy-before", "test_errors_are_rare_before_the_deploy", "HTTPCode_Target_5XX_Count", *COUNTS),
    _metric("deploy-before", "test_capacity_is_to_spare", "CPUUtilization", *SHARES),
    _value("daily", "test_services_run_the_tasks_they_want", "DescribeServices", "services[].runningCount", 2, 1, 0),
    *(
        _value(suite, check, "DescribeScalableTargets", "ScalableTargets[].MaxCapacity", 100, 10, 3, 2)
        for suite, check in (
            ("daily", "test_services_are_not_at_max_capacity"),
            ("deploy-before", "test_scaling_has_room_for_a_deploy"),
        )
    ),
    _value("weekly", "test_quotas_have_room", "GetServiceQuota", "Quota.Value", 1e9, 1e3, 10.0, 4.0, 1.0),
    _value(
        "weekly",
        "test_images_have_no_grave_vulnerabilities",
        "DescribeImageScanFindings",
        "imageScanFindings.findingSeverityCounts",
        {},
        {"LOW": 9},
        {"CRITICAL": 1},
        {"CRITICAL": 2**31},
    ),
    _value(
        "weekly",
        "test_databases_are_backed_up",
        "DescribeDBInstances",
        "DBInstances[].BackupRetentionPeriod",
        35,
        7,
        1,
        0,
    ),
    _value(
        "weekly",
        "test_month_stays_within_budget",
        "GetCostAndUsage",
        "ResultsByTime[].Groups[].Metrics{}.Amount",
        "0.1",
        "10",
        "1e3",
        "99999999999.123456",
    ),
    _older("weekly", "test_access_keys_are_used", "GetAccessKeyLastUsed", "AccessKeyLastUsed.LastUsedDate"),
    _older("weekly", "test_images_are_young", "DescribeImages", "imageDetails[].imagePushedAt"),
    _older("weekly", "test_tables_have_a_recent_backup", "ListBackups", "BackupSummaries[].BackupCreationDateTime"),
    _older("weekly", "test_certificates_stay_valid", "DescribeCertificate", "Certificate.NotAfter"),
    _older("weekly", "test_a_restore_was_rehearsed_lately", "LookupEvents", "Events[].EventTime"),
    _older(
        "weekly",
        "test_logs_are_kept_elsewhere_too",
        "DescribeExportTasks",
        "exportTasks[].to",
    ),
    _older(
        "weekly",
        "test_tables_can_be_restored_to_any_moment",
        "DescribeContinuousBackups",
        "ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime",
    ),
)
