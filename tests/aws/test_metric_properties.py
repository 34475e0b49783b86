"""CloudWatch metrics: which are asked for, of what span, and what is made of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.cloudwatch_metrics import (
    FRESH,
    HOUR,
    HOUR_S,
    METRICS_A_CALL,
    SPAN,
    Metric,
    Metrics,
    balancer_metrics,
    fetch_metrics,
    of_balancers,
    of_services,
    of_tables,
    service_metrics,
    table_metrics,
)
from opschecks.aws.dynamodb import Table
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.listeners import listener_certificates
from opschecks.aws.own_groups import Fronted
from opschecks.core.model import Resource, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, names, stack
from tests.cases import cases

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
WEB = LoadBalancer(arn=f"{ELB}:loadbalancer/app/web/1f", name="web")
GROUP = Resource(arn=f"{ELB}:targetgroup/blue/2f", name="blue")
FRONT = Fronted(arn=WEB.arn, name="web", balancer=WEB, own=(GROUP,), count=1)
INDEXED = Table(
    arn="arn:orders", name="orders", evidence={"GlobalSecondaryIndexes": [{"IndexName": "by-day"}]},
)  # fmt: skip


def of(subject: str, measure: str, namespace: str, name: str, dimensions: Any, *rest: Any, **more: Any) -> Metric:
    return Metric(subject, measure, namespace, name, tuple(dimensions.items()), *rest, **more)


def test_the_span_and_what_is_fresh() -> None:
    assert (timedelta(hours=24), timedelta(hours=1), timedelta(minutes=20)) == (SPAN, HOUR, FRESH)
    assert (HOUR_S, METRICS_A_CALL) == (3600, 500)


def test_every_metric_of_a_stack() -> None:
    alb = "AWS/ApplicationELB"
    web, blue = {"LoadBalancer": "app/web/1f"}, {"TargetGroup": "targetgroup/blue/2f", "LoadBalancer": "app/web/1f"}
    mail = {"ClusterName": "jobs", "ServiceName": "mail"}
    table, index = {"TableName": "orders"}, {"TableName": "orders", "GlobalSecondaryIndexName": "by-day"}
    limits = {
        "cpu_saturated_percent": 91, "memory_percent": 81, "response_time_p95_ms": 900, "errors_5xx_per_minute": 7,
        "jobs/mail": {"memory_peak_percent": 92}, "mail": {"memory_percent": 82}, "blue": {"response_time_p95_ms": 800},
    }  # fmt: skip
    inventory = names(services=("jobs/mail",), further_clusters=("jobs",), log_groups=("/ecs/web",))
    checked = stack(limits=limits, services=["jobs/mail"], log_groups=["/ecs/web"], load_balancer="web")
    assert [*of_services(checked, inventory), *of_balancers(checked, [FRONT]), *of_tables([INDEXED])] == [
        of("jobs/mail", "CPU", "AWS/ECS", "CPUUtilization", mail, "Average", 300, "%", limit=91),
        of("jobs/mail", "memory", "AWS/ECS", "MemoryUtilization", mail, "Average", 300, "%", limit=82),
        of("jobs/mail", "memory peak", "AWS/ECS", "MemoryUtilization", mail, "Maximum", 300, "%", limit=92),
        of("/ecs/web", "log events", "AWS/Logs", "IncomingLogEvents", {"LogGroupName": "/ecs/web"}, "Sum", 300,
           "in 5 minutes"),
        of("web", "all requests", alb, "RequestCount", web, "Sum", 300, "in 5 minutes"),
        of("web", "load balancer 5xx", alb, "HTTPCode_ELB_5XX_Count", web, "Sum", 60, "per minute"),
        of("blue", "requests", alb, "RequestCount", blue, "Sum", 300, "in 5 minutes"),
        of("blue", "p95 response time", alb, "TargetResponseTime", blue, "p95", 300, "ms", 1000, 800),
        of("blue", "requests by the hour", alb, "RequestCount", blue, "Sum", 3600, "an hour"),
        of("blue", "p95 of the hour", alb, "TargetResponseTime", blue, "p95", 3600, "ms", 1000, 800),
        of("blue", "target 5xx", alb, "HTTPCode_Target_5XX_Count", blue, "Sum", 60, "per minute", 1, 7),
        *(of(subject, f"throttled {kind.lower()}s", "AWS/DynamoDB", f"{kind}ThrottleEvents", dimensions, "Sum", 300,
             "in 5 minutes") for subject, dimensions in (("orders", table), ("orders/by-day", index))
          for kind in ("Read", "Write")),
    ]  # fmt: skip


def test_a_metric_is_asked_for_with_all_its_dimensions() -> None:
    one = of("a", "b", "AWS/X", "N", {"P": "1", "Q": "2"}, "Sum", 300, "")
    assert (one.scale, one.limit) == (1.0, None)
    assert one.query == {
        "Metric": {
            "Namespace": "AWS/X",
            "MetricName": "N",
            "Dimensions": [{"Name": "P", "Value": "1"}, {"Name": "Q", "Value": "2"}],
        },
        "Period": 300,
        "Stat": "Sum",
    }


BACKEND = names(services=("backend",))


def spanned(now: datetime, since: datetime | None = None) -> tuple[datetime, datetime]:
    def answer(MetricDataQueries: Sequence[Raw], **_: Any) -> Raw:  # noqa: N803 - AWS's name
        return {"MetricDataResults": []}

    aws = Aws({("cloudwatch", "GetMetricData"): answer})
    service_metrics(aws.stack, aws, BACKEND, now, since)
    [asked] = aws.parameters_of("GetMetricData")
    assert asked["ScanBy"] == "TimestampAscending"
    return asked["StartTime"], asked["EndTime"]


def moment(day: int, hour: int, minute: int, second: int = 0, micro: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, second, micro, tzinfo=UTC)


@cases({
    "a day, from a whole period on": (moment(24, 7, 59, 59, 9), None, moment(23, 7, 55)),
    "a day, at a whole period": (moment(24, 7, 55), None, moment(23, 7, 55)),
    "periods that began after a change": (moment(24, 8, 0), moment(24, 7, 33, 12, 9), moment(24, 7, 35)),
    "a change at a whole period": (moment(24, 8, 0), moment(24, 7, 35), moment(24, 7, 40)),
    "a change right before the last whole period": (moment(24, 8, 0, 1), moment(24, 7, 59), moment(24, 8, 0)),
})  # fmt: skip
def test_the_span_that_is_asked_for(now: datetime, since: datetime | None, begin: datetime) -> None:
    assert spanned(now, since) == (begin, now)


def test_right_after_a_change_there_is_no_data_yet() -> None:
    with pytest.raises(
        CouldNotLook, match=r"^cloudwatch:GetMetricData: no metric data yet after 2026-11-24 07:56:01 UTC"
    ):
        spanned(moment(24, 8, 0), moment(24, 7, 56, 1))


def test_each_part_of_a_stack_is_asked_for_by_itself_and_nothing_costs_no_call() -> None:
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": []}})
    assert len(service_metrics(aws.stack, aws, BACKEND, NOW).answers) == 3
    assert len(balancer_metrics(aws.stack, aws, [FRONT], NOW).answers) == 7
    assert len(table_metrics(aws, [INDEXED], NOW).answers) == 4
    assert len(aws.calls) == 3
    late = NOW - timedelta(minutes=1)
    for nothing in (
        service_metrics(aws.stack, aws, names(), NOW, late),
        balancer_metrics(aws.stack, aws, [], NOW, late),
        table_metrics(aws, [], NOW, late),
    ):
        assert nothing.answers == {}
    assert len(aws.calls) == 3


@pytest.mark.parametrize("of_part", [balancer_metrics, table_metrics])
def test_each_part_is_asked_for_since_a_change(of_part: Any) -> None:
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": []}})
    given = (aws, [INDEXED]) if of_part is table_metrics else (aws.stack, aws, [FRONT])
    of_part(*given, NOW, NOW - timedelta(minutes=30))
    [asked] = aws.parameters_of("GetMetricData")
    assert (asked["StartTime"], asked["EndTime"]) == (NOW - timedelta(minutes=25), NOW)


def line(*minutes: float, period_s: int = 300) -> Metrics:
    points = tuple(sorted((NOW - timedelta(minutes=one), one) for one in minutes))
    return Metrics({("web", "CPU"): Series("CPU", "%", points, period_s)})


@cases({
    "those of the window, in order": (line(5, 30, 64, 66), HOUR, (64, 30, 5)),
    "as old as may be": (line(20), HOUR, (20,)),
    "three long periods old": (line(180, period_s=3600), timedelta(hours=3), (180,)),
})  # fmt: skip
def test_the_values_of_a_metric_that_always_has_data(
    told: Metrics, window: timedelta, expected: tuple[float, ...]
) -> None:
    assert told.due("web", "CPU", window, NOW) == expected


NEWEST = f"{NOW - timedelta(minutes=21):%Y-%m-%d %H:%M}"


@cases({
    "none": (line(), HOUR, "hour; none in 24 hours"),
    "none within the window": (
        line(67), HOUR, f"hour; the newest is of {NOW - timedelta(minutes=67):%Y-%m-%d %H:%M} UTC"),
    "older than may be": (line(21), HOUR, f"hour; the newest is of {NEWEST} UTC"),
    "in half an hour": (line(21), timedelta(minutes=30), f"30 minutes; the newest is of {NEWEST} UTC"),
    "in a minute": (line(21), timedelta(minutes=1), f"1 minute; the newest is of {NEWEST} UTC"),
    "in two hours": (line(21), timedelta(hours=2), f"2 hours; the newest is of {NEWEST} UTC"),
    "in less than two hours": (line(21), timedelta(minutes=119), f"1 hour; the newest is of {NEWEST} UTC"),
    "older than three long periods": (
        line(181, period_s=3600), timedelta(hours=9),
        f"9 hours; the newest is of {NOW - timedelta(minutes=181):%Y-%m-%d %H:%M} UTC"),
})  # fmt: skip
def test_too_little_recent_data_is_told_with_the_newest(told: Metrics, window: timedelta, says: str) -> None:
    with pytest.raises(CouldNotLook) as it:
        told.due("web", "CPU", window, NOW)
    assert str(it.value) == f"cloudwatch:GetMetricData: too little data of CPU for web in the last {says}"


ONE, OTHER = (
    of("web", measure, "AWS/X", name, {}, "Sum", 300, "ms", 10.0, 5) for measure, name in (("m", "N"), ("o", "P"))
)


def fetched(*pages: Raw) -> dict[tuple[str, str], Series | CouldNotLook]:
    more = [{**page, "NextToken": str(number)} for number, page in enumerate(pages[:-1], 1)]
    return fetch_metrics(Aws({("cloudwatch", "GetMetricData"): [*more, pages[-1]]}), [ONE, OTHER], NOW - SPAN, NOW)


def result(number: int = 0, *values: float, at: Sequence[int] = (5, 10, 15), **more: Any) -> Raw:
    times = [NOW - timedelta(minutes=one) for one in at[: len(values)]]
    return {"Id": f"m{number}", "Timestamps": times, "Values": list(values), "StatusCode": "Complete", **more}


def page(*results: Raw, **more: Any) -> Raw:
    return {"MetricDataResults": list(results), **more}


def test_points_are_scaled_in_order_of_time_and_of_all_pages() -> None:
    found = fetched(page(result(0, 1.0, 2.0), result(1)), page(result(0, 3.0, at=(15,))))
    points = tuple((NOW - timedelta(minutes=minutes), value) for minutes, value in ((15, 30.0), (10, 20.0), (5, 10.0)))
    assert found == {("web", "m"): Series("m", "ms", points, 300, 5), ("web", "o"): Series("o", "ms", (), 300, 5)}


SEVERAL = "several results came for one metric, as where it has several units"


@cases({
    "partial": ((page(result(0, 1.0, StatusCode="PartialData")),), "N of web: the answer is PartialData, not Complete"),
    "partial, then complete": ((page(result(0, 1.0, StatusCode="PartialData")), page(result(0, 2.0, at=(20,)))), ""),
    "complete, then partial": (
        (page(result(0, 1.0)), page(result(0, 2.0, at=(20,), StatusCode="PartialData"))),
        "N of web: the answer is PartialData, not Complete"),
    "without a status": (
        (page({key: value for key, value in result(0, 1.0).items() if key != "StatusCode"}),),
        "N of web: the answer is , not Complete"),
    "missing": ((page(result(1)),), "N of web: the answer is missing, not Complete"),
    "with a message": (
        (page(result(0, 1.0, Messages=[{"Code": "A", "Value": "b"}, {"Value": "c"}, {"Code": "D"}])),),
        "N of web: A: b; c; D"),
    "with no message": ((page(result(0, 1.0, Messages=[]), Messages=[]),), ""),
    "with a message of the call": ((page(result(0, 1.0), Messages=[{"Value": "too many"}]),), "N of web: too many"),
    "with a message of both": (
        (page(result(0, 1.0, Messages=[{"Value": "x"}]), Messages=[{"Value": "x"}, {"Value": "y"}]),),
        "N of web: x; y"),
    "with a message on the second page": (
        (page(result(0, 1.0)), page(Messages=[{"Value": "later"}])), "N of web: later"),
    "twice on a page": ((page(result(0, 1.0), result(0, 2.0, at=(20,))),), f"N of web: {SEVERAL}"),
    "twice, with another value": ((page(result(0, 1.0)), page(result(0, 2.0))), f"N of web: {SEVERAL}"),
    "twice, with the same value": ((page(result(0, 1.0)), page(result(0, 1.0))), ""),
})  # fmt: skip
def test_what_cloudwatch_says_of_a_metric(pages: tuple[Raw, ...], says: str) -> None:
    found = fetched(*pages)[("web", "m")]
    if not says:
        assert isinstance(found, Series)
    else:
        assert str(found) == f"cloudwatch:GetMetricData: {says}"


def test_a_message_of_one_metric_is_not_said_of_the_other() -> None:
    found = fetched(page(result(0, 1.0, Messages=[{"Value": "x"}]), result(1, 1.0)))
    assert isinstance(found["web", "m"], CouldNotLook)
    assert isinstance(found["web", "o"], Series)


def test_a_result_that_nobody_asked_for_is_nobodys() -> None:
    found = fetched(page(result(0, 1.0), result(1, 1.0), result(7, 1.0, Messages=[{"Value": "x"}])))
    assert [type(one) for one in found.values()] == [Series, Series]


@cases([(2, 1, "2 times came with 1 value"), (1, 2, "1 time came with 2"), (1, 0, "1 time came with 0 values")])
def test_times_and_values_go_together(times: int, values: int, says: str) -> None:
    told = {"Timestamps": [NOW] * times, "Values": [1.0] * values}
    with pytest.raises(CouldNotLook, match=f"^cloudwatch:GetMetricData: {says}"):
        fetched(page({"Id": "m0", **told}))


def test_a_series_is_read_by_whom_it_is_of() -> None:
    unknown = CouldNotLook("cloudwatch:GetMetricData", "N of web: the answer is missing, not Complete")
    told = Metrics({("web", "m"): unknown, ("web", "o"): Series("o", "", (), 300)})
    assert told.series("web", "o").label == "o"
    with pytest.raises(CouldNotLook, match="N of web: the answer is missing"):
        told.series("web", "m")
    with pytest.raises(CouldNotLook, match=r"^cloudwatch:GetMetricData: CPU of other was not fetched$"):
        told.series("other", "CPU")


def test_the_certificates_of_listeners_are_those_of_acm_each_once() -> None:
    acm, other = (f"arn:aws:acm:{ACCOUNT}:certificate/{name}" for name in "ab")
    uploaded = "arn:aws:iam::123456789012:server-certificate/old"
    listeners = {
        WEB.arn: [{"Certificates": [{"CertificateArn": other}]}, {"Protocol": "HTTP"}, {"Certificates": []}],
        "arn:two": [{"Certificates": [{"CertificateArn": acm}, {"CertificateArn": uploaded}]},
                    {"Certificates": [{"CertificateArn": other}]}],
    }  # fmt: skip
    aws = Aws({("elbv2", "DescribeListeners"): lambda LoadBalancerArn: {"Listeners": listeners[LoadBalancerArn]}})  # noqa: N803
    assert listener_certificates(aws, list(listeners)) == [acm, other]
    assert listener_certificates(aws, []) == []
