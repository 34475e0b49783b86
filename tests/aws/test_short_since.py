"""Since when tasks are missing: the first attempt since the service was last steady."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Raw, ago
from tests.canned_ecs import deployment, event, service, task_set
from tests.cases import cases

STARTED, UNABLE, STEADY = (
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
        service(_made(72), events=[event(STARTED, hours=1), event(STEADY, hours=3), event(STARTED, hours=5)]), 1),
    "nothing was tried since it was steady": (
        service(_made(72), events=[event(STEADY, hours=3), event(STARTED, hours=5)]), 72),
    "a deployment that goes on, never steady": (
        service(_made(4, **MOVING), events=[event(STARTED, hours=1)]), 4),
    "a completed one, never steady": (service(_made(4), events=[event(STARTED, hours=1)]), 1),
    "a deployment since it was steady": (
        service(_made(2), events=[event(STARTED, hours=1), event(STEADY, hours=3)]), 2),
    "a deployment that goes on, and was steady since": (
        service(_made(4, **MOVING), events=[event(STARTED, hours=1), event(STEADY, hours=3)]), 1),
    "the one before does not count": (
        service(_made(2), deployment(7, status="ACTIVE", createdAt=ago(hours=9)), events=[event(STEADY, hours=10)]), 2),
    "a task set since it was steady": (
        service(deployments=[], taskSets=[task_set(createdAt=ago(hours=2))], deploymentController={"type": "EXTERNAL"},
                events=[event(STEADY, hours=3)]), 2),
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
