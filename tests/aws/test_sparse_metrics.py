"""Metrics that have no data while all is well, by the words of their names; and alarms, and a month, without data."""

from __future__ import annotations

import pytest

from opschecks.aws.alarm_hygiene import watched_alarms
from opschecks.aws.sparse_metrics import is_of_one, is_sparse, may_rest, metrics_of, names_in
from tests.aws.test_alarm_hygiene import alarm, aws_of
from tests.canned import NOW, Raw, names, verdict, weekly
from tests.cases import cases

SPARSE = (
    "HTTPCode_Target_5XX_Count", "5xxErrorRate", "TargetResponseTime", "ReadThrottleEvents", "UserErrors",
    "NumberOfNotificationsFailed", "SuccessfulRequestLatency", "order-errors", "orderErrors", "http_errors_total",
    "ERROR_COUNT", "PacketsDropCount", "EventCountDropped", "IdleTimeoutCount", "ClientTLSNegotiationErrorCount",
)  # fmt: skip
STEADY = ("DefaultQueueConsumers", "DropoffCount", "CPUUtilization", "DaysToExpiry", "Defaults", "terrors")


@pytest.mark.parametrize("name", SPARSE)
def test_errors_and_waits_come_only_with_trouble_or_requests(name: str) -> None:
    assert is_sparse("Shop", name)


@pytest.mark.parametrize("name", STEADY)
def test_a_part_of_a_word_is_no_word(name: str) -> None:
    assert not is_sparse("Shop", name)


@cases([
    ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", True),
    ("AWS/ApplicationELB", "RequestCount", True),
    ("AWS/ApplicationELB", "HealthyHostCount", False),
    ("AWS/ApplicationELB", "ConsumedLCUs", False),
    ("AWS/NetworkELB", "NewFlowCount", False),
    ("AWS/DynamoDB", "ReadThrottleEvents", True),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", False),
    ("AWS/Lambda", "Invocations", True),
    ("App", "DroppedEvents", True),
    ("App", "Dropbox", False),
    ("App", "events_dropped", True),
    ("App", "Mirrors", False),
    ("App", "ResponseTime", True),
])  # fmt: skip
def test_metrics_that_have_no_data_while_all_is_well(namespace: str, name: str, sparse: bool) -> None:
    assert is_sparse(namespace, name) is sparse


def test_dimensions_name_resources_of_the_stack_by_their_names() -> None:
    inventory = names(
        services=("backend", "other/worker"),
        load_balancers=("web", "arn:aws:elasticloadbalancing:x:1:loadbalancer/app/web/50dc"),
        tables=("orders",),
        log_groups=("/ecs/a",),
        distributions=("E1",),
        buckets=("b",),
        named=(("queues", ("q",)),),
    )
    assert names_in(inventory) == {"prod", "backend", "worker", "app/web/50dc", "orders", "/ecs/a", "E1", "b", "q"}
    known = {"orders", "prod"}
    assert is_of_one([("TableName", "orders")], known)
    assert is_of_one([("TableName", "orders"), ("ClusterName", "prod"), ("Operation", "Query")], known)
    assert not is_of_one([("TableName", "orders"), ("ClusterName", "dev")], known)
    assert not is_of_one([("Operation", "orders")], known)
    assert not is_of_one([("XTableName", "orders")], known)
    assert not is_of_one([], known)


ERRORS = {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count"}
ABOVE, BELOW = {"ComparisonOperator": "GreaterThanThreshold"}, {"ComparisonOperator": "LessThanThreshold"}
HOSTS = {"Namespace": "AWS/ApplicationELB", "MetricName": "HealthyHostCount"}


def _stat(**metric: str) -> Raw:
    return {"MetricStat": {"Metric": metric}}


@cases({
    "errors": ({**ERRORS, **ABOVE}, (), True),
    "errors, missing": ({**ERRORS, **ABOVE, "TreatMissingData": "missing"}, (), True),
    "errors, breaching": ({**ERRORS, **ABOVE, "TreatMissingData": "breaching"}, (), False),
    "errors, not breaching": ({**ERRORS, **ABOVE, "TreatMissingData": "notBreaching"}, (), True),
    "too few errors": ({**ERRORS, **BELOW}, (), False),
    "too few errors or as many": ({**ERRORS, "ComparisonOperator": "LessThanOrEqualToThreshold"}, (), False),
    "hosts": ({**HOSTS, **ABOVE}, (), False),
    "hosts of an accepted namespace": ({**HOSTS, **BELOW}, ("AWS/ApplicationELB",), True),
    "hosts of an accepted name": ({**HOSTS, **BELOW, "TreatMissingData": "breaching"}, ("HealthyHostCount",), True),
    "hosts, and another is accepted": ({**HOSTS, **ABOVE}, ("AWS/SQS",), False),
    "an expression with one sparse": (
        {
            "Metrics": [{"MetricStat": {"Metric": HOSTS}}, {"MetricStat": {"Metric": ERRORS}}, {"Expression": "a"}],
            **ABOVE,
        },
        (),
        True,
    ),
    "nothing is said": ({}, (), False),
})  # fmt: skip
def test_whether_an_alarm_without_data_is_at_rest(alarm: Raw, accepted: tuple[str, ...], rests: bool) -> None:
    assert may_rest(alarm, accepted) is rests


def test_the_metrics_of_an_alarm() -> None:
    assert [*metrics_of({"MetricName": "x"})] == [("", "x")]
    assert [*metrics_of({"Namespace": "App"})] == []
    several = {"Metrics": [_stat(MetricName="x"), {"MetricStat": {}}, {"Expression": "a"}, _stat(Namespace="a")]}
    assert [*metrics_of(several)] == [("", "x"), ("a", "")]


check = weekly("alarm_hygiene").test_alarms_watch_something
BALANCER = "arn:aws:elasticloadbalancing:us-west-2:123456789012:loadbalancer/app/shop/50dc6c495c0c9188"
HAS = names(tables=("carts",), services=("dr/api",), load_balancers=("web", BALANCER), further_clusters=("dr",))
UNLISTED: Raw = {"Metrics": []}
OF_TABLES = {"Namespace": "AWS/DynamoDB", "MetricName": "ReadThrottleEvents"}
OF_BALANCERS = {"Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_ELB_5XX_Count"}


@cases({
    "a table that nobody has read for a month": ({**OF_TABLES, "TableName": "carts"}, "passed"),
    "one of its operations": ({**OF_TABLES, "TableName": "carts", "Operation": "GetItem"}, "passed"),
    "a mistyped table": ({**OF_TABLES, "TableName": "cart"}, "failed"),
    "a service of the second cluster": (
        {"Namespace": "AWS/ECS", "MetricName": "FailedTasks", "ClusterName": "dr", "ServiceName": "api"}, "passed",
    ),
    "a service that the stack does not have": (
        {"Namespace": "AWS/ECS", "MetricName": "FailedTasks", "ClusterName": "dr", "ServiceName": "web"}, "failed",
    ),
    "a load balancer at rest": ({**OF_BALANCERS, "LoadBalancer": "app/shop/50dc6c495c0c9188"}, "passed"),
    "made again, with another id": ({**OF_BALANCERS, "LoadBalancer": "app/shop/0000000000000000"}, "failed"),
    "one whose id is unknown": ({**OF_BALANCERS, "LoadBalancer": "app/web/50dc6c495c0c9188"}, "failed"),
    "one that was deleted": ({**OF_BALANCERS, "LoadBalancer": "app/gone/50dc6c495c0c9188"}, "failed"),
    "a metric of its own, without dimensions": ({"Namespace": "Shop", "MetricName": "OrderErrors"}, "failed"),
    "what is always measured": (
        {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "ClusterName": "dr", "ServiceName": "api"}, "failed",
    ),
})  # fmt: skip
def test_no_data_for_a_month(told: Raw, outcome: str) -> None:
    keys = {key: told[key] for key in ("Namespace", "MetricName")}
    dimensions = [{"Name": name, "Value": value} for name, value in told.items() if name not in keys]
    aws = aws_of({}, [UNLISTED] * 9)
    seen = watched_alarms(aws.stack, aws, [alarm("quiet", (), **keys, Dimensions=dimensions)], [], HAS, NOW)
    assert verdict(check, watched_alarms=seen, now=NOW)[0] == outcome
