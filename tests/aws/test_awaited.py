"""Whether what was deployed can still come: only a service of which nothing moves, and which runs another, says no."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.releases import Awaited, Release, awaited
from opschecks.aws.rollouts import Rollout
from opschecks.aws.service_deployments import Recorded
from opschecks.core.model import Expected
from tests.canned import NOW, Raw, given
from tests.canned_ecs import service
from tests.canned_releases import RUNNING, released, revision

PRIMARY: Raw = {
    "id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:us-west-2:1:task-definition/backend:6",
    "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "rolloutState": "COMPLETED",
}  # fmt: skip
OLDER = {**PRIMARY, "id": "ecs-svc/1", "status": "ACTIVE"}


def _release(revision: str = "backend:7", **changes: Any) -> Release:
    at_rest = {
        "status": "ACTIVE", "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "deployments": [PRIMARY],
        "events": [],
    }  # fmt: skip
    raw = given(at_rest, changes)
    service = Service(arn="s", name="backend", evidence=raw)
    rollout = Rollout(arn="s", name="backend", evidence=raw, service=service, recorded=Recorded(), now=NOW)
    return Release(arn="s", name="backend", rollout=rollout, tasks=(), asked=Expected((revision,)), evidence=raw)


def test_another_revision_at_rest_never_comes() -> None:
    release = _release()
    why = (
        "expected backend:7, running backend:6: no deployment of backend is under way, so it never comes; "
        "was the service updated?"
    )
    assert awaited([release]) == [Awaited(arn="s", name="backend", never=why, evidence=release.evidence)]


MAY_COME: dict[str, Raw] = {
    "the service is being deleted": {"status": "DRAINING"},
    "an older one runs beside it": {"deployments": [PRIMARY, OLDER]},
    "there are no deployments": {"deployments": []},
    "nothing is said of deployments": {"deployments": None},
    "the one there is is not the primary": {"deployments": [OLDER]},
    "it is under way": {"deployments": [{**PRIMARY, "rolloutState": "IN_PROGRESS"}]},
    "nothing is said of its state": {"deployments": [given(PRIMARY, {"rolloutState": None})]},
    "tasks are missing": {"runningCount": 1},
    "there are more tasks than desired": {"runningCount": 3},
    "tasks are starting": {"pendingCount": 1},
    "nothing is said of tasks that start": {"pendingCount": None},
}


@pytest.mark.parametrize("case", MAY_COME)
def test_what_moves_may_bring_it(case: str) -> None:
    assert [one.never for one in awaited([_release(**MAY_COME[case])])] == [""]


def test_what_runs_is_not_awaited() -> None:
    assert [one.never for one in awaited([_release("backend:6")])] == [""]


def test_what_the_gate_sees_of_a_service_at_rest() -> None:
    [one] = awaited(released(revision("backend:9"), [service()], [RUNNING]))
    assert (one.name, one.arn, one.evidence["serviceName"]) == ("backend", service()["serviceArn"], "backend")
    assert "backend:9" in one.never
    assert one.never.endswith("no deployment of backend is under way, so it never comes; was the service updated?")
    assert [one.never for one in awaited(released(revision("backend:8"), [service()], [RUNNING]))] == [""]
