"""What each property of an alarm says, by its raw description; and which alarms are the stack's.

Sources: API_MetricAlarm, API_CompositeAlarm, API_DescribeAlarms of CloudWatch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.cloudwatch_alarms import Alarm, alarms
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.canned import NOW, Aws, Canned, Raw, ago, names, stack
from tests.canned_alarms import PAGE, SCALE, arn, composite, metric_alarm
from tests.cases import cases
from tests.real.alarm_regions import EDGE, of_cloudfront

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
CPU: Raw = {"Namespace": "AWS/ECS", "MetricName": "CPUUtilization"}


def _alarm(raw: Mapping[str, Any], **more: Any) -> Alarm:
    return Alarm(arn=arn("cpu"), name="cpu", evidence=Answer(raw), **more)


def _queries(*periods: int, shared: int | None = None) -> Raw:
    stats: list[Raw] = [
        {"Id": f"m{n}", "MetricStat": {"Metric": CPU, "Period": one, "Stat": "Sum"}} for n, one in enumerate(periods)
    ]
    return {"Metrics": [{"Id": "rate", "Expression": "m0 / m1", **({"Period": shared} if shared else {})}, *stats]}


@cases({
    "the state": ("state", {"StateValue": "OK"}, "OK"),
    "since it moved": (
        "since", {"StateTransitionedTimestamp": ago(hours=2), "StateUpdatedTimestamp": ago(hours=1)}, NOW - 2 * HOUR),
    "since it was updated": ("since", {"StateUpdatedTimestamp": ago(hours=1)}, NOW - HOUR),
    "a reason of two sentences": ("reason", {"StateReason": "Crossed 1.5. More."}, "Crossed 1.5"),
    "no reason": ("reason", {}, ""),
    "it acts": ("acts", {"ActionsEnabled": True}, True),
    "it does not act": ("acts", {"ActionsEnabled": False}, False),
    "not suppressed": ("suppressed_by", {"ActionsSuppressedReason": "once"}, ""),
    "suppressed": ("suppressed_by", {"ActionsSuppressedBy": "Alarm"}, "suppressed by its Alarm"),
    "suppressed, and why": (
        "suppressed_by", {"ActionsSuppressedBy": "Alarm", "ActionsSuppressedReason": "deploy"}, "deploy"),
    "evaluated": ("evaluation_problem", {"StateReason": "Crossed"}, ""),
    "evaluated in part": (
        "evaluation_problem", {"EvaluationState": "PARTIAL_DATA", "StateReason": "Quota. B."}, "PARTIAL_DATA: Quota"),
    "evaluated in part, who knows why": ("evaluation_problem", {"EvaluationState": "PARTIAL_DATA"}, "PARTIAL_DATA"),
    "configured": ("configured_at", {"AlarmConfigurationUpdatedTimestamp": ago(hours=3)}, NOW - 3 * HOUR),
    "no warm-up": ("warms_up_until", {"AlarmConfigurationUpdatedTimestamp": ago(hours=3)}, None),
    "a warm-up of nothing": ("warms_up_until", {"WarmUpConfiguration": {}}, None),
    "a warm-up": (
        "warms_up_until",
        {"AlarmConfigurationUpdatedTimestamp": ago(hours=1),
         "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 90}},
        NOW + HOUR / 2,
    ),
    "a warm-up without end": (
        "warms_up_until",
        {"AlarmConfigurationUpdatedTimestamp": ago(hours=1),
         "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": 2**53}},
        datetime.max.replace(tzinfo=UTC),
    ),
    "looks at all time": ("looks_at", {"Period": 2**53}, timedelta.max),
    "looks at one period": ("looks_at", {"Period": 300}, HOUR / 12),
    "looks at six periods": ("looks_at", {"Period": 300, "EvaluationPeriods": 6}, HOUR / 2),
    "looks at the longest of its metrics": ("looks_at", {**_queries(60, 300, 120), "EvaluationPeriods": 2}, HOUR / 6),
    "looks at its expression's period": ("looks_at", _queries(60, shared=3600), HOUR),
    "looks at something unknown": ("looks_at", {"EvaluationPeriods": 3}, timedelta()),
    "looks at a query that says no period": ("looks_at", {"Metrics": [{"Id": "q", "Expression": "x"}]}, timedelta()),
})  # fmt: skip
def test_a_fact(name: str, raw: Raw, value: Any) -> None:
    found = getattr(_alarm(raw), name)
    assert found == value
    assert not isinstance(found, datetime) or found.tzinfo is UTC


@pytest.mark.parametrize("state", ["", "RINGING"])
def test_an_unknown_state_is_none(state: str) -> None:
    with pytest.raises(CouldNotLook, match="update opschecks"):
        assert _alarm({"StateValue": state}).state


def test_of_a_region_that_could_not_be_read_the_reason_is_the_state() -> None:
    found = _alarm({"StateValue": "OK"}, unread=CouldNotLook("cloudwatch:DescribeAlarms", "AccessDenied"))
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.state


def _quiet(state: str = "INSUFFICIENT_DATA", hours: float = 2, may_rest: bool = False, **changes: Any) -> Alarm:
    raw = {"StateValue": state, "StateUpdatedTimestamp": NOW - hours * HOUR, "Period": 60, **changes}
    return _alarm(raw, may_rest=may_rest)


def warm_up(minutes: int) -> Raw:
    return {
        "AlarmConfigurationUpdatedTimestamp": ago(hours=1),
        "WarmUpConfiguration": {"WarmUpPeriodDurationInMinutes": minutes},
    }


WELL = "cpu has no data, as while all is well"


@cases({
    "it has data": (_quiet("OK"), "", False),
    "it has data, and may have none": (_quiet("OK", may_rest=True), "", False),
    "it rings while it warms up": (_quiet("ALARM", **warm_up(90)), "", False),
    "none, and it should": (_quiet(), "", True),
    "none, and it may": (_quiet(may_rest=True), WELL, False),
    "it warms up": (_quiet(**warm_up(61)), "cpu warms up until 2026-11-24 07:01 UTC", False),
    "its warm-up ends now, and it has had none for no time": (_quiet(**warm_up(60)), "", False),
    "its warm-up ended half an hour ago": (_quiet(hours=9, **warm_up(30)), "", False),
    "an hour, the longest": (_quiet(hours=1), "", False),
    "a second longer": (_quiet(hours=1 + 1 / 3600), "", True),
    "two hours, and it looks at two": (_quiet(Period=3600, EvaluationPeriods=2), "", False),
    "longer than it looks at": (_quiet(hours=2 + 1 / 3600, Period=3600, EvaluationPeriods=2), "", True),
})  # fmt: skip
def test_which_silence_is_right(alarm: Alarm, why: str, is_blind: bool) -> None:
    assert (alarm.rests(NOW), alarm.is_blind(NOW, HOUR)) == (why, is_blind)


def test_an_alarm_is_read_whole() -> None:
    raw = metric_alarm("cpu", "ALARM", MetricName="Errors", Namespace="AWS/Lambda", TreatMissingData="missing")
    top = composite("top", "ALARM(cpu) OR ALARM(cpu)")
    found = _look(Aws({("cloudwatch", "DescribeAlarms"): {"MetricAlarms": [raw], "CompositeAlarms": [top]}}))
    assert [one.name for one in found] == ["cpu", "top"]
    assert (found[0].arn, found[0].region, found[0].evidence) == (arn("cpu"), "us-west-2", raw)
    assert [(one.label, one.value) for one in found[0].figures] == [("state", "ALARM")]
    assert REGISTRY["alarms"].lasting, "alarms do not go away by themselves"
    assert [(one.may_rest, [below.name for below in one.below]) for one in found] == [(True, []), (False, ["cpu"])]


def _look(aws: Aws, prefix: str | list[str] = "", distributions: tuple[str, ...] = (), **more: Any) -> list[Alarm]:
    return alarms(stack(alarm_prefix=prefix, **more), aws, names(distributions=distributions))


def _answer(*metrics: Raw, composites: tuple[Raw, ...] = ()) -> Raw:
    return {"MetricAlarms": list(metrics), "CompositeAlarms": list(composites)}


def _both(there: Any, here: Any = _answer()) -> Aws:
    return Aws({("cloudwatch", "DescribeAlarms"): here, ("us-east-1 cloudwatch", "DescribeAlarms"): there})


def _math(value: str) -> Raw:
    metric = {**CPU, "Dimensions": [{"Name": "DistributionId", "Value": value}]}
    queries = [
        {"Id": "rate", "Expression": "m1"},
        {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
    ]
    return of_cloudfront(f"by math of {value}", Dimensions=[], Metrics=queries)


def _there(name: str, rule: str) -> Raw:
    return composite(name, rule, AlarmArn=f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{name}")


def test_of_the_other_region_what_watches_the_distributions_is_the_stacks() -> None:
    dimension = {"Name": "Distribution", "Value": EDGE}
    told = _answer(
        of_cloudfront("edge"), _math(EDGE), _math("E9"), of_cloudfront("another's", Dimensions=[dimension]),
        of_cloudfront("of nothing", Dimensions=[]),
        composites=(_there("over edge", "ALARM(edge)"), _there("over others", 'ALARM("of nothing")')),
    )  # fmt: skip
    found = _look(_both(told), distributions=(EDGE, "E3"))
    assert [one.name for one in found] == [f"by math of {EDGE}", "edge", "over edge"]
    assert {one.region for one in found} == {"us-east-1"}
    assert len(_look(_both(told), "o", (EDGE,))) == 7, "with a prefix, whatever begins so is the stack's"


def test_what_is_found_for_the_stack_in_the_other_region_is_the_stacks() -> None:
    there = _answer(of_cloudfront("by its tag", Dimensions=[]), of_cloudfront("another's", Dimensions=[]))
    own = names(distributions=(EDGE,), alarms_of_cloudfront=("by its tag",))
    assert [one.name for one in alarms(stack(), _both(there), own)] == ["by its tag"]


@pytest.mark.parametrize("region", ["us-east-1", "us-gov-west-1"])
def test_where_the_other_region_is_none_or_the_stacks_own_it_is_not_asked(region: str) -> None:
    checked = Stack(name="here", region=region)
    aws = Aws({("cloudwatch", "DescribeAlarms"): _answer(metric_alarm("cpu"))}, checked)
    assert [one.name for one in alarms(checked, aws, names(distributions=(EDGE,)))] == ["cpu"]
    assert len(aws.asked) == 1


def test_without_a_distribution_the_other_region_is_not_asked() -> None:
    aws = _both(_answer(of_cloudfront("edge")), _answer(metric_alarm("cpu")))
    assert [one.name for one in _look(aws)] == ["cpu"]
    assert {one.region for one in aws.asked} == {"us-west-2"}


def test_a_region_that_may_not_be_read_is_one_entry_that_says_so() -> None:
    denied = CouldNotLook("cloudwatch:DescribeAlarms", "AccessDenied", action="cloudwatch:DescribeAlarms")
    cpu, there = _look(_both(denied, _answer(metric_alarm("cpu"))), distributions=(EDGE,))
    assert (cpu.name, cpu.unread) == ("cpu", None)
    name = "alarms of CloudFront in us-east-1"
    assert (there.arn, there.name, there.below, there.figures) == (name, name, (), ())
    assert there.unread is not None
    assert (there.unread.call, there.unread.reason, there.unread.action) == (
        "cloudwatch:DescribeAlarms", "in us-east-1: AccessDenied", "cloudwatch:DescribeAlarms",
    )  # fmt: skip
    assert there.evidence == {"could not be read": str(there.unread)}
    assert not there.may_rest


def test_of_several_beginnings_one_that_no_alarm_has_is_told() -> None:
    def answer(AlarmNamePrefix: str, **_: Any) -> Canned:  # noqa: N803 - AWS's name
        return _answer(*(one for one in [metric_alarm("web-cpu")] if AlarmNamePrefix == "web-"))

    found = _look(Aws({("cloudwatch", "DescribeAlarms"): answer}), prefix=["web-", "api-"])
    assert [(one.name, one.unread is None) for one in found] == [
        ("web-cpu", True),
        ("alarms that begin with api-", False),
    ]
    why = "no alarm begins with api- (alarm_prefix in stacks.toml)"
    assert found[1].evidence == {"could not be read": f"cloudwatch:DescribeAlarms: {why}"}
    both = _answer(metric_alarm("web-cpu"), metric_alarm("api-cpu"))
    found = _look(Aws({("cloudwatch", "DescribeAlarms"): both}), ["web-", "api-"])
    assert [one.name for one in found] == ["api-cpu", "web-cpu"]
    one_alone = Aws({("cloudwatch", "DescribeAlarms"): answer})
    assert _look(one_alone, "api-") == []


def test_a_stack_of_which_only_its_own_are_looked_at_has_some() -> None:
    found = names(is_found=True)
    with pytest.raises(CouldNotLook, match="alarm_prefix"):
        alarms(stack(), Aws({}), found)
    with pytest.raises(CouldNotLook, match="alarm_prefix"):
        alarms(stack(without=["alarm_prefix"]), Aws({}), names())
    aws = Aws({("cloudwatch", "DescribeAlarms"): _answer(metric_alarm("web-cpu"))})
    assert [one.name for one in alarms(stack(alarm_prefix="web-"), aws, found)] == ["web-cpu"]
    its_own = names(is_found=True, alarms=("web-cpu",))
    assert [one.name for one in alarms(stack(), aws, its_own)] == ["web-cpu"]


@cases({
    "target tracking": ({"AlarmName": "TargetTracking-x"}, True),
    "named after target tracking": ({"AlarmName": "x-TargetTracking-"}, False),
    "a policy": ({"AlarmName": "x", "AlarmActions": [SCALE]}, True),
    "two policies": ({"AlarmName": "x", "AlarmActions": [SCALE, SCALE]}, True),
    "a policy and a person": ({"AlarmName": "x", "AlarmActions": [SCALE, PAGE]}, False),
    "nothing": ({"AlarmName": "x", "AlarmActions": []}, False),
    "nothing is said": ({"AlarmName": "x", "AlarmActions": None}, False),
})  # fmt: skip
def test_what_only_scales_is_not_the_stacks(changes: Raw, scales: bool) -> None:
    answer = _answer(metric_alarm("cpu", **changes))
    assert [one.name for one in _look(Aws({("cloudwatch", "DescribeAlarms"): answer}))] == (
        [] if scales else [changes["AlarmName"]]
    )
