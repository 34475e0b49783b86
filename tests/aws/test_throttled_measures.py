"""Throttled tables and indexes, and why they were throttled: at the edges of the hour, and where a part is missing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from opschecks.aws.cloudwatch_metrics import OPERATIONS, Metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.throttle_causes import CAUSES, Causes, throttle_causes
from opschecks.aws.throttling import Throttling, table_throttling
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_traffic_measures import REFUSED, line, series
from tests.canned import NOW, Aws, Raw
from tests.cases import cases


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


def test_throttled_requests_are_counted_and_named_by_operation() -> None:
    known: dict[str, Any] = {f"orders__{one}": [] for one in OPERATIONS}
    known |= {"orders__Query": [(66, 50), (5, 4)], "orders__PutItem": [(5, 40), (1, 2)], "orders__Scan": [(70, 9)]}
    seen = _throttling(**known, orders__throttled_reads=[(5, 3), (1, 1)], orders__throttled_writes=[(5, 2)])
    assert seen.throttled_last_hour == 6
    assert seen.operations == "PutItem 42, Query 4"
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


RULE = "DynamoDBContributorInsights-PKT-orders-1"
ON = {"TableName": "orders", "ContributorInsightsStatus": "ENABLED", "ContributorInsightsRuleList": ["x-PKC-x", RULE]}


def _keys(*counts: float) -> Raw:
    told = [
        {"Keys": [f"k{n}", "x"], "ApproximateAggregateValue": count, "Datapoints": []} for n, count in enumerate(counts)
    ]
    return {"AggregateValue": 9.0, "Contributors": told}


def _why(insights: Any = ON, report: Any = None, status: str = "Complete", **counts: float) -> tuple[Causes, Aws]:
    def answer(MetricDataQueries: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's name
        told = [(one["Id"], counts.get(one["MetricStat"]["Metric"]["MetricName"])) for one in MetricDataQueries]
        return {
            "MetricDataResults": [
                {"Id": id_, "StatusCode": status, "Timestamps": [NOW] if n else [], "Values": [n] if n else []}
                for id_, n in told
            ]
        }

    answers: Any = {
        ("cloudwatch", "GetMetricData"): answer,
        ("dynamodb", "DescribeContributorInsights"): insights,
        ("cloudwatch", "GetInsightRuleReport"): report or _keys(),
    }
    aws = Aws(answers)
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
    [asked] = aws.parameters_of("GetMetricData")
    assert asked["StartTime"] == NOW + timedelta(minutes=5) - timedelta(hours=1)
    assert asked["EndTime"] == NOW + timedelta(minutes=8, seconds=9, microseconds=1)
    queries = [one["MetricStat"] for one in asked["MetricDataQueries"]]
    assert {(one["Period"], one["Stat"], one["Metric"]["Namespace"]) for one in queries} == {
        (300, "Sum", "AWS/DynamoDB")
    }
    assert len(queries) == 8


def test_the_hottest_keys_are_asked_for_by_the_rule_of_throttled_ones() -> None:
    seen, aws = _why(report=_keys(9, 5, 2, 1))
    assert seen.keys == {"k0, x": 9, "k1, x": 5, "k2, x": 2}
    [asked] = aws.parameters_of("GetInsightRuleReport")
    now = NOW + timedelta(minutes=8, seconds=9, microseconds=1)
    assert asked == {
        "RuleName": RULE,
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
    assert str(seen).startswith("the cause could not be read: cloudwatch:GetMetricData: ")
    off, _ = _why({**ON, "ContributorInsightsStatus": "DISABLED"})
    assert str(off) == "CloudWatch names no cause; Contributor Insights, which would name the hot keys, is off"
    refused, _ = _why(REFUSED)
    assert str(refused) == f"CloudWatch names no cause; the hot keys could not be read: {REFUSED}"


@cases([
    ({**ON, "ContributorInsightsStatus": "DISABLED"}, None),
    ({**ON, "ContributorInsightsRuleList": ["x-PKC-x"]}, None),
    ({"ContributorInsightsStatus": "DISABLED"}, None),
    (NotThere("x", "ResourceNotFoundException"), None),
    (REFUSED, REFUSED),
])  # fmt: skip
def test_where_contributor_insights_is_off_no_key_is_known(insights: Any, keys: Any) -> None:
    assert _why(insights)[0].keys is keys
