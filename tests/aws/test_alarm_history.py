"""The history of alarms: how often each rang, and when."""

from __future__ import annotations

from opschecks.aws.alarm_history import AlarmNews, alarm_history, overnight_alarms
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    NOW,
    Aws,
    Raw,
    ago,
    pages_of,
    verdicts,
)
from tests.canned_alarms import checks, metric_alarm, seen, written
from tests.cases import cases


def line(alarm: str, summary: str, hours: float, kind: str = "StateUpdate") -> Raw:
    return {"AlarmName": alarm, "Timestamp": ago(hours=hours), "HistoryItemType": kind, "HistorySummary": summary}


def rang(alarm: str, hours: float) -> Raw:
    return line(alarm, "Alarm updated from OK to ALARM", hours)


@cases({
    "rang as often as it may": ([rang("cpu", n) for n in range(4)], {"cpu": "passed"}),
    "rang once more": ([rang("cpu", n) for n in range(5)], {"cpu": "failed"}),
    "never rang": ([line("cpu", "Alarm updated from ALARM to OK", n) for n in range(9)], {}),
    "was reconfigured": ([line("cpu", 'Alarm "to ALARM" updated', n, "ConfigurationUpdate") for n in range(9)], {}),
    "another stack's": ([rang("elsewhere", n) for n in range(9)], {}),
})  # fmt: skip
def test_flapping_is_told_from_the_history_page_by_page(lines: list[Raw], wanted: dict[str, str]) -> None:
    pages = pages_of("AlarmHistoryItems", lines[:2], [], lines[2:])
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): pages})
    ringing = overnight_alarms(Aws({}), seen(metric_alarm("cpu")), alarm_history(aws, NOW), AlarmNews())
    assert verdicts(checks.test_alarms_are_not_flapping, overnight_alarms=ringing) == wanted


def test_the_history_is_told_in_utc_newest_first() -> None:
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): {"AlarmHistoryItems": [rang("cpu", 9), rang("cpu", 1)]}})
    history = alarm_history(aws, NOW)
    assert [event.at for event in history] == [ago(hours=1), ago(hours=9)]
    assert all(event.at.tzinfo is NOW.tzinfo for event in history)
    [ringing] = overnight_alarms(Aws({}), seen(metric_alarm("cpu")), history, AlarmNews())
    told = {figure.label: figure.value for figure in ringing.figures}
    assert told == {"times in ALARM": 2, "last": written(hours=1), "now": "OK"}
    [asked] = aws.parameters_of("DescribeAlarmHistory")
    assert (asked["EndDate"] - asked["StartDate"]).total_seconds() == 24 * 3600


def test_where_the_history_of_another_region_is_unknown_the_alarms_there_are_alone_unknown() -> None:
    edge = metric_alarm("edge", AlarmArn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:edge")
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): {"AlarmHistoryItems": [rang("cpu", n) for n in range(9)]}})
    denied = CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied")
    ringing = overnight_alarms(aws, seen(metric_alarm("cpu"), edge), alarm_history(aws, NOW), denied)
    told = verdicts(checks.test_alarms_are_not_flapping, overnight_alarms=ringing)
    assert told == {"cpu": "failed", "edge": "blind"}
