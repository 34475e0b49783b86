"""Muting an alarm for a time; and of two alarms of one name that of the stack's region."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.core.change import CannotFix
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.cloudwatch_alarms import EnableAlarmActions, SilenceAlarm
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, fits, remedy
from tests.real.alarms import alarm


@pytest.mark.parametrize(
    ("wish", "minutes"), [("1m", 1), ("90m", 90), ("2h", 120), ("1d", 1440), ("7d", 10080), ("168h", 10080)]
)
def test_an_alarm_is_muted_for_as_long_as_wished(wish: str, minutes: int) -> None:
    until = datetime.fromisoformat(remedy(SilenceAlarm).want({"muted_until": ""}, {"for": wish})["muted_until"])
    assert until.utcoffset() == timedelta()
    assert until - NOW == timedelta(minutes=minutes + 1)


SAY = "say for how long with --set for=90m, for=2h or for=1d"


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({}, SAY),
        *(({"for": text}, SAY) for text in ("", "2", "h", "2 h", "2H", "2w", "-1h", "1.5h", "1h30m", f"{'9' * 20}d")),
        *(({"for": text}, f"--set for={text}: from 1m to 7d") for text in ("0m", "0d", "8d", "169h", "10081m")),
    ],
)
def test_a_silence_without_a_sensible_end_is_refused(wish: dict[str, str], refusal: str) -> None:
    with pytest.raises(CannotFix, match=refusal):
        remedy(SilenceAlarm).want({"muted_until": ""}, wish)


SOON, LATER = (NOW.replace(second=0, microsecond=0) + timedelta(hours=hours) for hours in (1, 3))
CPU = {"MetricAlarms": [{"AlarmName": "cpu", "ActionsEnabled": True}]}


def rule(status: str | None = "ACTIVE", ends: datetime | None = SOON) -> Raw:
    told = {
        "Name": "opschecks-cpu",
        "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT2M", "Timezone": "UTC"}},
        "MuteTargets": {"AlarmNames": ["cpu"]},
        "Status": status,
        "ExpireDate": ends and ends.astimezone(ago().tzinfo),
    }
    return {key: value for key, value in told.items() if value is not None}


def muting(answer: Answers, alarms: Answers = CPU) -> Any:
    return remedy(SilenceAlarm, {("cloudwatch", "GetAlarmMuteRule"): answer, ("cloudwatch", "DescribeAlarms"): alarms})


MUTED: dict[str, tuple[Answers, str]] = {
    "muted": (rule(), SOON.isoformat()),
    "about to be muted": (rule("SCHEDULED"), SOON.isoformat()),
    "over": (rule("EXPIRED", NOW - timedelta(days=1)), ""),
    "never": (NotThere("cloudwatch:GetAlarmMuteRule", "ResourceNotFoundException"), ""),
}


@pytest.mark.parametrize(("answer", "until"), MUTED.values(), ids=MUTED)
def test_until_when_an_alarm_is_muted(answer: Answers, until: str) -> None:
    assert muting(answer).read_for_plan("cpu") == {"muted_until": until}


@pytest.mark.parametrize(
    ("answer", "key"),
    [(rule(None), "Status"), (rule(ends=None), "ExpireDate"), ({}, "Status")],
    ids=["no status", "no end", "nothing"],
)
def test_a_rule_of_which_half_is_said_is_not_read(answer: Raw, key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"cloudwatch:GetAlarmMuteRule: the answer has no '{key}'"):
        muting(answer).read("cpu")


def test_a_silence_can_be_extended_and_taken_back() -> None:
    silence = muting(rule())
    change = planned(silence, "cpu", wish={"for": "3h"})
    assert change.before == {"muted_until": SOON.isoformat()}
    assert datetime.fromisoformat(change.after["muted_until"]) > SOON
    longer, shorter = {"muted_until": LATER.isoformat()}, {"muted_until": SOON.isoformat()}
    there, back = silence.request("cpu", shorter, longer), silence.request("cpu", longer, shorter)
    assert fits(there)
    assert fits(back)
    assert (there.operation, back.operation) == ("PutAlarmMuteRule", "PutAlarmMuteRule")
    assert there.parameters["Name"] == back.parameters["Name"] == "opschecks-cpu"
    assert there.parameters["MuteTargets"] == {"AlarmNames": ["cpu"]}
    assert [datetime.fromisoformat(one.parameters["ExpireDate"]) for one in (there, back)] == [LATER, SOON]


def test_a_silence_where_none_was_is_taken_back_by_deleting_it() -> None:
    request = remedy(SilenceAlarm).request("cpu", {"muted_until": LATER.isoformat()}, {"muted_until": ""})
    assert fits(request)
    assert (request.operation, request.parameters) == ("DeleteAlarmMuteRule", {"AlarmMuteRuleName": "opschecks-cpu"})


@pytest.mark.parametrize(
    "alarms",
    [CPU, {"CompositeAlarms": [{"AlarmName": "cpu"}]}, {"LogAlarms": [{"AlarmName": "cpu"}]}],
    ids=["of a metric", "of others", "of logs"],
)
def test_an_alarm_of_any_kind_can_be_silenced(alarms: Raw) -> None:
    assert muting(rule(), alarms).read_for_plan("cpu")["muted_until"]


def test_an_alarm_that_is_not_there_cannot_be_silenced() -> None:
    with pytest.raises(CannotFix, match="there is no alarm cpu"):
        muting(rule(), {"MetricAlarms": [{"AlarmName": "cpu-high"}]}).read_for_plan("cpu")


HERE, THERE = (f"arn:aws:cloudwatch:{where}:alarm:5xx" for where in (ACCOUNT, "us-east-1:123456789012"))


def test_an_alarm_of_cloudfront_is_left_alone_though_one_of_its_name_is_here() -> None:
    told = {"MetricAlarms": [alarm("5xx", ActionsEnabled=False)], "CompositeAlarms": []}
    aws = Aws({("cloudwatch", "DescribeAlarms"): told})
    remedy = EnableAlarmActions(aws.stack, aws)
    assert remedy.targets(HERE, {}) == ["5xx"]
    with pytest.raises(CannotFix, match="us-east-1:123456789012:alarm:5xx is in another region than the stack"):
        remedy.targets(THERE, {})
