"""What was deployed serves: what ECS says of its services and tasks, and what the gate makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.core.model import Expected
from opschecks.core.observation import CouldNotLook
from tests.canned import Raw, after, ago, given, judges, verdicts, without
from tests.canned_ecs import BY_CODE_DEPLOY, deployment, event, service, task_set
from tests.canned_releases import REGISTRY, RUNNING, V1, image, in_registry, released, revision, task
from tests.cases import cases


def an_image(*wanted: str) -> Expected:
    return Expected(images=wanted)


def a_deployment(*numbers: int) -> Expected:
    return Expected(deployments=tuple(f"ecs-svc/{number:019}" for number in numbers))


@cases({"no task": [], "a task": [RUNNING]})
def test_where_nobody_says_what_was_deployed_nothing_is_seen(running: list[Raw]) -> None:
    assert not Expected()
    with pytest.raises(CouldNotLook, match="nothing was expected: pass --expect-revision"):
        released(Expected(), [service()], running)


OLD = deployment(7, status="ACTIVE", createdAt=ago(days=9))
BACK = deployment(9, taskDefinition=OLD["taskDefinition"])
"""What a circuit breaker makes: a deployment of its own, of the revision before, as COMPLETED as any."""
ROLLED_BACK = service(
    BACK,
    events=[
        event("has reached a steady state.", minutes=5),
        event("(deployment ecs-svc/0000000000000000008) deployment failed: tasks failed to start.", minutes=10),
        event("rolling back to deployment ecs-svc/0000000000000000009.", minutes=10),
    ],
)
OLD_TASK = task((f"{REGISTRY}/backend:v1", V1), by=9)

SERVES: dict[str, tuple[Expected, Raw, str, str]] = {
    "the revision": (revision("backend:8"), service(), "passed", "backend:8 by ecs-svc/0000000000000000008, 2 of 2"),
    "the image by its name": (an_image("backend:v2"), service(), "passed", ""),
    "the image by its whole name": (an_image(f"{REGISTRY}/backend:v2"), service(), "passed", ""),
    "the deployment": (a_deployment(8), service(), "passed", ""),
    "all of it": (replace(a_deployment(8), revisions=("backend:8",), images=("backend:v2",)), service(), "passed", ""),
    "another revision": (revision("backend:9"), service(), "failed", "expected backend:9, running backend:8"),
    "a revision whose number begins so": (revision("backend:80"), service(), "failed", "running backend:8"),
    "a revision of no service": (revision("billing:8"), service(), "failed", "running backend:8"),
    "another tag": (an_image("backend:v3"), service(), "failed", f"running {REGISTRY}/backend:v2"),
    "an image whose name ends so": (an_image("end:v2"), service(), "failed", "expected end:v2"),
    "an image of another registry": (an_image("ghcr.io/team/backend:v2"), service(), "failed", "ghcr.io"),
    "another deployment": (a_deployment(7), service(), "failed", "running ecs-svc/0000000000000000008"),
    "of another image": (
        replace(revision("backend:8"), images=("backend:v3",)),
        service(),
        "failed",
        "expected backend:v3",
    ),
    "an image of which no task runs": (an_image("backend:v2"), service(deployment(10)), "failed", "running no task"),
    "rolled back, by revision": (revision("backend:8"), ROLLED_BACK, "failed", "running backend:7"),
    "rolled back, by image": (an_image("backend:v2"), ROLLED_BACK, "failed", "/backend:v1"),
    "rolled back, by deployment": (a_deployment(8), ROLLED_BACK, "failed", "running ecs-svc/0000000000000000009"),
    "under way": (
        revision("backend:8"),
        service(deployment(rolloutState="IN_PROGRESS"), events=[event("has started.", minutes=1)]),
        "failed",
        "the deployment is IN_PROGRESS",
    ),
    "failed": (
        revision("backend:8"),
        service(deployment(rolloutState="FAILED")),
        "failed",
        "the deployment is FAILED",
    ),
    "old tasks beside it": (revision("backend:8"), service(deployment(), OLD), "failed", "backend:7 still runs beside"),
    "short of a task": (
        revision("backend:8"),
        service(runningCount=1, events=[event("was unable to place a task: no room", minutes=1)]),
        "failed",
        "no room",
    ),
    "nothing runs": (revision("backend:8"), service(runningCount=0, events=[]), "failed", "tasks are missing"),
    "scaled to nothing": (revision("backend:8"), service(desiredCount=0, runningCount=0), "failed", ""),
    "draining": (revision("backend:8"), service(status="DRAINING"), "failed", "the service is DRAINING"),
    "deployed by CodeDeploy": (revision("backend:8"), BY_CODE_DEPLOY, "passed", "backend:8 by ecs-svc/1, 2 of 2"),
    "by CodeDeploy, and the old tasks wait for their end": (
        revision("backend:8"),
        {**BY_CODE_DEPLOY, "taskSets": [task_set(), task_set(7, id="ecs-svc/0", status="ACTIVE", runningCount=2)]},
        "passed",
        "",
    ),
    "by CodeDeploy, rolled back": (
        revision("backend:9"),
        BY_CODE_DEPLOY,
        "failed",
        "expected backend:9, running backend:8",
    ),
    "by CodeDeploy, not yet stable": (
        revision("backend:8"),
        {**BY_CODE_DEPLOY, "taskSets": [task_set(stabilityStatus="STABILIZING")]},
        "failed",
        "the deployment is not yet stable",
    ),
    "of an external controller, nothing yet": (
        revision("backend:8"),
        given(BY_CODE_DEPLOY, {"taskSets": [], "deployments": None, "deploymentController": {"type": "EXTERNAL"}}),
        "blind",
        "backend has neither a primary deployment nor task set",
    ),
    "half an answer": (revision("backend:8"), without("runningCount", service()), "blind", "no 'runningCount'"),
}
test_what_was_deployed_serves = judges(
    after("deployment").test_what_was_deployed_serves,
    SERVES,
    releases=lambda expected, told: released(expected, [told], [RUNNING, OLD_TASK]),
)


WORKER = service(deployment(18, of="worker"), of="worker")
WORKS = task((f"{REGISTRY}/worker:v5", V1), of="worker", by=18)


@cases({
    "a revision of each": (revision("backend:8", "worker:18"), service(), []),
    "a revision of one": (revision("backend:8"), service(), []),
    "another revision of one": (revision("worker:19"), service(), ["worker"]),
    "another revision of each": (revision("backend:9", "worker:19"), service(), ["backend", "worker"]),
    "a revision of none": (revision("billing:1"), service(), ["backend", "worker"]),
    "an image of one": (an_image("worker:v5"), service(), []),
    "another image of one": (an_image(f"{REGISTRY}/worker:v6"), service(), ["worker"]),
    "an image of none": (an_image("billing:v1"), service(), ["backend", "worker"]),
    "a deployment of one": (a_deployment(18), service(), []),
    "a deployment of which one's events tell": (a_deployment(8), ROLLED_BACK, ["backend"]),
    "a deployment that ends": (a_deployment(7), service(deployment(), OLD), ["backend"]),
    "a deployment of none": (a_deployment(99), service(), ["backend", "worker"]),
    "of each one thing": (replace(a_deployment(18), revisions=("backend:9",)), service(), ["backend"]),
})  # fmt: skip
def test_of_several_services_those_are_asked_that_it_concerns(expected: Expected, told: Raw, failed: list[str]) -> None:
    seen = released(expected, [told, WORKER], [RUNNING, OLD_TASK, WORKS])
    found = verdicts(after("deployment").test_what_was_deployed_serves, releases=seen)
    assert set(found) == {"backend", "worker"}
    assert [name for name, outcome in found.items() if outcome != "passed"] == failed


@cases({
    "revision": revision("backend:8"),
    "image": an_image("backend:v2"),
    "deployment": a_deployment(8),
})  # fmt: skip
def test_a_service_that_ecs_does_not_know_fails_both_checks(expected: Expected) -> None:
    seen = released(expected, [service()], [RUNNING], missing=("old",))
    for check in (
        after("deployment").test_what_was_deployed_serves,
        after("deployment").test_tasks_run_the_image_of_their_tag,
    ):
        images = in_registry(RUNNING, answer={"images": [image()]})
        assert verdicts(check, releases=seen, registry_images=images) == {"backend": "passed", "old": "failed"}


def test_a_release_has_the_wanted_tasks_of_its_primary_deployment_only() -> None:
    [release] = released(
        revision("backend:8"),
        [service(deployment(), OLD)],
        [
            RUNNING,
            task((f"{REGISTRY}/backend:v1", V1), by=7),
            task((f"{REGISTRY}/backend:v0", V1), desiredStatus="STOPPED", lastStatus="RUNNING"),
            task((f"{REGISTRY}/backend:migration", V1), startedBy="a person"),
        ],
    )
    assert {image for image, _ in release.containers} == {f"{REGISTRY}/backend:v2"}
    assert [one["taskArn"] for one in release.evidence["tasks"]] == [RUNNING["taskArn"]]
