"""ECS: what services, deployments and tasks really look like, and what the checks make of it."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import Service, Task, services, tasks
from opschecks.core.observation import CouldNotLook
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
    stack,
    verdict,
    verdicts,
    without,
)
from tests.canned_ecs import deployment, event, rolled, service, task_set

ecs = daily("ecs")


def seen(*raw: Raw, failures: tuple[Raw, ...] = ()) -> list[Service]:
    aws = Aws({("ecs", "DescribeServices"): {"services": list(raw), "failures": list(failures)}})
    wanted = [one["serviceName"] for one in raw] + [one["arn"].rsplit("/", 1)[-1] for one in failures]
    return services(aws, names(services=tuple(wanted)), NOW)


def sets(*listed: Raw) -> Raw:
    return {"deployments": [], "taskSets": list(listed)}


def test_services_are_described_ten_at_a_time() -> None:
    wanted = tuple(f"service-{n}" for n in range(23))
    aws = Aws(
        {("ecs", "DescribeServices"): lambda cluster, services: {"services": [service(of=one) for one in services]}}
    )
    found = services(aws, names(services=wanted), NOW)
    assert [one.name for one in found] == list(wanted)
    assert sorted(len(asked["services"]) for asked in aws.parameters_of("DescribeServices")) == [3, 10, 10]


def test_a_service_that_ecs_does_not_know_fails_every_check_of_services() -> None:
    gone = {"arn": f"arn:aws:ecs:{ACCOUNT}:service/prod/old", "reason": "MISSING"}
    found = seen(service(), failures=(gone,))
    assert [one.status for one in found] == ["ACTIVE", "MISSING"]
    for check in (ecs.test_services_run_the_tasks_they_want, ecs.test_deployments_are_settled):
        assert verdicts(check, rollouts=rolled(found)) == {"backend": "passed", "old": "failed"}


@pytest.mark.parametrize(
    "answer",
    [{"services": [service()], "failures": []}, {"failures": []}, {"services": []}],
    ids=["one is left out", "no services", "no service"],
)
def test_a_service_of_which_nothing_is_said_is_not_seen(answer: Raw) -> None:
    with pytest.raises(CouldNotLook, match="ecs:DescribeServices"):
        services(Aws({("ecs", "DescribeServices"): answer}), names(services=("backend", "api")), NOW)


ROLLING = [
    deployment(8, rolloutState="IN_PROGRESS", runningCount=1, pendingCount=1, createdAt=ago(minutes=4)),
    deployment(7, status="ACTIVE", createdAt=ago(days=40)),
]
SCALED_OUT = [event("has started 2 tasks: (task 1f) (task 2f).", minutes=3)]

STEADY_BEFORE = [event("has reached a steady state.", hours=2)]
LOOP = [event(f"has started 1 tasks: (task {n}f).", minutes=n) for n in range(5, 60, 6)]
OLD_LOOP = [event(f"has started 1 tasks: (task {n}f).", minutes=300 + n) for n in range(5, 60, 6)]
CANNOT_START = event("is unable to consistently start tasks successfully. For more information, see …", minutes=2)

UNTOLD: Raw = {"deploymentController": {"type": "EXTERNAL"}, "deployments": None, "taskSets": [], "events": []}
RUNNING = {
    "steady": ({}, "passed", "2 of 2 tasks run, 0 pending"),
    "of Spot capacity": (
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]},
        "passed",
        "2 of 2",
    ),
    "rolling deploy in progress": ({"deployments": ROLLING, "runningCount": 3, "pendingCount": 1}, "passed", "3 of 2"),
    "scale-out in progress": ({"desiredCount": 4, "pendingCount": 2, "events": SCALED_OUT}, "passed", "2 of 4 tasks"),
    "a rolling deployment that stops before it starts": (
        {
            "runningCount": 1,
            "deployments": [
                deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=4)),
                deployment(7, status="ACTIVE"),
            ],
            "events": [event("has stopped 1 running tasks: (task 1f).", minutes=1), *STEADY_BEFORE],
        },
        "passed",
        "tried for 4 minutes",
    ),
    "surplus task": ({"runningCount": 3}, "passed", "3 of 2 tasks run"),
    "scale-out of too few": ({"desiredCount": 4, "pendingCount": 1, "events": SCALED_OUT}, "failed", "started"),
    "nothing runs yet": (
        {"runningCount": 0, "pendingCount": 2, "events": SCALED_OUT},
        "failed",
        "none is being started",
    ),
    "starting for too long": (
        {"pendingCount": 1, "runningCount": 1, "events": [event("has started 1.", minutes=31)]},
        "failed",
        "the missing ones have been tried for 31 minutes; limit 30 minutes",
    ),
    "a task that restarts for ever": (
        {"pendingCount": 1, "runningCount": 1, "events": LOOP},
        "failed",
        "the missing ones have been tried for 59 minutes",
    ),
    "a task that ECS gave up to start in a hurry": (
        {"events": [event("has started 1 tasks: (task 2f).", minutes=1), CANNOT_START, *LOOP]},
        "failed",
        "is unable to consistently start tasks successfully",
    ),
    "a crash loop that a later deployment ended": (
        {"events": [event("has reached a steady state.", minutes=1), CANNOT_START, *LOOP]},
        "passed",
        "",
    ),
    "a scale-out after a crash loop of the morning": (
        {
            "desiredCount": 3,
            "pendingCount": 1,
            "events": [
                event("has started 1 tasks: (task 3f).", minutes=2),
                event("has reached a steady state.", hours=3),
                *OLD_LOOP,
            ],
        },
        "passed",
        "the missing ones have been tried for 2 minutes",
    ),
    "no room, behind newer messages": (
        {
            "runningCount": 1,
            "events": [
                event("registered 1 targets in (target-group blue)", minutes=1),
                event("was unable to place a task. Reason: Capacity is unavailable at this time.", minutes=2),
                event("has reached a steady state.", minutes=90),
            ],
        },
        "failed",
        "Capacity is unavailable",
    ),
    "a daemon on a cluster without instances": (
        {"schedulingStrategy": "DAEMON", "desiredCount": 0, "runningCount": 0},
        "passed",
        "0 of 0",
    ),
    "nothing said of messages": ({"events": None}, "blind", "the answer has no 'events'"),
    "a message without its text": ({"events": [without("message", event("x", hours=1))]}, "blind", "no 'message'"),
    "completed with none running": ({"runningCount": 0}, "failed", "none is being started for the missing ones"),
    "short of a task": ({"runningCount": 1, "events": []}, "failed", "none is being started for the missing ones"),
    "scaled to nothing": ({"desiredCount": 0, "runningCount": 0}, "failed", "its desired count is 0"),
    "draining": ({"status": "DRAINING", "desiredCount": 0, "runningCount": 0}, "failed", "the service is DRAINING"),
    "inactive": ({"status": "INACTIVE"}, "failed", "the service is INACTIVE"),
    "nothing said of running tasks": ({"runningCount": None}, "blind", "the answer has no 'runningCount'"),
    "nothing said of the start": (
        {**UNTOLD, "runningCount": 1, "pendingCount": 1},
        "blind",
        "since when backend has been st",
    ),
}
test_services_run_the_tasks_they_want = judges(
    ecs.test_services_run_the_tasks_they_want, RUNNING, rollouts=lambda changes: rolled(seen(service(**changes)))
)


STEADY = [event("has reached a steady state.", minutes=5)]
ROLLED_BACK = [
    event("rolling back to deployment ecs-svc/0000000000000000007.", hours=22),
    event("(deployment ecs-svc/0000000000000000008) deployment failed: tasks failed to start.", hours=22),
]
OLDER = [event("has reached a steady state.", hours=6 * n) for n in range(1, 6)]

EXTERNAL: Raw = {"deploymentController": {"type": "EXTERNAL"}}
BROKEN: Raw = {"rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start."}
SLOW: Raw = {"createdAt": ago(minutes=45)}
AT = ago(hours=22).astimezone(NOW.tzinfo)
SETTLED = {
    "settled": ({}, "passed", ""),
    "rolling deploy in progress": ({"deployments": ROLLING}, "passed", "backend:8 has been under way for"),
    "primary in progress too long": (
        {"deployments": [deployment(8, rolloutState="IN_PROGRESS", **SLOW)]},
        "failed",
        "limit 30 minutes",
    ),
    "the old one stays too long": (
        {"deployments": [deployment(8, **SLOW), ROLLING[1]]},
        "failed",
        "backend:8 has been under way for",
    ),
    "failed": (
        {"deployments": [deployment(7), deployment(8, status="ACTIVE", rolloutState="FAILED", **BROKEN)]},
        "failed",
        "backend:8 failed; ECS deployment circuit breaker: tasks failed to start.",
    ),
    "rolled back, now steady": ({"events": STEADY + ROLLED_BACK}, "failed", "deployment failed: tasks failed to start"),
    "rolled back, and deployed again since": (
        {"deployments": [deployment(9, createdAt=ago(hours=3))], "events": STEADY + ROLLED_BACK},
        "passed",
        "",
    ),
    "rolled back by a deployment of its own": (
        {"deployments": [deployment(7, createdAt=ago(hours=21.9))], "events": STEADY + ROLLED_BACK},
        "failed",
        "deployment failed",
    ),
    "only the roll-back is told": ({"events": STEADY + ROLLED_BACK[:1]}, "failed", "rolling back to deployment"),
    "behind many newer events": (
        {"events": STEADY * 30 + ROLLED_BACK},
        "failed",
        f"{AT:%Y-%m-%d %H:%M} UTC: (service backend) (deployment ecs-svc/0000000000000000008) deployment failed",
    ),
    "failed without a roll-back": ({"events": STEADY + ROLLED_BACK[1:]}, "failed", "deployment failed: tasks failed"),
    "rolled back the day before": ({"events": [*OLDER, event("rolling back to ecs-svc/7.", hours=31)]}, "passed", ""),
    "task set in steady state": (sets(task_set()), "passed", ""),
    "task set stabilizing": (
        sets(task_set(stabilityStatus="STABILIZING", createdAt=ago(minutes=2))),
        "passed",
        "under way for",
    ),
    "task set too long": (
        sets(task_set(), task_set(stabilityStatus="STABILIZING", **SLOW)),
        "failed",
        "minutes; limit 30 min",
    ),
    "no deployment": ({"deployments": []}, "blind", "the answer has no deployment of backend"),
    "no task set yet": ({"deployments": None, **EXTERNAL, "taskSets": []}, "failed", "it has no deployment"),
    "nothing said of deployments": ({"deployments": None}, "blind", "the answer has no 'deployments'"),
    "task set without stability": (sets(without("stabilityStatus", task_set())), "blind", "no 'stabilityStatus'"),
}
test_deployments_are_settled = judges(
    ecs.test_deployments_are_settled, SETTLED, rollouts=lambda changes: rolled(seen(service(**changes)))
)


def test_how_long_a_deployment_may_take_is_the_stacks_to_say() -> None:
    patient = stack(limits={"deployment_minutes": 60})
    slow = rolled(seen(service(deployments=[deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=31))])))
    assert verdict(ecs.test_deployments_are_settled, rollouts=slow)[0] == "failed"
    assert verdict(ecs.test_deployments_are_settled, rollouts=slow, stack=patient)[0] == "passed"


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


NEVER_MENTIONED: dict[str, tuple[Raw, str]] = {
    "one of two": ({"tasks": [task(1)], "failures": []}, "the answer does not mention 0*2"),
    "none": ({"tasks": [], "failures": []}, "the answer does not mention"),
    "failed": (
        {"tasks": [task(1)], "failures": [{"arn": task(2)["taskArn"], "reason": "ACCESS_DENIED", "detail": "no"}]},
        "ACCESS_DENIED no",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), NEVER_MENTIONED.values(), ids=NEVER_MENTIONED)
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
