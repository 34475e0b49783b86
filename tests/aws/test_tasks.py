"""ECS: what tasks really look like, which of them are the stack's, and what the check makes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Task, tasks
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Answers,
    Aws,
    Raw,
    ago,
    daily,
    examined,
    given,
    judges,
    names,
)
from tests.cases import cases

ecs = daily("ecs")


DIGEST = f"sha256:{'1f' * 32}"


def arn(number: int, cluster: str = "prod") -> str:
    return f"arn:aws:ecs:{ACCOUNT}:task/{cluster}/{number:032x}"


def task(number: int = 1, **changes: Any) -> Raw:
    raw = {
        "taskArn": arn(number),
        "taskDefinitionArn": f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:7",
        "group": "service:backend",
        "startedBy": "ecs-svc/0000000000000000008",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "containers": [{"name": "app", "lastStatus": "RUNNING", "image": "web:1", "imageDigest": DIGEST}],
        "createdAt": ago(hours=5),
    }
    return given(raw, changes)


def stopped(code: str, reason: str, *containers: Raw, **changes: Any) -> Raw:
    """What a task has that stopped, in place of what one has that runs."""
    status = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": code, "stoppedReason": reason}
    return {**status, "containers": [{"lastStatus": "STOPPED", **one} for one in containers], **changes}


def ended(code: str, reason: str, *containers: Raw, **changes: Any) -> Raw:
    return task(**stopped(code, reason, *containers, **changes))


def seen(*raw: Raw) -> list[Task]:
    def listed(cluster: str, desiredStatus: str) -> Raw:  # noqa: N803 - AWS's names
        return {"taskArns": [one["taskArn"] for one in raw if one.get("desiredStatus", "RUNNING") == desiredStatus]}

    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): {"tasks": list(raw), "failures": []}})
    return tasks(aws, names(services=("backend",)))


def described(answer: Raw, *numbers: int) -> list[Task]:
    """The tasks, where ECS lists these numbers and answers so of them."""
    listed = {"taskArns": [arn(number) for number in numbers]}
    return tasks(Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): answer}), names(services=("backend",)))


OUT_OF_MEMORY = {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}

TASKS: dict[str, tuple[Raw, str, str]] = {
    "healthy": ({}, "passed", ""),
    "without a health check": ({"healthStatus": "UNKNOWN"}, "passed", ""),
    "starting": ({"lastStatus": "PENDING", "healthStatus": "UNKNOWN"}, "passed", ""),
    "unhealthy": ({"healthStatus": "UNHEALTHY"}, "failed", "its health check fails"),
    "unhealthy but on its way out": ({"healthStatus": "UNHEALTHY", "desiredStatus": "STOPPED"}, "passed", ""),
    "scaled in": (stopped("ServiceSchedulerInitiated", "Scaling activity initiated by deployment 7"), "passed", ""),
    "stopped by a person": (stopped("UserInitiated", "Task stopped by user"), "passed", ""),
    "spot capacity reclaimed": (stopped("SpotInterruption", "Your Spot Task was interrupted."), "passed", ""),
    "out of memory": (
        stopped("EssentialContainerExited", "It exited", OUT_OF_MEMORY),
        "failed",
        "app exited with 137 (OutOfM",
    ),
    "image is gone, which only the container says": (
        stopped(
            "TaskFailedToStart",
            "Task failed to start",
            {"name": "app", "reason": "CannotPullContainerError: not found"},
        ),
        "failed",
        "Task failed to start; app: CannotPullContainerError: not found",
    ),
    "image is gone": (
        stopped("TaskFailedToStart", "CannotPullContainerError: no", {"name": "app"}),
        "failed",
        "CannotPullContainerError",
    ),
    "sick behind the ELB": (
        stopped("ServiceSchedulerInitiated", "Task failed ELB health checks", {"name": "app", "exitCode": 0}),
        "failed",
        "health",
    ),
    "host is gone": (stopped("TerminationNotice", ""), "failed", "TerminationNotice"),
    "nothing said of what it should do": ({"desiredStatus": None}, "blind", "the answer has no 'desiredStatus'"),
}
test_tasks_are_healthy = judges(
    ecs.test_tasks_are_healthy,
    TASKS,
    tasks=lambda changes: described({"tasks": [task(**changes)]}, 1),
)


def test_tasks_of_other_services_and_of_none_are_left_out() -> None:
    death = stopped("EssentialContainerExited", "Essential container in task exited")
    found = seen(
        task(1), task(2, group="service:billing", **death), task(3, group="family:migration", **death), task(4)
    )
    assert [(one.service, one.is_wanted) for one in found] == [("backend", True), ("backend", True)]
    assert [one.outcome for one in examined(ecs.test_tasks_are_healthy, tasks=found)] == ["passed", "passed"]


def test_running_and_stopped_tasks_are_listed_page_by_page_and_described_by_the_hundred() -> None:
    running = [task(n) for n in range(150)]
    dead = task(150, **stopped("TaskFailedToStart", "ResourceInitializationError"))

    def listed(cluster: str, desiredStatus: str, nextToken: str = "") -> Raw:  # noqa: N803 - AWS's names
        if desiredStatus == "STOPPED":
            return {"taskArns": [dead["taskArn"]]}
        pages = {"": (running[:100], "2"), "2": ([], "3"), "3": (running[100:], "")}
        told, following = pages[nextToken]
        return {"taskArns": [one["taskArn"] for one in told], **({"nextToken": following} if following else {})}

    by_arn = {one["taskArn"]: one for one in (*running, dead)}
    aws = Aws(
        {
            ("ecs", "ListTasks"): listed,
            ("ecs", "DescribeTasks"): lambda cluster, tasks: {"tasks": [by_arn[arn] for arn in tasks]},
        }
    )
    found = tasks(aws, names(services=("backend",)))
    assert len(found) == 151
    assert sorted(len(asked["tasks"]) for asked in aws.parameters_of("DescribeTasks")) == [51, 100]
    failed = [one for one in examined(ecs.test_tasks_are_healthy, tasks=found) if one.outcome == "failed"]
    assert [one.resource for one in failed] == [dead["taskArn"]]


def test_a_task_that_ecs_forgot_in_between_is_left_out() -> None:
    gone = {"tasks": [task(1)], "failures": [{"arn": arn(2), "reason": "MISSING"}]}
    assert [one.arn for one in described(gone, 1, 2)] == [arn(1)]


def test_a_listing_that_breaks_off_is_not_seen() -> None:
    throttled = CouldNotLook("ecs:ListTasks", "ThrottlingException: Rate exceeded")
    pages: Answers = [{"taskArns": [task()["taskArn"]], "nextToken": "2"}, throttled, throttled]
    with pytest.raises(CouldNotLook, match="Rate exceeded"):
        tasks(Aws({("ecs", "ListTasks"): pages}), names(services=("backend",)))


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
    [found] = seen(given(task(), {key: None}))
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
    "with a detail": ([task(1)], [{"arn": arn(2), "reason": "ACCESS_DENIED", "detail": "no"}],
                      f"{arn(2)}: ACCESS_DENIED no$"),
    "without one": ([task(1)], [{"arn": arn(2), "reason": "ACCESS_DENIED"}], f"{arn(2)}: ACCESS_DENIED$"),
    "behind one that was forgotten": (
        [task(1)], [{"arn": arn(2), "reason": "MISSING"}, {"arn": arn(3), "reason": "INTERNAL"}],
        f"{arn(3)}: INTERNAL$"),
    "not mentioned": ([task(1)], None, f"the answer does not mention {2:032x}, {3:032x}, {4:032x}$"),
    "not mentioned, beside no failure": ([task(1)], [], "the answer does not mention 0*2"),
    "none mentioned": ([], [], f"the answer does not mention {1:032x}, "),
})  # fmt: skip
def test_a_task_that_is_not_described_is_told_unless_ecs_forgot_it(
    told: list[Raw], failures: list[Raw] | None, message: str
) -> None:
    with pytest.raises(CouldNotLook, match=f"^ecs:DescribeTasks: {message}"):
        described(given({"tasks": told}, {"failures": failures}), 1, 2, 3, 4, 5)


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
