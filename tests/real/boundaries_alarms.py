"""Alarms without data, to the second: how long they may have none, when warm-ups end, and which wait for too little."""

from __future__ import annotations

from typing import Any

from tests.canned import ago
from tests.real.alarms import DYNAMODB, ELB, alarm, blind, sees
from tests.real.rows import Row

CPU = ("AWS/ECS", "CPUUtilization")
SECOND = 1 / 3600


def warming(situation: str, minutes: int, ago_hours: float, outcome: str, says: str = "") -> Row:
    """An alarm that was made so long ago and warms up for so many minutes."""
    changes: dict[str, Any] = {
        "AlarmConfigurationUpdatedTimestamp": ago(hours=ago_hours),
        "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": minutes},
    }
    return sees(situation, blind("new", *CPU, ago_hours, **changes), outcome, says=says)


def quiet(situation: str, outcome: str, metric: str = "HTTPCode_ELB_5XX_Count", of: str = ELB, **changes: Any) -> Row:
    return sees(situation, blind("errors", of, metric, **changes), outcome)


ROWS = [
    sees("without data for an hour, the limit", blind("cpu", *CPU, 1), "passed"),
    sees("without data for a second more", blind("cpu", *CPU, 1 + SECOND), "failed", says="cpu has had no data since"),
    sees("without data for as long as it looks at", blind("cpu", *CPU, 6, Period=3600, EvaluationPeriods=6), "passed"),
    sees("without data for longer than it looks at",
         blind("cpu", *CPU, 6 + SECOND, Period=3600, EvaluationPeriods=6), "failed"),
    sees("without data for two hours, by periods that nobody tells",
         blind("cpu", *CPU, 2, Period=None, EvaluationPeriods=None), "failed"),
    warming("an alarm that warms up for another second", 120, 2 - SECOND, "passed", "new warms up until"),
    warming("an alarm whose warm-up ends now", 120, 2, "passed"),
    warming("an alarm whose warm-up ended an hour ago", 120, 3, "passed"),
    warming("an alarm whose warm-up ended more than an hour ago", 120, 3 + SECOND, "failed", "has had no data"),
    quiet("no errors, and it waits for many", "passed"),
    quiet("no errors, and it waits for as many", "passed", ComparisonOperator="GreaterThanOrEqualToThreshold"),
    quiet("no errors, and it waits for fewer", "failed", ComparisonOperator="LessThanThreshold"),
    quiet("no errors, and it waits for as few", "failed", ComparisonOperator="LessThanOrEqualToThreshold"),
    quiet("no errors, and missing data is bad", "failed", TreatMissingData="breaching"),
    quiet("no errors, and nobody says what missing data is", "passed", TreatMissingData=None),
    quiet("no errors, and missing data changes nothing", "passed", TreatMissingData="ignore"),
    quiet("no throttling in any namespace", "passed", "UserThrottledRequests", DYNAMODB),
    quiet("a queue's dead letters", "passed", "DeadLetterErrors", "AWS/Events"),
    quiet("what a distribution serves while nobody comes", "passed", "Requests", "AWS/CloudFront"),
    sees("a queue that is idle, as the stack says of its metric", blind("idle", "AWS/SQS", "NumberOfMessagesSent"),
         "passed", silent=("NumberOfMessagesSent",)),
    quiet("units of a balancer, which are always told", "failed", "ConsumedLCUs"),
    sees("it is evaluated by a part of its data", alarm("cpu", EvaluationState="PARTIAL_DATA"), "failed",
         says="cpu is not evaluated: PARTIAL_DATA: Threshold Crossed"),
    sees("it is not evaluated, and nobody says why", alarm("cpu", EvaluationState="EVALUATION_ERROR", StateReason=None),
         "failed", says="cpu is not evaluated: EVALUATION_ERROR"),
]  # fmt: skip
