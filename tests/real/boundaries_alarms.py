"""Alarms without data, to the second: how long they may have none, when warm-ups end, and which wait for too little."""

from __future__ import annotations

from typing import Any

from tests.canned import ago
from tests.real.alarms import DYNAMODB, ELB, alarm, blind, sees
from tests.real.rows import Row

CPU = ("AWS/ECS", "CPUUtilization")
SECOND = 1 / 3600


def warming(minutes: int, ago_hours: float, outcome: str, says: str = "") -> Row:
    """An alarm that was made so long ago and warms up for so many minutes."""
    changes: dict[str, Any] = {
        "AlarmConfigurationUpdatedTimestamp": ago(hours=ago_hours),
        "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": minutes},
    }
    return sees(blind("new", *CPU, ago_hours, **changes), outcome, says=says)


def quiet(outcome: str, metric: str = "HTTPCode_ELB_5XX_Count", of: str = ELB, **changes: Any) -> Row:
    return sees(blind("errors", of, metric, **changes), outcome)


ROWS = {
    "without data for an hour, the limit": sees(blind("cpu", *CPU, 1), "passed"),
    "without data for a second more": sees(blind("cpu", *CPU, 1 + SECOND), "failed", says="cpu has had no data since"),
    "without data for as long as it looks at": sees(blind("cpu", *CPU, 6, Period=3600, EvaluationPeriods=6), "passed"),
    "without data for longer than it looks at": sees(
        blind("cpu", *CPU, 6 + SECOND, Period=3600, EvaluationPeriods=6), "failed"
    ),
    "without data for two hours, by periods that nobody tells": sees(
        blind("cpu", *CPU, 2, Period=None, EvaluationPeriods=None), "failed"
    ),
    "an alarm that warms up for another second": warming(120, 2 - SECOND, "passed", "new warms up until"),
    "an alarm whose warm-up ends now": warming(120, 2, "passed"),
    "an alarm whose warm-up ended an hour ago": warming(120, 3, "passed"),
    "an alarm whose warm-up ended more than an hour ago": warming(120, 3 + SECOND, "failed", "has had no data"),
    "no errors, and it waits for many": quiet("passed"),
    "no errors, and it waits for as many": quiet("passed", ComparisonOperator="GreaterThanOrEqualToThreshold"),
    "no errors, and it waits for fewer": quiet("failed", ComparisonOperator="LessThanThreshold"),
    "no errors, and it waits for as few": quiet("failed", ComparisonOperator="LessThanOrEqualToThreshold"),
    "no errors, and missing data is bad": quiet("failed", TreatMissingData="breaching"),
    "no errors, and nobody says what missing data is": quiet("passed", TreatMissingData=None),
    "no errors, and missing data changes nothing": quiet("passed", TreatMissingData="ignore"),
    "no throttling in any namespace": quiet("passed", "UserThrottledRequests", DYNAMODB),
    "a queue's dead letters": quiet("passed", "DeadLetterErrors", "AWS/Events"),
    "what a distribution serves while nobody comes": quiet("passed", "Requests", "AWS/CloudFront"),
    "a queue that is idle, as the stack says of its metric": sees(
        blind("idle", "AWS/SQS", "NumberOfMessagesSent"), "passed", silent=("NumberOfMessagesSent",)
    ),
    "units of a balancer, which are always told": quiet("failed", "ConsumedLCUs"),
    "it is evaluated by a part of its data": sees(
        alarm("cpu", EvaluationState="PARTIAL_DATA"),
        "failed",
        says="cpu is not evaluated: PARTIAL_DATA: Threshold Crossed",
    ),
    "it is not evaluated, and nobody says why": sees(
        alarm("cpu", EvaluationState="EVALUATION_ERROR", StateReason=None),
        "failed",
        says="cpu is not evaluated: EVALUATION_ERROR",
    ),
}
