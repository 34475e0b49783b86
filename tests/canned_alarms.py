"""CloudWatch's answers about alarms: of metrics, composite, by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, daily, given, names, stack

PAGE = f"arn:aws:sns:{ACCOUNT}:on-call"
SCALE = f"arn:aws:autoscaling:{ACCOUNT}:scalingPolicy:1f:resource/ecs/service/prod/web:policyName/cpu"
checks = daily("alarms")


def arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{ACCOUNT}:alarm:{name}"


def written(**how_long: float) -> str:
    return f"{ago(**how_long).astimezone(NOW.tzinfo):%Y-%m-%d %H:%M} UTC"


def metric_alarm(name: str, state: str = "OK", **changes: Any) -> Raw:
    raw = {
        "AlarmName": name,
        "AlarmArn": arn(name),
        "StateValue": state,
        "StateReason": "Threshold Crossed: 1 datapoint [97.0] was greater than the threshold (90.0). More of it.",
        "StateUpdatedTimestamp": ago(hours=30),
        "StateTransitionedTimestamp": ago(hours=30),
        "AlarmConfigurationUpdatedTimestamp": ago(days=9),
        "ActionsEnabled": True,
        "AlarmActions": [PAGE],
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/ECS",
    }
    return given(raw, changes)


def composite(name: str, rule: str, state: str = "OK", **changes: Any) -> Raw:
    return metric_alarm(name, state, AlarmRule=rule, MetricName=None, Namespace=None, **changes)


def cloudwatch(*known: Raw) -> Aws:
    """DescribeAlarms over these alarms: by prefix or by name, 2 a page, each kind under its own key."""

    def answer(
        AlarmNames: Sequence[str] = (),  # noqa: N803 - AWS's names
        AlarmNamePrefix: str = "",  # noqa: N803
        NextToken: str = "0",  # noqa: N803
        **_: Any,
    ) -> Raw:
        wanted = [one for one in known if (one["AlarmName"] in AlarmNames if AlarmNames else True)]
        wanted = [one for one in wanted if one["AlarmName"].startswith(AlarmNamePrefix)]
        begin = int(NextToken)
        page = wanted[begin : begin + 2]
        return {
            "MetricAlarms": [one for one in page if "AlarmRule" not in one],
            "CompositeAlarms": [one for one in page if "AlarmRule" in one],
            **({"NextToken": str(begin + 2)} if wanted[begin + 2 :] else {}),
        }

    return Aws({("cloudwatch", "DescribeAlarms"): answer})


def seen(*known: Raw, prefix: str = "", inventory: Sequence[str] = ()) -> list[Alarm]:
    return alarms(stack(alarm_prefix=prefix), cloudwatch(*known), names(alarms=tuple(inventory)))
