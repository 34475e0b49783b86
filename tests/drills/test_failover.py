"""A fail-over: which task may be stopped, whose targets count, who comes back, and what the checks conclude."""

from __future__ import annotations

import runpy
from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.elbv2 import TargetHealth
from opschecks.core.change import CannotFix
from opschecks.core.observation import CouldNotLook
from opschecks.drills.clients import Reconnected
from opschecks.drills.failover import FailOver, _healthy, _until_healthy
from opschecks.remedies.operations.stop_task import StopTask, unsteady
from tests.canned import Aws, as_sent, concludes, names, stack, verdict
from tests.real.deploys import BLUE, GREEN, TWO, health, target
from tests.scratch import ROOT

DRILLS = ROOT / "checks" / "drills"
FAILOVER = runpy.run_path(str(DRILLS / "test_failover.py"))


def failover(**of: Any) -> list[FailOver]:
    return [FailOver(arn="s", name="backend", **of)]


def test_what_was_not_stopped_proves_nothing_to_any_check() -> None:
    for check in ("is_replaced_in_time", "clients_come_back", "requests_succeed"):
        [function] = [one for name, one in FAILOVER.items() if name.startswith("test_") and check in name]
        told = verdict(function, failover_drills=failover(refused="no task was stopped: a deployment is under way"))
        assert told == ("blind", "no task was stopped: a deployment is under way")


CLIENTS: dict[str, tuple[Reconnected, str, str]] = {
    "back": (Reconnected(clients=4, cut=2, took_s=(0.5, 2)), "passed", "the slowest was back after 2.0 s"),
    "late": (Reconnected(clients=4, cut=2, took_s=(0.5, 31)), "failed", "limit 30 s"),
    "away": (Reconnected(clients=4, cut=2, away=1, took_s=(1,), refused="HTTP 503"), "failed", "HTTP 503"),
    "none was cut": (Reconnected(clients=4), "blind", "none of 4 clients was cut"),
    "none was there": (Reconnected(why_none="stack x names no WebSocket"), "blind", "names no WebSocket"),
}


@pytest.mark.parametrize(("clients", "outcome", "message"), CLIENTS.values(), ids=CLIENTS)
def test_clients(clients: Reconnected, outcome: str, message: str) -> None:
    check = FAILOVER["test_websocket_clients_come_back"]
    concludes(check, outcome, message, failover_drills=failover(clients=clients))


def test_a_task_that_was_not_replaced_fails() -> None:
    check = FAILOVER["test_a_stopped_task_is_replaced_in_time"]
    assert verdict(check, failover_drills=failover(recovered_s=20.0))[0] == "passed"
    assert verdict(check, failover_drills=failover(said="1 of 2 tasks run"))[0] == "failed"


SERVICE = {
    "serviceName": "backend", "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0,
    "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED"}],
}  # fmt: skip
TASK = {"taskArn": "arn:aws:ecs:x:task/prod/1", "group": "service:backend", "lastStatus": "RUNNING"}
UNSTEADY: dict[str, tuple[dict[str, Any], str]] = {
    "steady": ({}, ""),
    "one task": ({"desiredCount": 1, "runningCount": 1}, "it runs 1 task: stopping it would be an outage"),
    "lacking": ({"runningCount": 1}, "1 of 2 tasks run: some are missing already"),
    "starting": ({"pendingCount": 1}, "2 of 2 tasks run: some are missing already"),
    "deploying": ({"deployments": [{"rolloutState": "IN_PROGRESS"}]}, "a deployment is under way"),
    "two deployments": ({"deployments": SERVICE["deployments"] * 2}, "a deployment is under way"),  # type: ignore[operator]
    "an external controller": ({"deployments": []}, ""),
}


@pytest.mark.parametrize(("changed", "why"), UNSTEADY.values(), ids=UNSTEADY)
def test_when_a_task_may_be_stopped(changed: dict[str, Any], why: str) -> None:
    assert unsteady({**SERVICE, **changed}) == why


def stop_task(task: dict[str, Any] | None, **service: Any) -> StopTask:
    answers: Any = {
        ("ecs", "DescribeTasks"): {"tasks": [task] if task else [], "failures": []},
        ("ecs", "DescribeServices"): {"services": [{**SERVICE, **service}]},
    }
    checked = stack(cluster="prod", services=["backend"])
    return StopTask(checked, Aws(answers, checked))


NOT_TO_STOP: dict[str, tuple[dict[str, Any] | None, dict[str, Any], str]] = {
    "unknown": (None, {}, "there is no such task"),
    "stopping": ({**TASK, "desiredStatus": "STOPPED"}, {}, "only a running task is stopped"),
    "nobody's": ({**TASK, "desiredStatus": "RUNNING", "group": "family:x"}, {}, "it would not be replaced"),
    "another's": (
        {**TASK, "desiredStatus": "RUNNING", "group": "service:frontend"}, {}, "frontend is not a service of here",
    ),
    "the only one": (
        {**TASK, "desiredStatus": "RUNNING"}, {"desiredCount": 1, "runningCount": 1}, "would be an outage",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("task", "service", "why"), NOT_TO_STOP.values(), ids=NOT_TO_STOP)
def test_a_task_that_must_not_be_stopped(task: dict[str, Any] | None, service: dict[str, Any], why: str) -> None:
    remedy = stop_task(task, **service)
    with pytest.raises(CannotFix, match=why):
        remedy.read_for_plan("task/prod/1")
    with pytest.raises(CannotFix, match=why):
        as_sent(*remedy.steps("task/prod/1", {}, {}))


def test_a_task_that_ecs_has_forgotten_is_stopped_and_an_empty_answer_is_nothing() -> None:
    assert stop_task(None).read("task/prod/1")["desiredStatus"] == "STOPPED"
    with pytest.raises(CouldNotLook, match="the answer has no 'tasks'"):
        StopTask(stack(), Aws({("ecs", "DescribeTasks"): {}})).read("task/prod/1")


OURS, SICK = health(BLUE, *TWO), health(GREEN, target(9, "unhealthy"))
INVENTORY = names(load_balancers=("web",))


class _Ground:
    """Ground on which target groups are as given, one look after the other."""

    def __init__(self, *looks: list[TargetHealth]) -> None:
        self.looks, self.said = list(looks), [""]

    def look(self, *names: str) -> list[Any]:
        assert names == ("target_health",)
        return [self.looks.pop(0) if self.looks[1:] else self.looks[0]]

    def say(self, line: str) -> None:
        self.said.append(line)

    def pause(self) -> None:
        """Nothing to wait for."""


def test_a_neighbours_sick_targets_are_no_reason_not_to_drill() -> None:
    theirs = replace(SICK, foreign="1 targets, not judged: no service of the stack fills it")
    ground: Any = _Ground([OURS, theirs])
    assert _healthy(ground, INVENTORY) == {BLUE: 2}
    assert _until_healthy(stack(), ground, INVENTORY, {BLUE: 2}, 0.0) is not None


def test_our_own_sick_targets_are_one() -> None:
    ground: Any = _Ground([OURS, SICK])
    assert _healthy(ground, INVENTORY) == "10.0.0.9:8000 is unhealthy of green, before any task was stopped"


def test_a_colour_that_starts_while_the_other_serves_is_none() -> None:
    ground: Any = _Ground([OURS, replace(health(GREEN, target(9, "initial")), idle="it stands by")])
    assert _healthy(ground, INVENTORY) == {BLUE: 2}


def test_whose_a_group_is_and_cannot_be_read_stops_no_task() -> None:
    unknown = CouldNotLook("ecs:DescribeServices", "throttled")
    ground: Any = _Ground([OURS, replace(health(GREEN), foreign=unknown)])
    with pytest.raises(CouldNotLook, match="throttled"):
        _healthy(ground, INVENTORY)
