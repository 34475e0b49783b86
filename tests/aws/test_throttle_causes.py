"""Why a table is throttled: the limit that was reached and the hottest keys; what cannot be read changes no verdict."""

from __future__ import annotations

from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.throttle_causes import Causes, throttle_causes
from opschecks.aws.throttling import Throttling
from opschecks.core.model import Series
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import NOW, Aws, Raw, ago, daily, verdict
from tests.cases import cases

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
    series = {
        (name, f"throttled {what}"): Series(what, "", points if what == "reads" else (), 300)
        for what in ("reads", "writes")
    }
    known = Metrics({**series, **{("incidents", one): Series(one, "", (), 300) for one in OPERATIONS}})
    return [Throttling(arn="arn", name=name, metrics=known, now=NOW, table="incidents", status=status)]


OPERATIONS = ["BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"]


def metric_data(**counts: float) -> Any:
    """GetMetricData's answer: these metrics have one point, all others none."""

    def answer(**asked: Any) -> Raw:
        return {
            "MetricDataResults": [
                {
                    "Id": query["Id"],
                    "StatusCode": "Complete",
                    "Timestamps": [ago(minutes=15)] if name in counts else [],
                    "Values": [counts[name]] if name in counts else [],
                }
                for query in asked["MetricDataQueries"]
                for name in [query["MetricStat"]["Metric"]["MetricName"]]
            ]
        }

    return answer


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
    [asked] = aws.parameters_of("GetMetricData")
    dimensions = asked["MetricDataQueries"][0]["MetricStat"]["Metric"]["Dimensions"]
    assert [one["Value"] for one in dimensions] == ["incidents", "by-team"]


@cases([(0, "blind"), (12, "failed")])
def test_a_table_that_could_not_be_described_is_judged_by_what_its_metrics_prove(reads: float, outcome: str) -> None:
    """Its indexes are not known: that it was not throttled says nothing of them."""
    refused = CouldNotLook("dynamodb:DescribeTable", "AccessDenied: no", action="dynamodb:DescribeTable")
    assert verdict(CHECK, table_throttling=throttling(reads, status=refused), throttle_causes={})[0] == outcome
