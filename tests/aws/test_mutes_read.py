"""Mute rules as GetAlarmMuteRule tells them, whole; and schedules whose every field is a star or at its end.

Sources: API_GetAlarmMuteRule, API_Schedule of CloudWatch. NOW is a Tuesday, 07:00 UTC.
"""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from opschecks.aws.alarm_mutes import Mute, alarm_mutes
from opschecks.core.observation import NotThere
from tests.canned import ACCOUNT, NOW, Aws, Canned, Raw, ago
from tests.cases import cases

NIGHTS: Raw = {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}}
TOLD: dict[str, tuple[Canned, Mute | None]] = {
    "deploy": (
        {"Status": "ACTIVE", "MuteTargets": {"AlarmNames": ["cpu", "cpu-2"]}, "ExpireDate": ago(hours=-2)},
        Mute("deploy", frozenset({"cpu", "cpu-2"}), NOW + timedelta(hours=2), region="us-west-2"),
    ),
    "nights": (
        {"Status": "SCHEDULED", "MuteTargets": {"AlarmNames": ["cpu"]}, "Rule": NIGHTS, "StartDate": ago(hours=-3)},
        Mute(
            "nights", frozenset({"cpu"}), None, active=False, region="us-west-2", schedule=NIGHTS["Schedule"],
            since=NOW + timedelta(hours=3),
        ),
    ),
    "of nothing yet": ({"Status": "ACTIVE"}, Mute("of nothing yet", frozenset(), None, region="us-west-2")),
    "deleted meanwhile": (NotThere("cloudwatch:GetAlarmMuteRule", "ResourceNotFound"), None),
}  # fmt: skip


def test_each_rule_is_read_whole_and_one_that_was_deleted_meanwhile_mutes_nothing() -> None:
    def tell(AlarmMuteRuleName: str) -> Canned:  # noqa: N803 - AWS's name
        told = TOLD[AlarmMuteRuleName][0]
        return told if isinstance(told, Exception) else {"Name": AlarmMuteRuleName, **told}

    listed = [{"AlarmMuteRuleArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm-mute-rule:{name}"} for name in TOLD]
    aws = Aws(
        {
            ("cloudwatch", "ListAlarmMuteRules"): {"AlarmMuteRuleSummaries": listed},
            ("cloudwatch", "GetAlarmMuteRule"): tell,
        }
    )
    found = alarm_mutes(aws)
    assert found == [mute for _, mute in TOLD.values() if mute]
    assert {moment.tzinfo for one in found for moment in (one.until, one.since) if moment} == {UTC}


@cases([
    ("* * 25 * *", "PT1M", 24),
    ("* 0 25 * *", "PT1M", 1),
    ("59 23 25 * *", "PT1M", 1 / 60),
    ("0 * 25 * *", "PT30M", 12),
    ("0 6 1 DEC *", "PT1H", 1),
    ("0 6 30,31 * *", "PT1H", 1),
    ("0 6 * * *", "PT1H", 7),
    ("0 0 * * *", "PT1H", 7),
    ("0 1 * JAN *", "PT1H", 0),
    ("0 1 * Nov-dec Mon", "PT1H", 1),
    ("30 6 1 * *", "PT1H", 0.5),
])  # fmt: skip
def test_hours_of_a_schedule_with_stars_and_ends(fields: str, duration: str, hours: float) -> None:
    told = {"Expression": f"cron({fields})", "Duration": duration}
    mute = Mute("m", frozenset(), None, active=False, schedule=told)
    assert mute.hours_in_the_week_from(NOW) == pytest.approx(hours)
