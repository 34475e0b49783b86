"""What CloudWatch and DynamoDB are asked, to the second and the unit: a wrong period or statistic is another metric."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.backup_sets import day_of, next_name
from opschecks.aws.cloudwatch_metrics import (
    METRICS_A_CALL,
    Metric,
    fetch_points,
    of_balancers,
    of_services,
    of_tables,
    service_metrics,
)
from opschecks.aws.dynamodb_items import digest_of
from opschecks.aws.ecs import Service, services
from opschecks.aws.health import HealthEvent
from opschecks.aws.incident_reads import Budget
from opschecks.aws.throttle_causes import throttle_causes
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.aws import test_throttling as throttle
from tests.canned import NOW, Aws, Raw, ago, given, names, stack
from tests.canned_ecs import deployment, event, service, task_set
from tests.canned_metrics import FRONT, INCIDENTS
from tests.cases import cases

HERE = names(services=("backend",), log_groups=("/ecs/backend",))
ECS, ALB, DB = "AWS/ECS", "AWS/ApplicationELB", "AWS/DynamoDB"
WEB, APP = "app/web/50dc6c495c0c9188", "targetgroup/app/73e2d6bc24d8a067"
ASKED = {
    "backend CPU": (ECS, "CPUUtilization", "prod backend", "Average", 300, "%", 1, 90),
    "backend memory": (ECS, "MemoryUtilization", "prod backend", "Average", 300, "%", 1, 85),
    "backend memory peak": (ECS, "MemoryUtilization", "prod backend", "Maximum", 300, "%", 1, 95),
    "web all requests": (ALB, "RequestCount", WEB, "Sum", 300, "in 5 minutes", 1, None),
    "web load balancer 5xx": (ALB, "HTTPCode_ELB_5XX_Count", WEB, "Sum", 60, "per minute", 1, None),
    "app requests": (ALB, "RequestCount", f"{APP} {WEB}", "Sum", 300, "in 5 minutes", 1, None),
    "app p95 response time": (ALB, "TargetResponseTime", f"{APP} {WEB}", "p95", 300, "ms", 1000, 1000),
    "app requests by the hour": (ALB, "RequestCount", f"{APP} {WEB}", "Sum", 3600, "an hour", 1, None),
    "app p95 of the hour": (ALB, "TargetResponseTime", f"{APP} {WEB}", "p95", 3600, "ms", 1000, 1000),
    "app target 5xx": (ALB, "HTTPCode_Target_5XX_Count", f"{APP} {WEB}", "Sum", 60, "per minute", 1, 10),
    "/ecs/backend log events": ("AWS/Logs", "IncomingLogEvents", "/ecs/backend", "Sum", 300, "in 5 minutes", 1, None),
    "incidents throttled reads": (DB, "ReadThrottleEvents", "incidents", "Sum", 300, "in 5 minutes", 1, None),
    "incidents throttled writes": (DB, "WriteThrottleEvents", "incidents", "Sum", 300, "in 5 minutes", 1, None),
    "incidents/status-index throttled reads": (
        DB, "ReadThrottleEvents", "incidents status-index", "Sum", 300, "in 5 minutes", 1, None),
    "incidents/status-index throttled writes": (
        DB, "WriteThrottleEvents", "incidents status-index", "Sum", 300, "in 5 minutes", 1, None),
}  # fmt: skip


def _shown(one: Metric) -> tuple[Any, ...]:
    stat = one.query
    of = " ".join(each["Value"] for each in stat["Metric"]["Dimensions"])
    named = (stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], of, stat["Stat"], stat["Period"])
    return (*named, one.unit, one.scale, one.limit)


def _all() -> list[Metric]:
    return [*of_services(stack(), HERE), *of_balancers(stack(), FRONT), *of_tables([INCIDENTS])]


@pytest.mark.parametrize("named", ASKED)
def test_a_metric(named: str) -> None:
    [one] = [one for one in _all() if f"{one.subject} {one.measure}" == named]
    assert _shown(one) == ASKED[named]


def test_there_are_no_others() -> None:
    assert [one for one in _all() if f"{one.subject} {one.measure}" not in ASKED and one.subject != "edge"] == []


def _span(since: datetime | None = None, now: datetime = NOW) -> tuple[datetime, datetime]:
    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's names
        told = {"Timestamps": [], "Values": [], "StatusCode": "Complete", "Label": "x"}
        return {"MetricDataResults": [{**told, "Id": one["Id"]} for one in MetricDataQueries]}

    aws = Aws({("cloudwatch", "GetMetricData"): answer})
    service_metrics(stack(), aws, HERE, now, since)
    [asked] = aws.parameters_of("GetMetricData")
    assert asked["ScanBy"] == "TimestampAscending"
    return asked["StartTime"], asked["EndTime"]


def test_a_day_of_whole_periods() -> None:
    assert _span() == (NOW - timedelta(hours=24), NOW)
    late = NOW + timedelta(minutes=8, seconds=31, microseconds=5)
    assert _span(now=late) == (NOW - timedelta(hours=23, minutes=55), late)


def test_since_a_change_only_periods_that_began_after_it() -> None:
    assert _span(NOW - timedelta(minutes=9, seconds=1))[0] == NOW - timedelta(minutes=5)
    assert _span(NOW - timedelta(minutes=10))[0] == NOW - timedelta(minutes=5)
    with pytest.raises(CouldNotLook, match="no metric data yet after 2026-11-24 06:55:00 UTC"):
        _span(NOW - timedelta(minutes=5))


def test_five_hundred_metrics_a_call() -> None:
    assert METRICS_A_CALL == 500


@cases([(0, "Complete"), (25, "Complete"), (-24, "Complete"), (26, "not asked for"), (-25, "not asked for")])
def test_a_point_far_from_the_span_is_not_one_of_it(hours_ago: float, state: str) -> None:
    """An hour is asked for; a day beside it is CloudWatch's rounding."""
    told = {"Id": "m0", "Timestamps": [ago(minutes=5), ago(hours=hours_ago)], "Values": [1.0, 2.0]}
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": [{**told, "StatusCode": "Complete"}]}})
    stat = {"MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}
    [(_, found)] = fetch_points(aws, [stat], NOW - timedelta(hours=1), NOW)
    assert state in found


def test_points_in_order_of_the_queries_and_in_utc() -> None:
    told = [
        {"Id": "m1", "Timestamps": [ago(minutes=5)], "Values": [3.0], "StatusCode": "Complete"},
        {"Id": "m0", "Timestamps": [], "Values": [], "StatusCode": "PartialData"},
    ]
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": told}})
    stat = {"MetricStat": {"Metric": {"Namespace": "N", "MetricName": "M"}, "Period": 60, "Stat": "Sum"}}
    found = fetch_points(aws, [stat, stat, stat], NOW - timedelta(hours=1), NOW)
    assert found == [({}, "PartialData"), ({NOW - timedelta(minutes=5): 3.0}, "Complete"), ({}, "missing")]


@cases({
    "an issue": ({}, ("api",), True),
    "an investigation": ({"eventTypeCategory": "investigation"}, ("api",), True),
    "a planned change": ({"eventTypeCategory": "scheduledChange"}, ("api",), False),
    "a notification": ({"eventTypeCategory": "accountNotification"}, ("api",), False),
    "one that is to come": ({"statusCode": "upcoming"}, ("api",), False),
    "one that is over": ({"statusCode": "closed"}, ("api",), False),
    "of none of the stack's": ({}, (), False),
})  # fmt: skip
def test_what_aws_health_calls_a_problem(changes: Raw, affected: tuple[str, ...], problem: bool) -> None:
    told = given({"eventTypeCategory": "issue", "statusCode": "open"}, changes)
    event = HealthEvent(arn="e", name="e", evidence=Answer(told, "health:DescribeEvents"), affected=affected)
    assert event.is_problem is problem


def _budget(provisioned: Any = None, count: int = 1000, size: int = 4_096_000, **limits: float) -> Budget:
    told: Raw = {"ItemCount": count, "TableSizeBytes": size}
    if provisioned is not None:
        told["ProvisionedThroughput"] = {"ReadCapacityUnits": provisioned}
    return Budget(stack(limits=limits), told)


def test_the_units_that_a_read_may_take() -> None:
    limits = stack().limits
    whole = float(limits.incident_read_units_per_second)
    assert _budget().a_second == whole
    assert _budget(0).a_second == whole
    assert _budget(4).a_second == 1.0
    assert _budget(8).a_second == 2.0
    assert _budget(1).a_second == 1.0
    assert _budget(10**6).a_second == whole
    assert _budget(8).units == min(float(limits.incident_read_units), 2.0 * 60)
    assert _budget(incident_read_units=7).units == 7.0


def test_when_a_task_was_last_started() -> None:
    def changed(raw: Raw) -> datetime:
        return Service(arn="s", name="backend", evidence=Answer(raw, "ecs:DescribeServices")).changed_at

    started, steady = event("has started 1 tasks: (task 1).", hours=2), event("has reached a steady state.", hours=1)
    assert changed(service(deployment(createdAt=ago(days=3)), events=[steady, started])) == ago(hours=2)
    assert changed(service(deployment(createdAt=ago(minutes=9)), events=[steady, started])) == ago(minutes=9)
    two = service(deployment(8, createdAt=ago(days=3)), deployment(7, status="ACTIVE", createdAt=ago(minutes=1)))
    assert changed({**two, "events": []}) == ago(days=3)
    sets = [task_set(8, createdAt=ago(hours=7)), task_set(7, status="ACTIVE", createdAt=ago(hours=1))]
    by_sets = service(deployments=[], taskSets=sets, deploymentController={"type": "EXTERNAL"}, events=[])
    assert changed(by_sets) == ago(hours=7)


def test_events_before_a_change_say_nothing_of_what_came_after_it() -> None:
    told = [event("now", minutes=1), event("as it began", minutes=10), event("before", minutes=11)]
    aws = Aws({("ecs", "DescribeServices"): {"services": [service(events=told)]}})
    [one] = services(aws, names(services=("backend",)), NOW, NOW - timedelta(minutes=10))
    assert [str(each["message"]).removeprefix("(service backend) ") for each in one.evidence["events"]] == ["now"]


def test_old_events_are_left_out_but_for_the_newest_five() -> None:
    told = [event(f"{n}", hours=25) for n in range(7)]
    aws = Aws({("ecs", "DescribeServices"): {"services": [service(events=told)]}})
    [one] = services(aws, names(services=("backend",)), NOW)
    assert len(one.evidence["events"]) == 5


def test_a_day_and_a_digest_of_a_backup() -> None:
    """Sets that were written keep their names and digests."""
    assert day_of("20261124-2") == datetime(2026, 11, 23, tzinfo=NOW.tzinfo)
    assert next_name("20261123-4", NOW) == "20261124-1"
    assert next_name("20261124-4", NOW) == "20261124-5"
    assert next_name("20261125-1", NOW) == "20261125-2"
    assert digest_of(["b", "a"]) == digest_of(["a", "b"]) == hashlib.sha256(b"a\nb").hexdigest()[:16]


def test_throttling_is_asked_for_by_five_minutes() -> None:
    answers: dict[tuple[str, str], Any] = {
        ("cloudwatch", "GetMetricData"): throttle.metric_data(ReadMaxOnDemandThroughputThrottleEvents=7),
        ("dynamodb", "DescribeContributorInsights"): throttle.OFF,
    }
    aws = Aws(answers)
    late = NOW + timedelta(minutes=3, seconds=20)
    throttle_causes(aws, throttle.throttling(7), late)
    for asked in aws.parameters_of("GetMetricData"):
        assert asked["StartTime"] == NOW - timedelta(hours=1)
        assert asked["EndTime"] == late
        stats = [one["MetricStat"] for one in asked["MetricDataQueries"]]
        assert {(one["Period"], one["Stat"]) for one in stats} == {(300, "Sum")}
