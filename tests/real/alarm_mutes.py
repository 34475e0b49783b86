"""Rows of mute rules: how many hours of a week nobody is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.alarm_history import AlarmNews, alarm_deliveries
from opschecks.aws.alarm_mutes import alarm_mutes
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago
from tests.canned_alarms import checks
from tests.real.alarms import RULE, alarm, seen
from tests.real.rows import Row


def muted(rule: Mapping[str, Any], outcome: str, says: str = "") -> Row:
    """A row of the check that alarms can act, about one alarm and one mute rule."""

    def look() -> Mapping[str, Any]:
        arn = f"arn:aws:cloudwatch:{ACCOUNT}:alarm-mute-rule:nightly"
        listed = {"AlarmMuteRuleSummaries": [{"AlarmMuteRuleArn": arn, "Status": "SCHEDULED"}]}
        told = {"Name": "nightly", "Status": "SCHEDULED", "MuteTargets": {"AlarmNames": ["cpu-high"]}, **rule}
        aws = Aws({("cloudwatch", "ListAlarmMuteRules"): listed, ("cloudwatch", "GetAlarmMuteRule"): told})
        return {
            "alarms": seen(alarm("cpu-high")),
            "alarm_deliveries": alarm_deliveries(aws, NOW, alarm_mutes(aws), [], AlarmNews()),
        }

    return Row(checks.test_alarms_can_act, look, outcome, RULE, says)


def schedule(expression: str, duration: str, zone: str = "") -> Raw:
    """A mute rule's schedule."""
    told = {"Expression": expression, "Duration": duration, **({"Timezone": zone} if zone else {})}
    return {"Rule": {"Schedule": told}}


ROWS = {
    "muted for two hours each night": muted(
        schedule("cron(0 1 * * *)", "PT2H", "Europe/Berlin"), "passed", "14 hours a week"
    ),
    "muted for the deploys on Tuesdays": muted(schedule("cron(30 9 * * TUE)", "PT1H"), "passed", "1 hour a week"),
    "muted once, next month": muted(schedule("at(2026-12-24T00:00)", "P3D"), "passed"),
    "muted from dusk till dawn": muted(schedule("cron(0 20 * * *)", "PT12H"), "failed", "limit 24"),
    "muted each weekend": muted(schedule("cron(0 18 * * FRI)", "P2DT12H"), "failed", "60 hours a week"),
    "muted by a rule that is not understood": muted(schedule("rate(1 day)", "PT1H"), "blind", "was not understood"),
    "muted each night, until the day after tomorrow": muted(
        {**schedule("cron(0 20 * * *)", "PT12H"), "ExpireDate": ago(days=-1)}, "passed"
    ),
}
