"""Throttling of tables and their indexes, and why: the limit that was reached and the hottest keys.

What cannot be read of the causes changes no verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.throttle_causes import CAUSES, OPERATIONS, Causes, throttle_causes
from opschecks.aws.throttling import Throttling, table_throttling
from opschecks.core.answer import Answer
from opschecks.core.model import Series
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_traffic_measures import REFUSED, line, series
from tests.canned import NOW, Aws, Raw, ago, daily, names, verdict, verdicts
from tests.canned_metrics import INCIDENTS, Points, at, seen
from tests.cases import cases


def throttled(series: Mapping[str, Any]) -> list[Throttling]:
    return table_throttling(seen(series, inventory=names(), tables=[INCIDENTS]), [INCIDENTS], NOW)


INDEX = "incidents/status-index"


@cases({
    "never": ({}, {"incidents": "passed", INDEX: "passed"}),
    "table": ({"ReadThrottleEvents Sum incidents": [at(30, 4)]}, {"incidents": "failed", INDEX: "passed"}),
    "index": ({"WriteThrottleEvents Sum status-index": [at(59, 1)]}, {"incidents": "passed", INDEX: "failed"}),
    "two hours ago": ({"ReadThrottleEvents": [at(120, 50)]}, {"incidents": "passed"}),
})  # fmt: skip
def test_throttling_is_told_by_table_and_index(series: dict[str, Points], wanted: dict[str, str]) -> None:
    outcomes = verdicts(
        daily("dynamodb").test_tables_are_not_throttled, table_throttling=throttled(series), throttle_causes={}
    )
    assert {**outcomes, **wanted} == outcomes


def test_throttling_that_is_not_known_in_full_is_not_none() -> None:
    found = throttled({"WriteThrottle": ([], "PartialData")})
    outcomes = verdicts(daily("dynamodb").test_tables_are_not_throttled, table_throttling=found, throttle_causes={})
    assert set(outcomes.values()) == {"blind"}


CHECK = daily("dynamodb").test_tables_are_not_throttled
RULE = "DynamoDBContributorInsights-PKT-incidents-1576629651520"
METRIC_DATA, INSIGHTS = ("cloudwatch", "GetMetricData"), ("dynamodb", "DescribeContributorInsights")
REPORT = ("cloudwatch", "GetInsightRuleReport")
ON = {"TableName": "incidents", "ContributorInsightsStatus": "ENABLED", "ContributorInsightsRuleList": [RULE]}
OFF = {"TableName": "incidents", "ContributorInsightsStatus": "DISABLED"}
DENIED = CouldNotLook("cloudwatch:GetInsightRuleReport", "AccessDenied: no", action="cloudwatch:GetInsightRuleReport")


def throttling(reads: float, name: str = "incidents", status: Any = "ACTIVE") -> list[Throttling]:
    """The table's or index's Throttling with so many throttled reads a quarter of an hour ago."""
    points = ((ago(minutes=15), reads),) if reads else ()
    known = Metrics({
        (name, f"throttled {what}"): Series(what, "", points if what == "reads" else (), 300)
        for what in ("reads", "writes")
    })  # fmt: skip
    return [Throttling(arn="arn", name=name, metrics=known, now=NOW, table="incidents", status=status)]


def metric_data(status: str = "Complete", **counts: float) -> Any:
    """GetMetricData's answer: these metrics, or operations, have one point, all others none."""

    def count(metric: Raw) -> float | None:
        of = {str(one["Name"]): str(one["Value"]) for one in metric["Dimensions"]}
        return counts.get(of.get("Operation", str(metric["MetricName"])))

    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        told = [(one["Id"], count(one["MetricStat"]["Metric"])) for one in MetricDataQueries]
        moment = ago(minutes=15)
        return {
            "MetricDataResults": [
                {"Id": id_, "StatusCode": status, "Timestamps": [moment] if n else [], "Values": [n] if n else []}
                for id_, n in told
            ]
        }

    return answer


def _queries(aws: Aws) -> list[Raw]:
    return [query for asked in aws.parameters_of("GetMetricData") for query in asked["MetricDataQueries"]]


def report(**keys: float) -> Raw:
    told = [{"Keys": [key], "ApproximateAggregateValue": value, "Datapoints": []} for key, value in keys.items()]
    return {"KeyLabels": ["id"], "AggregateValue": sum(keys.values()), "Contributors": told}


def causes(data: Any, insights: Any, told: Any = DENIED, *, of: list[Throttling] | None = None) -> dict[str, Causes]:
    return throttle_causes(Aws({METRIC_DATA: data, INSIGHTS: insights, REPORT: told}), of or throttling(12), NOW)


HOT = metric_data(ReadKeyRangeThroughputThrottleEvents=12)


@cases({
    "a hot key": (
        HOT,
        ON,
        report(a=10, b=2),
        "12 reads beyond what one partition can take (a hot key); most throttled keys: a (10), b (2)",
    ),
    "Contributor Insights is off": (HOT, OFF, None, "Contributor Insights, which would name the hot keys, is off"),
    "it is being turned on": (HOT, {**ON, "ContributorInsightsStatus": "ENABLING"}, None, "hot keys, is off"),
    "it only knows accesses": (
        HOT,
        {**ON, "ContributorInsightsRuleList": [RULE.replace("PKT", "PKC")]},
        None,
        "is off",
    ),
    "its rule is gone": (HOT, ON, NotThere("cloudwatch:GetInsightRuleReport", "ResourceNotFound: no"), "is off"),
    "it reports none": (HOT, ON, {"AggregateValue": 0.0}, "most throttled keys: none is reported"),
    "it may not be read": (
        HOT,
        ON,
        DENIED,
        "the hot keys could not be read: cloudwatch:GetInsightRuleReport: AccessDenied: no – allow",
    ),
    "an answer that says nothing": (
        HOT,
        {},
        None,
        "the hot keys could not be read: dynamodb:DescribeContributorInsights",
    ),
    "provisioned": (
        metric_data(ReadProvisionedThroughputThrottleEvents=9),
        OFF,
        None,
        "9 reads beyond the provisioned cap",
    ),
    "a maximum on demand": (
        metric_data(WriteMaxOnDemandThroughputThrottleEvents=9),
        OFF,
        None,
        "9 writes beyond the max",
    ),
    "the account": (metric_data(ReadAccountLimitThrottleEvents=9), OFF, None, "9 reads beyond the account's limit"),
    "operations, most first": (
        metric_data(Query=2, PutItem=40, ReadKeyRangeThroughputThrottleEvents=12),
        OFF,
        None,
        "PutItem 40, Query 2; 12 reads beyond what one partition can take (a hot key); Contributor Insights",
    ),
    "two causes": (
        metric_data(ReadAccountLimitThrottleEvents=2, WriteKeyRangeThroughputThrottleEvents=7),
        OFF,
        None,
        "7 writes beyond what one partition can take (a hot key), 2 reads beyond the account's limit",
    ),
    "a region without these metrics": (metric_data(), OFF, None, "CloudWatch names no cause"),
    "metrics may not be read": (
        CouldNotLook("cloudwatch:GetMetricData", "Throttled: no"),
        OFF,
        None,
        "the cause could not",
    ),
})  # fmt: skip
def test_a_throttled_table_says_why_and_fails_whatever_is_known(data: Any, insights: Any, told: Any, says: str) -> None:
    found = causes(data, insights, told)
    outcome, message = verdict(CHECK, table_throttling=throttling(12), throttle_causes=found)
    assert outcome == "failed"
    assert says in message


def test_nothing_is_asked_where_nothing_was_throttled() -> None:
    aws = Aws({})
    assert throttle_causes(aws, throttling(0), NOW) == {}
    assert aws.calls == []
    assert verdict(CHECK, table_throttling=throttling(0), throttle_causes={})[0] == "passed"


def test_an_index_is_asked_for_by_its_own_name() -> None:
    of = throttling(12, "incidents/by-team")
    aws = Aws({METRIC_DATA: HOT, INSIGHTS: ON, REPORT: report(a=1)})
    assert set(throttle_causes(aws, of, NOW)) == {"incidents/by-team"}
    assert aws.parameters_of("DescribeContributorInsights") == [{"TableName": "incidents", "IndexName": "by-team"}]
    metrics = [one["MetricStat"]["Metric"] for one in _queries(aws)]
    asked = {tuple(one["Value"] for one in metric["Dimensions"]) for metric in metrics}
    assert asked == {("incidents", "by-team"), *(("incidents", one) for one in OPERATIONS)}


def test_operations_are_asked_for_once_a_table_and_told_with_each_of_its_indexes() -> None:
    of = [*throttling(12), *throttling(3, "incidents/by-team")]
    aws = Aws({METRIC_DATA: metric_data(Query=4), INSIGHTS: OFF})
    assert {name: one.operations for name, one in throttle_causes(aws, of, NOW).items()} == {
        "incidents": {"Query": 4},
        "incidents/by-team": {"Query": 4},
    }
    metrics = [one["MetricStat"]["Metric"] for one in _queries(aws)]
    assert sum(one["MetricName"] == "ThrottledRequests" for one in metrics) == len(OPERATIONS) == 8


@cases([(0, "blind"), (12, "failed")])
def test_a_table_that_could_not_be_described_is_judged_by_what_its_metrics_prove(reads: float, outcome: str) -> None:
    """Its indexes are not known: that it was not throttled says nothing of them."""
    refused = CouldNotLook("dynamodb:DescribeTable", "AccessDenied: no", action="dynamodb:DescribeTable")
    assert verdict(CHECK, table_throttling=throttling(reads, status=refused), throttle_causes={})[0] == outcome


def _throttling(name: str = "orders", **told: Any) -> Throttling:
    return Throttling(arn="orders", name=name, metrics=series(**told), now=NOW, table="orders", status="ACTIVE")


@cases([
    ([], [], False),
    ([(5, 1)], [], True),
    ([], [(5, 1)], True),
    (REFUSED, [(5, 1)], True),
    (REFUSED, REFUSED, False),
    ([(66, 9)], [(5, 0)], False),
    ([(64, 0.5)], [], True),
])  # fmt: skip
def test_a_table_seems_throttled_where_its_metrics_of_the_last_hour_say_so(
    reads: Any, writes: Any, seems: bool
) -> None:
    assert _throttling(orders__throttled_reads=reads, orders__throttled_writes=writes).seems_throttled is seems


def test_throttled_requests_are_counted() -> None:
    seen = _throttling(orders__throttled_reads=[(5, 3), (1, 1)], orders__throttled_writes=[(5, 2)])
    assert seen.throttled_last_hour == 6
    assert (seen.index, seen.dimensions) == ("", (("TableName", "orders"),))
    index = _throttling("orders/by-team")
    assert (index.index, index.dimensions) == (
        "by-team",
        (("TableName", "orders"), ("GlobalSecondaryIndexName", "by-team")),
    )
    assert _throttling("orders/orders").index == "orders"


def test_each_index_of_a_table_is_a_line_of_its_own() -> None:
    indexes = [{"IndexName": "i", "IndexStatus": "ACTIVE"}]
    evidence = Answer({"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": indexes}, "dynamodb:DescribeTable")
    table = Table(arn="arn:orders", name="orders", evidence=evidence)
    known = Metrics({("orders", "throttled reads"): line([(5, 1)], label="throttled reads")})
    seen = table_throttling(known, [table], NOW)
    assert [(one.arn, one.name, one.table, one.status) for one in seen] == [
        ("arn:orders", "orders", "orders", "ACTIVE"),
        ("arn:orders/index/i", "orders/i", "orders", "ACTIVE"),
    ]
    assert [len(one.series) for one in seen] == [1, 0]


HOTTEST = "DynamoDBContributorInsights-PKT-orders-1"
SWITCHED_ON = {
    "TableName": "orders",
    "ContributorInsightsStatus": "ENABLED",
    "ContributorInsightsRuleList": ["x-PKC-x", HOTTEST],
}


def _keys(*counts: float) -> Raw:
    told = [
        {"Keys": [f"k{n}", "x"], "ApproximateAggregateValue": count, "Datapoints": []} for n, count in enumerate(counts)
    ]
    return {"AggregateValue": 9.0, "Contributors": told}


def _why(
    insights: Any = SWITCHED_ON, report: Any = None, status: str = "Complete", **counts: float
) -> tuple[Causes, Aws]:
    aws = Aws({METRIC_DATA: metric_data(status, **counts), INSIGHTS: insights, REPORT: report or _keys()})
    of = _throttling(orders__throttled_reads=[(5, 1)], orders__throttled_writes=[])
    return throttle_causes(aws, [of], NOW + timedelta(minutes=8, seconds=9, microseconds=1))["orders"], aws


def test_causes_are_counted_from_the_beginning_of_a_period_the_most_frequent_first() -> None:
    counts: dict[str, Any] = {"ReadKeyRangeThroughputThrottleEvents": 2.0, "WriteAccountLimitThrottleEvents": 7.0}
    seen, aws = _why(**counts)
    assert isinstance(seen.limits, dict)
    assert [*seen.limits.items()] == [
        (f"writes {CAUSES['AccountLimit']}", 7),
        (f"reads {CAUSES['KeyRangeThroughput']}", 2),
    ]
    for asked in aws.parameters_of("GetMetricData"):
        assert asked["StartTime"] == NOW + timedelta(minutes=5) - timedelta(hours=1)
        assert asked["EndTime"] == NOW + timedelta(minutes=8, seconds=9, microseconds=1)
    queries = [one["MetricStat"] for one in _queries(aws)]
    assert {(one["Period"], one["Stat"], one["Metric"]["Namespace"]) for one in queries} == {
        (300, "Sum", "AWS/DynamoDB")
    }
    assert len(queries) == 16


def test_the_hottest_keys_are_asked_for_by_the_rule_of_throttled_ones() -> None:
    seen, aws = _why(report=_keys(9, 5, 2, 1))
    assert seen.keys == {"k0, x": 9, "k1, x": 5, "k2, x": 2}
    [asked] = aws.parameters_of("GetInsightRuleReport")
    now = NOW + timedelta(minutes=8, seconds=9, microseconds=1)
    assert asked == {
        "RuleName": HOTTEST,
        "StartTime": now - timedelta(hours=1),
        "EndTime": now,
        "Period": 300,
        "MaxContributorCount": 3,
        "OrderBy": "Sum",
    }
    assert str(seen) == "CloudWatch names no cause; most throttled keys: k0, x (9), k1, x (5), k2, x (2)"
    assert _why(report={"AggregateValue": 0.0})[0].keys == {}
    assert "no 'Contributors'" in str(_why(report={"KeyLabels": []})[0].keys)


def test_causes_that_were_not_told_in_full_are_not_known() -> None:
    seen, _ = _why(status="PartialData")
    assert isinstance(seen.limits, CouldNotLook)
    partial = "cloudwatch:GetMetricData: {} of orders: the answer is PartialData, not Complete"
    operations, limits = partial.format("ThrottledRequests"), partial.format("ReadKeyRangeThroughputThrottleEvents")
    told = f"the operations could not be read: {operations}; the cause could not be read: {limits}; most throttled"
    assert str(seen).startswith(told)
    off, _ = _why({**SWITCHED_ON, "ContributorInsightsStatus": "DISABLED"})
    assert str(off) == "CloudWatch names no cause; Contributor Insights, which would name the hot keys, is off"
    refused, _ = _why(REFUSED)
    assert str(refused) == f"CloudWatch names no cause; the hot keys could not be read: {REFUSED}"


@cases([
    ({**SWITCHED_ON, "ContributorInsightsStatus": "DISABLED"}, None),
    ({**SWITCHED_ON, "ContributorInsightsRuleList": ["x-PKC-x"]}, None),
    ({"ContributorInsightsStatus": "DISABLED"}, None),
    (NotThere("x", "ResourceNotFoundException"), None),
    (REFUSED, REFUSED),
])  # fmt: skip
def test_where_contributor_insights_is_off_no_key_is_known(insights: Any, keys: Any) -> None:
    assert _why(insights)[0].keys is keys
