"""Metrics that have no data while all is well, and whose they are: by their names and dimensions."""

from __future__ import annotations

from opschecks.aws.sparse_metrics import is_of_one, is_sparse, may_rest, metrics_of, names_in
from tests.canned import Raw, names
from tests.cases import cases


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
