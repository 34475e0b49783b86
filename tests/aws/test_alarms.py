"""CloudWatch alarms: which are the stack's, which see nothing, and which would wake nobody."""

from __future__ import annotations

import pytest

from opschecks.aws.alarm_history import AlarmNews, alarm_deliveries
from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    NOW,
    Answers,
    Aws,
    Raw,
    ago,
    judges,
    names,
    stack,
    verdict,
    verdicts,
    without,
)
from tests.canned_alarms import arn, checks, cloudwatch, composite, metric_alarm, seen, written
from tests.cases import cases


def test_every_page_of_every_kind_is_read() -> None:
    known = [metric_alarm(f"web-{n}") for n in range(5)]
    found = seen(*known, composite("web-all", "ALARM(web-1)"), metric_alarm("other"), prefix="web-")
    assert [one.name for one in found] == ["web-0", "web-1", "web-2", "web-3", "web-4", "web-all"]
    assert [one.name for one in found if "AlarmRule" in one.evidence] == ["web-all"]


def test_composite_and_log_alarms_are_asked_for_and_the_prefix_is_left_to_aws() -> None:
    aws = cloudwatch(metric_alarm("web-cpu"))
    alarms(stack(alarm_prefix="web-"), aws, names())
    [asked] = aws.parameters_of("DescribeAlarms")
    assert asked["AlarmNamePrefix"] == "web-"
    assert {"MetricAlarm", "CompositeAlarm", "LogAlarm"} <= set(asked["AlarmTypes"])
    anything = cloudwatch(metric_alarm("web-cpu"))
    alarms(stack(), anything, names())
    assert "AlarmNamePrefix" not in anything.parameters_of("DescribeAlarms")[0]


def test_log_alarms_are_seen_and_need_not_be_in_the_answer() -> None:
    nothing: Raw = {"MetricAlarms": [], "CompositeAlarms": []}
    assert alarms(stack(), Aws({("cloudwatch", "DescribeAlarms"): nothing}), names()) == []
    raw = {**nothing, "LogAlarms": [{"AlarmName": "web", "AlarmArn": arn("web")}]}
    assert [one.name for one in alarms(stack(), Aws({("cloudwatch", "DescribeAlarms"): raw}), names())] == ["web"]


@pytest.mark.parametrize("lost", ["MetricAlarms", "CompositeAlarms"])
def test_a_kind_that_was_asked_for_and_not_answered_is_not_seen(lost: str) -> None:
    raw = without(lost, {"MetricAlarms": [metric_alarm("web")], "CompositeAlarms": [composite("all", "TRUE")]})
    with pytest.raises(CouldNotLook, match=f"cloudwatch:DescribeAlarms: the answer has no '{lost}'"):
        alarms(stack(), Aws({("cloudwatch", "DescribeAlarms"): raw}), names())


def test_an_answer_without_any_kind_is_not_seen() -> None:
    second_is_empty: Answers = [
        {"MetricAlarms": [metric_alarm("web")], "CompositeAlarms": [], "NextToken": "2"},
        {},
    ]
    with pytest.raises(CouldNotLook, match="cloudwatch:DescribeAlarms: the answer has no 'MetricAlarms'"):
        alarms(stack(), Aws({("cloudwatch", "DescribeAlarms"): second_is_empty}), names())


def test_an_alarm_of_the_inventory_that_is_gone_is_missing_and_fails() -> None:
    found = seen(metric_alarm("cpu"), metric_alarm("not-ours", "ALARM"), inventory=["cpu", "memory"])
    assert {one.name: one.state for one in found} == {"cpu": "OK", "memory": "MISSING"}
    for check in (checks.test_alarms_can_see, checks.test_alarms_can_act):
        assert verdicts(check, alarms=found, alarm_deliveries=alarm_deliveries(Aws({}), NOW, [], [], AlarmNews())) == {
            "cpu": "passed",
            "memory": "failed",
        }


def test_alarms_of_the_inventory_are_asked_for_by_the_hundred() -> None:
    wanted = [f"alarm-{n:03}" for n in range(205)]
    aws = cloudwatch(*(metric_alarm(name) for name in wanted))
    assert [one.name for one in alarms(stack(), aws, names(alarms=tuple(wanted)))] == wanted
    sizes = {len(asked["AlarmNames"]) for asked in aws.parameters_of("DescribeAlarms")}
    assert sizes == {100, 5}


def test_a_ringing_alarm_tells_since_when_and_why() -> None:
    moved = {"StateUpdatedTimestamp": ago(minutes=1)}
    told = verdict(checks.test_no_alarm_is_ringing, alarms=seen(metric_alarm("cpu", "ALARM", **moved)))
    reason = "Threshold Crossed: 1 datapoint [97.0] was greater than the threshold (90.0)"
    assert told == ("failed", f"since {written(hours=30)}: {reason}")


def test_an_alarm_whose_state_is_not_told_is_neither_quiet_nor_ringing() -> None:
    raw = without("StateValue", metric_alarm("cpu"))
    for check in (checks.test_no_alarm_is_ringing, checks.test_alarms_can_see):
        assert verdict(check, alarms=seen(raw))[0] == "blind"


BLIND = metric_alarm("5xx (api, eu)", "INSUFFICIENT_DATA")
NEW = {"StateTransitionedTimestamp": ago(minutes=20), "StateUpdatedTimestamp": ago(minutes=20)}
PARTIAL = {"EvaluationState": "PARTIAL_DATA", "StateReason": "Unchecked: quota. More."}
TIMELESS = {"StateTransitionedTimestamp": None, "StateUpdatedTimestamp": None}
UNEVALUATED = {"EvaluationState": "EVALUATION_ERROR", "StateReason": ""}
RULES = {
    "double quotes": 'ALARM("5xx (api, eu)") OR ALARM(fine)',
    "single quotes": "ALARM('5xx (api, eu)')",
    "arn": f'NOT OK("{arn("5xx (api, eu)")}")',
    "spaces": 'ALARM ( "5xx (api, eu)" )',
    "insufficient data": '(ALARM(fine) AND TRUE) OR INSUFFICIENT_DATA("5xx (api, eu)")',
}

MIDDLE, FINE = composite("top", "ALARM(a)"), metric_alarm("fine")
SIGHT: dict[str, tuple[list[Raw], str, str]] = {
    "sees": ([metric_alarm("top")], "passed", ""),
    "rings, but sees": ([metric_alarm("top", "ALARM")], "passed", ""),
    "blind for long": ([metric_alarm("top", "INSUFFICIENT_DATA")], "failed", "top has had no data since"),
    "blind for a short while": ([metric_alarm("top", "INSUFFICIENT_DATA", **NEW)], "passed", ""),
    "data is partial": ([metric_alarm("top", **PARTIAL)], "failed", "not evaluated: PARTIAL_DATA: Unchecked: quota"),
    "evaluation fails": ([metric_alarm("top", **UNEVALUATED)], "failed", "not evaluated: EVALUATION_ERROR"),
    "a child is gone": ([composite("top", "ALARM(gone)")], "failed", "there is no alarm gone"),
    "a child's data is partial": ([MIDDLE, metric_alarm("a", **PARTIAL)], "failed", "a is not"),
    "a grandchild is blind": (
        [MIDDLE, composite("a", RULES["double quotes"]), FINE, BLIND],
        "failed",
        "5xx (api, eu) has had no data",
    ),
    "a circle that sees": ([composite("top", "ALARM(a)"), composite("a", "OK(top) OR OK(a)")], "passed", ""),
    "a circle with a blind one": (
        [MIDDLE, composite("a", 'ALARM(top) OR ALARM("5xx (api, eu)")'), BLIND],
        "failed",
        "5xx (api, eu) has",
    ),
    "a child since when is not told": (
        [MIDDLE, metric_alarm("a", "INSUFFICIENT_DATA", **TIMELESS)],
        "blind",
        "no 'StateUpdated",
    ),
    **{
        f"rule with {name}": ([composite("top", rule), FINE, BLIND], "failed", "5xx (api, eu) has had")
        for name, rule in RULES.items()
    },
}
test_a_composite_sees_no_more_than_those_below_it = judges(
    checks.test_alarms_can_see, SIGHT, alarms=lambda known: seen(*known, prefix="top")
)


@cases({
    "count": 'AT_LEAST(2, ALARM, (fine, "5xx (api, eu)"))',
    "share": 'AT_LEAST(50%, NOT OK, ("5xx (api, eu)"))',
})  # fmt: skip
def test_a_composite_that_counts_sees_no_more_than_those_it_counts(rule: str) -> None:
    found = seen(composite("top", rule), metric_alarm("fine"), BLIND, prefix="top")
    assert verdict(checks.test_alarms_can_see, alarms=found)[0] != "passed"


def test_alarms_below_are_not_asked_for_twice() -> None:
    aws = cloudwatch(composite("web-a", "ALARM(web-cpu) OR ALARM(x)"), metric_alarm("web-cpu"), metric_alarm("x"))
    found = alarms(stack(alarm_prefix="web-"), aws, names())
    assert [one.name for one in found[0].below] == ["x", "web-cpu"]
    assert [asked.get("AlarmNames") for asked in aws.parameters_of("DescribeAlarms")] == [None, ["x"]]


QUIET = alarm_deliveries(Aws({}), NOW, [], [], AlarmNews())
ACTS: dict[str, tuple[Raw, str, str]] = {
    "acts": (metric_alarm("cpu"), "passed", ""),
    "actions are off": (
        metric_alarm("cpu", ActionsEnabled=False),
        "failed",
        f"last configured {written(days=9)}; its actions are off",
    ),
    "suppressed with a reason": (
        composite("cpu", "TRUE", ActionsSuppressedBy="Alarm", ActionsSuppressedReason="deploy"),
        "failed",
        "deploy",
    ),
    "without a reason": (composite("cpu", "TRUE", ActionsSuppressedBy="WaitPeriod"), "failed", "by its WaitPeriod"),
    "has a suppressor that is quiet": (composite("cpu", "TRUE", ActionsSuppressor="deploy"), "passed", ""),
    "nothing said of actions": (without("ActionsEnabled", metric_alarm("cpu")), "blind", "no 'ActionsEnabled'"),
}
test_a_silenced_alarm_fails = judges(checks.test_alarms_can_act, ACTS, alarms=seen, alarm_deliveries=QUIET)


def test_escaped_quotes_in_a_rule_are_part_of_the_name() -> None:
    rule = r'NOT (ALARM("say \"hi\"") OR OK(arn:aws:cloudwatch:us-west-2:123456789012:alarm:plain)) AND TRUE'
    known = [composite("top", rule), metric_alarm('say "hi"'), metric_alarm("plain")]
    (told,) = [one for one in seen(*known, prefix="top") if one.name == "top"]
    assert {one.name for one in told.below} == {'say "hi"', "plain"}
