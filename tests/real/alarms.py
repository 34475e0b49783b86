"""CloudWatch alarms as real accounts have them."""

from __future__ import annotations

from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from tests.canned import ACCOUNT, Aws, Raw, ago, daily, given, names, stack
from tests.real.rows import Row

checks = daily("alarms")
TOPIC = f"arn:aws:sns:{ACCOUNT}:on-call"


def alarm(name: str, **changes: object) -> Raw:
    """An element of DescribeAlarms' MetricAlarms, OK and with an action; a change to None takes a key away."""
    raw = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{name}",
        "StateValue": "OK",
        "StateReason": "Threshold Crossed: 1 datapoint [3.0] was not greater than the threshold (90.0).",
        "StateUpdatedTimestamp": ago(hours=30),
        "StateTransitionedTimestamp": ago(hours=30),
        "AlarmConfigurationUpdatedTimestamp": ago(days=9),
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS",
    }
    return given(raw, changes)


def seen(*known: Raw) -> list[Alarm]:
    """The stack's alarms, where DescribeAlarms answers these metric alarms."""
    return alarms(
        stack(), Aws({("cloudwatch", "DescribeAlarms"): {"MetricAlarms": list(known), "CompositeAlarms": []}}), names()
    )


ROWS = [
    Row(
        "a CPU alarm rings",
        checks.test_no_alarm_is_ringing,
        lambda: {"alarms": seen(alarm("cpu-high", StateValue="ALARM", StateTransitionedTimestamp=ago(hours=2)))},
        "failed",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html",
        says="Threshold Crossed",
    ),
]
