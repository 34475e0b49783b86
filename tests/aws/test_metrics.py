"""CloudWatch metrics: unordered, with gaps, over several pages, in any zone; and what silence means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest

from opschecks.aws.cloudwatch_metrics import HOUR, Metrics, metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.log_writers import LogWriters
from opschecks.aws.logs import LogErrors
from opschecks.aws.own_groups import own_groups
from opschecks.aws.throttling import Throttling, table_throttling
from opschecks.aws.traffic import (
    BalancerErrors,
    ServiceLoad,
    Traffic,
    balancer_errors,
    log_flow,
    service_load,
    traffic,
)
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, ELSEWHERE, NOW, Aws, Raw, daily, judges, names, stack, verdict, verdicts

Points = Sequence[tuple[datetime, float]]

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer"
WEB = LoadBalancer(arn=f"{ELB}/app/web/50dc6c495c0c9188", name="web", evidence={"Type": "application"})
EDGE = LoadBalancer(arn=f"{ELB}/net/edge/50dc6c495c0c9188", name="edge", evidence={"Type": "network"})
GROUP = Resource(
    arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/app/73e2d6bc24d8a067",
    name="app",
    evidence={"LoadBalancerArns": [WEB.arn]},
)
FRONT = own_groups(names(), [WEB, EDGE], [GROUP], [GROUP], [], [])
INDEXES = [{"IndexName": "status-index", "IndexStatus": "ACTIVE"}]
INCIDENTS = Table(
    arn=f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
    name="incidents",
    evidence={"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": INDEXES},
)
BACKEND = names(services=("backend",))


def at(minutes: float, value: float, zone: tzinfo = ELSEWHERE) -> tuple[datetime, float]:
    """A point whose period began so long ago."""
    return (NOW - timedelta(minutes=minutes)).astimezone(zone), value


def every_5_minutes(value: float, since: int = 120, until: int = 5) -> list[tuple[datetime, float]]:
    return [at(minutes, value) for minutes in range(until, since, 5)]


def key_of(query: Mapping[str, Any]) -> str:
    """`CPUUtilization Average backend`: metric, statistic and the value of the last dimension.

    Of a target group: `app RequestCount Sum`, and `app RequestCount Sum hourly` for periods of an hour.
    """
    stat = query["MetricStat"]
    dimensions = {one["Name"]: one["Value"].split("/") for one in stat["Metric"]["Dimensions"]}
    told = f"{stat['Metric']['MetricName']} {stat['Stat']}"
    if group := dimensions.get("TargetGroup"):
        return f"{group[1]} {told}" + (" hourly" if stat["Period"] == 3600 else "")
    return f"{told} {stat['Metric']['Dimensions'][-1]['Value'].split('/')[-1]}"


def result(query: Mapping[str, Any], points: Points, status: str = "Complete") -> Raw:
    return {
        "Id": query["Id"],
        "Label": query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [time for time, _ in points],
        "Values": [value for _, value in points],
        "StatusCode": status,
    }


def cloudwatch(*pages: Mapping[str, Points | tuple[Points, str]]) -> Aws:
    """Answers with the series whose key begins so; what a page does not name is Complete and without values."""

    def answer(MetricDataQueries: Any, NextToken: str = "0", **_: Any) -> Raw:  # noqa: N803 - AWS's names
        results = []
        for query in MetricDataQueries:
            told = [value for key, value in pages[int(NextToken)].items() if key_of(query).startswith(key)]
            points, status = told[0] if told and isinstance(told[0], tuple) else (told[0] if told else [], "Complete")
            results.append(result(query, points, status))
        following = int(NextToken) + 1
        return {"MetricDataResults": results, **({"NextToken": str(following)} if following < len(pages) else {})}

    return Aws({("cloudwatch", "GetMetricData"): answer})


def seen(
    *pages: Mapping[str, Points | tuple[Points, str]], inventory: Any = BACKEND, fronted: Any = (), tables: Any = ()
) -> Metrics:
    return metrics(stack(), cloudwatch(*pages), inventory, fronted, tables, NOW)


def loads(*pages: Mapping[str, Any]) -> list[ServiceLoad]:
    return service_load(seen(*pages), BACKEND, [], [], [], NOW)


def load_verdict(check: str, *pages: Mapping[str, Any]) -> tuple[str, str]:
    return verdict(getattr(daily("ecs"), check), service_load=loads(*pages))


def serves(series: Mapping[str, Any]) -> list[Traffic]:
    return traffic(seen(series, inventory=names(), fronted=FRONT), FRONT, NOW)


def itself_errs(series: Mapping[str, Any], fronted: Any = FRONT) -> list[BalancerErrors]:
    return balancer_errors(seen(series, inventory=names(), fronted=fronted), [WEB], fronted, NOW)


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
        ([{"Id": "m0", "Timestamps": [NOW], "Values": [], "StatusCode": "Complete"}], "1 time came with 0 values"),
        ([{"Id": "m0", "Values": [], "StatusCode": "Complete"}], "no 'Timestamps'"),
    ],
    ids=["no results", "more times than values", "no times"],
)
def test_a_cut_answer_is_not_seen(results: list[Raw] | None, reason: str) -> None:
    answer = {} if results is None else {"MetricDataResults": results}
    with pytest.raises(CouldNotLook, match=f"cloudwatch:GetMetricData: .*{reason}"):
        metrics(stack(), Aws({("cloudwatch", "GetMetricData"): answer}), BACKEND, [], [], NOW)


def test_a_metric_that_the_answer_leaves_out_or_that_was_not_asked_for_is_not_seen() -> None:
    told = metrics(
        stack(), Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": []}}), BACKEND, [], [INCIDENTS], NOW
    )
    with pytest.raises(CouldNotLook, match="the answer is missing"):
        told.series("incidents", "throttled reads")
    with pytest.raises(CouldNotLook, match="CPU of other was not fetched"):
        told.series("other", "CPU")


@pytest.mark.parametrize(("services", "sizes"), [(166, [498]), (167, [1, 500]), (334, [2, 500, 500])])
def test_500_metrics_go_into_one_call(services: int, sizes: list[int]) -> None:
    inventory = names(services=tuple(f"service-{n}" for n in range(services)))
    aws = cloudwatch({"CPUUtilization": every_5_minutes(40)})
    told = metrics(stack(), aws, inventory, [], [], NOW)
    assert sorted(len(one["MetricDataQueries"]) for one in aws.parameters_of("GetMetricData")) == sizes
    for service in inventory.services:
        assert told.due(service, "CPU", HOUR, NOW)


def test_metrics_are_asked_for_by_their_exact_dimensions() -> None:
    aws = cloudwatch({})
    inventory = names(services=("backend",), log_groups=("/ecs/backend",))
    metrics(stack(), aws, inventory, FRONT, [INCIDENTS], NOW)
    [asked] = aws.parameters_of("GetMetricData")
    by_namespace: dict[str, set[tuple[str, ...]]] = {}
    for query in asked["MetricDataQueries"]:
        metric = query["MetricStat"]["Metric"]
        dimensions = tuple(one["Name"] for one in metric["Dimensions"])
        by_namespace.setdefault(metric["Namespace"], set()).add(dimensions)
    assert by_namespace == {
        "AWS/ECS": {("ClusterName", "ServiceName")},
        "AWS/ApplicationELB": {("LoadBalancer",), ("TargetGroup", "LoadBalancer")},
        "AWS/Logs": {("LogGroupName",)},
        "AWS/DynamoDB": {("TableName",), ("TableName", "GlobalSecondaryIndexName"), ("TableName", "Operation")},
    }
    said = str(asked["MetricDataQueries"])
    assert "app/web/50dc6c495c0c9188" in said
    assert "targetgroup/app/73e2d6bc24d8a067" in said
    assert "net/edge" not in said
    assert "UserErrors" not in said
    assert asked["EndTime"] - asked["StartTime"] >= timedelta(hours=24)


def test_what_could_not_be_seen_is_not_asked_for_and_blinds_no_other() -> None:
    denied = CouldNotLook("elasticloadbalancing:DescribeLoadBalancers", "AccessDenied: no")
    told = seen({"CPU": every_5_minutes(40)}, fronted=denied, tables=denied)
    assert told.due("backend", "CPU", HOUR, NOW)
    with pytest.raises(CouldNotLook, match="there are no metrics to fetch"):
        seen({}, inventory=names(), fronted=denied, tables=denied)


REQUESTS = every_5_minutes(300)


def latency(p95: Points, **more: Points) -> dict[str, Points]:
    return {"app RequestCount Sum": REQUESTS, "app TargetResponseTime p95": p95, **more}


ERRORS: dict[str, tuple[dict[str, Points], str, str]] = {
    "none": ({"app RequestCount": REQUESTS}, "passed", "peaked at 0 5xx"),
    "few": ({"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(7, 10)]}, "passed", "peaked at 10 5xx"),
    "many": ({"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(7, 11)]}, "failed", "limit 10 per minute"),
    "many, two hours ago": (
        {"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(120, 99)]},
        "passed",
        "peaked at 0 5xx",
    ),
    "many of the balancer's other groups": (
        {"app RequestCount": REQUESTS, "HTTPCode_Target": [at(7, 99)]},
        "passed",
        "peaked at 0 5xx",
    ),
    "none, and no request in a day": ({}, "blind", "RequestCount of app has no data in 24 hours"),
    "none, and requests at night": ({"app RequestCount": [at(600, 5)]}, "passed", "peaked at 0 5xx"),
}


test_server_errors_of_targets_count = judges(
    daily("alb").test_server_errors_are_rare, ERRORS, traffic=serves, balancer_errors=lambda series: []
)

OWN: dict[str, tuple[dict[str, Points], str, str]] = {
    "none": ({"RequestCount": REQUESTS}, "passed", "peaked at 0 5xx"),
    "of the load balancer, which has no healthy target": ({"HTTPCode_ELB": [at(3, 40)]}, "failed", "peaked at 40 5xx"),
    "none, and no request in a day": ({}, "blind", "RequestCount of web has no data in 24 hours"),
    "none, and requests at night": ({"RequestCount": [at(600, 5)]}, "passed", "peaked at 0 5xx"),
}
test_server_errors_of_the_load_balancer_itself_count = judges(
    daily("alb").test_server_errors_are_rare, OWN, traffic=lambda series: [], balancer_errors=itself_errs
)


def test_half_of_the_server_errors_is_not_enough_to_pass() -> None:
    check = daily("alb").test_server_errors_are_rare
    found = serves({"app RequestCount": REQUESTS, "app HTTPCode_Target": ([], "PartialData")})
    assert verdict(check, traffic=found, balancer_errors=[])[0] == "blind"
    found_too = itself_errs({"RequestCount": REQUESTS, "HTTPCode_ELB": ([], "PartialData")})
    assert verdict(check, traffic=[], balancer_errors=found_too)[0] == "blind"


FEW = [at(minutes, 3) for minutes in range(5, 65, 5)]
LATENCY: dict[str, tuple[dict[str, Points], str, str]] = {
    "quick": (latency(every_5_minutes(0.4)), "passed", "peaked at 400 ms"),
    "slow for five minutes": (
        latency([*every_5_minutes(0.4), at(42, 1.2)], **{"app RequestCount Sum": [*REQUESTS, at(42, 20)]}),
        "failed",
        "peaked at 1200 ms in the last hour; limit",
    ),
    "requests without response times": ({"app RequestCount": REQUESTS}, "blind", "no response times of app"),
    "no request in the last hour": ({"app RequestCount": [at(600, 5)]}, "passed", "no request in the last hour"),
    "no request in a day": ({"app TargetResponseTime p95": every_5_minutes(0.4)}, "blind", "no data in 24 hours"),
    "one slow request of three, and no others": (
        latency([at(20, 9.0)], **{"app RequestCount Sum": [at(20, 3)], "app RequestCount Sum hourly": [at(30, 3)]}),
        "passed",
        "3 requests in the last hour: too few for a p95",
    ),
    "quick, the last ones 40 minutes ago": (
        latency([at(40, 0.2), at(45, 0.3)], **{"app RequestCount Sum": [at(40, 3), at(45, 2)]}),
        "passed",
        "p95 peaked at 300 ms",
    ),
    "few in each period, all slow, and enough in the hour": (
        latency(
            [(time, 3.0) for time, _ in FEW],
            **{
                "app RequestCount Sum hourly": [at(30, 36)],
                "app TargetResponseTime p95 hourly": [at(30, 3.0)],
                "app RequestCount Sum": FEW,
            },
        ),
        "failed",
        "peaked at 3000 ms",
    ),
    "few in each period, one of them slow, and the hour is quick": (
        latency(
            [(time, 0.2) for time, _ in FEW[1:]] + [at(5, 3.0)],
            **{
                "app RequestCount Sum hourly": [at(30, 36)],
                "app TargetResponseTime p95 hourly": [at(30, 0.3)],
                "app RequestCount Sum": FEW,
            },
        ),
        "passed",
        "peaked at 300 ms",
    ),
}


def longest_key_first(series: dict[str, Points]) -> dict[str, Points]:
    return {key: series[key] for key in sorted(series, key=len, reverse=True)}


test_responses_are_judged_by_p95_where_there_were_enough_requests = judges(
    daily("alb").test_responses_are_quick,
    LATENCY,
    traffic=lambda series: serves(longest_key_first(series)),
    balancer_errors=lambda series: [],
)


def test_network_load_balancers_have_no_http_traffic_and_that_is_no_failure() -> None:
    told = seen({}, inventory=BACKEND, fronted=own_groups(names(), [EDGE], [GROUP], [GROUP], [], []))
    assert traffic(told, own_groups(names(), [EDGE], [GROUP], [GROUP], [], []), NOW) == []
    errors = balancer_errors(told, [EDGE], [], NOW)
    for name in ("test_server_errors_are_rare", "test_responses_are_quick"):
        outcome, said = verdict(getattr(daily("alb"), name), traffic=[], balancer_errors=errors)
        assert outcome == "passed"
        assert "a network load balancer" in said


MESSAGES: dict[str, tuple[Raw, str]] = {
    "of the metric": (
        {"MetricDataResults": [{"Messages": [{"Code": "MultipleUnits", "Value": "Multiple units returned"}]}]},
        "MultipleUnits: Multiple units returned",
    ),
    "of the call": (
        {"MetricDataResults": [{}], "Messages": [{"Value": "Maximum number of allowed metrics exceeded"}]},
        "Maximum number of allowed metrics exceeded",
    ),
    "one result for each unit": ({"MetricDataResults": [{}, {}]}, "several results came for one metric"),
}


@pytest.mark.parametrize(("told", "reason"), MESSAGES.values(), ids=MESSAGES)
def test_what_cloudwatch_says_of_its_answer_is_a_reason_not_to_believe_it(told: Raw, reason: str) -> None:
    whole = {"Id": "m0", "Label": "CPU", "Timestamps": [NOW], "Values": [1.0], "StatusCode": "Complete"}
    answer = {**told, "MetricDataResults": [{**whole, **one} for one in told["MetricDataResults"]]}
    found = metrics(stack(), Aws({("cloudwatch", "GetMetricData"): answer}), BACKEND, [], [], NOW)
    with pytest.raises(CouldNotLook, match=f"CPUUtilization of backend: {reason}"):
        found.series("backend", "CPU")


def test_two_pages_that_contradict_each_other_are_not_believed() -> None:
    found = seen({"CPUUtilization": [at(5, 30)]}, {"CPUUtilization": [at(5, 0.3)]})
    with pytest.raises(CouldNotLook, match="several results came for one metric"):
        found.series("backend", "CPU")


def throttled(series: Mapping[str, Any]) -> list[Throttling]:
    return table_throttling(seen(series, inventory=names(), tables=[INCIDENTS]), [INCIDENTS], NOW)


INDEX = "incidents/status-index"
THROTTLED: dict[str, tuple[dict[str, Points], dict[str, str]]] = {
    "never": ({}, {"incidents": "passed", INDEX: "passed"}),
    "table": ({"ReadThrottleEvents Sum incidents": [at(30, 4)]}, {"incidents": "failed", INDEX: "passed"}),
    "index": ({"WriteThrottleEvents Sum status-index": [at(59, 1)]}, {"incidents": "passed", INDEX: "failed"}),
    "two hours ago": ({"ReadThrottleEvents": [at(120, 50)]}, {"incidents": "passed"}),
}


@pytest.mark.parametrize(("series", "wanted"), THROTTLED.values(), ids=THROTTLED)
def test_throttling_is_told_by_table_and_index(series: dict[str, Points], wanted: dict[str, str]) -> None:
    outcomes = verdicts(
        daily("dynamodb").test_tables_are_not_throttled, table_throttling=throttled(series), throttle_causes={}
    )
    assert {**outcomes, **wanted} == outcomes


def test_throttling_names_the_operations_most_first() -> None:
    series = {"ThrottledRequests Sum Query": [at(9, 2)], "ThrottledRequests Sum PutItem": [at(9, 40)]}
    assert throttled(series)[0].operations == "PutItem 40, Query 2"


def test_throttling_that_is_not_known_in_full_is_not_none() -> None:
    found = throttled({"WriteThrottle": ([], "PartialData")})
    outcomes = verdicts(daily("dynamodb").test_tables_are_not_throttled, table_throttling=found, throttle_causes={})
    assert set(outcomes.values()) == {"blind"}


@pytest.mark.parametrize(
    ("points", "outcome"),
    [(every_5_minutes(3), "passed"), ([at(1200, 1)], "passed"), ([], "failed"), (([], "PartialData"), "blind")],
    ids=["busy", "one event at night", "silent", "not known in full"],
)
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
    known = service_load(told, BACKEND, denied, traffic(told, FRONT, NOW), [log], NOW)
    unknown = service_load(told, BACKEND, denied, denied, denied, NOW)
    assert known[0].beside == (
        "task count unknown; 5xx peaked at 12 in a minute; 3 ERROR events in the logs within the hour"
    )
    assert unknown[0].beside == "task count unknown; 5xx unknown; log errors unknown"
    assert verdict(daily("ecs").test_cpu_is_not_saturated, service_load=unknown)[0] == "failed"
