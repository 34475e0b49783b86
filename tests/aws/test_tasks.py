"""ECS: what tasks really look like, which of them are the stack's, and what the check makes of them."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import Task, tasks
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
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


def task(number: int = 1, **changes: Any) -> Raw:
    raw = {
        "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/prod/{number:032x}",
        "taskDefinitionArn": f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:7",
        "group": "service:backend",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "containers": [{"name": "app", "lastStatus": "RUNNING"}],
        "createdAt": ago(hours=5),
    }
    return given(raw, changes)


def stopped(code: str, reason: str, *containers: Raw) -> Raw:
    return {
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": code,
        "stoppedReason": reason,
        "containers": [{"name": "app", "lastStatus": "STOPPED", **one} for one in containers],
    }


def tasks_seen(*raw: Raw) -> list[Task]:
    def listed(cluster: str, desiredStatus: str, **_: Any) -> Raw:  # noqa: N803 - AWS's names
        return {"taskArns": [one["taskArn"] for one in raw if one["desiredStatus"] == desiredStatus]}

    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): {"tasks": list(raw), "failures": []}})
    return tasks(aws, names(services=("backend",)))


OUT_OF_MEMORY = {"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}

TASKS: dict[str, tuple[Raw, str, str]] = {
    "healthy": ({}, "passed", ""),
    "without a health check": ({"healthStatus": "UNKNOWN"}, "passed", ""),
    "starting": ({"lastStatus": "PENDING", "healthStatus": "UNKNOWN"}, "passed", ""),
    "unhealthy": ({"healthStatus": "UNHEALTHY"}, "failed", "its health check fails"),
    "unhealthy but on its way out": ({"healthStatus": "UNHEALTHY", "desiredStatus": "STOPPED"}, "passed", ""),
    "scaled in": (stopped("ServiceSchedulerInitiated", "Scaling activity initiated by deployment 7"), "passed", ""),
    "stopped by a person": (stopped("UserInitiated", "Task stopped by user"), "passed", ""),
    "spot capacity taken back": (stopped("SpotInterruption", "Your Spot Task was interrupted."), "passed", ""),
    "out of memory": (
        stopped("EssentialContainerExited", "It exited", OUT_OF_MEMORY),
        "failed",
        "app exited with 137 (OutOfM",
    ),
    "image is gone, which only the container says": (
        stopped("TaskFailedToStart", "Task failed to start", {"reason": "CannotPullContainerError: not found"}),
        "failed",
        "Task failed to start; app: CannotPullContainerError: not found",
    ),
    "image is gone": (
        stopped("TaskFailedToStart", "CannotPullContainerError: no", {}),
        "failed",
        "CannotPullContainerError",
    ),
    "sick behind the ELB": (
        stopped("ServiceSchedulerInitiated", "Task failed ELB health checks", {"exitCode": 0}),
        "failed",
        "health",
    ),
    "host is gone": (stopped("TerminationNotice", ""), "failed", "TerminationNotice"),
    "nothing said of what it should do": ({"desiredStatus": None}, "blind", "the answer has no 'desiredStatus'"),
}
test_tasks_are_healthy = judges(
    ecs.test_tasks_are_healthy,
    TASKS,
    tasks=lambda changes: tasks(
        Aws(
            {
                ("ecs", "ListTasks"): {"taskArns": [task(**changes)["taskArn"]]},
                ("ecs", "DescribeTasks"): {"tasks": [task(**changes)]},
            }
        ),
        names(services=("backend",)),
    ),
)


def test_tasks_of_other_services_and_of_none_are_left_out() -> None:
    death = stopped("EssentialContainerExited", "Essential container in task exited")
    found = tasks_seen(
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


@cases({
    "one of two": ({"tasks": [task(1)], "failures": []}, "the answer does not mention 0*2"),
    "none": ({"tasks": [], "failures": []}, "the answer does not mention"),
    "failed": (
        {"tasks": [task(1)], "failures": [{"arn": task(2)["taskArn"], "reason": "ACCESS_DENIED", "detail": "no"}]},
        "ACCESS_DENIED no",
    ),
})  # fmt: skip
def test_a_task_that_was_asked_for_and_is_not_answered_is_not_passed_over(answer: Raw, reason: str) -> None:
    listed = {"taskArns": [task(1)["taskArn"], task(2)["taskArn"]]}
    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): answer})
    with pytest.raises(CouldNotLook, match=f"ecs:DescribeTasks: .*{reason}"):
        tasks(aws, names(services=("backend",)))


def test_a_task_that_ecs_forgot_in_between_is_left_out() -> None:
    listed = {"taskArns": [task(1)["taskArn"], task(2)["taskArn"]]}
    gone = {"tasks": [task(1)], "failures": [{"arn": task(2)["taskArn"], "reason": "MISSING"}]}
    aws = Aws({("ecs", "ListTasks"): listed, ("ecs", "DescribeTasks"): gone})
    assert [one.arn for one in tasks(aws, names(services=("backend",)))] == [task(1)["taskArn"]]


def test_a_listing_that_breaks_off_is_not_seen() -> None:
    throttled = CouldNotLook("ecs:ListTasks", "ThrottlingException: Rate exceeded")
    pages: Answers = [{"taskArns": [task()["taskArn"]], "nextToken": "2"}, throttled, throttled]
    with pytest.raises(CouldNotLook, match="Rate exceeded"):
        tasks(Aws({("ecs", "ListTasks"): pages}), names(services=("backend",)))
