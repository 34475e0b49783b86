"""Mute rules of CloudWatch: which alarms they silence, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.alarm_history import AlarmNews, alarm_deliveries
from opschecks.aws.alarm_mutes import alarm_mutes
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Answers,
    Aws,
    Raw,
    ago,
    examined,
    pages_of,
)
from tests.canned_alarms import checks, metric_alarm, seen, written


def mute_rule(name: str, **changes: Any) -> Raw:
    return {"AlarmMuteRuleArn": f"arn:aws:cloudwatch:{ACCOUNT}:alarm-mute-rule:{name}", "Status": "ACTIVE", **changes}


def test_a_muted_alarm_fails_and_tells_until_when() -> None:
    rules: dict[str, Raw] = {
        "deploy": {"Name": "deploy", "MuteTargets": {"AlarmNames": ["cpu", "elsewhere"]}, "ExpireDate": ago(hours=-2)},
        "forgotten": {"Name": "forgotten", "MuteTargets": {"AlarmNames": ["cpu"]}},
    }
    aws = Aws(
        {
            ("cloudwatch", "ListAlarmMuteRules"): pages_of(
                "AlarmMuteRuleSummaries", *([mute_rule(one)] for one in rules)
            ),
            ("cloudwatch", "GetAlarmMuteRule"): lambda AlarmMuteRuleName: rules[AlarmMuteRuleName],  # noqa: N803
        }
    )
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
    answers: dict[tuple[str, str], Answers] = {
        ("cloudwatch", "ListAlarmMuteRules"): {"AlarmMuteRuleSummaries": [mute_rule("deploy")]},
        ("cloudwatch", "GetAlarmMuteRule"): {},
    }
    with pytest.raises(CouldNotLook, match="cloudwatch:GetAlarmMuteRule: the answer has no 'Name'"):
        alarm_mutes(Aws(answers))
