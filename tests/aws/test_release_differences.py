"""What was expected of a service compared with what runs, word for word: revisions, images, deployments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.ecs import Service, Task
from opschecks.aws.releases import Release, releases
from opschecks.aws.rollouts import Rollout
from opschecks.aws.service_deployments import Recorded, ServiceDeployment
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Expected, Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Raw, ago, given
from tests.canned_ecs import BY_CODE_DEPLOY, deployment, event, record, service, task_set
from tests.canned_releases import REGISTRY, V1, V2
from tests.canned_releases import task as task_of
from tests.cases import cases

NEW, OLD = (f"ecs-svc/{number:019}" for number in (8, 7))
THROTTLED = CouldNotLook("ecs:DescribeServices", "ThrottlingException: no")
DENIED = CouldNotLook("ecs:ListServiceDeployments", "AccessDenied: no", action="ecs:ListServiceDeployments")
BESIDE = deployment(7, status="ACTIVE", createdAt=ago(days=9))
OF_CODE_DEPLOY = {**BY_CODE_DEPLOY, "deploymentController": {"type": "CODE_DEPLOY"}, "events": []}


def _rollout(
    raw: Raw | CouldNotLook, *records: Raw, of: str = "backend", problem: CouldNotLook | None = None
) -> Rollout:
    evidence = Unread(raw) if isinstance(raw, CouldNotLook) else Answer(raw, "ecs:DescribeServices")
    one = Service(arn=of, name=of, evidence=evidence, figures=(Figure("running", 2),))
    told = tuple(ServiceDeployment(Answer(raw, "ecs:DescribeServiceDeployments"), "backend:8") for raw in records)
    return Rollout(arn=of, name=of, evidence=evidence, service=one, now=NOW, recorded=Recorded(told, problem))


def _task(image: str = f"{REGISTRY}/backend:v2", digest: str = V2, of: str = "backend", **changes: Any) -> Task:
    raw = task_of((image, digest), of=of, **changes)
    return Task(arn=raw["taskArn"], name=raw["taskArn"], service=of, evidence=Answer(raw, "ecs:DescribeTasks"))


def _asked(expected: Expected, rollouts: Sequence[Rollout], tasks: Sequence[Task] = ()) -> list[Expected]:
    return [one.asked for one in releases(expected, list(rollouts), list(tasks))]


def _seen(
    raw: Raw, *records: Raw, expected: Expected | None = None, tasks: Sequence[Task] = (), **more: Any
) -> Release:
    [seen] = releases(expected or Expected(revisions=("backend:8",)), [_rollout(raw, *records, **more)], list(tasks))
    return seen


BAKE: Raw = {
    "lifecycleStage": "BAKE_TIME",
    "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5},
}
MOVING = deployment(rolloutState="IN_PROGRESS")
UNABLE = event("was unable to place a task.", minutes=1)


@cases({
    "it is done": (_seen(service()), ""),
    "it serves": (_seen(service(deployment(rolloutState=None), BESIDE), record(**BAKE)), ""),
    "under way": (_seen(service(MOVING, events=[])), "the deployment is IN_PROGRESS"),
    "under way, with trouble": (
        _seen(service(MOVING, events=[UNABLE])),
        f"the deployment is IN_PROGRESS; {UNABLE['message']}",
    ),
    "old tasks beside it": (_seen(service(deployment(), BESIDE)), "backend:7 still runs beside it"),
    "two old deployments": (
        _seen(service(deployment(), BESIDE, deployment(6, status="ACTIVE"))),
        "backend:7, backend:6 still runs beside it",
    ),
    "old tasks of CodeDeploy": (
        _seen({**OF_CODE_DEPLOY, "taskSets": [task_set(), task_set(7, status="ACTIVE", runningCount=2)]}),
        "",
    ),
    "a task set that is not stable": (
        _seen({**OF_CODE_DEPLOY, "taskSets": [task_set(stabilityStatus="STABILIZING")]}),
        "the deployment is not yet stable",
    ),
})  # fmt: skip
def test_why_a_deployment_has_not_ended_well(release: Release, why: str) -> None:
    assert release.unfinished == why


RUNNING = _task()
BOTH = Expected(("backend:9",), ("backend:v3",), (OLD,))


@cases({
    "none": (
        _seen(service(), expected=Expected(("backend:8",), ("backend:v2",), (NEW,)), tasks=[RUNNING]), []),
    "all": (
        _seen(service(), expected=BOTH, tasks=[RUNNING]),
        [
            f"expected {OLD}, running {NEW}",
            "expected backend:9, running backend:8",
            f"expected backend:v3, running {REGISTRY}/backend:v2",
        ]),
    "no task": (
        _seen(service(), expected=Expected(images=("backend:v2",))), ["expected backend:v2, running no task"]),
    "one of two tasks runs it": (
        _seen(service(), expected=Expected(images=("backend:v1",)), tasks=[RUNNING, _task("backend:v1", V1)]), []),
    "two images run": (
        _seen(service(), expected=Expected(images=("backend:v0",)), tasks=[RUNNING, _task("backend:v1", V1)]),
        [f"expected backend:v0, running {REGISTRY}/backend:v2, backend:v1"]),
    "it failed": (
        _seen(
            service(deployment(9, rolloutState="FAILED"), events=[]), expected=Expected(revisions=("backend:8",))),
        ["expected backend:8, running backend:9 (backend:9 failed)"]),
    "it failed, and is what was expected": (
        _seen(service(deployment(8, rolloutState="FAILED"), events=[])), []),
    "whether it failed is not known": (
        _seen(service(deployment(9), events=[]), problem=DENIED), ["expected backend:8, running backend:9"]),
})  # fmt: skip
def test_the_expectations_that_are_not_met(release: Release, differences: list[str]) -> None:
    assert release.differences == differences


@cases([
    ("backend:v2", V2, "backend:v2", True),
    ("backend:v2", V2, "backend:v1", False),
    ("backend", V2, "backend:latest", True),
    ("backend", V2, "backend", True),
    ("backend:latest", V2, "backend", True),
    ("backend:v2", V2, "backend", False),
    ("reg:5000/team/backend:v2", V2, "backend:v2", True),
    ("reg:5000/team/backend:v2", V2, "team/backend:v2", True),
    ("reg:5000/team/backend:v2", V2, "reg:5000/team/backend:v2", True),
    ("reg:5000/team/backend", V2, "backend:latest", True),
    ("team/backend:v2", V2, "other/backend:v2", False),
    ("the-backend:v2", V2, "backend:v2", False),
    ("backend:v2", V2, f"backend@{V2}", True),
    ("backend:v2", V2, f"backend@{V1}", False),
    (f"backend@{V2}", "", f"backend@{V2}", True),
    (f"backend:v1@{V2}", V1, f"backend@{V2}", True),
    (f"backend:v2@{V2}", "", "backend:v2", True),
    (f"backend@{V2}", V2, "backend:v2", False),
    ("backend:v2", V2, f"other@{V2}", False),
    ("reg/backend:v2", V2, f"backend:v1@{V2}", True),
])  # fmt: skip
def test_whether_a_container_runs_the_image(image: str, digest: str, wanted: str, runs: bool) -> None:
    seen = _seen(service(), expected=Expected(images=(wanted,)), tasks=[_task(image, digest)])
    assert (seen.differences == []) is runs


BACKEND, WORKER = _rollout(service()), _rollout(service(deployment(18, of="worker"), of="worker"), of="worker")
RUN = [_task(), _task("worker:v5", V1, of="worker", by=18)]


def test_a_revision_concerns_the_service_of_its_family() -> None:
    expected = Expected(revisions=("backend:9", "worker:18", "other:1"))
    assert _asked(expected, [BACKEND, WORKER], RUN) == [
        Expected(revisions=("backend:9", "other:1")),
        Expected(revisions=("worker:18", "other:1")),
    ]


def test_an_image_concerns_the_services_whose_tasks_have_its_repository() -> None:
    expected = Expected(images=("backend:v9", "worker:v9", "other:v1"))
    assert _asked(expected, [BACKEND, WORKER], RUN) == [
        Expected(images=("backend:v9", "other:v1")),
        Expected(images=("worker:v9", "other:v1")),
    ]
    two = [*RUN, _task("sidecar:v1", V1)]
    assert _asked(Expected(images=("sidecar:v2",)), [BACKEND, WORKER], two) == [
        Expected(images=("sidecar:v2",)),
        Expected(),
    ]


def test_a_deployment_concerns_the_service_that_has_or_tells_of_it() -> None:
    worker = f"ecs-svc/{18:019}"
    assert _asked(Expected(deployments=(NEW, worker)), [BACKEND, WORKER]) == [
        Expected(deployments=(NEW,)),
        Expected(deployments=(worker,)),
    ]
    two = _rollout(service(deployment(), BESIDE))
    assert _asked(Expected(deployments=(OLD,)), [two, WORKER]) == [Expected(deployments=(OLD,)), Expected()]
    tells = _rollout(service(events=[event("has started.", hours=2), event(f"(deployment {OLD}) failed.", hours=3)]))
    assert _asked(Expected(deployments=(OLD,)), [tells, WORKER]) == [Expected(deployments=(OLD,)), Expected()]
    silent = _rollout(given(service(), {"events": None}))
    assert _asked(Expected(deployments=(OLD,)), [silent, WORKER]) == [Expected(deployments=(OLD,))] * 2
    sets = _rollout({**OF_CODE_DEPLOY, "taskSets": [task_set(id="ecs-svc/4")]})
    assert _asked(Expected(deployments=("ecs-svc/4",)), [sets, WORKER]) == [
        Expected(deployments=("ecs-svc/4",)),
        Expected(),
    ]


@pytest.mark.parametrize(
    "expected", [Expected(revisions=("worker:18",)), Expected(images=("worker:v5",)), Expected(deployments=("x",))]
)
def test_everything_concerns_a_service_that_could_not_be_read(expected: Expected) -> None:
    assert _asked(expected, [_rollout(THROTTLED), WORKER], RUN)[0] == expected
    unread = Task(arn="backend", name="backend", service="backend", evidence=Unread(THROTTLED))
    assert _asked(expected, [BACKEND, WORKER], [unread, *RUN])[0] == expected


def test_a_service_that_is_missing_has_no_deployment_and_the_family_of_its_definition() -> None:
    missing = _rollout(Answer({"status": "MISSING", "taskDefinition": "x/backend:7"}, "ecs:DescribeServices"))
    assert _asked(Expected(revisions=("backend:8",)), [missing, WORKER]) == [
        Expected(revisions=("backend:8",)),
        Expected(),
    ]
    assert _asked(Expected(deployments=(NEW,)), [missing, WORKER]) == [Expected(deployments=(NEW,))] * 2


def test_the_family_is_that_of_the_primary_deployment() -> None:
    moved = service(deployment(8, of="new"), deployment(7, status="ACTIVE"))
    assert _asked(Expected(revisions=("new:8",)), [_rollout(moved), WORKER])[1] == Expected()
    # one whose primary names no task definition is of the service's own
    bare = service(deployment(8), taskDefinition="arn:aws:ecs:x:task-definition/own:3")
    bare["deployments"] = [given(bare["deployments"][0], {"taskDefinition": None})]
    assert _asked(Expected(revisions=("own:4",)), [_rollout(bare), WORKER])[1] == Expected()


def test_a_release_has_the_wanted_tasks_of_its_primary_deployment() -> None:
    tasks = [
        _task("backend:v2", V2),
        _task("backend:v1", V1, by=7),
        _task("backend:v0", V1, desiredStatus="STOPPED"),
        Task(arn="x", name="worker", service="worker", evidence=Unread(THROTTLED)),
    ]
    [seen] = releases(Expected(images=("backend:v2",)), [_rollout(service(deployment(), BESIDE))], tasks)
    assert seen.containers == [("backend:v2", V2)]
    assert [one["containers"][0]["image"] for one in seen.evidence["tasks"]] == ["backend:v2"]
    assert seen.figures == (Figure("running", 2),)
    assert not seen.is_unread
    tasks.append(Task(arn="x", name="backend", service="backend", evidence=Unread(THROTTLED)))
    [seen] = releases(Expected(images=("backend:v2",)), [_rollout(service(deployment(), BESIDE))], tasks)
    assert seen.is_unread
    assert len(seen.tasks) == 2
    [seen] = releases(Expected(images=("x",)), [_rollout(THROTTLED)], tasks)
    assert (seen.is_unread, seen.tasks, seen.evidence) == (True, (), seen.service.evidence)


def test_two_releases_of_the_same_image_are_one_container() -> None:
    seen = _seen(service(), tasks=[_task("b:v2", V2), _task("a:v1", V1), _task("b:v2", V2)])
    assert seen.containers == [("a:v1", V1), ("b:v2", V2)]


def test_a_service_whose_deployments_the_answer_lacks_has_no_launch() -> None:
    lacking = given(service(), {"deployments": None})
    seen = _seen(lacking, tasks=[_task()])
    assert seen.tasks == ()
    with pytest.raises(CouldNotLook, match="no 'deployments'"):
        assert seen.primary
