"""CloudWatch metrics: unordered, with gaps, over several pages, in any zone; and what silence means."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from typing import Any

import pytest

from opschecks.aws.cloudwatch_metrics import HOUR, balancer_metrics, service_metrics, table_metrics
from opschecks.aws.log_writers import LogWriters
from opschecks.aws.logs import LogErrors
from opschecks.aws.traffic import log_flow, service_load, traffic
from opschecks.core.observation import REGISTRY, CouldNotLook, closure
from tests.canned import ELSEWHERE, NOW, Aws, Raw, daily, judges, names, stack, verdict
from tests.canned_metrics import (
    BACKEND,
    FRONT,
    INCIDENTS,
    REQUESTS,
    at,
    cloudwatch,
    every_5_minutes,
    load_verdict,
    loads,
    seen,
)
from tests.cases import cases


def test_points_are_put_in_order_and_a_gap_is_no_zero() -> None:
    told = seen({"CPUUtilization": [at(20, 60), at(5, 30), at(50, 90), at(35, 60)]})
    series = told.series("backend", "CPU")
    assert [value for _, value in series.points] == [90, 60, 60, 30]
    assert all(time.tzinfo is UTC for time, _ in series.points)
    assert told.due("backend", "CPU", HOUR, NOW) == (90, 60, 60, 30)
    found = load_verdict("test_cpu_leaves_headroom", {"CPUUtilization": [at(5, 30), at(50, 90)]})
    assert found == ("passed", "60 % over the last hour")


CPU = {
    "cool": (every_5_minutes(40), "passed", "peaked at 40 %"),
    "hot for five minutes": ([*every_5_minutes(40, until=10), at(5, 97)], "failed", "limit 90 %"),
    "hot in a period that ended within the half hour": ([*every_5_minutes(40), at(34, 97)], "failed", "peaked at 97 %"),
    "hot before that": ([*every_5_minutes(40), at(36, 97)], "passed", "peaked at 40 %"),
    "newest point of 19 minutes ago": (every_5_minutes(40, until=19), "passed", ""),
    "newest point of 21 minutes ago": (every_5_minutes(40, until=21), "blind", "too little data of CPU for backend"),
    "silent since yesterday": (
        [at(600, 40)],
        "blind",
        f"the newest is of {NOW - timedelta(hours=10):%Y-%m-%d %H:%M} UTC",
    ),
    "complete without values": ([], "blind", "none in 24 hours"),
    "partial to the end": ((every_5_minutes(40), "PartialData"), "blind", "is PartialData, not Complete"),
    "an error at CloudWatch": (([], "InternalError"), "blind", "is InternalError, not Complete"),
    "forbidden": (([], "Forbidden"), "blind", "is Forbidden, not Complete"),
}


test_cpu_is_judged_by_fresh_and_complete_data_only = judges(
    daily("ecs").test_cpu_is_not_saturated, CPU, service_load=lambda points: loads({"CPUUtilization": points})
)


@pytest.mark.parametrize("zone", [UTC, ELSEWHERE, timezone(timedelta(hours=-11))], ids=str)
@pytest.mark.parametrize(("minutes", "outcome"), [(34, "failed"), (36, "passed")])
def test_the_zone_of_an_answer_does_not_matter(zone: tzinfo, minutes: int, outcome: str) -> None:
    points = [at(5, 10, zone), at(minutes, 99, zone), at(15, 10, zone)]
    assert load_verdict("test_cpu_is_not_saturated", {"CPUUtilization": points})[0] == outcome


def test_average_and_peak_of_memory_are_two_metrics() -> None:
    quiet, busy = every_5_minutes(60), [*every_5_minutes(70), at(40, 96)]
    series = {"MemoryUtilization Average": quiet, "MemoryUtilization Maximum": busy}
    said = "averaged 60 % over the last hour, peaked at 96 %; limit of the peak 95 %"
    assert load_verdict("test_memory_leaves_headroom", series) == ("failed", said)
    assert load_verdict("test_memory_leaves_headroom", {"MemoryUtilization Average": quiet})[0] == "blind"


def test_a_page_of_partial_data_is_completed_by_the_next() -> None:
    first: Raw = {"CPUUtilization": (every_5_minutes(95, since=60, until=30), "PartialData")}
    second = {"CPUUtilization": every_5_minutes(20, since=30)}
    assert load_verdict("test_cpu_is_not_saturated", first, second)[0] == "failed"
    assert load_verdict("test_cpu_leaves_headroom", first, {}, second)[0] == "passed"
    told = seen(first, {}, second)
    assert len(told.series("backend", "CPU").points) == 11


def test_one_incomplete_metric_blinds_no_other() -> None:
    told = seen({"CPU": (every_5_minutes(40), "PartialData"), "Memory": every_5_minutes(40)})
    assert max(told.due("backend", "memory", HOUR, NOW)) == 40
    with pytest.raises(CouldNotLook, match="CPUUtilization of backend: the answer is PartialData"):
        told.series("backend", "CPU")


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        (None, "no 'MetricDataResults'"),
        ([{"Id": "m0", "Values": [], "StatusCode": "Complete"}], "no 'Timestamps'"),
    ],
    ids=["no results", "no times"],
)
def test_a_cut_answer_is_not_seen(results: list[Raw] | None, reason: str) -> None:
    answer = {} if results is None else {"MetricDataResults": results}
    with pytest.raises(CouldNotLook, match=f"cloudwatch:GetMetricData: .*{reason}"):
        service_metrics(stack(), Aws({("cloudwatch", "GetMetricData"): answer}), BACKEND, NOW)


@cases([(166, [498]), (167, [1, 500]), (334, [2, 500, 500])])
def test_500_metrics_go_into_one_call(services: int, sizes: list[int]) -> None:
    inventory = names(services=tuple(f"service-{n}" for n in range(services)))
    aws = cloudwatch({"CPUUtilization": every_5_minutes(40)})
    told = service_metrics(stack(), aws, inventory, NOW)
    assert sorted(len(one["MetricDataQueries"]) for one in aws.parameters_of("GetMetricData")) == sizes
    for service in inventory.services:
        assert told.due(service, "CPU", HOUR, NOW)


def test_metrics_are_asked_for_by_their_exact_dimensions() -> None:
    aws = cloudwatch({})
    inventory = names(services=("backend",), log_groups=("/ecs/backend",))
    service_metrics(stack(), aws, inventory, NOW)
    balancer_metrics(stack(), aws, FRONT, NOW)
    table_metrics(aws, [INCIDENTS], NOW)
    calls = aws.parameters_of("GetMetricData")
    by_namespace: dict[str, set[tuple[str, ...]]] = {}
    for query in [query for asked in calls for query in asked["MetricDataQueries"]]:
        metric = query["MetricStat"]["Metric"]
        dimensions = tuple(one["Name"] for one in metric["Dimensions"])
        by_namespace.setdefault(metric["Namespace"], set()).add(dimensions)
    assert by_namespace == {
        "AWS/ECS": {("ClusterName", "ServiceName")},
        "AWS/ApplicationELB": {("LoadBalancer",), ("TargetGroup", "LoadBalancer")},
        "AWS/Logs": {("LogGroupName",)},
        "AWS/DynamoDB": {("TableName",), ("TableName", "GlobalSecondaryIndexName")},
    }
    said = str(calls)
    assert "app/web/50dc6c495c0c9188" in said
    assert "targetgroup/app/73e2d6bc24d8a067" in said
    assert "net/edge" not in said
    assert "UserErrors" not in said
    assert all(asked["EndTime"] - asked["StartTime"] >= timedelta(hours=24) for asked in calls)


@cases({
    "busy": (every_5_minutes(3), "passed"),
    "one event at night": ([at(1200, 1)], "passed"),
    "silent": ([], "failed"),
    "not known in full": (([], "PartialData"), "blind"),
})  # fmt: skip
def test_a_log_group_into_which_nothing_is_written_fails(points: Any, outcome: str) -> None:
    inventory = names(log_groups=("/ecs/backend",))
    told = seen({"IncomingLogEvents": points}, inventory=inventory)
    assert (
        verdict(
            daily("logs").test_log_groups_receive_events,
            log_flow=log_flow(told, inventory, NOW),
            log_writers=LogWriters(frozenset(["/ecs/backend"])),
        )[0]
        == outcome
    )


def test_a_hot_service_shows_tasks_and_errors_beside_it_where_they_are_known() -> None:
    hot = {"CPUUtilization": every_5_minutes(97), "app RequestCount": REQUESTS, "app HTTPCode_Target": [at(3, 12)]}
    told = seen(hot, fronted=FRONT)
    log = LogErrors(arn="/ecs/backend", name="/ecs/backend", seen=3, websocket=0, complete=True)
    denied = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")
    known = service_load(told, BACKEND, denied, traffic(told, FRONT, NOW), lambda: [log], NOW, stack())
    unknown = service_load(told, BACKEND, denied, denied, lambda: denied, NOW, stack())
    assert known[0].beside == (
        "task count unknown; 5xx peaked at 12 in a minute; 3 ERROR events in the logs within the hour"
    )
    assert unknown[0].beside == "task count unknown; 5xx unknown; log errors unknown"
    assert verdict(daily("ecs").test_cpu_is_not_saturated, service_load=unknown)[0] == "failed"


def test_a_service_is_judged_without_load_balancers_and_tables() -> None:
    """Neither can blind it, and what explains a high CPU is asked for where it is high."""
    declared = REGISTRY["service_load"]
    hard = {
        one.name for one in closure([need for need in declared.needs if need not in (*declared.soft, *declared.later)])
    }
    assert hard == {"inventory", "service_metrics"}
