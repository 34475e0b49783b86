"""ECS: every property of a service, its deployments and task sets, in each of the states that AWS returns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import DAY, EVENTS_KEPT, Deployment, Event, Service, TaskSet, services
from opschecks.core.model import Figure
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, names
from tests.canned_ecs import deployment, event, service, task_set
from tests.cases import cases

GROUP = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup"
BLUE, GREEN, GRAY = (f"{GROUP}/{name}/73e2d6bc24d8a067" for name in ("blue", "green", "gray"))
STARTED, STEADY = "has started 1 tasks: (task 1f).", "has reached a steady state."
GIVES_UP = "is unable to consistently start tasks successfully. For more information, see …"
UNPLACED = "was unable to place a task because no container instance met all of its requirements."
EXTERNAL = {"type": "EXTERNAL"}


def seen(raw: Raw, **more: Any) -> Service:
    aws = Aws({("ecs", "DescribeServices"): {"services": [raw], "failures": []}})
    [found] = services(aws, names(services=("backend",)), NOW, **more)
    return found


def by_sets(*sets: Raw, **changes: Any) -> Raw:
    return service(deployments=[], taskSets=list(sets), deploymentController=EXTERNAL, **changes)


def fills(arn: str, alternate: str = "") -> Raw:
    more = {"advancedConfiguration": {"alternateTargetGroupArn": alternate}} if alternate else {}
    return {"targetGroupArn": arn, "containerName": "app", "containerPort": 8000, **more}


def said(*messages: Raw) -> Raw:
    return service(events=list(messages))


@cases({
    "ECS deploys it, where nothing else is said": (service(), lambda it: it.controller, "ECS"),
    "who deploys it": (by_sets(), lambda it: it.controller, "EXTERNAL"),
    "a controller without a type": (service(deploymentController=None), lambda it: it.controller, "ECS"),
    "a daemon": (service(schedulingStrategy="DAEMON"), lambda it: it.is_daemon, True),
    "a replica": (service(schedulingStrategy="REPLICA"), lambda it: it.is_daemon, False),
    "without a strategy": (service(), lambda it: it.is_daemon, False),
    "its revision": (service(), lambda it: it.revision, "backend:8"),
    "its counts": (
        service(desiredCount=3, runningCount=2, pendingCount=1),
        lambda it: (it.desired, it.running, it.pending),
        (3, 2, 1),
    ),
    "its deployments": (
        service(deployment(8), deployment(7, status="ACTIVE", rolloutState=None)),
        lambda it: [(one.revision, one.is_primary, one.state) for one in it.deployments],
        [("backend:8", True, "COMPLETED"), ("backend:7", False, "")],
    ),
    "no deployment, where task sets are": (
        service(deployments=[], taskSets=[task_set()], taskDefinition=None),
        lambda it: it.deployments,
        [],
    ),
    "no deployment of a service that is gone": (
        service(deployments=[], status="INACTIVE"),
        lambda it: it.deployments,
        [],
    ),
    "deployments of another controller": (
        by_sets(task_set()) | {"deployments": None},
        lambda it: it.deployments,
        [],
    ),
    "deployments beside task sets": (
        by_sets(task_set()) | {"deployments": [deployment(9)]},
        lambda it: [one.revision for one in it.deployments],
        ["backend:9"],
    ),
    "no task set": (service(), lambda it: it.task_sets, []),
    "task sets beside deployments": (
        service(taskSets=[task_set(9)]),
        lambda it: [one.revision for one in it.task_sets],
        ["backend:9"],
    ),
    "its task sets": (
        by_sets(task_set(runningCount=2), task_set(7, status="ACTIVE", stabilityStatus="STABILIZING", runningCount=1)),
        lambda it: [(one.revision, one.is_primary, one.is_settled, one.running) for one in it.task_sets],
        [("backend:8", True, True, 2), ("backend:7", False, False, 1)],
    ),
    "it changed when its primary deployment was created": (
        service(deployment(8, createdAt=ago(hours=5)), deployment(7, status="ACTIVE", createdAt=ago(hours=1)),
                events=[event(STEADY, hours=2)]),
        lambda it: it.changed_at, NOW - timedelta(hours=5),
    ),
    "it changed when a task was started": (
        service(deployment(createdAt=ago(hours=5)), events=[event(STARTED, hours=3), event(STARTED, hours=4)]),
        lambda it: it.changed_at, NOW - timedelta(hours=3),
    ),
    "it changed by a deployment since": (
        service(deployment(createdAt=ago(hours=2)), events=[event(STARTED, hours=3)]),
        lambda it: it.changed_at, NOW - timedelta(hours=2),
    ),
    "it changed, and no message is known": (
        service(deployment(createdAt=ago(hours=2)), events=None),
        lambda it: it.changed_at, NOW - timedelta(hours=2),
    ),
    "it changed when its task set was created": (
        by_sets(task_set(createdAt=ago(hours=6)), task_set(7, status="ACTIVE", createdAt=ago(hours=1)), events=[]),
        lambda it: it.changed_at, NOW - timedelta(hours=6),
    ),
    "a deployment of the moment in which it was steady": (
        service(deployment(createdAt=ago(hours=3)), events=[event(STARTED, hours=1), event(STEADY, hours=3)]),
        lambda it: it.short_since, NOW - timedelta(hours=1),
    ),
    "a task that could not be placed was tried": (
        said(event(UNPLACED, hours=2), event(STEADY, hours=3)), lambda it: it.short_since, NOW - timedelta(hours=2),
    ),
    "it gave up to start tasks": (said(event(GIVES_UP, minutes=1)), lambda it: it.cannot_start,
                                  f"(service backend) {GIVES_UP}"),
    "it gave up, and was steady since": (
        said(event(STEADY, minutes=1), event(GIVES_UP, minutes=2)), lambda it: (it.cannot_start, it.trouble), ("", "")),
    "it gave up in the moment in which it was steady": (
        said(event(STEADY, minutes=1), event(GIVES_UP, minutes=1)), lambda it: (it.cannot_start, it.trouble), ("", "")),
    "it gave up since it was steady": (
        said(event(GIVES_UP, minutes=1), event(UNPLACED, minutes=2), event(STEADY, minutes=3)),
        lambda it: (it.cannot_start, it.trouble), (f"(service backend) {GIVES_UP}",) * 2),
    "trouble, and nothing that keeps it from starting": (
        said(event(STARTED, minutes=1), event(UNPLACED, minutes=2),
             event(GIVES_UP.replace("consistently ", ""), minutes=3)),
        lambda it: (it.cannot_start, it.trouble), ("", f"(service backend) {UNPLACED}")),
    "no trouble": (said(event(STARTED, minutes=1)), lambda it: (it.cannot_start, it.trouble), ("", "")),
    "it fills a group": (
        service(loadBalancers=[fills(BLUE)]), lambda it: (it.filled_groups, it.twin_groups), ([(BLUE,)], [])),
    "it fills nothing": (service(loadBalancers=[]), lambda it: (it.filled_groups, it.twin_groups), ([], [])),
    "it says nothing of load balancers": (service(), lambda it: (it.filled_groups, it.twin_groups), ([], [])),
    "it fills two groups alternately": (
        service(loadBalancers=[fills(BLUE, GREEN)]),
        lambda it: (it.filled_groups, it.twin_groups), ([(BLUE, GREEN)], [(BLUE, GREEN)])),
    "it fills a classic load balancer, and two groups": (
        service(loadBalancers=[{"loadBalancerName": "old", "containerName": "app", "containerPort": 80},
                               fills(BLUE), fills(GRAY), fills(BLUE)]),
        lambda it: (it.filled_groups, it.twin_groups), ([(BLUE,), (GRAY,)], [])),
    "an alternate group without its own": (
        service(loadBalancers=[{"advancedConfiguration": {"alternateTargetGroupArn": GREEN}}]),
        lambda it: (it.filled_groups, it.twin_groups), ([(GREEN,)], [])),
    "an own group whose alternate is not told": (
        service(loadBalancers=[{**fills(BLUE), "advancedConfiguration": {}}]),
        lambda it: (it.filled_groups, it.twin_groups), ([(BLUE,)], [])),
    "its task sets fill them": (
        by_sets(task_set(loadBalancers=[fills(GREEN)]), task_set(7), loadBalancers=[fills(BLUE)]),
        lambda it: it.filled_groups, [(BLUE, GREEN)]),
    "task sets without load balancers": (
        by_sets(task_set(), loadBalancers=[fills(BLUE), fills(GRAY)]), lambda it: it.filled_groups, [(BLUE,), (GRAY,)]),
})  # fmt: skip
def test_what_a_service_is_read_as(raw: Raw, read: Callable[[Service], Any], expected: Any) -> None:
    raw = {key: value for key, value in raw.items() if value is not None}
    assert read(seen(raw)) == expected


@cases({
    "an active service without a deployment": (
        service(deployments=[]), lambda it: it.deployments,
        "ecs:DescribeServices: the answer has no deployment of backend; an active service has one"),
    "no list of deployments": (
        {key: value for key, value in service().items() if key != "deployments"}, lambda it: it.deployments,
        "the answer has no 'deployments'"),
    "an external controller without task sets": (
        service(deploymentController=EXTERNAL), lambda it: it.task_sets, "the answer has no 'taskSets'"),
    "no messages": (service(events=None), lambda it: it.events, "the answer has no 'events'"),
    "nothing is known of its start": (
        by_sets(events=[event(STEADY, hours=1)]), lambda it: it.changed_at,
        "it is unknown since when backend has been starting tasks"),
})  # fmt: skip
def test_what_ecs_leaves_out_is_not_guessed(raw: Raw, read: Callable[[Service], Any], message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        read(seen(raw))


STARTING = {
    (2, 1, 1): True, (3, 1, 1): False, (3, 1, 2): True, (2, 0, 2): False, (2, 1, 0): False, (1, 1, 1): True,
}  # fmt: skip


@pytest.mark.parametrize("counts", STARTING, ids=str)
def test_some_run_and_all_others_are_starting(counts: tuple[int, int, int]) -> None:
    desired, running, pending = counts
    raw = service(desiredCount=desired, runningCount=running, pendingCount=pending)
    assert seen(raw).is_starting is STARTING[counts]


def test_the_messages_of_a_day_are_kept_and_the_newest_few_however_old() -> None:
    told = [event(str(number), **age) for number, age in enumerate(
        [{"hours": 1}, {"hours": 2}, {"hours": 3}, {"hours": 23, "minutes": 59}, {"hours": 24}, {"hours": 24},
         {"hours": 23, "minutes": 59, "seconds": 59}, {"days": 2}]
    )]  # fmt: skip
    kept = [one.message.split()[-1] for one in seen(service(events=told)).events]
    assert kept == ["0", "1", "2", "3", "4", "6"]
    old = [event(str(number), days=number + 2) for number in range(7)]
    assert len(seen(service(events=old)).events) == EVENTS_KEPT == 5
    assert timedelta(hours=24) == DAY


def test_after_a_change_only_what_came_later_is_kept() -> None:
    told = [event("new", minutes=4), event("same", minutes=5), event("old", minutes=6)]
    nameless = {"id": "1", "message": "(service backend) without a time"}
    found = seen(service(events=[*told, nameless]), since=NOW - timedelta(minutes=5))
    assert [one.message for one in found.events] == ["(service backend) new", "(service backend) without a time"]


def test_the_figures_are_those_that_ecs_tells() -> None:
    assert REGISTRY["services"].lasting  # a service does not go away by itself
    found = seen(service(desiredCount=3, runningCount=2, pendingCount=1))
    assert found.arn == f"arn:aws:ecs:{ACCOUNT}:service/prod/backend"
    assert found.figures == (Figure("running", 2), Figure("desired", 3), Figure("pending", 1))
    assert seen(service(pendingCount=None)).figures == (Figure("running", 2), Figure("desired", 2))


def test_of_several_clusters_one_that_may_not_be_read_is_unread_alone() -> None:
    refused = CouldNotLook("ecs:DescribeServices", "AccessDeniedException: no")

    def answer(cluster: str, services: list[str]) -> Any:
        return refused if cluster == "jobs" else {"services": [service(of=one) for one in services]}

    inventory = names(services=("prod/backend", "jobs/mail"), further_clusters=("jobs",))
    backend, mail = services(Aws({("ecs", "DescribeServices"): answer}), inventory, NOW)
    assert (backend.name, backend.status) == ("prod/backend", "ACTIVE")
    assert (mail.arn, mail.name, mail.figures) == ("service/jobs/mail", "jobs/mail", ())
    with pytest.raises(CouldNotLook, match="AccessDeniedException"):
        mail.status  # noqa: B018 - it raises


def test_what_is_not_there_and_what_is_not_mentioned_are_told_apart() -> None:
    gone = {"arn": f"arn:aws:ecs:{ACCOUNT}:service/prod/old", "reason": "MISSING"}
    aws = Aws({("ecs", "DescribeServices"): {"services": [service()], "failures": [gone]}})
    backend, old = services(aws, names(services=("backend", "old")), NOW)
    assert (old.arn, old.name, old.status) == (gone["arn"], "old", "MISSING")
    assert dict(old.evidence) == {**gone, "status": "MISSING"}
    assert backend.status == "ACTIVE"
    aws = Aws({("ecs", "DescribeServices"): {"services": [service()]}})
    with pytest.raises(CouldNotLook, match=r"the answer does not mention api, old$"):
        services(aws, names(services=("backend", "old", "api")), NOW)


def test_what_a_launch_or_a_message_lacks_is_told_with_its_name() -> None:
    found = seen(service())
    assert isinstance(found.deployments[0], Deployment)
    assert isinstance(found.events[0], Event)
    assert isinstance(seen(by_sets(task_set())).task_sets[0], TaskSet)
    bare = seen(service(deployments=[{"status": "PRIMARY"}], taskDefinition="backend:1"))
    with pytest.raises(CouldNotLook, match="the answer has no 'createdAt'"):
        bare.changed_at  # noqa: B018 - it raises
