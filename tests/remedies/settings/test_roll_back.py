"""Rolling a service back, and deploying a revision: of which service, when, and by which call."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opschecks.core.change import CannotFix
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import planned
from opschecks.fixing.remedy import BaseRemedy
from opschecks.remedies.settings.ecs import (
    DeployRevision,
    ForceDeployment,
    RollBackAfterErrors,
    RollBackService,
    ScaleService,
)
from tests.canned import ACCOUNT, NOW, Answers, Raw, ago, as_sent, fits, remedy
from tests.canned_ecs import BY_CODE_DEPLOY, deployment, record, recorded, service

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
BALANCER = f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188"
BLUE, GREEN = f"{ELB}:targetgroup/blue/73e2d6bc24d8a067", f"{ELB}:targetgroup/green/6d0ecf831eec9f09"


def behind(**groups: str | None) -> dict[tuple[str, str], Answers]:
    """Services that are registered in a target group each, and a load balancer that has blue and green."""

    def described(cluster: str, services: list[str]) -> Raw:
        [name] = services
        first, _, other = (groups[name] or "").partition(" and ")
        twin = {"advancedConfiguration": {"alternateTargetGroupArn": other}} if other else {}
        pairs = [{"targetGroupArn": first, "containerName": "app", "containerPort": 80, **twin}] if first else []
        return {"services": [service(of=name, loadBalancers=pairs)]}

    def listed(LoadBalancerArn: str, Marker: str = "") -> Raw:  # noqa: N803 - AWS's names
        more = {} if Marker else {"NextMarker": "2"}
        return {"TargetGroups": [{"TargetGroupArn": GREEN if Marker else BLUE}], **more}

    return {("ecs", "DescribeServices"): described, ("elbv2", "DescribeTargetGroups"): listed}


BOTH = f"{BLUE} and {GREEN}"
STANDING: dict[str, tuple[str, dict[str, str | None], list[str] | str]] = {
    "one behind the group": (BLUE, {"backend": BLUE, "worker": None}, ["service/c/backend"]),
    "another behind another group": (GREEN, {"backend": BLUE, "worker": GREEN}, ["service/c/worker"]),
    "one behind the load balancer": (BALANCER, {"backend": BOTH, "worker": None}, ["service/c/backend"]),
    "one behind it, and a neighbour": (BALANCER, {"backend": BLUE, "worker": None}, "1 of the 2 target groups behind"),
    "one behind its second page, and a neighbour": (BALANCER, {"backend": None, "worker": GREEN}, "by worker, and may"),
    "none": (BLUE, {"backend": GREEN, "worker": None}, "no service of the stack stands behind it"),
    "none behind the load balancer": (BALANCER, {"backend": None, "worker": None}, "no service of the stack"),
    "two behind the group": (BLUE, {"backend": BLUE, "worker": BLUE}, "backend, worker stands behind it"),
    "two behind the load balancer": (BALANCER, {"backend": BLUE, "worker": GREEN}, "which one to change"),
}


@pytest.mark.parametrize(("front", "groups", "targets"), STANDING.values(), ids=STANDING)
def test_the_one_service_behind_a_load_balancer(
    front: str, groups: dict[str, str | None], targets: list[str] | str
) -> None:
    rolls_back = remedy(RollBackAfterErrors, behind(**groups))
    if isinstance(targets, str):
        with pytest.raises(CannotFix, match=targets):
            rolls_back.targets(front, {})
    else:
        assert rolls_back.targets(front, {}) == targets


def test_a_service_stands_for_itself() -> None:
    assert remedy(RollBackAfterErrors).targets(f"arn:aws:ecs:{ACCOUNT}:service/c/backend", {}) == ["service/c/backend"]


def described_once(told: Raw, *records: Raw) -> dict[tuple[str, str], Answers]:
    """A service, and its deployments as ECS records them."""
    return {("ecs", "DescribeServices"): {"services": [told]}, **recorded(*records)}


@pytest.mark.parametrize(
    ("made", "suspect"),
    [({"minutes": 5}, True), ({"hours": 23}, True), ({"hours": 25}, False), ({"days": 40}, False)],
    ids=["just now", "yesterday", "the day before", "long ago"],
)
def test_errors_come_with_a_deployment_of_the_last_day(made: dict[str, float], suspect: bool) -> None:
    told = service(deployment(createdAt=ago(**made)))
    rolls_back = remedy(RollBackAfterErrors, described_once(told))
    if suspect:
        expected = {"taskDefinition": "backend:8", "service": told["serviceArn"]}
        assert rolls_back.read_for_plan("service/c/backend") == expected
    else:
        when = f"{NOW - timedelta(**made):%Y-%m-%d %H:%M} UTC"
        with pytest.raises(CannotFix, match=f"backend:8 was deployed on {when} and has served since"):
            rolls_back.read_for_plan("service/c/backend")


OPEN = service(deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=10)), deployment(7, status="ACTIVE"))
TARGET = "service/prod/backend"


def good_run(number: int) -> Raw:
    """A filed run in which everything was good, with this revision."""
    evidence = service(deployment(number))
    return {"state": "finished", "findings": [{"outcome": "passed", "evidence": evidence}]}


ROLLS_BACK: dict[str, tuple[list[Raw], list[int], tuple[str, Raw] | str]] = {
    "to what ran before, which was good": (
        [record()],
        [7],
        ("StopServiceDeployment", {"serviceDeploymentArn": record()["serviceDeploymentArn"], "stopType": "ROLLBACK"}),
    ),
    "to what ran before, where no run is filed": (
        [record("PENDING", startedAt=None)],
        [],
        ("StopServiceDeployment", {"serviceDeploymentArn": record()["serviceDeploymentArn"], "stopType": "ROLLBACK"}),
    ),
    "to what was good, which did not run before": (
        [record()],
        [5],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:5"}),
    ),
    "without a record of what ran before": (
        [record(sourceServiceRevisions=[])],
        [5],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:5"}),
    ),
    "being rolled back already": (
        [record("ROLLBACK_IN_PROGRESS")],
        [7],
        ("UpdateService", {"cluster": "prod", "service": "backend", "taskDefinition": "backend:7"}),
    ),
    "of one that was good before": ([record()], [8], "backend:8 itself was good in an earlier run"),
}


@pytest.mark.parametrize(("records", "good", "expected"), ROLLS_BACK.values(), ids=ROLLS_BACK)
def test_a_deployment_under_way_is_stopped_and_rolled_back(
    records: list[Raw], good: list[int], expected: tuple[str, Raw] | str
) -> None:
    active = {("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"status": "ACTIVE"}}}
    rolls_back = remedy(RollBackService, {**described_once(OPEN, *records), **active})
    rolls_back.runs = lambda: [good_run(number) for number in good]
    if isinstance(expected, str):
        with pytest.raises(CannotFix, match=expected):
            planned(rolls_back, TARGET)
        return
    change = planned(rolls_back, TARGET)
    [request] = [as_sent(one) for one in rolls_back.steps(TARGET, change.before, change.after)]
    assert fits(request)
    assert (request.operation, request.parameters) == expected
    [undone] = [as_sent(one) for one in rolls_back.steps(TARGET, change.after, change.before)]
    assert (undone.operation, undone.parameters["taskDefinition"]) == ("UpdateService", "backend:8")


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnsupportedFeatureException"])
def test_where_records_cannot_be_asked_for_the_service_is_updated(code: str) -> None:
    action = "ecs:ListServiceDeployments"
    refused = CouldNotLook(action, f"{code}: no", action=action if code.startswith("Access") else "")
    active = {("ecs", "DescribeTaskDefinition"): {"taskDefinition": {"status": "ACTIVE"}}}
    answers = {**described_once(OPEN), **active, ("ecs", "ListServiceDeployments"): refused}
    rolls_back = remedy(RollBackService, answers)
    rolls_back.runs = lambda: [good_run(7)]
    change = planned(rolls_back, TARGET)
    assert rolls_back.request(TARGET, change.before, change.after).operation == "UpdateService"


@pytest.mark.parametrize("kind", [RollBackService, RollBackAfterErrors, DeployRevision, ForceDeployment])
def test_what_codedeploy_deploys_is_rolled_back_there(kind: type[BaseRemedy]) -> None:
    told = {**BY_CODE_DEPLOY, "deploymentController": {"type": "CODE_DEPLOY"}}
    with pytest.raises(CannotFix, match="AWS CodeDeploy deploys it"):
        planned(
            remedy(kind, described_once(told)), TARGET, wish={"revision": "backend:7"} if kind is DeployRevision else {}
        )


def test_a_daemon_is_not_scaled() -> None:
    daemon = service(schedulingStrategy="DAEMON")
    with pytest.raises(CannotFix, match="add instances to run more"):
        planned(remedy(ScaleService, described_once(daemon)), TARGET)


BAKING = record(
    lifecycleStage="BAKE_TIME", deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440}
)
TWO_COLOURS = service(
    deployment(8, rolloutState=None), deployment(7, status="ACTIVE", rolloutState=None), runningCount=4
)
STAGES: dict[str, tuple[Raw, list[Raw], bool]] = {
    "scaling up": (TWO_COLOURS, [{**BAKING, "lifecycleStage": "SCALE_UP"}], False),
    "baking for a day": (TWO_COLOURS, [BAKING], True),
    "over": (service(deployment(8, rolloutState=None)), [], True),
    "rolled back": (service(deployment(7, rolloutState=None)), [], False),
    "old tasks are still there, and nothing is recorded": (TWO_COLOURS, [], False),
    "rolling, over": (service(deployment(8)), [], True),
    "rolling, old tasks are still there": (service(deployment(8), deployment(7, status="ACTIVE")), [], False),
}


@pytest.mark.parametrize(("told", "records", "settled"), STAGES.values(), ids=STAGES)
def test_a_revision_is_there_when_it_gets_all_traffic(told: Raw, records: list[Raw], settled: bool) -> None:
    deploys = remedy(DeployRevision, described_once(told, *records))
    after = {"taskDefinition": "backend:8"}
    assert deploys.progress(TARGET, {"taskDefinition": "backend:7"}, after).settled == settled


def test_errors_are_judged_by_the_deployment_that_serves() -> None:
    fresh, stale = deployment(createdAt=ago(hours=1)), deployment(7, status="ACTIVE", createdAt=ago(days=9))
    old = deployment(createdAt=ago(days=9))
    for told, suspect in (((stale, fresh), True), ((deployment(7, status="ACTIVE"), old), False)):
        rolls_back = remedy(RollBackAfterErrors, described_once(service(*told, taskDefinition=fresh["taskDefinition"])))
        if suspect:
            assert rolls_back.read_for_plan("service/c/backend")["taskDefinition"] == "backend:8"
        else:
            with pytest.raises(CannotFix, match="has served since"):
                rolls_back.read_for_plan("service/c/backend")


@pytest.mark.parametrize(
    "told",
    [BY_CODE_DEPLOY, service({key: value for key, value in deployment().items() if key != "createdAt"})],
    ids=["deployed by something else", "nothing said of when"],
)
def test_a_deployment_of_which_no_time_is_told_is_not_suspected(told: Raw) -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'createdAt'"):
        remedy(RollBackAfterErrors, described_once(told)).read_for_plan("service/c/backend")
