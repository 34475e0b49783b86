"""stop-task: whether one may be stopped now, and what is said while another starts."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.core.change import CannotFix
from opschecks.remedies.operations.stop_task import StopTask
from tests.canned import ACCOUNT, Aws, Raw, stack
from tests.canned_ecs import deployment, event, service, task_set

TARGET = f"task/prod/{'1f' * 16}"
TASK: Raw = {
    "taskArn": f"arn:aws:ecs:{ACCOUNT}:{TARGET}",
    "group": "service:backend",
    "lastStatus": "RUNNING",
    "desiredStatus": "RUNNING",
}


def remedy(told: Raw) -> StopTask:
    answers: dict[tuple[str, str], Any] = {
        ("ecs", "DescribeServices"): {"services": [told]},
        ("ecs", "DescribeTasks"): {"tasks": [TASK]},
        ("ecs", "ListTasks"): {"taskArns": [TASK["taskArn"]]},
    }
    return StopTask(stack(), Aws(answers), tuple)


SAID = {
    "all is well": ([event("has reached a steady state.", minutes=1)], "0 of 2 tasks run"),
    "trouble, and then a registration": (
        [
            event("registered 1 targets in (target-group arn:…).", minutes=1),
            event("was unable to place a task. Reason: Capacity is unavailable at this time.", minutes=2),
        ],
        "0 of 2 tasks run: (service backend) was unable to place a task. Reason: Capacity is unavailable at this time.",
    ),
    "trouble of last night": (
        [event("has reached a steady state.", minutes=1), event("was unable to place a task.", hours=9)],
        "0 of 2 tasks run",
    ),
    "no message at all": (None, "0 of 2 tasks run"),
}


@pytest.mark.parametrize(("events", "expected"), SAID.values(), ids=SAID)
def test_what_it_says_while_it_waits_is_the_trouble(events: list[Raw] | None, expected: str) -> None:
    before = {"desiredStatus": "RUNNING", "service": "backend"}
    progress = remedy(service(events=events)).progress(TARGET, before, {**before, "desiredStatus": "STOPPED"})
    assert progress.said == expected
    assert not progress.settled


CODE_DEPLOY: Raw = {"deploymentController": {"type": "CODE_DEPLOY"}, "deployments": None}
BUSY = {
    "a rolling update": service(deployment(8, rolloutState="IN_PROGRESS"), deployment(7, status="ACTIVE")),
    "CodeDeploy keeps the replaced task set": service(
        **CODE_DEPLOY, taskSets=[task_set(8), task_set(7, id="ecs-svc/2", status="ACTIVE")]
    ),
    "CodeDeploy's task set is not steady": service(
        **CODE_DEPLOY, taskSets=[task_set(8, stabilityStatus="STABILIZING")]
    ),
}


@pytest.mark.parametrize("told", BUSY.values(), ids=BUSY)
def test_none_is_stopped_while_a_deployment_is_under_way(told: Raw) -> None:
    with pytest.raises(CannotFix, match="a deployment is under way"):
        remedy(told).read_for_plan(TARGET)


@pytest.mark.parametrize("told", [service(), service(**CODE_DEPLOY, taskSets=[task_set(8)])], ids=["ECS", "CodeDeploy"])
def test_one_is_stopped_whoever_deploys_the_service(told: Raw) -> None:
    assert remedy(told).read_for_plan(TARGET) == {"desiredStatus": "RUNNING", "service": "backend"}
