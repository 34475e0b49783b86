"""Settings of the pool in task definitions, a week of scaling, and metrics that rest: each part by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Task
from opschecks.aws.scaling_activities import Activity, ScalingWeek, scaling_week
from opschecks.aws.task_definitions import PoolSettings, Setting, pool_settings
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, given, names, stack
from tests.cases import cases

THROTTLED = CouldNotLook("ecs:DescribeTasks", "ThrottlingException: no")
DENIED = CouldNotLook("ecs:DescribeTaskDefinition", "AccessDenied: no", action="ecs:DescribeTaskDefinition")


def _container(**changes: Any) -> Raw:
    return {"name": "app", "environment": [], **changes}


def _env(**told: str) -> Raw:
    return _container(environment=[{"name": name, "value": value} for name, value in told.items()])


def _task(revision: str = "app:1", of: str = "backend", **changes: Any) -> Task:
    raw = {"desiredStatus": "RUNNING", "taskDefinitionArn": f"arn/{revision}", **changes}
    return Task(arn=revision, name=revision, service=of, evidence=Answer(raw, "ecs:DescribeTasks"))


def _pools(
    *containers: Raw, tasks: Any = (), services: tuple[str, ...] = ("backend",), **keys: Any
) -> list[PoolSettings]:
    answer = {"taskDefinition": {"containerDefinitions": list(containers)}}
    aws = Aws({("ecs", "DescribeTaskDefinition"): answer}, stack(**keys))
    return pool_settings(aws.stack, aws, names(services=services), list(tasks) or [_task()])


def test_the_settings_of_a_revision_are_told_by_their_names() -> None:
    [seen] = _pools(_env(WEB_CONCURRENCY="4"), _env(WEB_CONCURRENCY="8"))
    assert (seen.arn, seen.name, seen.revision) == ("arn/app:1#backend", "backend (app:1)", "app:1")
    assert seen.settings == (
        Setting("WEB_CONCURRENCY", 4, ("4", "8")),
        Setting("UVICORN_LIMIT_CONCURRENCY", 1000, ()),
    )
    assert seen.evidence == {"WEB_CONCURRENCY": ["4", "8"], "UVICORN_LIMIT_CONCURRENCY": "not set here"}
    assert seen.figures == (Figure("WEB_CONCURRENCY", "4, 8"),)
    assert [one.values for one in seen.settings] == [[4, 8], []]


def test_each_revision_that_runs_is_looked_at_once_and_a_service_without_tasks_has_none() -> None:
    tasks = [
        _task(), _task(), _task("app:2"), _task("app:3", desiredStatus="STOPPED"), _task("job:1", "worker"),
    ]  # fmt: skip
    seen = _pools(_env(), tasks=tasks, services=("backend", "worker", "idle"))
    assert [(one.name, one.revision) for one in seen] == [
        ("backend (app:1)", "app:1"),
        ("backend (app:2)", "app:2"),
        ("worker (job:1)", "job:1"),
        ("idle", ""),
    ]
    with pytest.raises(CouldNotLook, match="ecs:ListTasks: no task of idle is running"):
        assert seen[3].settings


def test_a_service_whose_tasks_could_not_be_read_says_why() -> None:
    unread = Task(arn="x", name="backend", service="backend", evidence=Unread(THROTTLED))
    [seen] = _pools(_env(), tasks=[unread, _task()])
    assert (seen.name, seen.revision, seen.problem) == ("backend", "", THROTTLED)
    with pytest.raises(CouldNotLook, match="ThrottlingException"):
        assert seen.settings


def test_a_revision_that_is_refused_is_so_alone() -> None:
    def told(taskDefinition: str) -> Any:  # noqa: N803 - AWS's name
        return DENIED if taskDefinition == "arn/app:1" else {"taskDefinition": {"containerDefinitions": [_env()]}}

    aws = Aws({("ecs", "DescribeTaskDefinition"): told})
    one, two = pool_settings(stack(), aws, names(services=("backend",)), [_task(), _task("app:2")])
    assert (one.name, one.arn, one.revision, one.problem) == ("backend (app:1)", "arn/app:1#backend", "app:1", DENIED)
    assert (two.problem, len(two.settings)) == (None, 2)


SECRET = {"secrets": [{"name": "WEB_CONCURRENCY", "valueFrom": "arn:x"}]}
FILE = {"environmentFiles": [{"value": "arn:aws:s3:::x", "type": "s3"}]}
OTHER_SECRET = {"secrets": [{"name": "OTHER", "valueFrom": "arn:x"}]}


@cases({
    "nowhere": ([_container()], (), ""),
    "a secret": ([_container(), _container(**SECRET)], (), "comes from a secret"),
    "another secret": ([_container(**OTHER_SECRET)], (), ""),
    "a file": ([_container(), _container(**FILE)], (), "may come from an environment file"),
    "a secret and a file": ([_container(**SECRET, **FILE)], (), "comes from a secret"),
    "no file": ([_container(environmentFiles=[])], (), ""),
    "a value, and a file": ([{**_env(WEB_CONCURRENCY="4"), **FILE}], ("4",), "may come from an environment file"),
    "another variable": ([_env(OTHER="4")], (), ""),
    "a variable without a value": ([_container(environment=[{"name": "WEB_CONCURRENCY"}])], ("",), ""),
})  # fmt: skip
def test_where_a_variable_comes_from(containers: list[Raw], told: tuple[str, ...], unread: str) -> None:
    [seen] = _pools(*containers)
    assert seen.found[0] == Setting("WEB_CONCURRENCY", 4, told, unread)
    assert seen.evidence["WEB_CONCURRENCY"] == ([*told] or unread or "not set here")


def test_a_value_that_is_not_read_or_no_number_is_blind() -> None:
    with pytest.raises(CouldNotLook, match="WORKERS comes from a secret, which is not read"):
        assert Setting("WORKERS", 4, (), "comes from a secret").values
    assert Setting("WORKERS", 4, ("2",), "comes from a secret").values == [2]
    with pytest.raises(CouldNotLook, match="WORKERS is set to 'auto', which is not a number") as told:
        assert Setting("WORKERS", 4, ("2", "auto")).values
    assert told.value.call == "ecs:DescribeTaskDefinition"


ARGUMENTS: Raw = {"pool": {"workers": "--workers", "limit": "--limit-concurrency"}}


@cases({
    "nothing": ({}, ()),
    "the next word": ({"command": ["uvicorn", "--workers", "4"]}, ("4",)),
    "after =": ({"command": ["uvicorn", "--workers=4"]}, ("4",)),
    "in the entry point": ({"entryPoint": ["uvicorn", "--workers", "4"], "command": ["app"]}, ("4",)),
    "from the one into the other": ({"entryPoint": ["uvicorn", "--workers"], "command": ["4"]}, ("4",)),
    "in a shell": ({"command": ["sh", "-c", "exec uvicorn --workers 4 'a b'"]}, ("4",)),
    "twice": ({"command": ["--workers", "4", "--workers=8"]}, ("4", "8")),
    "the last word": ({"command": ["uvicorn", "--workers"]}, ()),
    "a longer word": ({"command": ["--workers-x", "4", "--workersx=4"]}, ()),
    "in words with a quote that does not end": ({"command": ["--workers=4'"]}, ("4'",)),
    "with a quote that does not end": ({"command": ["sh -c 'x --workers 4", "--workers", "2"]}, ("2",)),
})  # fmt: skip
def test_an_argument_is_read_from_the_command(more: Raw, told: tuple[str, ...]) -> None:
    [seen] = _pools({**_container(**more), **FILE}, **ARGUMENTS)
    assert seen.found[0] == Setting("--workers", 4, told)


def _activity(hours: float = 1, count: int | None = 4, **changes: Any) -> Raw:
    raw = {
        "ActivityId": "a",
        "ServiceNamespace": "ecs",
        "ResourceId": "service/prod/backend",
        "ScalableDimension": "ecs:service:DesiredCount",
        "Description": f"Setting desired count to {count}.",
        "Cause": "alarm",
        "StartTime": ago(hours=hours),
        "StatusCode": "Successful",
    }
    return given(raw, changes)


def _of(hours: float = 1, count: int | None = 4, **changes: Any) -> Activity:
    return Activity(Answer(_activity(hours, count, **changes), "application-autoscaling:DescribeScalingActivities"))


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


def _scaled(*raw: Raw, of: tuple[str, ...] = ("backend",)) -> tuple[list[ScalingWeek], Aws]:
    key = ("application-autoscaling", "DescribeScalingActivities")
    aws = Aws({key: {"ScalingActivities": list(raw)}})
    return scaling_week(aws, names(services=of), NOW), aws


def test_a_week_has_the_activities_of_its_service_the_oldest_first() -> None:
    week = 7 * 24
    raw = [
        _activity(1),
        _activity(9, StatusCode="Failed"),
        _activity(week, 5),
        _activity(week + 0.01),
        _activity(2, ResourceId="service/prod/other"),
        _activity(3, ScalableDimension="dynamodb:table:ReadCapacityUnits"),
        _activity(4, 6),
    ]
    [seen], aws = _scaled(*raw)
    assert [round((NOW - one.at) / timedelta(hours=1)) for one in seen.activities] == [week, 9, 4, 1]
    assert (seen.arn, seen.name) == ("service/prod/backend", "backend")
    assert seen.figures == (Figure("times scaled", 3), Figure("failed attempts", 1))
    assert len(seen.evidence["activities of 7 days"]) == 4
    assert aws.parameters_of("DescribeScalingActivities") == [
        {
            "ServiceNamespace": "ecs",
            "IncludeNotScaledActivities": True,
            "MaxResults": 50,
            "ResourceId": "service/prod/backend",
            "ScalableDimension": "ecs:service:DesiredCount",
        }
    ]


def test_of_several_services_all_activities_are_asked_for() -> None:
    seen, aws = _scaled(_activity(1), _activity(2, ResourceId="service/prod/worker"), of=("backend", "worker", "idle"))
    assert [(one.name, len(one.activities)) for one in seen] == [("backend", 1), ("worker", 1), ("idle", 0)]
    assert "ResourceId" not in aws.parameters_of("DescribeScalingActivities")[0]
