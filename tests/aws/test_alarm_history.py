"""The history of alarms in every region in which a stack has some: what rang, what failed, what mutes them.

Alarms that do not exist (any more) have no region: they are the stack's own region's.

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
    Ringing,
    alarm_deliveries,
    alarm_history,
    alarm_news_elsewhere,
    by_alarm,
    failed_actions,
    overnight_alarms,
    read_history,
)
from opschecks.aws.alarm_mutes import Mute
from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Canned,
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
    assert (event.alarm, event.at, event.region) == ("cpu", NOW - HOUR, "us-west-2")
    assert event.summary == raw["HistorySummary"]


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


def test_rules_of_the_alarms_own_region_mute_it() -> None:
    here, there = _mute("here"), _mute("there", "us-east-1")
    told = alarm_deliveries(Aws({}), NOW, [here], [], AlarmNews((there, _mute("elsewhere", "eu-west-1"))))
    assert told.muted(_alarm()) == "muted by here indefinitely"
    assert told.muted(_alarm("us-east-1")) == "muted by there indefinitely"
    assert told.scheduled(_alarm()) == []


def test_a_rule_that_waits_is_scheduled() -> None:
    told = alarm_deliveries(Aws({}), NOW, [_mute("nightly", active=False), _mute("other")], [], AlarmNews())
    assert told.muted(_alarm()) == "muted by other indefinitely"
    assert told.scheduled(_alarm()) == [("muted by nightly at cron(0 2 * * *) for PT1H", 7.0)]


def test_another_regions_silence_concerns_its_alarms_alone() -> None:
    told = alarm_deliveries(Aws({}), NOW, [], [_tried(TOPIC, 1, "no")], DENIED)
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


EDGE, WEST, EAST = "us-east-1", "us-west-2", "eu-central-1"
MISSING = Alarm(arn="gone", name="gone", evidence=Answer({"StateValue": "MISSING"}))


def _of(region: str, name: str = "cpu") -> Alarm:
    arn = f"arn:aws:cloudwatch:{region}:123456789012:alarm:{name}"
    return Alarm(arn=arn, name=name, evidence=Answer({"StateValue": "OK", "AlarmActions": [TOPIC]}))


def _event(name: str = "cpu", region: str = WEST, kind: str = "StateUpdate", **told: Any) -> AlarmEvent:
    return AlarmEvent(name, NOW, kind, "updated from OK to ALARM", region=region, **told)


def _rule(name: str, *alarms: str, region: str = WEST) -> Mute:
    return Mute(name, frozenset(alarms), None, region=region)


def _there() -> Aws:
    answers: dict[tuple[str, str], Any] = {}
    for region in (EDGE, EAST):
        rule = {"AlarmMuteRuleArn": f"arn:aws:cloudwatch:{region}:123456789012:alarm-mute-rule:of-{region}"}
        item = {"AlarmName": "cpu", "HistoryItemType": "StateUpdate", "HistorySummary": "to ALARM", "Timestamp": NOW}
        told: dict[str, Canned] = {
            "ListAlarmMuteRules": {"AlarmMuteRuleSummaries": [rule]},
            "GetAlarmMuteRule": {"Name": f"of-{region}", "Status": "ACTIVE", "MuteTargets": {"AlarmNames": ["cpu"]}},
            "DescribeAlarmHistory": {"AlarmHistoryItems": [item]},
        }
        answers |= {(f"{region} cloudwatch", operation): one for operation, one in told.items()}
    return Aws(answers)


def test_each_other_region_is_asked_once_for_its_mutes_and_events() -> None:
    aws = _there()
    found = alarm_news_elsewhere(aws, [_of(WEST), _of(EDGE), _of(EDGE, "b"), _of(EAST), MISSING], NOW)
    assert found == AlarmNews(
        (_rule(f"of-{EAST}", "cpu", region=EAST), _rule(f"of-{EDGE}", "cpu", region=EDGE)),
        tuple(AlarmEvent("cpu", NOW, "StateUpdate", "to ALARM", region=one) for one in (EAST, EDGE)),
    )
    assert {one.region for one in aws.asked} == {EAST, EDGE}
    assert len(aws.asked) == 6


def test_a_stack_without_alarms_elsewhere_asks_nothing() -> None:
    assert alarm_news_elsewhere(Aws({}), [_of(WEST), MISSING], NOW) == AlarmNews()


def test_an_alarm_that_is_gone_belongs_to_the_stacks_region() -> None:
    failed = _event("gone", kind="Action", action=TOPIC, error="no")
    told = alarm_deliveries(Aws({}), NOW, [_rule("deploy", "gone")], [failed], DENIED)
    assert told.muted(MISSING) == "muted by deploy indefinitely"
    assert told.failed(MISSING) == f"{TOPIC} failed at 2026-11-24 07:00 UTC: no"
    assert failed.is_of(MISSING)
    assert not failed.is_of(_of(EDGE, "gone"))
    [ringing] = overnight_alarms(Aws({}), [MISSING], [_event("gone")], DENIED)
    assert (ringing.times, ringing.unread) == (1, None)


def test_a_history_that_is_not_known_leaves_the_mutes_known() -> None:
    told = alarm_deliveries(Aws({}), NOW, [_rule("deploy", "cpu")], DENIED, AlarmNews())
    assert told.muted(_of(WEST)) == "muted by deploy indefinitely"
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        told.failed(_of(WEST))
    told = alarm_deliveries(Aws({}), NOW, DENIED, [], AlarmNews())
    assert told.failed(_of(WEST)) == ""
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        told.muted(_of(WEST))


def test_what_is_not_known_of_another_region_is_told_of_each_alarm_there() -> None:
    away = _of(EDGE, "edge")
    found = overnight_alarms(Aws({}), [_of(WEST), away], [], DENIED)
    assert found == [Ringing(arn=away.arn, name="edge", evidence={}, times=0, unread=DENIED)]


def test_events_keep_their_order_within_an_alarm() -> None:
    one, two, other = _event(kind="b"), _event(kind="a"), _event("disk")
    assert by_alarm([one, other, two]) == {"cpu": [one, two], "disk": [other]}


@pytest.mark.parametrize("actions", [{}, {"AlarmActions": []}, {"AlarmActions": [TOPIC]}], ids=str)
def test_an_action_that_is_asked_for_by_nothing_else_counts(actions: dict[str, Any]) -> None:
    raw = Answer({"AlarmConfigurationUpdatedTimestamp": ago(days=1), **actions})
    alarm = Alarm(arn=_of(WEST).arn, name="cpu", evidence=raw)
    assert failed_actions(alarm, [_event(kind="Action", action=TOPIC, error="no")])
    assert not failed_actions(alarm, [_event(kind="Action", action=TOPIC)])
