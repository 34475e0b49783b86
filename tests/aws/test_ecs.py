"""ECS: what services and deployments really look like, and what the checks make of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Service, services
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Raw,
    ago,
    daily,
    judges,
    names,
    stack,
    verdict,
    verdicts,
    without,
)
from tests.canned_ecs import counted, deployment, event, rolled, service, task_set
from tests.cases import cases

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
        assert verdicts(check, rollouts=rolled(found), task_counts=counted(found)) == {
            "backend": "passed",
            "old": "failed",
        }


@cases({
    "one is left out": {"services": [service()], "failures": []},
    "no services": {"failures": []},
    "no service": {"services": []},
})  # fmt: skip
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
    ecs.test_services_run_the_tasks_they_want, RUNNING, task_counts=lambda changes: counted(seen(service(**changes)))
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


STARTED, UNABLE, IS_STEADY = (
    "has started 1 tasks: (task 1).",
    "was unable to place a task.",
    "has reached a steady state.",
)


def _of(raw: Raw) -> Service:
    return Service(arn="s", name="backend", evidence=Answer(raw, "ecs:DescribeServices"))


def _made(hours: float, **changes: Any) -> Raw:
    return deployment(createdAt=ago(hours=hours), **changes)


MOVING = {"rolloutState": "IN_PROGRESS"}


@cases({
    "a task was started": (service(_made(72), events=[event(STARTED, hours=1)]), 1),
    "the first of several": (service(_made(72), events=[event(STARTED, hours=1), event(UNABLE, hours=2)]), 2),
    "since it was steady": (
        service(_made(72), events=[event(STARTED, hours=1), event(IS_STEADY, hours=3), event(STARTED, hours=5)]), 1),
    "nothing was tried since it was steady": (
        service(_made(72), events=[event(IS_STEADY, hours=3), event(STARTED, hours=5)]), 72),
    "a deployment that goes on, never steady": (
        service(_made(4, **MOVING), events=[event(STARTED, hours=1)]), 4),
    "a completed one, never steady": (service(_made(4), events=[event(STARTED, hours=1)]), 1),
    "a deployment since it was steady": (
        service(_made(2), events=[event(STARTED, hours=1), event(IS_STEADY, hours=3)]), 2),
    "a deployment that goes on, and was steady since": (
        service(_made(4, **MOVING), events=[event(STARTED, hours=1), event(IS_STEADY, hours=3)]), 1),
    "the one before does not count": (
        service(_made(2), deployment(7, status="ACTIVE", createdAt=ago(hours=9)),
                events=[event(IS_STEADY, hours=10)]), 2),
    "a task set since it was steady": (
        service(deployments=[], taskSets=[task_set(createdAt=ago(hours=2))], deploymentController={"type": "EXTERNAL"},
                events=[event(IS_STEADY, hours=3)]), 2),
})  # fmt: skip
def test_since(raw: Raw, hours: float) -> None:
    assert _of(raw).short_since == NOW - timedelta(hours=hours)


def test_nothing_is_known() -> None:
    raw = service(deployments=[], taskSets=[], deploymentController={"type": "EXTERNAL"}, events=[])
    with pytest.raises(CouldNotLook, match="it is unknown since when backend has been starting tasks"):
        assert _of(raw).short_since


@cases([(2, 1, 1, True), (2, 0, 2, False), (2, 1, 0, False), (3, 1, 1, False), (2, 2, 1, True)])
def test_all_missing_tasks_are_starting(desired: int, running: int, pending: int, starting: bool) -> None:
    raw = service(desiredCount=desired, runningCount=running, pendingCount=pending)
    assert _of(raw).is_starting is starting
