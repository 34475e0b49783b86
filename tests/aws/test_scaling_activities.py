"""Scaling over a week: what failed, what was only not done, and what turned round too often."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.scaling_activities import ScalingWeek, scaling_week
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, examined, given, judges, names, pages_of, verdict, weekly

checks = weekly("scaling")
KEY = ("application-autoscaling", "DescribeScalingActivities")


def activity(hours: float, **changes: Any) -> Raw:
    """An activity so many hours ago; a change to None takes a key away."""
    raw = {
        "ActivityId": "e6c5f7d1",
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/backend",
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": "Setting desired count to 4.",
        "Cause": "monitor alarm cpu-high in state ALARM triggered policy cpu",
        "StartTime": ago(hours=hours),
        "StatusCode": "Successful",
        "StatusMessage": "Successfully set desired count to 4. Change successfully fulfilled by ecs.",
    }
    return given(raw, changes)


def to(hours: float, count: int) -> Raw:
    return activity(hours, Description=f"Setting desired count to {count}.")


def not_scaled(hours: float, code: str = "AlreadyAtMaxCapacity") -> Raw:
    return activity(
        hours,
        Description="Attempting to scale due to alarm triggered",
        StatusCode="Failed",
        StatusMessage=None,
        NotScaledReasons=[{"Code": code, "MaxCapacity": 10}],
    )


def seen(*activities: Raw, services: Sequence[str] = ("backend",)) -> list[ScalingWeek]:
    return scaling_week(Aws({KEY: {"ScalingActivities": list(activities)}}), names(services=tuple(services)), NOW)


FAILED = {"StatusCode": "Failed", "StatusMessage": "Failed to set desired count to 5. Reason: no capacity."}
ATTEMPTS: dict[str, tuple[list[Raw], str, str]] = {
    "none": ([], "passed", "scaling changed nothing in the last 7 days"),
    "successful": ([to(3, 4), to(1, 2)], "passed", "scaled 2 times in the last 7 days, to between 2 and 4 tasks"),
    "failed": ([activity(2, **FAILED)], "failed", "1 attempt failed, limit 0; the last: "),
    "the newest is told": (
        [activity(2, **FAILED), activity(90, **FAILED) | {"StatusMessage": "x"}],
        "failed",
        f"limit 0; the last: {NOW - timedelta(hours=2):%Y-%m-%d %H:%M} UTC: Failed",
    ),
    "not fulfilled": ([activity(2, StatusCode="Unfulfilled")], "failed", "1 attempt failed"),
    "without a message": ([activity(2, StatusCode="Failed", StatusMessage=None)], "failed", "Setting desired count to"),
    "overridden": ([activity(2, StatusCode="Overridden")], "passed", ""),
    "under way": ([activity(0.01, StatusCode="InProgress", StatusMessage=None)], "passed", ""),
    "failed more than a week ago": ([activity(24 * 7 + 1, **FAILED)], "passed", "changed nothing"),
    "not scaled is not failed": ([not_scaled(2, "AlreadyAtMinCapacity"), not_scaled(3)], "passed", "changed nothing"),
    "an empty list of reasons is none": ([activity(2, **FAILED, NotScaledReasons=[])], "failed", ""),
    "another service": ([activity(2, **FAILED, ResourceId="service/prod/worker")], "passed", ""),
    "another cluster": ([activity(2, **FAILED, ResourceId="service/dev/backend")], "passed", ""),
    "limits by schedule": (
        [activity(2, Description="Setting min capacity to 4 and max capacity to 20"), to(1, 4)],
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
    "a day's wave": ([to(20, 3), to(16, 4), to(8, 3), to(2, 2)], "passed", "turns within its worst 24 hours: 1"),
    "always up": ([to(9 - count, count) for count in range(2, 9)], "passed", "turns within its worst 24 hours: 0"),
    "the same number again is no turn": (
        [to(9, 3), to(8, 4), to(7, 4), to(6, 5)],
        "passed",
        "turns within its worst 24 hours: 0",
    ),
    "out and in": ([to(20 - hour, 3 + hour % 2) for hour in range(9)], "failed", "turns within its worst 24 hours: 7"),
    "as often, over days": (
        [to(160 - 20 * hour, 3 + hour % 2) for hour in range(8)],
        "passed",
        "turns within its worst 24 hours: 2",
    ),
    "given out of order": (
        [to(20 - hour, 3 + hour % 2) for hour in (4, 0, 8, 2, 6, 1, 7, 3, 5)],
        "failed",
        "turns within its worst 24 hours: 7",
    ),
    "failed attempts": (
        [{**to(20 - hour, 3 + hour % 2), "StatusCode": "Failed"} for hour in range(9)],
        "passed",
        "turns within its worst 24 hours: 0",
    ),
}
test_scaling_does_not_flap = judges(
    checks.test_scaling_does_not_flap, FLAPPING, scaling_week=lambda activities: seen(*activities)
)


@pytest.mark.parametrize(
    ("services", "selection"),
    [
        (["backend"], {"ResourceId": "service/prod/backend", "ScalableDimension": "ecs:service:DesiredCount"}),
        (["backend", "worker"], {}),
    ],
    ids=["one service", "several: one list of all"],
)
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
            return [Answer(activity(2, **{key: None}))]

    with pytest.raises(CouldNotLook, match=f"the answer has no '{key}'"):
        scaling_week(Cut({}), names(services=("backend",)), NOW)


def test_a_service_of_the_stack_that_never_scaled_is_told_beside_the_one_that_did() -> None:
    found = seen(to(2, 4), services=("backend", "worker"))
    told = {one.name: one.message for one in examined(checks.test_scaling_attempts_succeed, scaling_week=found)}
    assert told == {
        "backend": "scaled 1 time in the last 7 days, to between 4 and 4 tasks",
        "worker": "scaling changed nothing in the last 7 days",
    }
