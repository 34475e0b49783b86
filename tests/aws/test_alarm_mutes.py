"""Mute rules of CloudWatch: which alarms they silence, until when, and for how many hours of the next week.

Sources: API_GetAlarmMuteRule, API_Schedule of CloudWatch. NOW is a Tuesday, 07:00 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest

from opschecks.aws.alarm_history import AlarmNews, alarm_deliveries
from opschecks.aws.alarm_mutes import Mute, alarm_mutes
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Canned,
    Raw,
    ago,
    examined,
    pages_of,
)
from tests.canned_alarms import checks, metric_alarm, seen, written
from tests.cases import cases


def ruled(rules: Mapping[str, Canned]) -> Aws:
    """The account's mute rules: listed one a page, and each told by its name."""
    listed = ([{"AlarmMuteRuleArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm-mute-rule:{name}"}] for name in rules)
    return Aws({
        ("cloudwatch", "ListAlarmMuteRules"): pages_of("AlarmMuteRuleSummaries", *listed),
        ("cloudwatch", "GetAlarmMuteRule"): lambda AlarmMuteRuleName: rules[AlarmMuteRuleName],  # noqa: N803
    })  # fmt: skip


def test_a_muted_alarm_fails_and_tells_until_when() -> None:
    aws = ruled({
        "deploy": {"Name": "deploy", "MuteTargets": {"AlarmNames": ["cpu", "elsewhere"]}, "ExpireDate": ago(hours=-2)},
        "forgotten": {"Name": "forgotten", "MuteTargets": {"AlarmNames": ["cpu"]}},
    })  # fmt: skip
    mutes = alarm_mutes(aws)
    assert aws.parameters_of("ListAlarmMuteRules")[0]["Statuses"] == ["ACTIVE", "SCHEDULED"]
    found = {
        one.name: (one.outcome.value, one.message)
        for one in examined(
            checks.test_alarms_can_act,
            alarms=seen(metric_alarm("cpu"), metric_alarm("memory")),
            alarm_deliveries=alarm_deliveries(Aws({}), NOW, mutes, [], AlarmNews()),
        )
    }
    assert found == {
        "cpu": ("failed", f"muted by deploy until {written(hours=-2)}; muted by forgotten indefinitely"),
        "memory": ("passed", ""),
    }


def test_a_mute_rule_of_which_nothing_is_said_is_not_seen() -> None:
    with pytest.raises(CouldNotLook, match="cloudwatch:GetAlarmMuteRule: the answer has no 'Name'"):
        alarm_mutes(ruled({"deploy": {}}))


NIGHTS: Raw = {"Schedule": {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"}}


def test_each_rule_is_read_whole_and_one_that_was_deleted_meanwhile_mutes_nothing() -> None:
    here: Any = {"region": "us-west-2"}
    found = alarm_mutes(ruled({
        "deploy": {"Name": "deploy", "Status": "ACTIVE", "MuteTargets": {"AlarmNames": ["cpu", "cpu-2"]},
                   "ExpireDate": ago(hours=-2)},
        "nights": {"Name": "nights", "Status": "SCHEDULED", "MuteTargets": {"AlarmNames": ["cpu"]}, "Rule": NIGHTS,
                   "StartDate": ago(hours=-3)},
        "deleted meanwhile": NotThere("cloudwatch:GetAlarmMuteRule", "ResourceNotFound"),
        "of nothing yet": {"Name": "of nothing yet", "Status": "ACTIVE"},
    }))  # fmt: skip
    assert found == [
        Mute("deploy", frozenset({"cpu", "cpu-2"}), NOW + timedelta(hours=2), **here),
        Mute("nights", frozenset({"cpu"}), None, active=False, schedule=NIGHTS["Schedule"],
             since=NOW + timedelta(hours=3), **here),
        Mute("of nothing yet", frozenset(), None, **here),
    ]  # fmt: skip
    assert {moment.tzinfo for one in found for moment in (one.until, one.since) if moment} == {UTC}


DAY = timedelta(days=1)


def _mute(expression: str, duration: str, zone: str = "", **more: Any) -> Mute:
    told = {"Expression": expression, "Duration": duration, **({"Timezone": zone} if zone else {})}
    return Mute("nightly", frozenset({"cpu"}), more.pop("until", None), active=False, schedule=told, **more)


@cases({
    "an hour each night": (_mute("cron(0 2 * * *)", "PT1H"), 7),
    "90 minutes each night": (_mute("cron(30 2 * * *)", "PT1H30M"), 10.5),
    "minutes alone": (_mute("cron(0 2 * * *)", "PT45M"), 5.25),
    "days and minutes": (_mute("cron(0 8 24 * *)", "P1DT30M"), 24.5),
    "a whole day": (_mute("cron(0 0 * * SAT)", "P1D"), 24),
    "the one of now, of which an hour is left": (_mute("cron(0 6 * * TUE)", "PT2H"), 2),
    "one that ended as now begins, and comes again in a week": (_mute("cron(0 6 24 * *)", "PT1H"), 0),
    "one that began days ago and lasts": (_mute("cron(0 7 22 * *)", "P3D"), 24),
    "one that goes on after the week": (_mute("cron(0 5 1 * *)", "PT5H"), 2),
    "weekdays": (_mute("cron(0 20 * * MON-FRI)", "PT1H"), 5),
    "Sunday as 0": (_mute("cron(0 1 * * 0)", "PT1H"), 1),
    "Sunday as 7": (_mute("cron(0 1 * * 7)", "PT1H"), 1),
    "Saturday as 6": (_mute("cron(0 1 * * 6)", "PT3H"), 3),
    "two days": (_mute("cron(0 1 * * sat,SUN)", "PT1H"), 2),
    "several hours of a day": (_mute("cron(0 1,3,5-6 25 * *)", "PT30M"), 2),
    "several minutes of an hour": (_mute("cron(0,30 1 25 * *)", "PT10M"), 1 / 3),
    "windows that overlap count once": (_mute("cron(0,30 1 25 * *)", "PT1H"), 1.5),
    "days of the month": (_mute("cron(0 1 25-27 * *)", "PT1H"), 3),
    "a day that is past": (_mute("cron(0 1 23 * *)", "PT1H"), 0),
    "of two restricted days one is enough": (_mute("cron(0 1 26 * SUN)", "PT1H"), 2),
    "this month": (_mute("cron(0 1 * NOV *)", "PT1H"), 6),
    "next month": (_mute("cron(0 1 * 12 *)", "PT1H"), 1),
    "another month": (_mute("cron(0 1 * 1-10 *)", "PT1H"), 0),
    "in the zone of an office": (_mute("cron(0 23 24 * *)", "PT1H", "America/New_York"), 1),
    "an evening in another zone, which is a day later here": (
        _mute("cron(0 20 * * MON)", "PT12H", "Pacific/Honolulu"), 12),
    "once": (_mute("at(2026-11-25T10:00)", "PT4H"), 4),
    "once, and it is past": (_mute("at(2026-11-24T02:00)", "PT5H"), 0),
    "once, after a week": (_mute("at(2026-12-01T07:00)", "PT4H"), 0),
    "once, in another zone": (_mute("at(2026-12-01T12:00)", "PT1H", "Asia/Kolkata"), 0.5),
    "until it expires": (_mute("cron(0 2 * * *)", "PT1H", until=NOW + 2 * DAY), 2),
    "until it expires in the middle of a window": (_mute("cron(0 6 * * *)", "PT2H", until=NOW + DAY), 2),
    "from when it begins": (_mute("cron(0 2 * * *)", "PT1H", since=NOW + 5 * DAY), 2),
    "every minute of a day": (_mute("cron(* * 25 * *)", "PT1M"), 24),
    "every minute of an hour": (_mute("cron(* 0 25 * *)", "PT1M"), 1),
    "the last minute of a day": (_mute("cron(59 23 25 * *)", "PT1M"), 1 / 60),
    "every hour of a day": (_mute("cron(0 * 25 * *)", "PT30M"), 12),
    "the first of next month": (_mute("cron(0 6 1 DEC *)", "PT1H"), 1),
    "the last days of a month": (_mute("cron(0 6 30,31 * *)", "PT1H"), 1),
    "an hour before now, each day": (_mute("cron(0 6 * * *)", "PT1H"), 7),
    "midnight, each day": (_mute("cron(0 0 * * *)", "PT1H"), 7),
    "a month long after": (_mute("cron(0 1 * JAN *)", "PT1H"), 0),
    "months and a day in lower case": (_mute("cron(0 1 * Nov-dec Mon)", "PT1H"), 1),
    "the first, half an hour before the week ends": (_mute("cron(30 6 1 * *)", "PT1H"), 0.5),
    "from when it began": (_mute("cron(0 2 * * *)", "PT1H", since=NOW - 5 * DAY), 7),
})  # fmt: skip
def test_hours(mute: Mute, hours: float) -> None:
    assert mute.hours_in_the_week_from(NOW) == pytest.approx(hours)


@cases([
    ("cron(0 2 * * *)", "an hour"),
    ("rate(1 day)", "PT1H"),
    ("cron(*/5 2 * * *)", "PT1H"),
    ("cron(0 2 * * MON-X)", "PT1H"),
    ("cron(0 2 L * *)", "PT1H"),
    ("cron(0 2 * *)", "PT1H"),
])  # fmt: skip
def test_a_schedule_that_is_not_understood_is_not_known_to_mute(expression: str, duration: str) -> None:
    with pytest.raises(CouldNotLook, match="was not understood"):
        _mute(expression, duration).hours_in_the_week_from(NOW)


def test_no_schedule() -> None:
    with pytest.raises(CouldNotLook, match="the mute rule nightly has no schedule"):
        Mute("nightly", frozenset(), None).hours_in_the_week_from(NOW)


def test_in_words() -> None:
    cron = "cron(0 2 * * *)"
    assert str(Mute("m", frozenset(), None)) == "muted by m indefinitely"
    assert str(Mute("m", frozenset(), NOW)) == "muted by m until 2026-11-24 07:00 UTC"
    assert str(_mute(cron, "PT1H")) == "muted by nightly at cron(0 2 * * *) for PT1H"
    assert str(_mute(cron, "PT1H", until=NOW)) == f"muted by nightly at {cron} for PT1H until 2026-11-24 07:00 UTC"
