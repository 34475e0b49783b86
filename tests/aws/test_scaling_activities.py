"""Scaling over a week: what failed, what was only not done, and what turned round too often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.scaling_activities import Activity, ScalingWeek, scaling_week
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, examined, given, judges, names, pages_of, verdict, weekly
from tests.cases import cases

checks = weekly("scaling")
KEY = ("application-autoscaling", "DescribeScalingActivities")


def activity(hours: float = 1, count: int = 4, **changes: Any) -> Raw:
    """An activity so many hours ago that set this count; a change to None takes a key away."""
    raw = {
        "ActivityId": "e6c5f7d1",
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/backend",
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting desired count to {count}.",
        "Cause": "monitor alarm cpu-high in state ALARM triggered policy cpu",
        "StartTime": ago(hours=hours),
        "StatusCode": "Successful",
    }
    return given(raw, changes)


def not_scaled(hours: float, code: str = "AlreadyAtMaxCapacity") -> Raw:
    return activity(
        hours,
        Description="Attempting to scale due to alarm triggered",
        StatusCode="Failed",
        NotScaledReasons=[{"Code": code, "MaxCapacity": 10}],
    )


def seen(*activities: Raw, services: Sequence[str] = ("backend",)) -> list[ScalingWeek]:
    return scaling_week(Aws({KEY: {"ScalingActivities": list(activities)}}), names(services=tuple(services)), NOW)


FAILED: Raw = {"StatusCode": "Failed", "StatusMessage": "Failed to set desired count to 5. Reason: no capacity."}
ATTEMPTS: dict[str, tuple[list[Raw], str, str]] = {
    "none": ([], "passed", "scaling changed nothing in the last 7 days"),
    "successful": (
        [activity(3, 4), activity(1, 2)],
        "passed",
        "scaled 2 times in the last 7 days, to between 2 and 4 tasks",
    ),
    "failed": ([activity(2, **FAILED)], "failed", "1 attempt failed, limit 0; the last: "),
    "the newest is told": (
        [activity(2, **FAILED), activity(90, **FAILED) | {"StatusMessage": "x"}],
        "failed",
        f"limit 0; the last: {NOW - timedelta(hours=2):%Y-%m-%d %H:%M} UTC: Failed",
    ),
    "not fulfilled": ([activity(2, StatusCode="Unfulfilled")], "failed", "1 attempt failed"),
    "without a message": ([activity(2, StatusCode="Failed")], "failed", "Setting desired count to"),
    "overridden": ([activity(2, StatusCode="Overridden")], "passed", ""),
    "under way": ([activity(0.01, StatusCode="InProgress")], "passed", ""),
    "failed more than a week ago": ([activity(24 * 7 + 1, **FAILED)], "passed", "changed nothing"),
    "not scaled is not failed": ([not_scaled(2, "AlreadyAtMinCapacity"), not_scaled(3)], "passed", "changed nothing"),
    "an empty list of reasons is none": ([activity(2, **FAILED, NotScaledReasons=[])], "failed", ""),
    "another service": ([activity(2, **FAILED, ResourceId="service/prod/worker")], "passed", ""),
    "another cluster": ([activity(2, **FAILED, ResourceId="service/dev/backend")], "passed", ""),
    "limits by schedule": (
        [activity(2, Description="Setting min capacity to 4 and max capacity to 20"), activity(1, 4)],
        "passed",
        "",
    ),
    "a word never heard": ([activity(2, Description="Wished for more")], "blind", "'Wished for more' has no number"),
}
test_scaling_attempts_succeed = judges(
    checks.test_scaling_attempts_succeed, ATTEMPTS, scaling_week=lambda activities: seen(*activities)
)


ON_THE_HOUR = NOW.replace(minute=30)
HELD: dict[str, tuple[list[float], str, str, str]] = {
    "never": ([], "AlreadyAtMaxCapacity", "passed", "in 0 hours of the last 7 days"),
    "twice in one hour": ([2, 2.1], "AlreadyAtMaxCapacity", "passed", "in 1 hour"),
    "in two hours": ([2, 50], "AlreadyAtMaxCapacity", "failed", "in 2 hours of the last 7 days; limit 1 hour"),
    "at its minimum": ([2, 3, 4], "AlreadyAtMinCapacity", "passed", "in 0 hours"),
    "flapping was avoided": ([2, 3, 4], "AutoScalingAnticipatedFlapping", "passed", "in 0 hours"),
    "more than a week ago": ([170, 180, 190], "AlreadyAtMaxCapacity", "passed", "in 0 hours"),
}
test_scaling_is_not_held_at_its_maximum = judges(
    checks.test_scaling_is_not_held_at_its_maximum,
    HELD,
    scaling_week=lambda hours, code: seen(
        *[not_scaled(one, code) | {"StartTime": ON_THE_HOUR - timedelta(hours=one)} for one in hours]
    ),
)


def test_a_reason_without_a_code_is_not_seen() -> None:
    week = seen(not_scaled(2))[0]
    week.activities[0].evidence["NotScaledReasons"] = [{}]
    told = verdict(checks.test_scaling_is_not_held_at_its_maximum, scaling_week=[week])
    assert told == ("blind", f"{KEY[0]}:{KEY[1]}: the answer has no 'Code' (it is empty)")


FLAPPING: dict[str, tuple[list[Raw], str, str]] = {
    "a day's wave": (
        [activity(20, 3), activity(16, 4), activity(8, 3), activity(2, 2)],
        "passed",
        "turns within its worst 24 hours: 1",
    ),
    "always up": (
        [activity(9 - count, count) for count in range(2, 9)],
        "passed",
        "turns within its worst 24 hours: 0",
    ),
    "the same number again is no turn": (
        [activity(9, 3), activity(8, 4), activity(7, 4), activity(6, 5)],
        "passed",
        "turns within its worst 24 hours: 0",
    ),
    "out and in": (
        [activity(20 - hour, 3 + hour % 2) for hour in range(9)],
        "failed",
        "turns within its worst 24 hours: 7",
    ),
    "as often, over days": (
        [activity(160 - 20 * hour, 3 + hour % 2) for hour in range(8)],
        "passed",
        "turns within its worst 24 hours: 2",
    ),
    "given out of order": (
        [activity(20 - hour, 3 + hour % 2) for hour in (4, 0, 8, 2, 6, 1, 7, 3, 5)],
        "failed",
        "turns within its worst 24 hours: 7",
    ),
    "failed attempts": (
        [{**activity(20 - hour, 3 + hour % 2), "StatusCode": "Failed"} for hour in range(9)],
        "passed",
        "turns within its worst 24 hours: 0",
    ),
}
test_scaling_does_not_flap = judges(
    checks.test_scaling_does_not_flap, FLAPPING, scaling_week=lambda activities: seen(*activities)
)


@cases({
    "one service": (
        ["backend"], {"ResourceId": "service/prod/backend", "ScalableDimension": "ecs:service:DesiredCount"}),
    "several: one list of all": (["backend", "worker"], {}),
})  # fmt: skip
def test_all_pages_are_read_and_what_was_not_scaled_is_asked_for(
    services: list[str], selection: dict[str, str]
) -> None:
    aws = Aws({KEY: pages_of("ScalingActivities", [activity(200)], [], [activity(2, **FAILED)])})
    weeks = scaling_week(aws, names(services=tuple(services)), NOW)
    assert [(week.name, len(week.failed)) for week in weeks] == [(name, int(name == "backend")) for name in services]
    asked = aws.parameters_of("DescribeScalingActivities")
    assert [one.get("NextToken") for one in asked] == [None, "2", "3"]
    for one in asked:
        wanted = {"ServiceNamespace": "ecs", "IncludeNotScaledActivities": True, "MaxResults": 50, **selection}
        assert {key: value for key, value in one.items() if key != "NextToken"} == wanted


@pytest.mark.parametrize("key", ["StartTime", "ResourceId"])
def test_an_activity_without_time_or_owner_is_not_seen(key: str) -> None:
    class Cut(Aws):
        def items(self, *args: Any, **parameters: Any) -> list[Any]:
            return [Answer(given(activity(2), {key: None}))]

    with pytest.raises(CouldNotLook, match=f"the answer has no '{key}'"):
        scaling_week(Cut({}), names(services=("backend",)), NOW)


def test_a_service_of_the_stack_that_never_scaled_is_told_beside_those_that_did() -> None:
    found = seen(activity(2), activity(3, ResourceId="service/prod/worker"), services=("backend", "worker", "idle"))
    assert [(one.name, len(one.activities)) for one in found] == [("backend", 1), ("worker", 1), ("idle", 0)]
    told = [one.message for one in examined(checks.test_scaling_attempts_succeed, scaling_week=found)]
    scaled = "scaled 1 time in the last 7 days, to between 4 and 4 tasks"
    assert told == [scaled, scaled, "scaling changed nothing in the last 7 days"]


def _of(hours: float = 1, count: int = 4, **changes: Any) -> Activity:
    return Activity(Answer(activity(hours, count, **changes), "application-autoscaling:DescribeScalingActivities"))


AT_MAX = [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 4}]


@cases({
    "done": ({}, False, 4),
    "in other words": ({"Description": "Setting DESIRED COUNT to 12."}, False, 12),
    "bounds": ({"Description": "Setting min capacity to 2 and max capacity to 8"}, False, None),
    "a lower bound": ({"Description": "Set minimum capacity to 2"}, False, None),
    "failed": ({"StatusCode": "Failed"}, True, None),
    "unfulfilled": ({"StatusCode": "Unfulfilled"}, True, None),
    "pending": ({"StatusCode": "Pending"}, False, None),
    "under way": ({"StatusCode": "InProgress"}, False, None),
    "overridden": ({"StatusCode": "Overridden"}, False, None),
    "not scaled": ({"StatusCode": "Failed", "NotScaledReasons": AT_MAX}, False, None),
    "done, and not scaled": ({"NotScaledReasons": AT_MAX}, False, None),
})  # fmt: skip
def test_what_an_activity_did(changes: Raw, failed: bool, count: int | None) -> None:
    assert (_of(**changes).has_failed, _of(**changes).count) == (failed, count)


def test_an_activity_that_says_no_number_is_blind_and_is_told_by_its_message() -> None:
    with pytest.raises(CouldNotLook, match="'Did something' has no number of tasks") as told:
        assert _of(Description="Did something").count
    assert told.value.call == "application-autoscaling:DescribeScalingActivities"
    begun = f"{NOW - timedelta(hours=1):%Y-%m-%d %H:%M} UTC: "
    assert str(_of()) == f"{begun}Setting desired count to 4."
    assert str(_of(StatusMessage="Done")) == f"{begun}Done"
    assert _of().why_not == []
    assert _of(NotScaledReasons=AT_MAX).why_not == ["AlreadyAtMaxCapacity"]


def _week(*activities: Activity) -> ScalingWeek:
    return ScalingWeek(arn="s", name="s", activities=activities)


def _counts(*told: tuple[float, int]) -> ScalingWeek:
    return _week(*(_of(hours, count) for hours, count in told))


def test_how_often_a_service_turned_round_within_a_day() -> None:
    assert _counts().turns_a_day == 0
    assert _counts((9, 2), (8, 4), (7, 6)).turns_a_day == 0
    assert _counts((9, 2), (8, 4), (7, 4), (6, 3)).turns_a_day == 1
    assert _counts((9, 2), (8, 4), (7, 3), (6, 5), (5, 4)).turns_a_day == 3
    assert _counts((9, 4), (8, 4), (7, 4)).turns_a_day == 0
    assert _counts((9, 2), (8, 3), (7, 2)).turns_a_day == 1
    assert _counts((9, 2), (8, 4), (7, 4), (6, 9)).turns_a_day == 0
    assert _counts((50, 2), (49, 4), (48, 3), (24, 5)).turns_a_day == 1
    # turns 24 hours apart are not within one day
    assert _counts((50, 2), (49, 4), (48, 3), (24, 5), (23, 4)).turns_a_day == 2
    assert _counts((50, 2), (49, 4), (48, 3), (24.1, 5), (10, 6)).turns_a_day == 2
    assert _counts((50, 2), (49, 4), (48, 3), (10, 5)).turns_a_day == 1


def test_the_week_in_a_sentence() -> None:
    assert _counts().said == "scaling changed nothing in the last 7 days"
    assert _counts((9, 1)).said == "scaled 1 time in the last 7 days, to between 1 and 1 task"
    assert _counts((9, 4), (8, 2)).said == "scaled 2 times in the last 7 days, to between 2 and 4 tasks"
    assert _counts((9, 4), (8, 2)).counts == [(NOW - timedelta(hours=9), 4), (NOW - timedelta(hours=8), 2)]


def test_hours_in_which_a_service_was_held_at_its_maximum_are_counted_once() -> None:
    held = [_of(hours, NotScaledReasons=AT_MAX) for hours in (1, 1.2, 1.4, 5, 24 + 5)]
    other = _of(9, NotScaledReasons=[{"Code": "AutoScalingAnticipatedFlapping"}])
    week = _week(*held, other, _of(8), _of(7, StatusCode="Failed"))
    hours = {(one.at.date(), one.at.hour) for one in held}
    assert week.hours_held == len(hours)
    assert [one.at for one in week.failed] == [NOW - timedelta(hours=7)]


def test_a_week_has_the_activities_of_its_service_the_oldest_first() -> None:
    week = 7 * 24
    raw = [
        activity(1),
        activity(9, StatusCode="Failed"),
        activity(week, 5),
        activity(week + 0.01),
        activity(2, ResourceId="service/prod/other"),
        activity(3, ScalableDimension="dynamodb:table:ReadCapacityUnits"),
        activity(4, 6),
    ]
    [found] = seen(*raw)
    assert [round((NOW - one.at) / timedelta(hours=1)) for one in found.activities] == [week, 9, 4, 1]
    assert (found.arn, found.name) == ("service/prod/backend", "backend")
    assert found.figures == (Figure("times scaled", 3), Figure("failed attempts", 1))
    assert len(found.evidence["activities of 7 days"]) == 4
