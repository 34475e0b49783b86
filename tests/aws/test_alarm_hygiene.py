"""Alarms that call nobody or watch nothing: told apart from those that are silent because all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from opschecks.aws.alarm_history import AlarmEvent
from opschecks.aws.alarm_hygiene import WatchedAlarm, alarm_fortnight, watched_alarms
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Raw,
    ago,
    concludes,
    examined,
    names,
    pages_of,
    stack,
    verdict,
    verdicts,
    weekly,
)
from tests.cases import cases

checks = weekly("alarm_hygiene")
TOPIC = f"arn:aws:sns:{ACCOUNT}:pages"
LISTED = ("cloudwatch", "ListMetrics")


def alarm(name: str = "cpu-high", below: Sequence[Alarm] = (), /, **changes: Any) -> Alarm:
    """A metric alarm, unless changes make it another; a change to None takes a key away."""
    raw = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateTransitionedTimestamp": ago(days=40),
        "StateUpdatedTimestamp": ago(days=40),
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "Namespace": "AWS/ECS",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "ClusterName", "Value": "prod"}, {"Name": "ServiceName", "Value": "backend"}],
        "Statistic": "Average",
        "TreatMissingData": "notBreaching",
        **changes,
    }
    evidence = Answer({key: value for key, value in raw.items() if value is not None})
    return Alarm(arn=evidence["AlarmArn"], name=name, evidence=evidence, below=tuple(below))


NO_METRIC = {"Namespace": None, "MetricName": None, "Dimensions": None, "Statistic": None}


def composite(*below: Alarm, **changes: Any) -> Alarm:
    rule = " OR ".join(f'ALARM("{one.name}")' for one in below)
    return alarm("down", below, **{**NO_METRIC, "AlarmRule": rule, **changes})


def aws_of(samples: Mapping[str, Sequence[float]], listed: Sequence[Any] = (), checked: Stack | None = None) -> Aws:
    """Hourly sample counts by metric name; what is not named has none."""

    def data(MetricDataQueries: list[Raw], **_: Any) -> Raw:  # noqa: N803 - AWS's name
        told = []
        for query in MetricDataQueries:
            values = list(samples.get(query["MetricStat"]["Metric"]["MetricName"], []))
            times = [NOW - timedelta(hours=hour + 1) for hour in range(len(values))]
            told.append({"Id": query["Id"], "Timestamps": times, "Values": values, "StatusCode": "Complete"})
        return {"MetricDataResults": told}

    answers: dict[tuple[str, str], Any] = {
        ("cloudwatch", "GetMetricData"): data,
        LISTED: list(listed),
        ("sns", "GetTopicAttributes"): {"Attributes": {"SubscriptionsConfirmed": "1", "SubscriptionsPending": "0"}},
        ("events", "ListRules"): {"Rules": []},
    }
    return Aws(answers, checked)


def seen(
    *alarms: Alarm,
    samples: Mapping[str, Sequence[float]] | None = None,
    listed: Sequence[Any] = (),
    rings: Sequence[AlarmEvent] | CouldNotLook = (),
    checked: Stack | None = None,
) -> list[WatchedAlarm]:
    aws = aws_of({"CPUUtilization": [60]} if samples is None else samples, listed, checked)
    return watched(aws, *alarms, rings=rings)


def watched(
    aws: Aws, *alarms: Alarm, rings: Sequence[AlarmEvent] | CouldNotLook = (), services: tuple[str, ...] = ()
) -> list[WatchedAlarm]:
    """What is seen of these alarms, of a stack with these services."""
    past = rings if isinstance(rings, CouldNotLook) else list(rings)
    return watched_alarms(aws.stack, aws, list(alarms), past, names(services=services), NOW)


@cases({
    "by itself": ([alarm()], "passed", "has not rung in the last 14 days"),
    "nobody": ([alarm(AlarmActions=[])], "failed", "it has no action, and neither a composite alarm with one"),
    "the key is left out": ([alarm(AlarmActions=None)], "blind", "the answer has no 'AlarmActions'"),
    "only when it is well again": ([alarm(AlarmActions=[], OKActions=[TOPIC])], "failed", "it has no action"),
    "through a composite": ([alarm(AlarmActions=[]), composite(alarm())], "passed", "heard through down"),
    "through a silent composite": (
        [alarm(AlarmActions=[]), composite(alarm(), AlarmActions=[])],
        "failed",
        "no action",
    ),
    "through a composite of another": ([alarm(AlarmActions=[]), composite(alarm("other"))], "failed", "no action"),
    "is not there": ([alarm(StateValue="MISSING", **NO_METRIC)], "failed", "there is no such alarm"),
})  # fmt: skip
def test_alarms_call_somebody(alarms: list[Alarm], outcome: str, message: str) -> None:
    told = examined(checks.test_alarms_call_somebody, watched_alarms=seen(*alarms))[0]
    assert told.outcome.value == outcome, told
    assert message in told.message


def test_how_often_an_alarm_rang_is_information_only() -> None:
    page = {"AlarmType": "MetricAlarm", "HistoryItemType": "StateUpdate", "Timestamp": ago(days=3)}
    items = [
        {**page, "AlarmName": name, "HistorySummary": f"Alarm updated from {of} to {to}"}
        for name, of, to in (
            ("cpu-high", "OK", "ALARM"),
            ("cpu-high", "ALARM", "OK"),
            ("cpu-high", "INSUFFICIENT_DATA", "ALARM"),
            ("other", "OK", "ALARM"),
        )
    ]
    pages = pages_of("AlarmHistoryItems", items[:1], [], items[1:])
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): pages})
    rings = alarm_fortnight(aws, NOW)
    asked = aws.parameters_of("DescribeAlarmHistory")[0]
    assert asked["StartDate"] == NOW - timedelta(days=14)
    assert set(asked["AlarmTypes"]) == {"MetricAlarm", "CompositeAlarm", "LogAlarm"}
    told = verdict(checks.test_alarms_call_somebody, watched_alarms=seen(alarm(), rings=rings))
    assert told == ("passed", "rang 2 times in the last 14 days (CloudWatch keeps no older history)")


def test_where_the_history_may_not_be_read_it_is_unknown_whether_actions_fail() -> None:
    denied = CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied")
    found = seen(alarm(), rings=denied)
    said = "in the last 14 days is unknown; cloudwatch:DescribeAlarmHistory: AccessDenied"
    concludes(checks.test_alarms_call_somebody, "blind", said, watched_alarms=found)
    assert [figure.label for figure in found[0].figures] == []
    assert [figure.label for figure in seen(alarm())[0].figures] == ["rang in 14 days"]


ERRORS = {"Namespace": "AWS/ApplicationELB", "Dimensions": [{"Name": "LoadBalancer", "Value": "app/web/1f"}]}
ALIVE = {"Metrics": [{"Namespace": "AWS/ApplicationELB", "MetricName": "RequestCount"}]}
NONE: Raw = {"Metrics": []}
MATH = {
    **NO_METRIC,
    "Metrics": [
        {"Id": "e", "Expression": "errors / requests * 100", "ReturnData": True},
        {
            "Id": "errors",
            "MetricStat": {
                "Metric": {**ERRORS, "MetricName": "HTTPCode_Target_5XX_Count"},
                "Period": 60,
                "Stat": "Sum",
            },
        },
        {
            "Id": "requests",
            "MetricStat": {"Metric": {**ERRORS, "MetricName": "RequestCount"}, "Period": 60, "Stat": "Sum"},
        },
    ],
}
QUERY = {**NO_METRIC, "Metrics": [{"Id": "q", "Expression": "SELECT AVG(x) FROM y", "Period": 60}]}
ON_ERRORS = alarm(MetricName="HTTPCode_Target_5XX_Count", **ERRORS)


@cases({
    "data": (alarm(), {"CPUUtilization": [0, 12, 60]}, [], "passed", ""),
    "one sample in a week": (alarm(), {"CPUUtilization": [1]}, [], "passed", ""),
    "nothing": (alarm(), {}, [], "failed", "no data for a week: AWS/ECS CPUUtilization (ClusterName=prod, Service"),
    "no errors, of a thing that lives": (
        ON_ERRORS,
        {},
        [ALIVE],
        "passed",
        "as while all is well: AWS/ApplicationELB HTTPC",
    ),
    "no errors, of a thing that is gone": (
        ON_ERRORS,
        {},
        [NONE],
        "failed",
        "no data for a week: AWS/ApplicationELB HTTP",
    ),
    "no errors, alive on the second page": (ON_ERRORS, {}, [{"Metrics": [], "NextToken": "2"}, ALIVE], "passed", ""),
    "no requests, so no latency": (alarm(MetricName="TargetResponseTime", **ERRORS), {}, [ALIVE], "passed", ""),
    "a name misspelt": (alarm(MetricName="CPUUtilisation"), {"CPUUtilization": [60]}, [], "failed", "CPUUtilisation"),
    "a unit that it never has": (alarm(Unit="Bytes"), {}, [], "failed", "ServiceName=backend) in Bytes"),
    "math over errors that are none": (alarm(**MATH), {"RequestCount": [9]}, [ALIVE], "passed", "as while all is well"),
    "math over what is gone": (alarm(**MATH), {}, [NONE, NONE], "failed", "RequestCount (LoadBalancer=app/web/1f)"),
    "a composite": (composite(alarm()), {}, [], "passed", "judged by its state only"),
    "a blind composite": (composite(alarm(), StateValue="INSUFFICIENT_DATA"), {}, [], "failed", "no data since"),
    "a query": (alarm(**QUERY), {}, [], "passed", "judged by its state only"),
    "is not there": (alarm(StateValue="MISSING", **NO_METRIC), {}, [], "failed", "there is no such alarm"),
    "a metric without a namespace": (alarm(Namespace=None), {}, [], "blind", "no 'Namespace'"),
})  # fmt: skip
def test_alarms_watch_something(
    one: Alarm, samples: dict[str, list[float]], listed: list[Any], outcome: str, message: str
) -> None:
    try:
        told = verdict(checks.test_alarms_watch_something, watched_alarms=seen(one, samples=samples, listed=listed))
    except CouldNotLook as error:
        told = ("blind", str(error))
    assert told[0] == outcome, told
    assert message in told[1]


def test_what_may_be_silent_is_not_asked_for() -> None:
    checked = stack(silent_metrics=["AWS/SQS", "Deaths"])
    idle = alarm("dlq", Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible", Dimensions=[])
    own = alarm("deaths", Namespace="Prod", MetricName="Deaths", Dimensions=[])
    aws = aws_of({"CPUUtilization": [60]}, checked=checked)
    found = watched(aws, idle, own, alarm())
    told = {one.name: one.outcome.value for one in examined(checks.test_alarms_watch_something, watched_alarms=found)}
    assert told == {"dlq": "passed", "deaths": "passed", "cpu-high": "passed"}
    [asked] = aws.parameters_of("GetMetricData")
    assert len(asked["MetricDataQueries"]) == 1
    assert found[0].accepted == found[0].metrics


def test_it_is_asked_as_the_alarm_itself_asks_once_for_all() -> None:
    elsewhere = {
        "Id": "m",
        "AccountId": "210987654321",
        "MetricStat": {
            "Metric": {"Namespace": "X", "MetricName": "Errors"},
            "Period": 60,
            "Stat": "p99",
            "Unit": "Count",
        },
    }
    aws = aws_of({"CPUUtilization": [60]}, [NONE])
    alarms = [alarm("a"), alarm("b"), alarm("c", **{**NO_METRIC, "Metrics": [elsewhere]})]
    found = watched(aws, *alarms)
    [asked] = aws.parameters_of("GetMetricData")
    assert asked["StartTime"] == (NOW - timedelta(days=7)).replace(minute=0, second=0, microsecond=0)
    first, second = asked["MetricDataQueries"]  # the two alarms on one metric are one question
    assert first["MetricStat"]["Stat"] == "SampleCount"
    assert "Unit" not in first["MetricStat"]
    assert second["AccountId"] == "210987654321"
    assert second["MetricStat"]["Unit"] == "Count"
    [listed] = aws.parameters_of("ListMetrics")
    assert listed == {"Namespace": "X", "IncludeLinkedAccounts": True, "OwningAccount": "210987654321"}
    assert [bool(one.silent) for one in found] == [False, False, True]


def test_a_metric_that_was_not_answered_in_full_blinds_its_own_alarm_only() -> None:
    results = [
        {"Id": "m0", "Timestamps": [NOW], "Values": [60.0], "StatusCode": "Complete"},
        {"Id": "m1", "Timestamps": [], "Values": [], "StatusCode": "InternalError"},
        {"Id": "m2", "Timestamps": [NOW], "Values": [1.0], "StatusCode": "PartialData"},
    ]
    heard = {"Attributes": {"SubscriptionsConfirmed": "1"}}
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": results}, ("sns", "GetTopicAttributes"): heard})
    alarms = [alarm(str(number), MetricName=f"m{number}") for number in range(4)]
    found = watched(aws, *alarms)
    told = {one.name: one for one in examined(checks.test_alarms_watch_something, watched_alarms=found)}
    assert [one.outcome.value for one in told.values()] == ["passed", "blind", "passed", "blind"]
    assert "the answer is InternalError" in told["1"].message
    assert "the answer is missing" in told["3"].message


def test_more_metrics_than_a_call_takes_are_asked_for_in_two() -> None:
    aws = aws_of({f"m{number}": [1] for number in range(501)})
    alarms = [alarm(str(number), MetricName=f"m{number}") for number in range(501)]
    found = watched(aws, *alarms)
    assert sorted(len(asked["MetricDataQueries"]) for asked in aws.parameters_of("GetMetricData")) == [1, 500]
    assert not any(one.silent for one in found)


def test_a_stack_whose_alarms_watch_no_metric_asks_for_none() -> None:
    aws = Aws({("sns", "GetTopicAttributes"): {"Attributes": {"SubscriptionsConfirmed": "1"}}})
    found = watched(aws, composite(alarm()))
    assert aws.calls == ["sns:GetTopicAttributes"]
    assert found[0].alarm.since == datetime.fromtimestamp(ago(days=40).timestamp(), UTC)


EDGE = {
    "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge",
    "Namespace": "AWS/CloudFront",
    "MetricName": "5xxErrorRate",
    "Dimensions": [{"Name": "DistributionId", "Value": "E2EXAMPLE"}, {"Name": "Region", "Value": "Global"}],
}


def test_what_an_alarm_of_cloudfront_watches_is_asked_for_where_the_alarm_is() -> None:
    told = {"Id": "m0", "Timestamps": [NOW], "Values": [60.0], "StatusCode": "Complete"}
    answer: Raw = {"MetricDataResults": [told]}
    heard = {"Attributes": {"SubscriptionsConfirmed": "1"}}
    rang = {"AlarmName": "edge", "AlarmType": "MetricAlarm", "Timestamp": ago(days=2), "HistoryItemType": "StateUpdate"}
    aws = Aws(
        {
            ("cloudwatch", "GetMetricData"): answer,
            ("us-east-1 cloudwatch", "GetMetricData"): answer,
            ("us-east-1 cloudwatch", "DescribeAlarmHistory"): {
                "AlarmHistoryItems": [{**rang, "HistorySummary": "Alarm updated from OK to ALARM"}]
            },
            ("sns", "GetTopicAttributes"): heard,
        }
    )
    found = watched(aws, alarm(), alarm("edge", **EDGE))
    asked = {
        one.region: one.parameters["MetricDataQueries"][0]["MetricStat"]["Metric"]["Namespace"]
        for one in aws.asked
        if one.operation == "GetMetricData"
    }
    assert asked == {"us-west-2": "AWS/ECS", "us-east-1": "AWS/CloudFront"}
    assert [one.rang for one in found] == [0, 1]
    assert set(verdicts(checks.test_alarms_watch_something, watched_alarms=found).values()) == {"passed"}
