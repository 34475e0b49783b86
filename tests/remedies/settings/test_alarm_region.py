"""A remedy of alarms acts on the alarm of its own region, never on another of that name."""

from __future__ import annotations

import pytest

from opschecks.core.change import CannotFix
from opschecks.remedies.settings.cloudwatch_alarms import EnableAlarmActions
from tests.canned import ACCOUNT, Aws
from tests.real.alarms import alarm

HERE, THERE = (f"arn:aws:cloudwatch:{where}:alarm:5xx" for where in (ACCOUNT, "us-east-1:123456789012"))


def test_an_alarm_of_cloudfront_is_left_alone_though_one_of_its_name_is_here() -> None:
    told = {"MetricAlarms": [alarm("5xx", ActionsEnabled=False)], "CompositeAlarms": []}
    aws = Aws({("cloudwatch", "DescribeAlarms"): told})
    remedy = EnableAlarmActions(aws.stack, aws)
    assert remedy.targets(HERE, {}) == ["5xx"]
    with pytest.raises(CannotFix, match="us-east-1:123456789012:alarm:5xx is in another region than the stack"):
        remedy.targets(THERE, {})
