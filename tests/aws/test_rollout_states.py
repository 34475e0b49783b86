"""How far a deployment is and what went wrong with it: each property of a rollout, by what ECS says and leaves out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.ecs import Service, Task
from opschecks.aws.rollouts import Moving, Rollout, rollouts
from opschecks.aws.service_deployments import Recorded, ServiceDeployment
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Raw, ago, given, without
from tests.canned_ecs import BY_CODE_DEPLOY, deployment, event, record, service, task_set
from tests.cases import cases

NEW, OLD = (f"ecs-svc/{number:019}" for number in (8, 7))
DENIED = CouldNotLook("ecs:ListServiceDeployments", "AccessDeniedException: no", action="ecs:ListServiceDeployments")
NOT_OFFERED = CouldNotLook("ecs:ListServiceDeployments", "UnknownOperation: no")
THROTTLED = CouldNotLook("ecs:ListServiceDeployments", "ThrottlingException: no")
STEADY = event("has reached a steady state.", hours=1)
EXTERNAL = {"deploymentController": {"type": "EXTERNAL"}}
OF_CODE_DEPLOY = {**BY_CODE_DEPLOY, "deploymentController": {"type": "CODE_DEPLOY"}}


def _service(raw: Raw) -> Service:
    return Service(arn=raw["serviceArn"], name="backend", evidence=Answer(raw, "ecs:DescribeServices"))


def _recorded(status: str = "IN_PROGRESS", number: int = 8, **changes: Any) -> ServiceDeployment:
    evidence = Answer(record(status, number, **changes), "ecs:DescribeServiceDeployments")
    return ServiceDeployment(evidence, f"backend:{number}")


def _rollout(raw: Raw, *records: ServiceDeployment, problem: CouldNotLook | None = None, deaths: Any = ()) -> Rollout:
    of = _service(raw)
    return Rollout(
        arn=of.arn, name=of.name, service=of, now=NOW, recorded=Recorded(records, problem), deaths=tuple(deaths)
    )


@cases([
    (timedelta(seconds=40), "", "backend:8 has been under way for 1 minute"),
    (timedelta(minutes=90), "", "backend:8 has been under way for 90 minutes"),
    (timedelta(minutes=179), "BAKE_TIME", "backend:8 has been under way for 179 minutes, stage BAKE_TIME"),
    (timedelta(minutes=180), "", "backend:8 has been under way for 3 hours"),
    (timedelta(hours=5, minutes=20), "", "backend:8 has been under way for 5 hours"),
])  # fmt: skip
def test_a_deployment_under_way_is_told_by_its_age(age: timedelta, stage: str, told: str) -> None:
    assert str(Moving("backend:8", age, timedelta(), stage)) == told


def test_the_current_deployment_is_the_primary_one() -> None:
    assert _rollout(service(deployment(7, status="ACTIVE"), deployment(8))).current.id == NEW
    sets = [task_set(7, id="old", status="ACTIVE"), task_set(8, id="new")]
    assert _rollout(given(OF_CODE_DEPLOY, {"taskSets": sets})).current.id == "new"
    nothing = _rollout(given(OF_CODE_DEPLOY, {"taskSets": [task_set(status="ACTIVE")]}))
    with pytest.raises(CouldNotLook, match="backend has neither a primary deployment nor task set"):
        assert nothing.current


def test_records_are_those_of_services_that_ecs_deploys() -> None:
    one = _recorded()
    assert _rollout(service(), one).known == (one,)
    assert _rollout(OF_CODE_DEPLOY, one).known == ()
    assert _rollout(OF_CODE_DEPLOY, problem=THROTTLED).known == ()
    with pytest.raises(CouldNotLook, match="ThrottlingException"):
        assert _rollout(service(), problem=THROTTLED).known


def test_messages_alone_count_where_ecs_deploys_and_its_records_are_refused() -> None:
    assert _rollout(service(), problem=DENIED).by_events_only == str(DENIED)
    assert _rollout(service(), problem=NOT_OFFERED).by_events_only == str(NOT_OFFERED)
    assert _rollout(service(), problem=THROTTLED).by_events_only == ""
    assert _rollout(service()).by_events_only == ""
    assert _rollout(OF_CODE_DEPLOY, problem=DENIED).by_events_only == ""


UNABLE = event("was unable to place a task.", minutes=5)
CANNOT = event("is unable to consistently start tasks successfully.", minutes=5)


def test_why_is_the_newest_trouble_and_the_newest_death() -> None:
    quiet, troubled = service(events=[STEADY]), service(events=[UNABLE, STEADY])
    assert _rollout(quiet).why == ""
    assert _rollout(troubled).why == UNABLE["message"]
    assert _rollout(quiet, deaths=["task 1 died", "task 2 died"]).why == "task 1 died"
    assert _rollout(troubled, deaths=["task 1 died", "task 2 died"]).why == f"{UNABLE['message']}; task 1 died"
    assert _rollout(troubled, deaths=[UNABLE["message"]]).why == UNABLE["message"]


def test_tasks_cannot_start_only_where_ecs_says_so() -> None:
    assert _rollout(service(events=[STEADY]), deaths=["task 1 died"]).cannot_start == ""
    assert _rollout(service(events=[CANNOT])).cannot_start == CANNOT["message"]
    told = _rollout(service(events=[CANNOT]), deaths=["task 1 died", "task 2 died"]).cannot_start
    assert told == f"{CANNOT['message']}; task 1 died"


MOVING = deployment(rolloutState="IN_PROGRESS", createdAt=ago(minutes=7))


@cases({
    "all missing ones are pending": (service(runningCount=1, pendingCount=1, events=[UNABLE]), True),
    "none runs": (service(MOVING, runningCount=0, events=[STEADY]), False),
    "none runs yet, all are pending": (service(MOVING, runningCount=0, pendingCount=2, events=[STEADY]), False),
    "a rolling deployment stopped one first": (service(MOVING, runningCount=1, events=[STEADY]), True),
    "a rolling deployment with trouble": (service(MOVING, runningCount=1, events=[UNABLE]), False),
    "no deployment": (service(runningCount=1, events=[STEADY]), False),
})  # fmt: skip
def test_a_service_is_starting_where_a_deployment_explains_what_is_missing(raw: Raw, starting: bool) -> None:
    assert _rollout(raw).is_starting is starting


BAKED = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
LINEAR = {"strategy": "LINEAR", "bakeTimeInMinutes": 5}


def test_what_is_under_way_is_told_by_ecs_records_first() -> None:
    opened = _recorded(
        startedAt=ago(minutes=20), deploymentConfiguration=LINEAR, lifecycleStage="PRODUCTION_TRAFFIC_SHIFT"
    )
    rollout = _rollout(service(MOVING), _recorded("STOPPED", 7), opened)
    assert rollout.under_way == [
        Moving(
            "backend:8",
            timedelta(minutes=20),
            timedelta(minutes=59),
            "PRODUCTION_TRAFFIC_SHIFT",
            until_it_serves=timedelta(minutes=54),
        )
    ]


def _moving(number: int, planned: float = 0, serves: float = 0, **age: float) -> Moving:
    return Moving(
        f"backend:{number}",
        timedelta(**age),
        timedelta(minutes=planned),
        until_it_serves=timedelta(minutes=serves),
    )


BESIDE = deployment(7, status="ACTIVE", createdAt=ago(days=9), rolloutState="IN_PROGRESS")


@cases({
    "nothing": (service(), []),
    "a rolling update": (service(MOVING), [_moving(8, minutes=7)]),
    "a rolling update, the old one beside it": (service(MOVING, BESIDE), [_moving(8, minutes=7)]),
    "completed, and the old one beside it": (service(deployment(), BESIDE), [_moving(8, days=3)]),
    "without a state": (service(deployment(rolloutState=None)), []),
    "without a state, the old one beside it": (service(deployment(rolloutState=None), BESIDE), [_moving(8, days=3)]),
    "failed": (service(deployment(rolloutState="FAILED")), []),
    "a bake": (service(MOVING, deploymentConfiguration=BAKED), [_moving(8, 5, 0, minutes=7)]),
    "a linear shift": (service(MOVING, deploymentConfiguration=LINEAR), [_moving(8, 59, 54, minutes=7)]),
    "a task set": (OF_CODE_DEPLOY, []),
    "a task set that is not stable": (
        {**OF_CODE_DEPLOY, "taskSets": [task_set(stabilityStatus="STABILIZING"), task_set(7, status="ACTIVE")]},
        [_moving(8, hours=5)],
    ),
})  # fmt: skip
def test_what_is_under_way_without_records(raw: Raw, moving: list[Moving]) -> None:
    assert _rollout(raw).under_way == moving


def test_a_record_that_has_ended_is_not_under_way() -> None:
    assert _rollout(service(), _recorded("ROLLBACK_SUCCESSFUL")).under_way == []
    assert _rollout(service(MOVING), _recorded("ROLLBACK_SUCCESSFUL")).under_way == [_moving(8, minutes=7)]


SETS = [
    task_set(8, id="new", runningCount=2),
    task_set(7, id="old", status="ACTIVE", runningCount=1),
    task_set(6, id="gone", status="DRAINING", runningCount=0),
]


def test_what_runs_beside_the_current_deployment() -> None:
    assert _rollout(service()).replacing == []
    assert _rollout(service(deployment(8), BESIDE, deployment(6, status="ACTIVE"))).replacing == [
        "backend:7",
        "backend:6",
    ]
    assert _rollout({**OF_CODE_DEPLOY, "taskSets": SETS}).replacing == ["backend:7"]
    assert _rollout({**OF_CODE_DEPLOY, **EXTERNAL, "taskSets": SETS}).replacing == []


def test_of_task_sets_the_state_is_whether_all_are_stable() -> None:
    old = task_set(7, id="old", status="ACTIVE", stabilityStatus="STABILIZING")
    assert _rollout(OF_CODE_DEPLOY).state == "COMPLETED"
    assert _rollout({**OF_CODE_DEPLOY, "taskSets": [task_set(), old]}).state == "not yet stable"
    assert _rollout({**OF_CODE_DEPLOY, "taskSets": [task_set()]}, problem=DENIED).state == "COMPLETED"


SERVING: Raw = {"lifecycleStage": "BAKE_TIME", "deploymentConfiguration": BAKED}
DONE = event(f"(deployment {NEW}) deployment completed.", hours=2)
DONE_BEFORE = event(f"(deployment {OLD}) deployment completed.", hours=2)
STATELESS = deployment(8, rolloutState=None)


@cases({
    "as ECS says": (_rollout(service()), "COMPLETED"),
    "as ECS says, of a rolling update": (_rollout(service(MOVING)), "IN_PROGRESS"),
    "failed": (_rollout(service(deployment(rolloutState="FAILED"))), "FAILED"),
    "a record that serves": (_rollout(service(STATELESS, BESIDE), _recorded(**SERVING)), "SERVING"),
    "a record before it serves": (
        _rollout(service(STATELESS), _recorded(lifecycleStage="PRE_SCALE_UP", deploymentConfiguration=BAKED)),
        "IN_PROGRESS, stage PRE_SCALE_UP"),
    "a record without a stage": (_rollout(service(), _recorded("ROLLBACK_IN_PROGRESS")), "ROLLBACK_IN_PROGRESS"),
    "the newest record counts": (
        _rollout(service(), _recorded("PENDING"), _recorded(number=7, **SERVING)), "PENDING"),
    "a record that has ended": (_rollout(service(), _recorded("STOPPED")), "COMPLETED"),
    "no state, two deployments": (_rollout(service(STATELESS, BESIDE)), "IN_PROGRESS"),
    "no state, one deployment": (_rollout(service(STATELESS, events=[])), "COMPLETED"),
    "no state and no records, and a message says so": (
        _rollout(service(STATELESS, events=[STEADY, DONE]), problem=NOT_OFFERED), "COMPLETED"),
})  # fmt: skip
def test_the_state_of_a_deployment(rollout: Rollout, state: str) -> None:
    assert rollout.state == state


@cases({
    "none": [],
    "steady": [STEADY],
    "another's": [DONE_BEFORE],
    "begun": [event(f"(deployment {NEW}) has started.", hours=1)],
})  # fmt: skip
def test_without_a_state_records_and_a_message_it_is_not_known_whether_it_has_ended(events: list[Raw]) -> None:
    with pytest.raises(CouldNotLook, match=f"whether {NEW} has ended is not known: .*UnknownOperation"):
        assert _rollout(service(STATELESS, events=events), problem=NOT_OFFERED).state


FAILED_NOW = event(f"(deployment {OLD}) deployment failed: tasks failed to start.", hours=10)
BACK_NOW = event(f"rolling back to deployment {NEW}.", hours=9)
BACK = deployment(8, createdAt=ago(hours=8.9))
LATER = deployment(8, createdAt=ago(hours=2))


def _ended(status: str, *, began: float, ended: float, **changes: Any) -> ServiceDeployment:
    return _recorded(status, 7, startedAt=ago(hours=began), finishedAt=ago(hours=ended), **changes)


def _said(message: Raw) -> str:
    return f"{message['createdAt'].astimezone(NOW.tzinfo):%Y-%m-%d %H:%M} UTC: {message['message']}"


WAS = f"{NOW - timedelta(hours=6):%Y-%m-%d %H:%M} UTC: backend:7"


@cases({
    "nothing": (_rollout(service(events=[STEADY])), ""),
    "a deployment failed": (
        _rollout(service(deployment(8, rolloutState="FAILED"), events=[STEADY])), "backend:8 failed"),
    "a deployment failed, and ECS says why": (
        _rollout(
            service(
                deployment(8, rolloutState="FAILED", rolloutStateReason="circuit breaker"),
                deployment(7, status="ACTIVE", rolloutState="FAILED"),
                deployment(6, status="ACTIVE"),
                events=[UNABLE, STEADY],
            ),
            deaths=["task 1 died"],
        ),
        f"backend:8, backend:7 failed; circuit breaker; {UNABLE['message']}; task 1 died"),
    "a record": (
        _rollout(service(events=[STEADY]), _ended("ROLLBACK_SUCCESSFUL", began=6, ended=5, statusReason="alarm")),
        f"{WAS}: rollback successful: alarm"),
    "a record without a reason": (
        _rollout(service(events=[STEADY]), _ended("ROLLBACK_FAILED", began=6, ended=5)),
        f"{WAS}: rollback failed: ECS says no reason"),
    "a record, and a later deployment": (
        _rollout(service(LATER, events=[STEADY]), _ended("ROLLBACK_SUCCESSFUL", began=6, ended=5)), ""),
    "a record, and a deployment of the same moment": (
        _rollout(
            service(deployment(8, createdAt=ago(hours=5)), events=[STEADY]), _ended("ROLLBACK_FAILED", began=6, ended=5)
        ),
        f"{WAS}: rollback failed: ECS says no reason"),
    "a record, and a later deployment that has not completed": (
        _rollout(
            service(deployment(8, createdAt=ago(hours=2), rolloutState="IN_PROGRESS"), events=[STEADY]),
            _ended("ROLLBACK_FAILED", began=6, ended=5),
        ),
        f"{WAS}: rollback failed: ECS says no reason"),
    "a record that goes on, whatever is newer": (
        _rollout(
            service(LATER, events=[STEADY]),
            _recorded("ROLLBACK_IN_PROGRESS", 7, startedAt=ago(hours=6), updatedAt=None),
        ),
        f"{WAS}: rollback in progress: ECS says no reason"),
    "a stopped record that nothing triggered": (
        _rollout(service(events=[STEADY]), _ended("STOPPED", began=6, ended=5)), ""),
    "a record, before the messages of it": (
        _rollout(service(events=[FAILED_NOW]), _ended("ROLLBACK_FAILED", began=6, ended=5)),
        f"{WAS}: rollback failed: ECS says no reason"),
    "the second record": (
        _rollout(
            service(events=[STEADY]), _ended("STOPPED", began=2, ended=1), _ended("ROLLBACK_FAILED", began=6, ended=5)
        ),
        f"{WAS}: rollback failed: ECS says no reason"),
    "messages alone": (
        _rollout(service(events=[STEADY, BACK_NOW, FAILED_NOW]), problem=NOT_OFFERED), _said(FAILED_NOW)),
    "messages where the records are denied": (
        _rollout(service(events=[FAILED_NOW]), problem=DENIED), _said(FAILED_NOW)),
    "messages, and no record": (_rollout(service(events=[FAILED_NOW])), _said(FAILED_NOW)),
    "a roll-back without what failed": (_rollout(service(BACK, events=[BACK_NOW])), _said(BACK_NOW)),
    "messages, and it was rolled back to an older deployment": (
        _rollout(service(BACK, events=[BACK_NOW, FAILED_NOW])), _said(FAILED_NOW)),
    "messages, and a later deployment": (_rollout(service(LATER, events=[BACK_NOW, FAILED_NOW]) | {
        "deployments": [{**LATER, "id": "ecs-svc/later"}]}), ""),
    "messages of yesterday": (
        _rollout(service(deployment(8), events=[event("deployment failed: x", hours=24)])), ""),
    "messages of nearly a day": (
        _rollout(service(deployment(8), events=[event("deployment failed: x", hours=23.99)])),
        _said(event("deployment failed: x", hours=23.99))),
    "a message of something else": (_rollout(service(events=[event("deployment completed.", hours=1)])), ""),
})  # fmt: skip
def test_what_failed_or_was_rolled_back_within_a_day(rollout: Rollout, failure: str) -> None:
    assert rollout.failure == failure


@pytest.mark.parametrize("problem", [DENIED, THROTTLED])
def test_without_records_and_messages_it_is_not_known_whether_something_failed(problem: CouldNotLook) -> None:
    with pytest.raises(CouldNotLook, match=problem.reason):
        assert _rollout(service(events=[STEADY]), problem=problem).failure


def _task(name: str, of: str = "backend", **changes: Any) -> Task:
    raw = {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited", **changes}
    return Task(arn=name, name=name, service=of, evidence=Answer(raw, "ecs:DescribeTasks"))


UNREAD = Task(arn="x", name="backend", service="backend", evidence=Unread(THROTTLED))
TASKS = [
    _task("0123456789abcdef", stoppedAt=ago(minutes=9)),
    _task("fedcba9876543210", stoppedAt=ago(minutes=3), stoppedReason="Essential container in task exited"),
    _task("1111111111111111", of="worker", stoppedAt=ago(minutes=1)),
    _task("2222222222222222", stoppedAt=ago(minutes=2), stopCode="UserInitiated"),
    UNREAD,
]


def test_a_rollout_has_the_deaths_of_its_own_tasks_the_newest_first() -> None:
    [seen] = rollouts([_service(service())], {"backend": Recorded()}, TASKS, NOW)
    assert seen.deaths == (
        "task fedcba98 stopped: Essential container in task exited",
        "task 01234567 stopped: EssentialContainerExited",
    )
    assert seen.now == NOW
    assert seen.evidence == service()
    assert seen.name == "backend"
    [seen] = rollouts([_service(service())], {"backend": Recorded()}, THROTTLED, NOW)
    assert seen.deaths == ()


def test_a_rollout_has_its_records_or_why_there_are_none() -> None:
    of, one = _service(service()), _recorded()
    [seen] = rollouts([of], {"backend": Recorded((one,))}, [], NOW)
    assert seen.recorded.listed == (one,)
    assert seen.evidence == {**service(), "serviceDeployments": [one.evidence]}
    [seen] = rollouts([of], THROTTLED, [], NOW)
    assert seen.recorded == Recorded(problem=THROTTLED)
    [seen] = rollouts([of], {"worker": Recorded()}, [], NOW)
    assert str(seen.recorded.problem) == "ecs:ListServiceDeployments: it was not asked for backend"
    unread = Service(arn="x", name="backend", evidence=Unread(DENIED))
    [seen] = rollouts([unread], {"backend": Recorded((one,))}, [], NOW)
    assert seen.evidence is unread.evidence


def test_a_deployment_without_a_moment_is_not_under_way_for_any_time() -> None:
    with pytest.raises(CouldNotLook, match="createdAt"):
        assert _rollout(service(Answer(without("createdAt", MOVING), "ecs:DescribeServices"))).under_way
