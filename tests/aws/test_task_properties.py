"""ECS: every property of a task, how it ended, and which tasks are listed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Task, tasks
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, names
from tests.cases import cases

DIGEST = f"sha256:{'1f' * 32}"


def arn(number: int, cluster: str = "prod") -> str:
    return f"arn:aws:ecs:{ACCOUNT}:task/{cluster}/{number:032x}"


def task(number: Any = 1, cluster: Any = "prod", **changes: Any) -> Raw:
    raw = {
        "taskArn": arn(number, cluster),
        "group": "service:backend",
        "startedBy": "ecs-svc/0000000000000000008",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "containers": [{"name": "app", "image": "web:1", "imageDigest": DIGEST}],
        "createdAt": ago(hours=5),
    }
    return given(raw, changes)


def ended(code: str = "EssentialContainerExited", reason: str = "It exited", *containers: Raw, **changes: Any) -> Raw:
    stopped = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": code, "stoppedReason": reason}
    return task(**{**stopped, "containers": list(containers), **changes})


def seen(*raw: Raw) -> list[Task]:
    def listed(cluster: str, desiredStatus: str) -> Raw:  # noqa: N803 - AWS's names
        return {"taskArns": [one["taskArn"] for one in raw if one.get("desiredStatus", "RUNNING") == desiredStatus]}

    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): {"tasks": list(raw), "failures": []}})
    return tasks(aws, names(services=("backend",)))


EXITED = {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}


@cases({
    "it runs": (task(), lambda it: (it.last_status, it.is_wanted, it.health), ("RUNNING", True, "HEALTHY")),
    "it drains": (task(desiredStatus="STOPPED"), lambda it: (it.last_status, it.is_wanted), ("RUNNING", False)),
    "nothing is said of its health": (task(healthStatus=None), lambda it: it.health, "UNKNOWN"),
    "its health is not known": (task(healthStatus="UNKNOWN"), lambda it: it.health, "UNKNOWN"),
    "it is ill": (task(healthStatus="UNHEALTHY"), lambda it: it.health, "UNHEALTHY"),
    "who started it": (task(), lambda it: it.started_by, "ecs-svc/0000000000000000008"),
    "nobody is said to have started it": (task(startedBy=None), lambda it: it.started_by, ""),
    "it stopped": (
        task(stoppedAt=ago(hours=1), stoppingAt=ago(hours=2)), lambda it: it.ended, NOW - timedelta(hours=1)),
    "it is stopping": (task(stoppingAt=ago(hours=2)), lambda it: it.ended, NOW - timedelta(hours=2)),
    "it was created": (task(), lambda it: it.ended, NOW - timedelta(hours=5)),
    "no time is known": (task(createdAt=None), lambda it: it.ended, datetime.min.replace(tzinfo=UTC)),
    "its images": (
        task(containers=[{"name": "app", "image": "web:1", "imageDigest": DIGEST}, {"image": "side:2"},
                         {"name": "aws-guardduty-agent-1f"}]),
        lambda it: it.images, [("app", "web:1", DIGEST), ("container", "side:2", "")]),
    "it runs, and has not died": (task(), lambda it: it.death, ""),
    "it exited": (ended("EssentialContainerExited", "It exited", EXITED), lambda it: it.death,
                  "It exited; app exited with 137 (OutOfMemoryError: Container killed)"),
    "it exited, without a reason of the container": (
        ended("EssentialContainerExited", "It exited", {"name": "app", "exitCode": 1}), lambda it: it.death,
        "It exited; app exited with 1"),
    "one container of two failed": (
        ended("EssentialContainerExited", "It exited", {"name": "side", "exitCode": 0}, EXITED), lambda it: it.death,
        "It exited; app exited with 137 (OutOfMemoryError: Container killed)"),
    "its image could not be pulled": (
        ended("TaskFailedToStart", "Task failed to start", {"name": "app", "reason": "CannotPullContainerError"}),
        lambda it: it.death, "Task failed to start; app: CannotPullContainerError"),
    "a container without a name": (
        ended("TaskFailedToStart", "Task failed to start", {"reason": "CannotPullContainerError"}),
        lambda it: it.death, "Task failed to start; container: CannotPullContainerError"),
    "its host was lost, and nothing else is said": (
        ended("InfrastructureHealth", "", containers=None), lambda it: it.death, "InfrastructureHealth"),
    "its host was taken away": (ended("TerminationNotice", ""), lambda it: it.death, "TerminationNotice"),
    "the load balancer found it ill": (
        ended("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group web)"),
        lambda it: it.death, "Task failed ELB health checks in (target-group web)"),
    "it was scaled in": (ended("ServiceSchedulerInitiated", "Scaling activity initiated by"), lambda it: it.death, ""),
    "a person stopped it": (ended("UserInitiated", "Task stopped by user", EXITED), lambda it: it.death, ""),
    "Spot took its capacity": (ended("SpotInterruption", "Your Spot Task was interrupted."), lambda it: it.death, ""),
})  # fmt: skip
def test_what_a_task_is_read_as(raw: Raw, read: Callable[[Task], Any], expected: Any) -> None:
    [found] = seen(raw)
    assert read(found) == expected


@cases([
    ("lastStatus", lambda it: it.last_status),
    ("containers", lambda it: it.images),
    ("desiredStatus", lambda it: it.is_wanted),
])  # fmt: skip
def test_what_every_task_has_is_not_guessed(key: str, read: Callable[[Task], Any]) -> None:
    [found] = seen(task(**{key: None}))
    with pytest.raises(CouldNotLook, match=f"the answer has no '{key}'"):
        read(found)


def test_a_task_is_told_with_its_service_and_those_of_others_are_not() -> None:
    [mine] = seen(task(1), task(2, group="service:billing"), task(3, group="family:backend"))
    assert (mine.arn, mine.name, mine.service) == (arn(1), f"{1:032x}", "backend")
    assert not REGISTRY["tasks"].lasting


def test_each_task_is_described_once_though_both_lists_have_it() -> None:
    aws = Aws({("ecs", "ListTasks"): {"taskArns": [arn(1)]}, ("ecs", "DescribeTasks"): {"tasks": [task(1)]}})
    assert [one.arn for one in tasks(aws, names(services=("backend",)))] == [arn(1)]
    assert [one["tasks"] for one in aws.parameters_of("DescribeTasks")] == [[arn(1)]]
    assert sorted(one["desiredStatus"] for one in aws.parameters_of("ListTasks")) == ["RUNNING", "STOPPED"]


@cases({
    "with a detail": ([{"arn": arn(2), "reason": "ACCESS_DENIED", "detail": "no"}], f"{arn(2)}: ACCESS_DENIED no$"),
    "without one": ([{"arn": arn(2), "reason": "ACCESS_DENIED"}], f"{arn(2)}: ACCESS_DENIED$"),
    "behind one that was forgotten": (
        [{"arn": arn(2), "reason": "MISSING"}, {"arn": arn(3), "reason": "INTERNAL"}], f"{arn(3)}: INTERNAL$"),
    "not mentioned": ([], f"the answer does not mention {2:032x}, {3:032x}, {4:032x}$"),
})  # fmt: skip
def test_a_task_that_is_not_described_is_told_unless_ecs_forgot_it(failures: list[Raw], message: str) -> None:
    listed = {"taskArns": [arn(number) for number in (1, 2, 3, 4, 5)]}
    told: Raw = {"tasks": [task(1)], **({"failures": failures} if failures else {})}
    with pytest.raises(CouldNotLook, match=message):
        tasks(Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): told}), names(services=("backend",)))


def test_of_several_clusters_the_tasks_of_one_that_may_not_be_read_are_unread_alone() -> None:
    refused = CouldNotLook("ecs:ListTasks", "AccessDeniedException: no")

    def listed(cluster: str, desiredStatus: str) -> Any:  # noqa: N803 - AWS's names
        return refused if cluster == "jobs" else {"taskArns": [arn(1)] if desiredStatus == "RUNNING" else []}

    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): {"tasks": [task(1)]}})
    web, mail, news = tasks(aws, names(services=("prod/backend", "jobs/mail", "jobs/news"), further_clusters=("jobs",)))
    assert (web.service, web.is_wanted) == ("prod/backend", True)
    assert [(one.arn, one.name, one.service) for one in (mail, news)] == [
        ("service/jobs/mail", "jobs/mail", "jobs/mail"), ("service/jobs/news", "jobs/news", "jobs/news"),
    ]  # fmt: skip
    with pytest.raises(CouldNotLook, match="ecs:ListTasks: AccessDeniedException"):
        mail.is_wanted  # noqa: B018 - it raises
