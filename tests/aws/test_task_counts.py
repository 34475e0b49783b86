"""What the check of task counts asks for besides services, and what it may not conclude without it."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import Task
from opschecks.aws.rollouts import Rollout, task_counts
from opschecks.aws.service_deployments import Recorded
from opschecks.aws.unread import Unread
from opschecks.core.observation import CouldNotLook
from tests.aws.test_rollout_states import MOVING, STEADY, UNABLE, _service
from tests.canned import NOW, Raw
from tests.canned_ecs import event, service
from tests.cases import cases

HUNG = CouldNotLook("ecs:ListTasks", "no answer in time")
ROLLING = service(MOVING, runningCount=1, events=[STEADY])


def _by_tasks(raw: Raw, tasks: list[Task] | CouldNotLook) -> Rollout:
    [seen] = task_counts([_service(raw)], lambda: {"backend": Recorded()}, lambda: tasks, NOW)
    return seen


def _unread_task(of: str) -> Task:
    return Task(arn=of, name=of, service=of, evidence=Unread(HUNG))


@cases(
    {
        "not read": HUNG,
        "those of its cluster not read": [_unread_task("backend")],
    }
)
def test_it_is_not_starting_by_its_deployment_alone_where_a_task_may_have_died(tasks: Any) -> None:
    """One that died says that the missing one does not come; a pass would be false."""
    with pytest.raises(CouldNotLook, match="no answer in time"):
        assert _by_tasks(ROLLING, tasks).is_starting
    assert not _by_tasks(service(MOVING, runningCount=1, events=[UNABLE]), tasks).is_starting
    assert _by_tasks(service(runningCount=1, pendingCount=1), tasks).is_starting
    assert _by_tasks(ROLLING, []).is_starting
    assert _by_tasks(ROLLING, [_unread_task("frontend")]).is_starting


@pytest.mark.parametrize(
    ("told", "asked"),
    [
        ({}, []),
        ({"runningCount": 1}, ["records", "tasks"]),
        ({"runningCount": 2, "desiredCount": 3}, ["records", "tasks"]),
        ({"runningCount": 3, "desiredCount": 2}, []),
        ({"runningCount": None}, []),
        ({"desiredCount": None}, []),
        ({"events": [event("(service web) has reached a steady state.")]}, []),
        ({"events": [event("(service web) is unable to consistently start tasks successfully.")]}, ["tasks"]),
        ({"events": None}, []),
        ({"events": [{}]}, []),
    ],
    ids=str,
)
def test_records_and_tasks_are_asked_for_only_where_they_tell_more(told: dict[str, Any], asked: list[str]) -> None:
    calls: list[str] = []

    def recorded() -> dict[str, Recorded]:
        calls.append("records")
        return {"backend": Recorded()}

    def tasks() -> list[Task]:
        calls.append("tasks")
        return []

    [seen] = task_counts([_service(service(**told))], recorded, tasks, NOW)
    assert calls == asked
    assert bool(seen.recorded.problem) != ("records" in asked)
