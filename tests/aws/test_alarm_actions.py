"""An alarm's history: which actions failed when it last went off, whose, and what is said of them.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.alarm_history import (
    AlarmEvent,
    AlarmNews,
    Deliveries,
    alarm_history,
    by_alarm,
    failed_actions,
    overnight_alarms,
    read_history,
)
from opschecks.aws.alarm_mutes import Mute
from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Raw,
    ago,
    names,
    pages_of,
    stack,
    verdicts,
)
from tests.canned_alarms import checks, metric_alarm, seen, written
from tests.cases import cases
from tests.real.alarms import TOPIC, alarm

PAGER = f"arn:aws:sns:{ACCOUNT}:pager"
HOUR = timedelta(hours=1)
UNSAID = "CloudWatch does not say why"
DENIED = CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied")


def _alarm(region: str = "us-west-2", **changes: Any) -> Alarm:
    raw = alarm("cpu", **changes, AlarmArn=f"arn:aws:cloudwatch:{region}:123456789012:alarm:cpu")
    listed = {"MetricAlarms": [raw], "CompositeAlarms": []}
    [one] = alarms(stack(), Aws({("cloudwatch", "DescribeAlarms"): listed}), names())
    return one


def _item(summary: str, kind: str = "Action", data: Any = None, **when: float) -> Raw:
    told = {} if data is None else {"HistoryData": data if isinstance(data, str) else json.dumps(data)}
    moment = ago(**(when or {"hours": 1}))
    return {"AlarmName": "cpu", "HistoryItemType": kind, "HistorySummary": summary, "Timestamp": moment, **told}


def _read(*items: Raw) -> list[AlarmEvent]:
    aws = Aws({("cloudwatch", "DescribeAlarmHistory"): {"AlarmHistoryItems": list(items)}})
    found = read_history(aws, NOW, 24 * HOUR)
    [asked] = aws.parameters_of("DescribeAlarmHistory")
    assert asked["EndDate"] == NOW
    assert asked["StartDate"] == NOW - 24 * HOUR
    assert asked["MaxRecords"] == 100
    return found


@cases({
    "it worked": (_item(f"Successfully executed action {TOPIC}"), TOPIC, ""),
    "it worked, by its data": (_item(f"Successfully executed {TOPIC}", data={"actionState": "Succeeded"}), TOPIC, ""),
    "it failed": (_item(f"Failed to execute action {TOPIC}."), TOPIC, UNSAID),
    "it failed, and why": (_item(f'Failed to execute {TOPIC}. Received error: "No access."'), TOPIC, "No access"),
    "it failed by its data alone": (
        _item(f"Tried action {TOPIC}", data={"actionState": "Failed", "error": "KMS"}), TOPIC, "KMS"),
    "it failed, and its data says more": (
        _item(f"Failed to execute action {TOPIC}. Received error: \"x\"", data={"error": "KMS"}), TOPIC, "KMS"),
    "its data is no JSON": (_item(f"Failed to execute action {TOPIC}", data="{"), TOPIC, UNSAID),
    "its data is not an object": (_item(f"Failed to execute action {TOPIC}", data="[1]"), TOPIC, UNSAID),
    "it names no ARN": (_item("Failed to execute action swf"), "Failed to execute action swf", UNSAID),
    "of a composite alarm": (_item(f"Failed to execute action {TOPIC}", "AlarmContributorAction"), TOPIC,
                             UNSAID),
    "a state change": (_item(f"Failed to execute action {TOPIC}", "StateUpdate"), "", ""),
})  # fmt: skip
def test_an_event(raw: Raw, action: str, error: str) -> None:
    [event] = _read(raw)
    assert (event.action, event.error) == (action, error)
    assert (event.alarm, event.at, event.region, event.summary) == (
        "cpu",
        NOW - HOUR,
        "us-west-2",
        raw["HistorySummary"],
    )


def test_the_newest_event_comes_first() -> None:
    read = _read(_item("a", hours=5), _item("b", hours=1), _item("c", hours=3))
    assert [one.summary for one in read] == ["b", "c", "a"]
    assert {name: len(some) for name, some in by_alarm(read).items()} == {"cpu": 3}


@cases([
    ("StateUpdate", "Alarm updated from OK to ALARM", True),
    ("StateUpdate", "Alarm updated from ALARM to OK", False),
    ("Action", "to ALARM", False),
])  # fmt: skip
def test_what_rings(kind: str, summary: str, rang: bool) -> None:
    assert AlarmEvent("cpu", NOW, kind, summary).rang is rang


def _tried(action: str, hours: float, error: str = "", name: str = "cpu", region: str = "us-west-2") -> AlarmEvent:
    return AlarmEvent(name, NOW - hours * HOUR, "Action", "x", action, error, region)


def _updated(summary: str) -> AlarmEvent:
    return AlarmEvent("cpu", NOW, "StateUpdate", summary, region="us-west-2")


FAILED = "failed at 2026-11-24 06:00 UTC: no"


@cases({
    "none was tried": ({}, [], ""),
    "one failed": ({}, [_tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}"),
    "the newest counts": ({}, [_tried(TOPIC, 1), _tried(TOPIC, 2, "no")], ""),
    "the newest counts, and failed": ({}, [_tried(TOPIC, 1, "no"), _tried(TOPIC, 2)], f"{TOPIC} {FAILED}"),
    "one of two worked": ({}, [_tried(TOPIC, 1, "no"), _tried(PAGER, 1)], ""),
    "both failed": ({}, [_tried(PAGER, 1, "no"), _tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}; {PAGER} {FAILED}"),
    "another alarm's": ({}, [_tried(TOPIC, 1, "no", name="disk")], ""),
    "it was for the way back": ({"OKActions": [PAGER]}, [_tried(PAGER, 1, "no")], ""),
    "it was for missing data": ({"InsufficientDataActions": [PAGER]}, [_tried(PAGER, 1, "no")], ""),
    "it is for both": ({"OKActions": [TOPIC]}, [_tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}"),
    "the alarm was changed since": (
        {"AlarmConfigurationUpdatedTimestamp": ago(minutes=59)}, [_tried(TOPIC, 1, "no")], ""),
    "the alarm was changed just then": (
        {"AlarmConfigurationUpdatedTimestamp": ago(hours=1)}, [_tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}"),
    "when it was changed is unknown": (
        {"AlarmConfigurationUpdatedTimestamp": None}, [_tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}"),
    "a state change after it failed": (
        {}, [_updated("to OK"), _tried(TOPIC, 1, "no")], f"{TOPIC} {FAILED}"),
    "a state change between": ({}, [_updated("to ALARM"), _tried(TOPIC, 1)], ""),
})  # fmt: skip
def test_failed_actions(changes: dict[str, Any], events: list[AlarmEvent], said: str) -> None:
    assert failed_actions(_alarm(**changes), events) == said


def test_names_are_unique_within_a_region() -> None:
    failed = [_tried(TOPIC, 1, "no", region="us-east-1")]
    assert failed_actions(_alarm("us-east-1"), failed)
    assert not failed_actions(_alarm("us-west-2"), failed)


def _mute(name: str, region: str = "us-west-2", active: bool = True) -> Mute:
    return Mute(name, frozenset({"cpu"}), None, active, region, {"Expression": "cron(0 2 * * *)", "Duration": "PT1H"})


def _deliveries(there: AlarmNews | CouldNotLook = AlarmNews(), mutes: Any = (), events: Any = None) -> Deliveries:
    return Deliveries("us-west-2", NOW, mutes, {} if events is None else events, there)


def test_rules_of_the_alarms_own_region_mute_it() -> None:
    here, there = _mute("here"), _mute("there", "us-east-1")
    told = _deliveries(AlarmNews((there, _mute("elsewhere", "eu-west-1"))), [here])
    assert told.muted(_alarm()) == "muted by here indefinitely"
    assert told.muted(_alarm("us-east-1")) == "muted by there indefinitely"
    assert told.scheduled(_alarm()) == []


def test_a_rule_that_waits_is_scheduled() -> None:
    told = _deliveries(mutes=[_mute("nightly", active=False), _mute("other")])
    assert told.muted(_alarm()) == "muted by other indefinitely"
    assert told.scheduled(_alarm()) == [
        ("muted by nightly at cron(0 2 * * *) for PT1H indefinitely".removesuffix(" indefinitely"), 7.0)
    ]


def test_another_regions_silence_concerns_its_alarms_alone() -> None:
    told = _deliveries(DENIED, events={"cpu": [_tried(TOPIC, 1, "no")]})
    assert told.muted(_alarm()) == ""
    assert told.failed(_alarm()).startswith(TOPIC)
    for look in (told.muted, told.scheduled, told.failed):
        with pytest.raises(CouldNotLook, match="AccessDenied"):
            look(_alarm("us-east-1"))


def test_ringing_is_counted_by_alarm_and_region() -> None:
    def rang(region: str, hours: float, name: str = "cpu") -> AlarmEvent:
        return AlarmEvent(name, NOW - hours * HOUR, "StateUpdate", "from OK to ALARM", region=region)

    aws = Aws({})
    here, there = _alarm("us-west-2"), _alarm("us-east-1")
    history = [rang("us-west-2", 1), rang("us-west-2", 3), AlarmEvent("cpu", NOW, "StateUpdate", "from ALARM to OK")]
    first, second = overnight_alarms(aws, [here, there], history, AlarmNews(events=(rang("us-east-1", 2),)))
    assert (first.times, second.times) == (2, 1)
    assert first.told == "rang 2 times within a day"
    assert [(one.label, one.value) for one in first.figures] == [
        ("times in ALARM", 2), ("last", "2026-11-24 06:00 UTC"), ("now", "OK"),
    ]  # fmt: skip
    assert first.evidence["history"] == [
        "2026-11-24 06:00 UTC: from OK to ALARM", "2026-11-24 04:00 UTC: from OK to ALARM",
    ]  # fmt: skip
    assert overnight_alarms(aws, [here], [rang("us-west-2", 1, "disk")], AlarmNews()) == []
    unknown, known = overnight_alarms(aws, [here, there], history, DENIED)
    assert (unknown.arn, known.times) == (there.arn, 2)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert unknown.told


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
