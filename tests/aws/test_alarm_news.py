"""What is known of alarms in every region in which a stack has some: mutes, events, what rang, what failed.

Alarms that do not exist (any more) have no region: they are the stack's own region's.
"""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.alarm_history import (
    AlarmEvent,
    AlarmNews,
    Ringing,
    alarm_deliveries,
    alarm_news_elsewhere,
    by_alarm,
    failed_actions,
    overnight_alarms,
)
from opschecks.aws.alarm_mutes import Mute
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Canned, ago
from tests.real.alarms import TOPIC

DENIED = CouldNotLook("cloudwatch:DescribeAlarmHistory", "AccessDenied")
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


def test_another_regions_rules_do_not_mute_an_alarm_of_that_name() -> None:
    there = AlarmNews((_rule("there", "cpu", region=EDGE), _rule("elsewhere", "cpu", region=EAST)))
    told = alarm_deliveries(Aws({}), NOW, [_rule("here", "cpu"), _rule("another's", "disk")], [], there)
    assert (told.muted(_of(WEST)), told.muted(_of(EDGE))) == (
        "muted by here indefinitely",
        "muted by there indefinitely",
    )


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
