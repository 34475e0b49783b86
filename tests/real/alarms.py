"""CloudWatch alarms as real accounts have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opschecks.aws.alarm_history import AlarmNews, Deliveries, alarm_deliveries, alarm_history
from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from tests.canned import NOW, Aws, Raw, ago, names, stack
from tests.canned_alarms import PAGE, checks, metric_alarm
from tests.real.rows import Row

TOPIC, alarm = PAGE, metric_alarm
DOCS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/"
MISSING_DATA = DOCS + "monitoring/alarms-and-missing-data.html"
ITEM = DOCS + "APIReference/API_AlarmHistoryItem.html"
RULE = DOCS + "APIReference/API_Schedule.html"
UNCHECKED = "Unchecked: Initial alarm creation"


def seen(*known: Raw, silent: Sequence[str] = ()) -> list[Alarm]:
    """The stack's alarms, where DescribeAlarms answers these metric alarms."""
    answer = {"MetricAlarms": list(known), "CompositeAlarms": []}
    return alarms(stack(silent_metrics=silent), Aws({("cloudwatch", "DescribeAlarms"): answer}), names())


def blind(name: str, namespace: str, metric: str, hours: float = 9, **changes: Any) -> Raw:
    """A metric alarm in INSUFFICIENT_DATA for some hours, which treats missing data as missing."""
    since = ago(hours=hours)
    told = {
        "Namespace": namespace,
        "MetricName": metric,
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": "Insufficient Data: 1 datapoint was unknown.",
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "missing",
        "Period": 300,
        "EvaluationPeriods": 1,
    }
    return alarm(name, **{**told, **changes})


def sees(one: Raw, outcome: str, source: str = MISSING_DATA, says: str = "", silent: Any = ()) -> Row:
    """A row of the check that alarms have data."""
    return Row(checks.test_alarms_can_see, lambda: {"alarms": seen(one, silent=silent)}, outcome, source, says)


def action(name: str, said: str, hours: float = 2, **changes: Any) -> Raw:
    """A line of the history about an action."""
    return {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": ago(hours=hours),
        "HistoryItemType": "Action",
        "HistorySummary": said,
        **changes,
    }


def delivered(*items: Raw) -> Deliveries:
    """What the history of a day says of deliveries; no mute rules."""
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): {"AlarmHistoryItems": list(items)}})
    return alarm_deliveries(aws, NOW, [], alarm_history(aws, NOW), AlarmNews())


def acts(items: Sequence[Raw], outcome: str, says: str = "", **changes: Any) -> Row:
    """A row of the check that alarms can act, about one alarm and its history."""
    return Row(
        checks.test_alarms_can_act,
        lambda: {"alarms": seen(alarm("cpu-high", **changes)), "alarm_deliveries": delivered(*items)},
        outcome,
        ITEM,
        says,
    )


FAILED = f"Failed to execute action {TOPIC}"
WHY = '{"actionState":"Failed","error":"null (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException)"}'
DONE = f"Successfully executed action {TOPIC}"


RINGS: Raw = {"StateValue": "ALARM", "StateTransitionedTimestamp": ago(hours=2)}
ELB, DYNAMODB = "AWS/ApplicationELB", "AWS/DynamoDB"
MATH = [
    {"Id": "rate", "Expression": "100 * errors / requests", "ReturnData": True},
    *(
        {
            "Id": name,
            "ReturnData": False,
            "MetricStat": {"Metric": {"Namespace": ELB, "MetricName": metric}, "Period": 60, "Stat": "Sum"},
        }
        for name, metric in (("errors", "HTTPCode_Target_5XX_Count"), ("requests", "RequestCount"))
    ),
]
ROWS = {
    "a CPU alarm rings": Row(
        checks.test_no_alarm_is_ringing,
        lambda: {"alarms": seen(alarm("cpu-high", **RINGS))},
        "failed",
        DOCS + "APIReference/API_MetricAlarm.html",
        "Threshold Crossed",
    ),
    "5xx at night, without a request": sees(
        blind("5xx", ELB, "HTTPCode_Target_5XX_Count"), "passed", says="all is well"
    ),
    "5xx of the balancer since it was made": sees(blind("elb-5xx", ELB, "HTTPCode_ELB_5XX_Count", 900), "passed"),
    "latency at night, without a request": sees(blind("slow", ELB, "TargetResponseTime"), "passed"),
    "throttled writes that there never were": sees(blind("hot", DYNAMODB, "WriteThrottleEvents", 2000), "passed"),
    "an error rate by metric math at night": sees(
        blind("rate", "", "", MetricName=None, Namespace=None, Metrics=MATH), "passed"
    ),
    "errors of a function that nobody calls": sees(blind("fn", "AWS/Lambda", "Errors", 50), "passed"),
    "too few requests, an alarm that can never ring": sees(
        blind("quiet", ELB, "RequestCount", ComparisonOperator="LessThanThreshold"),
        "failed",
        says="quiet has had no data since",
    ),
    "CPU of a service that is gone": sees(blind("cpu", "AWS/ECS", "CPUUtilization"), "failed", says="has had no data"),
    "healthy hosts, which are always told": sees(blind("hosts", ELB, "HealthyHostCount"), "failed"),
    "a queue that is idle, as the stack says": sees(
        blind("dlq", "AWS/SQS", "ApproximateNumberOfMessagesVisible"), "passed", silent=["AWS/SQS"]
    ),
    "a queue that is idle, of which nobody says so": sees(blind("dlq", "AWS/SQS", "NumberOfMessagesSent"), "failed"),
    "an alarm of an hour ago that warms up for four": sees(
        blind(
            "new",
            "AWS/ECS",
            "CPUUtilization",
            2,
            StateReason=UNCHECKED,
            AlarmConfigurationUpdatedTimestamp=ago(hours=2),
            WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 240},
        ),
        "passed",
        DOCS + "APIReference/API_WarmUpConfiguration.html",
        says="new warms up until",
    ),
    "an alarm whose warm-up has long ended": sees(
        blind(
            "old",
            "AWS/ECS",
            "CPUUtilization",
            50,
            AlarmConfigurationUpdatedTimestamp=ago(hours=50),
            WarmUpConfiguration={"WarmUpPeriodDurationInMinutes": 240},
        ),
        "failed",
        DOCS + "APIReference/API_WarmUpConfiguration.html",
    ),
    "an alarm of yesterday on a metric of once a day": sees(
        blind("size", "AWS/S3", "BucketSizeBytes", 20, Period=86400),
        "passed",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html",
    ),
    "nobody was called: the key of the topic": acts([action("cpu-high", FAILED, HistoryData=WHY)], "failed", "AWSKMS"),
    "nobody was called: told in the summary only": acts(
        [
            action(
                "cpu-high", f'{FAILED}. Received error: "CloudWatch Alarms is not authorized to perform: SNS:Publish"'
            )
        ],
        "failed",
        "not authorized to perform: SNS:Publish",
    ),
    "it failed, and worked the next time": acts([action("cpu-high", FAILED, 9), action("cpu-high", DONE, 1)], "passed"),
    "it worked, and failed the next time": acts([action("cpu-high", DONE, 9), action("cpu-high", FAILED, 1)], "failed"),
    "one of two actions failed": acts(
        [
            action("cpu-high", FAILED),
            action("cpu-high", "Successfully executed action arn:aws:lambda:us-west-2:1:function:x"),
        ],
        "passed",
    ),
    "it failed before the topic was changed": acts(
        [action("cpu-high", FAILED, 9)], "passed", AlarmConfigurationUpdatedTimestamp=ago(hours=3)
    ),
    "another alarm's action failed": acts([action("cpu-low", FAILED)], "passed"),
    "only the call that all is well again failed": acts(
        [action("cpu-high", DONE.replace("on-call", "pages")), action("cpu-high", f"{FAILED}-quiet", 1)],
        "passed",
        OKActions=[f"{TOPIC}-quiet"],
    ),
}
