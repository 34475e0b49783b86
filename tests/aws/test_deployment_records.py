"""ECS's records of deployments, property by property, at their limits and with every part that AWS may leave out.

Sources: API_DeploymentConfiguration, API_LinearConfiguration, API_CanaryConfiguration, API_DeploymentLifecycleHook,
with the defaults that they document.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from opschecks.aws.service_deployments import (
    OPEN,
    ROLLED_BACK,
    Recorded,
    ServiceDeployment,
    bake_after,
    groups_of,
    is_refused,
    is_shifting,
    planned_wait,
    service_deployments,
)
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, names, without
from tests.canned_ecs import record, recorded, service_revision
from tests.cases import cases

STATUSES = [
    "PENDING",
    "IN_PROGRESS",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
]
BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
DENIED = CouldNotLook("ecs:ListServiceDeployments", "AccessDeniedException: no", action="ecs:ListServiceDeployments")


def _of(status: str = "IN_PROGRESS", **changes: Any) -> ServiceDeployment:
    return ServiceDeployment(Answer(record(status, **changes), "ecs:DescribeServiceDeployments"), "backend:8")


@pytest.mark.parametrize("status", STATUSES)
def test_by_its_status_alone_a_deployment_is_under_way_or_has_failed(status: str) -> None:
    seen = _of(status)
    assert seen.status == status
    assert seen.is_open is (status in OPEN)
    assert seen.has_failed is (status in ROLLED_BACK)


def test_which_statuses_are_open_and_which_are_rolled_back() -> None:
    assert {one for one in STATUSES if _of(one).is_open} == {
        "PENDING",
        "IN_PROGRESS",
        "STOP_REQUESTED",
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
    }
    assert {one for one in STATUSES if _of(one).has_failed} == {one for one in STATUSES if one.startswith("ROLLBACK")}


TRIGGERED, WATCHING = {"status": "TRIGGERED"}, {"status": "MONITORING"}


@cases([
    ("STOPPED", {}, False),
    ("STOPPED", {"alarms": TRIGGERED}, True),
    ("STOPPED", {"deploymentCircuitBreaker": TRIGGERED}, True),
    ("STOPPED", {"alarms": WATCHING, "deploymentCircuitBreaker": TRIGGERED}, True),
    ("STOPPED", {"alarms": TRIGGERED, "deploymentCircuitBreaker": WATCHING}, True),
    ("STOPPED", {"alarms": WATCHING, "deploymentCircuitBreaker": WATCHING}, False),
    ("SUCCESSFUL", {"alarms": TRIGGERED}, False),
    ("IN_PROGRESS", {"alarms": TRIGGERED}, False),
    ("STOP_REQUESTED", {"deploymentCircuitBreaker": TRIGGERED}, False),
])  # fmt: skip
def test_a_stopped_deployment_has_failed_where_what_watches_it_was_triggered(
    status: str, watched: Raw, failed: bool
) -> None:
    assert _of(status, **watched).has_failed is failed


@cases([
    ("IN_PROGRESS", "BAKE_TIME", "BLUE_GREEN", True),
    ("IN_PROGRESS", "POST_PRODUCTION_TRAFFIC_SHIFT", "LINEAR", True),
    ("IN_PROGRESS", "CLEAN_UP", "CANARY", True),
    ("IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", "BLUE_GREEN", False),
    ("IN_PROGRESS", "PRE_SCALE_UP", "CANARY", False),
    ("IN_PROGRESS", "BAKE_TIME", "ROLLING", False),
    ("IN_PROGRESS", None, "BLUE_GREEN", False),
    ("ROLLBACK_IN_PROGRESS", "BAKE_TIME", "BLUE_GREEN", False),
    ("SUCCESSFUL", "CLEAN_UP", "BLUE_GREEN", False),
])  # fmt: skip
def test_the_new_tasks_serve_in_the_last_stages_of_a_shift(
    status: str, stage: str | None, strategy: str, serves: bool
) -> None:
    configuration = {**BLUE_GREEN, "strategy": strategy}
    assert _of(status, lifecycleStage=stage, deploymentConfiguration=configuration).serves is serves


def test_without_a_stage_and_a_configuration_both_are_empty() -> None:
    seen = _of(deploymentConfiguration=None)
    assert seen.stage == ""
    assert seen.configuration == {}
    assert not _of(lifecycleStage="BAKE_TIME", deploymentConfiguration=None).serves
    assert _of(lifecycleStage="BAKE_TIME").stage == "BAKE_TIME"
    assert _of(deploymentConfiguration=BLUE_GREEN).configuration == BLUE_GREEN


def test_it_began_when_it_started_or_was_created() -> None:
    assert _of(createdAt=ago(hours=3), startedAt=ago(hours=2)).began == NOW - timedelta(hours=2)
    seen = _of(createdAt=ago(hours=3), startedAt=None).began
    assert seen == NOW - timedelta(hours=3)
    assert seen.tzinfo is UTC


def test_it_ended_when_it_finished_was_stopped_or_last_changed() -> None:
    told = {"finishedAt": ago(hours=1), "stoppedAt": ago(hours=2), "updatedAt": ago(hours=3)}
    assert _of("STOPPED", **told).ended == NOW - timedelta(hours=1)
    assert _of("STOPPED", **{**told, "finishedAt": None}).ended == NOW - timedelta(hours=2)
    seen = _of("STOPPED", **{**told, "finishedAt": None, "stoppedAt": None}).ended
    assert seen == NOW - timedelta(hours=3)
    assert seen.tzinfo is UTC


@cases({
    "nothing": ({}, ""),
    "a reason": ({"statusReason": "Circuit breaker threshold exceeded"}, "Circuit breaker threshold exceeded"),
    "a roll-back": ({"rollback": {"reason": "rolled back"}}, "rolled back"),
    "a roll-back without a reason": ({"rollback": {"startedAt": ago(hours=1)}, "statusReason": "said"}, "said"),
    "both": ({"rollback": {"reason": "rolled back"}, "statusReason": "said"}, "rolled back; said"),
    "twice the same": ({"rollback": {"reason": "said"}, "statusReason": "said"}, "said"),
    "alarms": ({"alarms": {"triggeredAlarmNames": ["5xx", "slow"]}}, "alarm 5xx; alarm slow"),
    "all of it": (
        {"rollback": {"reason": "tasks failed"}, "statusReason": "stopped by hand",
         "alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["5xx", "cpu"]}},
        "tasks failed; stopped by hand; alarm 5xx; alarm cpu"),
    "alarms that only watch": ({"alarms": {"alarmNames": ["5xx"]}, "statusReason": "said"}, "said"),
})  # fmt: skip
def test_why_it_is_in_its_status(told: Raw, why: str) -> None:
    assert _of("STOPPED", **told).why == why


def test_it_is_told_by_revision_status_and_stage() -> None:
    assert str(_of("ROLLBACK_IN_PROGRESS")) == "backend:8: rollback in progress"
    assert str(_of("ROLLBACK_FAILED")) == "backend:8: rollback failed"
    assert str(_of(lifecycleStage="BAKE_TIME")) == "backend:8: in progress, stage BAKE_TIME"


@cases([
    ("AccessDeniedException: no", "ecs:ListServiceDeployments", True),
    ("UnsupportedFeature: not here", "", True),
    ("UnknownOperation", "", True),
    ("InvalidAction: x", "", True),
    ("NotImplemented: x", "", True),
    ("UnrecognizedAction: x", "", True),
    ("501: x", "", True),
    ("ThrottlingException: 501", "", False),
    ("answered 501", "", False),
])  # fmt: skip
def test_a_call_is_refused_where_it_is_denied_or_not_offered(reason: str, action: str, refused: bool) -> None:
    problem = CouldNotLook("ecs:ListServiceDeployments", reason, action=action)
    assert is_refused(problem) is refused
    assert Recorded(problem=problem).is_refused is refused


def test_records_that_are_not_offered_are_none_and_those_that_are_denied_or_unread_raise() -> None:
    assert not Recorded().is_refused
    assert Recorded((_of(),)).deployments == (_of(),)
    assert Recorded(problem=CouldNotLook("x", "UnknownOperation")).deployments == ()
    for problem in (DENIED, CouldNotLook("ecs:ListServiceDeployments", "ThrottlingException: x")):
        with pytest.raises(CouldNotLook, match=problem.reason):
            assert Recorded(problem=problem).deployments


def _balanced(*balancers: Raw) -> Raw:
    return {"resolvedConfiguration": {"loadBalancers": list(balancers)}}


@cases([
    ({}, ()),
    ({"resolvedConfiguration": {}}, ()),
    ({"resolvedConfiguration": None}, ()),
    (_balanced(), ()),
    (_balanced({"targetGroupArn": "a"}, {"targetGroupArn": "b"}), ("a", "b")),
    (_balanced({"productionListenerRule": "r"}, {"targetGroupArn": "b"}), ("b",)),
    (_balanced({"targetGroupArn": "a"}, {"targetGroupArn": ""}, {}), ("a",)),
])  # fmt: skip
def test_the_target_groups_of_a_service_revision(revision: Raw, groups: tuple[str, ...]) -> None:
    assert groups_of(revision) == groups


def _pause(minutes: int | None, *stages: str) -> Raw:
    timeout = {} if minutes is None else {"timeoutConfiguration": {"timeoutInMinutes": minutes}}
    return {"targetType": "PAUSE", **({"lifecycleStages": list(stages)} if stages else {}), **timeout}


FUNCTION = {"targetType": "AWS_LAMBDA", "lifecycleStages": ["PRE_SCALE_UP"]}


@cases({
    "nothing is said": ({}, 0, 0),
    "a rolling update": ({"strategy": "ROLLING", "bakeTimeInMinutes": 5}, 5, 0),
    "a rolling update without a bake": ({"strategy": "ROLLING"}, 0, 0),
    "blue/green": (BLUE_GREEN, 5, 5),
    "blue/green without a bake": ({"strategy": "BLUE_GREEN"}, 0, 0),
    "linear by AWS's defaults": ({"strategy": "LINEAR", "bakeTimeInMinutes": 5}, 5 + 9 * 6, 5),
    "linear by its own steps": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}}, 3 * 2, 0),
    "linear by uneven steps": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0, "stepBakeTimeInMinutes": 1}}, 3, 0),
    "linear without a wait": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}}, 0, 0),
    "linear by uneven steps of AWS's default wait": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0}, "bakeTimeInMinutes": 7}, 25, 7),
    "linear in one step": ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 100.0}}, 0, 0),
    "linear by AWS's default steps without a wait": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepBakeTimeInMinutes": 0}}, 0, 0),
    "canary by AWS's default": ({"strategy": "CANARY", "bakeTimeInMinutes": 3}, 3 + 10, 3),
    "canary by its own": ({"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 4}}, 4, 0),
    "canary without a wait": ({"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 0}}, 0, 0),
    "canary, with what linear would say": (
        {"strategy": "CANARY", "linearConfiguration": {"stepPercent": 50.0, "stepBakeTimeInMinutes": 100}}, 10, 0),
    "canary, with a bake": (
        {"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 3}, "bakeTimeInMinutes": 4}, 7, 4),
    "blue/green, with what others would say": (
        {"strategy": "BLUE_GREEN", "canaryConfiguration": {"canaryBakeTimeInMinutes": 3},
         "linearConfiguration": {"stepPercent": 1.0}}, 0, 0),
    "a function is no pause": ({**BLUE_GREEN, "lifecycleHooks": [FUNCTION]}, 5, 5),
    "a pause of a day": ({**BLUE_GREEN, "lifecycleHooks": [_pause(None, "PRE_SCALE_UP")]}, 5 + 24 * 60, 5),
    "a pause by its own": ({**BLUE_GREEN, "lifecycleHooks": [_pause(30, "PRE_SCALE_UP")]}, 5 + 30, 5),
    "a pause in two stages": (
        {**BLUE_GREEN, "lifecycleHooks": [_pause(30, "PRE_SCALE_UP", "POST_SCALE_UP")]}, 5 + 60, 5),
    "a pause of which nothing is said": ({"lifecycleHooks": [{"targetType": "PAUSE"}]}, 24 * 60, 0),
    "a pause with a list of no stage": ({"lifecycleHooks": [{**_pause(30), "lifecycleStages": []}]}, 30, 0),
    "a function without a stage, and a pause": (
        {"lifecycleHooks": [{"targetType": "AWS_LAMBDA"}, _pause(30, "PRE_SCALE_UP")]}, 30, 0),
    "a pause without a stage": ({**BLUE_GREEN, "lifecycleHooks": [_pause(30)]}, 5 + 30, 5),
    "two pauses": (
        {**BLUE_GREEN, "lifecycleHooks": [_pause(30, "PRE_SCALE_UP"), FUNCTION, _pause(7, "POST_SCALE_UP")]}, 42, 5),
})  # fmt: skip
def test_how_long_a_deployment_waits_by_its_configuration(configuration: Raw, minutes: float, after: float) -> None:
    assert planned_wait(configuration) == timedelta(minutes=minutes)
    assert bake_after(configuration) == timedelta(minutes=after)


@cases([("BLUE_GREEN", True), ("LINEAR", True), ("CANARY", True), ("ROLLING", False), (None, False)])
def test_traffic_shifts(strategy: str | None, shifts: bool) -> None:
    assert is_shifting({"strategy": strategy}) is shifts


def _seen(*records: Raw, **answers: Any) -> Recorded:
    found = service_deployments(Aws({**recorded(*records), **_ecs(answers)}), names(services=("backend",)), NOW)
    assert [*found] == ["backend"]
    return found["backend"]


def _ecs(answers: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {("ecs", operation): answer for operation, answer in answers.items()}


def test_what_is_under_way_is_listed_and_what_ended_within_a_day_without_success() -> None:
    day = timedelta(days=1).total_seconds()
    told = [
        record("IN_PROGRESS", 9, startedAt=ago(hours=1)),
        record("PENDING", 8, startedAt=None, createdAt=ago(minutes=1), finishedAt=None),
        record("STOPPED", 7, startedAt=ago(hours=30), finishedAt=ago(seconds=day - 1)),
        record("ROLLBACK_FAILED", 6, startedAt=ago(hours=31), finishedAt=ago(seconds=day)),
        record("ROLLBACK_SUCCESSFUL", 5, startedAt=ago(hours=40)),
        record("STOP_REQUESTED", 4, startedAt=ago(hours=50), finishedAt=ago(hours=48)),
        record("SUCCESSFUL", 3, startedAt=ago(hours=2), finishedAt=ago(hours=1)),
    ]
    seen = _seen(*told)
    assert seen.problem is None
    assert [one.revision for one in seen.listed] == ["backend:8", "backend:9", "backend:7", "backend:5", "backend:4"]
    assert [one.status for one in seen.listed] == [
        "PENDING",
        "IN_PROGRESS",
        "STOPPED",
        "ROLLBACK_SUCCESSFUL",
        "STOP_REQUESTED",
    ]


def test_many_deployments_are_described_20_at_a_time() -> None:
    aws = Aws(recorded(*(record("IN_PROGRESS", number) for number in range(1, 22))))
    found = service_deployments(aws, names(services=("backend",)), NOW)["backend"]
    assert len(found.listed) == 21
    [listed] = aws.parameters_of("ListServiceDeployments")
    assert listed == {
        "cluster": "prod",
        "service": "backend",
        "status": [*OPEN, "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"],
        "maxResults": 100,
    }
    asked = [len(one["serviceDeploymentArns"]) for one in aws.parameters_of("DescribeServiceDeployments")]
    assert sorted(asked) == [1, 20]
    asked = [len(one["serviceRevisionArns"]) for one in aws.parameters_of("DescribeServiceRevisions")]
    assert sorted(asked) == [1, 20]


def test_two_services_each_have_their_own_records_and_one_that_is_refused_is_so_alone() -> None:
    told = recorded(record())

    def listed(service: str, **asked: Any) -> Any:
        if service == "worker":
            return DENIED
        return told["ecs", "ListServiceDeployments"](service=service, **asked)  # type: ignore[operator]

    aws = Aws({**told, ("ecs", "ListServiceDeployments"): listed})
    found = service_deployments(aws, names(services=("backend", "worker")), NOW)
    assert [one.revision for one in found["backend"].listed] == ["backend:8"]
    assert found["backend"].problem is None
    assert found["worker"] == Recorded(problem=DENIED)


def test_without_the_service_revision_a_deployment_has_the_end_of_its_arn() -> None:
    throttled = CouldNotLook("ecs:DescribeServiceRevisions", "ThrottlingException: x")
    [one] = _seen(record(), DescribeServiceRevisions=throttled).listed
    assert one.revision == f"service revision {8:019}"
    assert one.unread == throttled
    assert one.groups == ()
    [one] = _seen(record(), DescribeServiceRevisions={"serviceRevisions": []}).listed
    assert (one.revision, one.unread, one.groups) == (f"service revision {8:019}", None, ())


def test_a_deployment_has_the_groups_of_its_own_service_revision() -> None:
    def told(number: int) -> Raw:
        return {
            "serviceRevisionArn": service_revision(number),
            "taskDefinition": f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:{number}",
            "resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": f"group {number}"}]},
        }

    answer = {"serviceRevisions": [told(9), told(8)]}
    seen = _seen(record(number=8, startedAt=ago(minutes=2)), record(number=9), DescribeServiceRevisions=answer)
    assert [(one.revision, one.groups, one.unread) for one in seen.listed] == [
        ("backend:8", ("group 8",), None),
        ("backend:9", ("group 9",), None),
    ]


def test_a_deployment_that_is_listed_without_a_service_revision_asks_for_none() -> None:
    told: dict[tuple[str, str], Any] = recorded(record())
    answer = told["ecs", "ListServiceDeployments"](cluster="prod", service="backend", status=OPEN)
    [brief] = answer["serviceDeployments"]
    listed = {"serviceDeployments": [without("targetServiceRevisionArn", brief)]}
    aws = Aws({**told, ("ecs", "ListServiceDeployments"): listed})
    [one] = service_deployments(aws, names(services=("backend",)), NOW)["backend"].listed
    assert one.revision == "service revision "
    assert not aws.parameters_of("DescribeServiceRevisions")


@cases([
    ([{"arn": record()["serviceDeploymentArn"], "reason": "MISSING"}], f"{8:021}: MISSING"),
    ([{"arn": "another", "reason": "MISSING"}], f"{8:021}: the answer lacks it"),
    (None, f"{8:021}: the answer lacks it"),
])  # fmt: skip
def test_a_deployment_that_is_not_described_is_why_none_are_known(failures: list[Raw] | None, why: str) -> None:
    answer = {"serviceDeployments": [], **({} if failures is None else {"failures": failures})}
    seen = _seen(record(), DescribeServiceDeployments=answer)
    assert seen.listed == ()
    assert str(seen.problem) == f"ecs:DescribeServiceDeployments: {why}"


def test_a_refusal_of_the_details_is_why_none_are_known() -> None:
    problem = CouldNotLook("ecs:DescribeServiceDeployments", "AccessDeniedException: no")
    assert _seen(record(), DescribeServiceDeployments=problem) == Recorded(problem=problem)
