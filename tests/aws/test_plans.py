"""How long a deployment waits by its own configuration, and whether what was expected of it may still come.

Sources: API_DeploymentConfiguration, API_LinearConfiguration, API_CanaryConfiguration, API_DeploymentLifecycleHook,
API_Deployment of Amazon ECS, with the defaults that they document.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from opschecks.aws.releases import awaited
from opschecks.aws.service_deployments import (
    ServiceDeployment,
    bake_after,
    groups_of,
    is_shifting,
    planned_wait,
    service_deployments,
)
from opschecks.core.model import Expected
from tests.canned import NOW, Aws, Raw, ago, names
from tests.canned_ecs import deployment, record, recorded, service
from tests.canned_releases import RUNNING, released, revision

PAUSE: Raw = {
    "targetType": "PAUSE",
    "lifecycleStages": ["PRE_SCALE_UP"],
    "timeoutConfiguration": {"timeoutInMinutes": 30},
}
WAITS: dict[str, tuple[Raw, float, float]] = {
    "rolling": ({"strategy": "ROLLING"}, 0, 0),
    "rolling, with a bake": ({"strategy": "ROLLING", "bakeTimeInMinutes": 5}, 5, 0),
    "nothing is told": ({}, 0, 0),
    "blue/green": ({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 10}, 10, 10),
    "linear by the defaults: nine steps after the first": ({"strategy": "LINEAR"}, 54, 0),
    "linear, by quarters": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}}, 6, 0),
    "linear, in steps that do not divide 100": (
        {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 30.0}, "bakeTimeInMinutes": 7}, 25, 7),
    "linear in one step": ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 100.0}}, 0, 0),
    "linear without waiting": ({"strategy": "LINEAR", "linearConfiguration": {"stepBakeTimeInMinutes": 0}}, 0, 0),
    "canary by the defaults": ({"strategy": "CANARY"}, 10, 0),
    "canary": (
        {"strategy": "CANARY", "canaryConfiguration": {"canaryBakeTimeInMinutes": 3}, "bakeTimeInMinutes": 4}, 7, 4),
    "what another strategy would wait": (
        {"strategy": "BLUE_GREEN", "canaryConfiguration": {"canaryBakeTimeInMinutes": 3},
         "linearConfiguration": {"stepPercent": 1.0}}, 0, 0),
    "a person's word": ({"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE]}, 30, 0),
    "a person's word at two stages": ({"lifecycleHooks": [{**PAUSE, "lifecycleStages": ["A", "B"]}]}, 60, 0),
    "a person's word without stages": ({"lifecycleHooks": [{**PAUSE, "lifecycleStages": []}]}, 30, 0),
    "a function's word": ({"lifecycleHooks": [{"targetType": "AWS_LAMBDA", "lifecycleStages": ["A"]}]}, 0, 0),
    "a function's and a person's": ({"lifecycleHooks": [{"targetType": "AWS_LAMBDA"}, PAUSE]}, 30, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", WAITS)
def test_waits(case: str) -> None:
    told, wait, bake = WAITS[case]
    assert planned_wait(told) == timedelta(minutes=wait)
    assert bake_after(told) == timedelta(minutes=bake)


def test_without_a_time_a_person_has_a_day() -> None:
    assert planned_wait({"lifecycleHooks": [{"targetType": "PAUSE"}]}) == timedelta(days=1)


@pytest.mark.parametrize(
    ("strategy", "shifts"),
    [("BLUE_GREEN", True), ("LINEAR", True), ("CANARY", True), ("ROLLING", False), (None, False)],
)
def test_traffic_shifts(strategy: str | None, shifts: bool) -> None:
    assert is_shifting({"strategy": strategy}) is shifts


def test_groups_of_a_revision() -> None:
    told = {"resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": "a"}, {"targetGroupArn": ""}, {}]}}
    assert groups_of(told) == ("a",)
    assert groups_of({"resolvedConfiguration": None}) == ()
    assert groups_of({}) == ()


ANOTHER = Expected(revisions=("backend:9",))
NEVER = "no deployment of backend is under way, so it never comes; was the service updated?"
RESTING: dict[str, tuple[Raw, Expected, bool]] = {
    "at rest with another revision": (service(), ANOTHER, True),
    "at rest with what was expected": (service(), revision("backend:8"), False),
    "being deleted": (service(status="DRAINING"), ANOTHER, False),
    "a deployment is under way": (service(deployment(rolloutState="IN_PROGRESS")), ANOTHER, False),
    "a deployment whose state is not told": (service(deployment(rolloutState=None)), ANOTHER, False),
    "two deployments": (service(deployment(8), deployment(7, status="ACTIVE")), ANOTHER, False),
    "its only deployment leaves": (service(deployment(status="ACTIVE")), ANOTHER, False),
    "deployed by task sets": (service(deployments=[]), ANOTHER, False),
    "a task is missing": (service(runningCount=1), ANOTHER, False),
    "a task too many": (service(runningCount=3), ANOTHER, False),
    "a task is pending": (service(pendingCount=1), ANOTHER, False),
}


@pytest.mark.parametrize("case", RESTING)
def test_what_never_comes(case: str) -> None:
    raw, expected, never = RESTING[case]
    [one] = awaited(released(expected, [raw], [RUNNING]))
    assert one.name == "backend"
    assert one.arn == raw["serviceArn"]
    assert one.evidence["serviceName"] == "backend"
    assert one.never.endswith(NEVER) if never else one.never == ""
    assert not never or "backend:9" in one.never


def _recorded(**changes: object) -> ServiceDeployment:
    return ServiceDeployment(record(**changes), "backend:8")  # type: ignore[arg-type]


BLUE_GREEN: Raw = {"strategy": "BLUE_GREEN"}
SERVES = {"lifecycleStage": "BAKE_TIME", "deploymentConfiguration": BLUE_GREEN}


@pytest.mark.parametrize(
    ("told", "serves"),
    [
        (SERVES, True),
        ({**SERVES, "lifecycleStage": "CLEAN_UP"}, True),
        ({**SERVES, "lifecycleStage": "POST_PRODUCTION_TRAFFIC_SHIFT"}, True),
        ({**SERVES, "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT"}, False),
        ({**SERVES, "lifecycleStage": None}, False),
        ({**SERVES, "status": "ROLLBACK_IN_PROGRESS"}, False),
        ({**SERVES, "deploymentConfiguration": None}, False),
        ({"lifecycleStage": "CLEAN_UP"}, False),
    ],
)
def test_which_deployment_has_all_traffic(told: Raw, serves: bool) -> None:
    assert _recorded(**told).serves is serves


TRIGGERED: Raw = {"status": "TRIGGERED"}


@pytest.mark.parametrize(
    ("status", "told", "is_open", "failed"),
    [
        ("PENDING", {}, True, False),
        ("IN_PROGRESS", {"alarms": TRIGGERED}, True, False),
        ("STOP_REQUESTED", {}, True, False),
        ("STOPPED", {}, False, False),
        ("STOPPED", {"alarms": TRIGGERED}, False, True),
        ("STOPPED", {"alarms": {"status": "MONITORING"}}, False, False),
        ("STOPPED", {"deploymentCircuitBreaker": TRIGGERED}, False, True),
        ("SUCCESSFUL", {}, False, False),
        ("ROLLBACK_REQUESTED", {}, True, True),
        ("ROLLBACK_IN_PROGRESS", {}, True, True),
        ("ROLLBACK_SUCCESSFUL", {}, False, True),
        ("ROLLBACK_FAILED", {}, False, True),
    ],
)
def test_which_deployment_is_open_and_which_has_failed(status: str, told: Raw, is_open: bool, failed: bool) -> None:
    one = _recorded(status=status, **told)
    assert (one.is_open, one.has_failed) == (is_open, failed)


def test_why_and_when() -> None:
    told = _recorded(
        rollback={"reason": "tasks failed"},
        statusReason="stopped by hand",
        alarms={"status": "TRIGGERED", "triggeredAlarmNames": ["5xx", "cpu"]},
        lifecycleStage="BAKE_TIME",
        finishedAt=ago(minutes=2),
    )
    assert told.why == "tasks failed; stopped by hand; alarm 5xx; alarm cpu"
    assert str(told) == "backend:8: in progress, stage BAKE_TIME"
    assert (NOW - told.began, NOW - told.ended) == (timedelta(minutes=10), timedelta(minutes=2))
    same = _recorded(rollback={"reason": "x"}, statusReason="x", startedAt=None, createdAt=ago(minutes=12))
    assert same.why == "x"
    assert NOW - same.began == timedelta(minutes=12)
    assert NOW - same.ended == timedelta(minutes=1)
    assert NOW - _recorded(stoppedAt=ago(minutes=3)).ended == timedelta(minutes=3)
    assert _recorded().why == ""
    assert str(_recorded(status="ROLLBACK_FAILED")) == "backend:8: rollback failed"


def test_a_deployment_that_failed_counts_for_a_day() -> None:
    def known(hours: float | None) -> int:
        ends = None if hours is None else ago(hours=hours)
        answers = recorded(record("ROLLBACK_FAILED", finishedAt=ends))
        found = service_deployments(Aws(answers), names(services=("backend",)), NOW)
        return len(found["backend"].listed)

    assert known(23.99) == 1
    assert known(24) == 0
    assert known(None) == 1
