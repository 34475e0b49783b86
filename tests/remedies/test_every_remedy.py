"""What each remedy wants, sends, risks, and declares of its calls: on recorded-shape answers, without an AWS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from botocore import exceptions as botocore

from opschecks.aws.session import Aws as Live
from opschecks.config.stack import Stack
from opschecks.core.change import CannotFix, Refused, Risk, State, Unknown
from opschecks.core.observation import CouldNotLook
from opschecks.fixing.plan import within_limits_of
from opschecks.fixing.remedy import BaseRemedy, Setting, known_remedies
from opschecks.remedies import all_remedies
from opschecks.remedies.settings.application_autoscaling import ResumeScaling, SetScalingLimits
from opschecks.remedies.settings.cloudwatch_alarms import DisableAlarmActions, EnableAlarmActions, SilenceAlarm
from opschecks.remedies.settings.ecs import RollBackService, ScaleService
from opschecks.remedies.settings.ecs_rollback import good_revisions
from opschecks.remedies.settings.elbv2 import EnableStickiness
from opschecks.report.runbook import read_runbook
from tests.canned import ACCOUNT, NOW, Aws, Raw, formation, refuses, stack
from tests.canned_ecs import scalable
from tests.permitted import REMEDIES
from tests.scratch import ROOT

SERVICE = "arn:aws:ecs:us-west-2:123456789012:service/c/backend"
TARGET = "service/c/backend"


def _stack(**more: Any) -> Stack:
    return stack(cluster="c", services=("backend",), **more)


def _remedy(kind: type[BaseRemedy], answers: Mapping[Any, Any] | None = None, runs: Any = ()) -> BaseRemedy:
    return kind(_stack(), Aws(answers or {}), lambda: runs)


LIMITS: dict[str, tuple[tuple[int, int], dict[str, str], tuple[int, int] | str]] = {
    "too low a maximum": ((2, 3), {}, (2, 10)),
    "too low a minimum": ((1, 10), {}, (2, 10)),
    "too high a minimum is not lowered by itself": ((8, 8), {}, (8, 10)),
    "too high a maximum is a person's": ((2, 40), {}, "narrowing may remove capacity"),
    "one wish leaves the other limit alone": ((2, 40), {"min": "3"}, (3, 40)),
    "both wishes": ((2, 40), {"min": "1", "max": "6"}, (1, 6)),
    "the wrong way round": ((2, 10), {"min": "12"}, "the minimum 12 is above the maximum 10"),
    "no number": ((2, 10), {"max": "many"}, "expected a whole number"),
    "below nothing": ((2, 10), {"min": "-1"}, "--set min=-1: expected a whole number of at least 0"),
}


@pytest.mark.parametrize(("now", "wish", "after"), LIMITS.values(), ids=LIMITS)
def test_scaling_limits(now: tuple[int, int], wish: dict[str, str], after: tuple[int, int] | str) -> None:
    state = dict(zip(("MinCapacity", "MaxCapacity"), now, strict=True))
    remedy = _remedy(SetScalingLimits)
    if isinstance(after, str):
        with pytest.raises(CannotFix, match=after):
            remedy.want(state, wish)
    else:
        assert tuple(remedy.want(state, wish).values()) == after


def _scalable(*actions: str, target: Mapping[str, Any] | None = None, **service: Any) -> dict[Any, Any]:
    """2 to 3 tasks, with these scheduled actions, of a service as given."""
    planned = [
        {"ScheduledActionName": name, "ScheduledActionARN": "arn:aws:autoscaling:1", "ServiceNamespace": "ecs",
         "Schedule": "cron(0 20 * * ? *)", "ResourceId": TARGET, "ScalableTargetAction": {"MaxCapacity": 3},
         "CreationTime": NOW}
        for name in actions
    ]  # fmt: skip
    scaled = {**scalable(TARGET, 2, 3), **(target or {})}
    return {
        ("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": [scaled]},
        ("application-autoscaling", "DescribeScheduledActions"): {"ScheduledActions": planned},
        ("ecs", "DescribeServices"): {"services": [{"serviceArn": SERVICE, "desiredCount": 2, **service}]},
    }


ROLLING = {"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}
OWNED = {
    "by a schedule": (SetScalingLimits, _scalable("night", "day"), "scheduled actions set these limits: night, day"),
    "by a deployment": (SetScalingLimits, _scalable(deployments=[ROLLING]), "a deployment of backend is under way"),
    "suspended by a deployment": (ResumeScaling, _scalable(deployments=[ROLLING]), "a deployment of backend"),
    "by CodeDeploy, which has two task sets": (
        SetScalingLimits,
        _scalable(deployments=[], taskSets=[{"stabilityStatus": "STEADY_STATE"}, {"stabilityStatus": "STABILIZING"}]),
        "a deployment of backend",
    ),
    "by a bake, whose colours both run": (
        ResumeScaling,
        _scalable(deployments=[{"status": "PRIMARY"}, {"status": "ACTIVE"}]),
        "a deployment of backend",
    ),
}


test_what_a_schedule_or_a_deployment_owns_is_left_alone = refuses(
    OWNED, lambda kind, answers: _remedy(kind, answers).read_for_plan(TARGET)
)


def test_what_nobody_owns_is_set_to_the_limits_of_the_service() -> None:
    settled = _scalable(deployments=[{"status": "PRIMARY", "rolloutState": "COMPLETED"}])
    own = _stack(limits={"c/backend": {"min_tasks": 3, "max_tasks": 4}})
    sets = SetScalingLimits(own, Aws(settled), tuple)
    now = sets.read_for_plan(TARGET)
    assert within_limits_of(TARGET, sets).want(now, {}) == {"MinCapacity": 3, "MaxCapacity": 4}
    assert sets.want(now, {}) == {"MinCapacity": 2, "MaxCapacity": 10}
    none: dict[tuple[str, str], Any] = {("application-autoscaling", "DescribeScalableTargets"): {"ScalableTargets": []}}
    scales = within_limits_of(TARGET, ScaleService(own, Aws(none), tuple))
    assert scales.want({"desiredCount": 3}, {}) == {"desiredCount": 4}


RISKS: list[tuple[type[BaseRemedy], dict[str, Any], dict[str, Any], Risk]] = [
    (ScaleService, {"desiredCount": 2}, {"desiredCount": 5}, Risk.SAFE),
    (ScaleService, {"desiredCount": 5}, {"desiredCount": 2}, Risk.DISRUPTIVE),
    (ScaleService, {"desiredCount": 5}, {"desiredCount": 0}, Risk.DESTRUCTIVE),
    (SetScalingLimits, {"MinCapacity": 2, "MaxCapacity": 4}, {"MinCapacity": 2, "MaxCapacity": 10}, Risk.SAFE),
    (SetScalingLimits, {"MinCapacity": 2, "MaxCapacity": 10}, {"MinCapacity": 2, "MaxCapacity": 4}, Risk.DISRUPTIVE),
    (SetScalingLimits, {"MinCapacity": 4, "MaxCapacity": 10}, {"MinCapacity": 2, "MaxCapacity": 10}, Risk.DISRUPTIVE),
    (SetScalingLimits, {"MinCapacity": 2, "MaxCapacity": 4}, {"MinCapacity": 0, "MaxCapacity": 0}, Risk.DESTRUCTIVE),
    (EnableAlarmActions, {"ActionsEnabled": False}, {"ActionsEnabled": True}, Risk.SAFE),
    (EnableAlarmActions, {"ActionsEnabled": True}, {"ActionsEnabled": False}, Risk.DISRUPTIVE),
    (DisableAlarmActions, {"ActionsEnabled": True}, {"ActionsEnabled": False}, Risk.DISRUPTIVE),
    (SilenceAlarm, {"muted_until": ""}, {"muted_until": "2026-11-25T09:00:00+00:00"}, Risk.DISRUPTIVE),
    (SilenceAlarm, {"muted_until": "2026-11-25T09:00:00+00:00"}, {"muted_until": ""}, Risk.SAFE),
    (ResumeScaling, {"DynamicScalingInSuspended": True}, {"DynamicScalingInSuspended": False}, Risk.SAFE),
    (ResumeScaling, {"DynamicScalingInSuspended": False}, {"DynamicScalingInSuspended": True}, Risk.DISRUPTIVE),
    (EnableStickiness, {"stickiness.enabled": "false"}, {"stickiness.enabled": "true"}, Risk.SAFE),
    (EnableStickiness, {"stickiness.enabled": "true"}, {"stickiness.enabled": "false"}, Risk.DISRUPTIVE),
    (RollBackService, {"taskDefinition": "b:2"}, {"taskDefinition": "b:1"}, Risk.DISRUPTIVE),
]


@pytest.mark.parametrize(("kind", "before", "after", "risk"), RISKS)
def test_the_risk_is_that_of_the_direction(
    kind: type[BaseRemedy], before: dict[str, Any], after: dict[str, Any], risk: Risk
) -> None:
    assert _remedy(kind).risk_of(before, after) is risk


@pytest.mark.parametrize(("desired", "fixed"), [(2, True), (10, True), (25, False), (1, False)])
def test_resuming_never_brings_a_hand_made_number_within_the_limits_at_once(desired: int, fixed: bool) -> None:
    suspended = {"MaxCapacity": 10, "SuspendedState": {"DynamicScalingOutSuspended": True}}
    remedy = _remedy(ResumeScaling, _scalable(target=suspended, desiredCount=desired))
    if fixed:
        assert remedy.read_for_plan(TARGET)["DynamicScalingOutSuspended"]
    else:
        with pytest.raises(CannotFix, match="resuming would bring them within at once"):
            remedy.read_for_plan(TARGET)


def _sticky(enabled: str, cookie: str, seconds: str) -> dict[str, str]:
    duration = {f"stickiness.{cookie}.duration_seconds": seconds} if seconds else {}
    return {"stickiness.enabled": enabled, "stickiness.type": cookie, **duration}


STICKY = {
    "off": (("false", "lb_cookie", "86400"), ("true", "lb_cookie", "86400")),
    "short": (("true", "lb_cookie", "60"), ("true", "lb_cookie", "3600")),
    "the application's own cookie stays": (("true", "app_cookie", "1800"), ("true", "app_cookie", "3600")),
    "a network load balancer has no cookies": (("false", "source_ip", ""), None),
}


@pytest.mark.parametrize(("now", "after"), STICKY.values(), ids=STICKY)
def test_stickiness(now: tuple[str, str, str], after: tuple[str, str, str] | None) -> None:
    remedy, before = EnableStickiness(_stack(), Aws({})), _sticky(*now)
    if after is None:
        with pytest.raises(CannotFix, match="no cookie can replace"):
            remedy.want(before, {})
        return
    wanted = _sticky(*after)
    assert remedy.want(before, {}) == wanted
    sent = {one["Key"] for one in remedy.request("arn", before, wanted).parameters["Attributes"]}
    assert sent == {key for key in wanted if before.get(key) != wanted[key]}


def _run(outcome: str = "passed", revision: str = "b:1", service: str = SERVICE, **more: Any) -> dict[str, Any]:
    evidence = {
        "serviceArn": service,
        "deployments": [{"rolloutState": "COMPLETED", "taskDefinition": f"arn:aws:ecs:::task-definition/{revision}"}],
    }
    findings = [{"outcome": "passed", "evidence": evidence}, {"outcome": outcome, "evidence": {}}]
    return {"state": "finished", "exit_code": 0, "findings": findings, **more}


GOOD: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "passed": ([_run()], ["b:1"]),
    "the newest first, each once": ([_run(revision="b:3"), _run(revision="b:1"), _run(revision="b:3")], ["b:3", "b:1"]),
    "waived is accepted": ([_run("waived")], ["b:1"]),
    "a failure that --fail-on let pass": ([_run("failed")], []),
    "blind": ([_run("blind")], []),
    "not run": ([_run("not_run")], []),
    "stopped": ([_run(state="stopped")], []),
    "another service's": ([_run(service=SERVICE.replace("backend", "worker"))], []),
    "none": ([], []),
}


@pytest.mark.parametrize(("runs", "revisions"), GOOD.values(), ids=GOOD)
def test_only_a_run_that_saw_nothing_bad_makes_a_revision_good(
    runs: list[dict[str, Any]], revisions: list[str]
) -> None:
    assert good_revisions(runs, SERVICE) == revisions


def _service(**more: Any) -> dict[Any, Any]:
    deployment = {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "FAILED", "taskDefinition": "b:2"}
    told = {"serviceArn": SERVICE, "status": "ACTIVE", "taskDefinition": "b:2", "desiredCount": 2, "runningCount": 1,
            "deployments": [{**deployment, **more}]}  # fmt: skip
    active = {"taskDefinition": {"taskDefinitionArn": "b:1", "status": "ACTIVE"}}
    return {
        ("ecs", "DescribeServices"): {"services": [told]},
        ("ecs", "DescribeTaskDefinition"): active,
        ("ecs", "ListServiceDeployments"): {"serviceDeployments": []},
    }


def test_rolling_back_goes_to_the_newest_good_one() -> None:
    remedy = _remedy(RollBackService, _service(), [_run()])
    now = remedy.read_for_plan(TARGET)
    assert remedy.want(now, {}) == {"taskDefinition": "b:1", "service": SERVICE}


def test_rolling_back_does_nothing_where_that_happened_already() -> None:
    answers = _service(rolloutState="COMPLETED")
    answers["ecs", "DescribeServices"]["services"][0]["runningCount"] = 2
    with pytest.raises(CannotFix, match="is deployed and stable: nothing to roll back"):
        _remedy(RollBackService, answers, [_run()]).read_for_plan(TARGET)


@pytest.mark.parametrize(
    ("desired", "before", "wanted", "there"),
    [(4, 2, 4, True), (6, 2, 4, True), (3, 2, 4, False), (4, 4, 1, False), (1, 4, 1, True)],
)
def test_a_service_is_scaled_when_it_wants_that_many(desired: int, before: int, wanted: int, there: bool) -> None:
    remedy = _remedy(ScaleService)
    assert isinstance(remedy, ScaleService)
    assert remedy.is_there({"desiredCount": desired}, {"desiredCount": before}, {"desiredCount": wanted}) == there


def test_a_setting_is_three_methods_and_nine_attributes() -> None:
    declared = ("kind", "risk", "allow", "proof", "settles_within", "expects", "beware", "runbook", "wishes")
    assert Setting.__abstractmethods__ == {"read", "want", "request"}
    assert all(hasattr(Setting, name) for name in declared)
    told = (ROOT / "docs" / "writing-checks.md").read_text(encoding="utf-8")
    assert f"{', '.join(f'`{name}`' for name in declared)}." in " ".join(told.split())


def test_two_remedies_of_one_name_are_refused() -> None:
    twin = type("ScaleService", (ScaleService,), {"__module__": "elsewhere"})
    try:
        with pytest.raises(TypeError, match="two remedies are called scale-service"):
            known_remedies()
    finally:
        twin.__name__ = "_Forgotten"


def _answered(status: int, code: str = "AccessDenied") -> Exception:
    told = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    error: Exception = botocore.ClientError(told, "UpdateService")
    return error


SENT: dict[str, tuple[Exception, type[Exception]]] = {
    "denied": (_answered(400), Refused),
    "throttled": (_answered(400, "ThrottlingException"), Refused),
    "failed inside": (_answered(500, "ServerException"), Unknown),
    "no way there": (botocore.EndpointConnectionError(endpoint_url="x"), Refused),
    "no credentials": (botocore.NoCredentialsError(), Refused),
    "wrong parameters": (botocore.ParamValidationError(report="x"), Refused),
    "no role": (CouldNotLook("sts:AssumeRole", "AccessDenied"), Refused),
    "no answer": (botocore.ReadTimeoutError(endpoint_url="x"), Unknown),
    "connection closed": (botocore.ConnectionClosedError(endpoint_url="x"), Unknown),
    "TLS broke": (botocore.SSLError(endpoint_url="x", error="x"), Unknown),
    "an answer that is none": (botocore.HTTPClientError(error="x"), Unknown),
    "a parser that trips": (ValueError("x"), Unknown),
}


@pytest.mark.parametrize(("error", "kind"), SENT.values(), ids=SENT)
def test_only_what_was_provably_not_made_is_called_refused(
    error: Exception, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def client(service: str, *, once: bool = False) -> Mock:
        assert once
        if isinstance(error, CouldNotLook):
            raise error
        return Mock(update_service=Mock(side_effect=error))

    live = Live(_stack(), {"aws_access_key_id": "a", "aws_secret_access_key": "b"})
    monkeypatch.setattr(live._shared, "client", client)
    with pytest.raises((Refused, Unknown)) as raised:
        live.send("ecs", "UpdateService", service="backend")
    assert type(raised.value) is kind


@pytest.mark.parametrize("remedy", [one for one in all_remedies().values() if one.__module__.startswith("opschecks.")])
def test_every_remedy_says_what_it_does_and_where_the_runbook_speaks_of_it(remedy: type[BaseRemedy]) -> None:
    assert remedy.runbook in read_runbook(ROOT / "checks" / "RUNBOOK.md")
    assert remedy.what().endswith(".")
    assert remedy.expects
    assert any(not action.split(":")[1].startswith(("Describe", "Get", "List")) for action in remedy.allow)


BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"


class _Finds(dict[tuple[str, str], Any]):
    """Answers nothing but what CloudFormation lists."""

    def __missing__(self, key: tuple[str, str]) -> Raw:
        if key != ("cloudformation", "ListStackResources"):
            raise CouldNotLook(":".join(key), "AccessDenied: no")
        return formation(
            ("AWS::ECS::Cluster", "prod"),
            ("AWS::ECS::Service", "arn:aws:ecs:us-west-2:123456789012:service/prod/web"),
            ("AWS::DynamoDB::Table", "orders"),
            ("AWS::Logs::LogGroup", "/ecs/web"),
            ("AWS::CloudFront::Distribution", "E2EXAMPLE"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", BALANCER),
        )


FOUND = {
    "buckets": ["web-site"],
    "tables": ["orders", "to-orders from orders"],
    "services": ["service/prod/web"],
    "log_groups": ["/ecs/web"],
    "distributions": ["E2EXAMPLE"],
}
ASK = [name for name, one in REMEDIES.items() if one.__module__.startswith("opschecks.")]


def _planned(remedy: BaseRemedy, target: str) -> State:
    return remedy.read_for_plan(remedy.normal(target))


@pytest.mark.parametrize("name", ASK)
def test_a_remedy_declares_every_call_that_it_makes(name: str, tmp_path: Path) -> None:
    """As far as it comes before something is denied: what finds its targets is asked first."""
    checked = stack(
        cloudformation_stack="Shop", archive="s3://archive/incidents", backups="s3://backups/full",
        incidents_table="incidents", flow_log_group="/flow", dev_services=["dev/web"], account_id="123456789012",
    )  # fmt: skip
    (tmp_path / "index.html").write_text("<html>")
    aws = Aws(_Finds(), checked)
    made = REMEDIES[name](checked, aws)
    targets = [
        *FOUND.get(made.kind, []),
        "orders",
        "to-orders from orders",
        str(tmp_path),
        "vpc-1",
        "s3://backups/full",
    ]
    asked: list[Callable[[], object]] = [made.all_targets, *(partial(_planned, made, one) for one in targets)]
    for ask in asked:
        try:
            ask()
        except (CannotFix, CouldNotLook, AssertionError, IndexError, ValueError):
            continue
    assert set(aws.calls) <= set(made.all_allow())
