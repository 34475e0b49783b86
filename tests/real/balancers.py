"""Load balancers and target groups as real accounts have them: shared, empty, weighted, of other kinds than HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import TargetHealth, registered_targets
from opschecks.aws.listeners import Rule, served_groups
from opschecks.aws.own_groups import target_health
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, daily, given, stack
from tests.real.rows import Row

HEALTHY = daily("alb").test_targets_are_healthy
ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
LISTENER = f"{ELB}:listener/app/shared/50dc6c495c0c9188/f2f7dc8efc522ab2"
DOCS = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
STATES = f"{DOCS}/application/check-target-health.html"
GROUPS = f"{DOCS}/application/load-balancer-target-groups.html"
RULES = f"{DOCS}/application/rule-action-types.html"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


def arn(name: str) -> str:
    return f"{ELB}:targetgroup/{name}/73e2d6bc24d8a067"


def service(*groups: str, alternate: str = "") -> Service:
    """A service as DescribeServices has it, which registers its tasks in these groups."""
    pairs: list[Raw] = [{"targetGroupArn": arn(one), "containerName": "app", "containerPort": 8000} for one in groups]
    if alternate:
        pairs[0]["advancedConfiguration"] = {
            "alternateTargetGroupArn": arn(alternate),
            "productionListenerRule": f"{LISTENER.replace(':listener/', ':listener-rule/')}/1",
            "roleArn": "arn:aws:iam::123456789012:role/ecsInfrastructureRole",
        }
    return Service(arn=f"arn:aws:ecs:{ACCOUNT}:service/prod/web", name="web", evidence={"loadBalancers": pairs})


def by_code_deploy(*sets: str, created: str = "") -> Service:
    """A service whose task sets register in one group each; `created`: the group that it was made with."""
    listed = [{"loadBalancers": service(one).evidence["loadBalancers"]} for one in sets]
    evidence = {**service(created or sets[0]).evidence, "taskSets": listed}
    return Service(arn=f"arn:aws:ecs:{ACCOUNT}:service/prod/web", name="web", evidence=evidence)


def target(state: str, reason: str = "", description: str = "", **changes: Any) -> Raw:
    """An element of TargetHealthDescriptions; a healthy target has no reason."""
    said = {"Reason": reason, "Description": description}
    told = {"State": state, **{key: value for key, value in said.items() if value}}
    raw = {
        "Target": {"Id": "10.0.3.41", "Port": 8000, "AvailabilityZone": "us-west-2a"},
        "HealthCheckPort": "8000",
        "TargetHealth": told,
        "AdministrativeOverride": {
            "State": "no_override",
            "Reason": "AdministrativeOverride.NoOverride",
            "Description": "No override is currently active on target",
        },
    }
    return given(raw, changes)


UP = target("healthy")
DRAINING = target("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
STARTING = target("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
TIMED_OUT = target("unhealthy", "Target.Timeout", "Request timed out")
WRONG_CODE = target("unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [502]")
ELSEWHERE = target(
    "unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"
)
BROKEN = target("unavailable", "Elb.InternalError", "Target health is unavailable due to an internal error")
LAMBDA = target(
    "unavailable",
    "Target.HealthCheckDisabled",
    "Health checks are not enabled for this target",
    Target={"Id": "arn:aws:lambda:us-west-2:123456789012:function:hook", "AvailabilityZone": "all"},
    HealthCheckPort=None,
    AdministrativeOverride=None,
)
BEHIND = target(
    "healthy", Target={"Id": f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188", "Port": 443}, AdministrativeOverride=None
)


def health(services: list[Service] | CouldNotLook, /, **groups: list[Raw]) -> list[TargetHealth]:
    """What DescribeTargetHealth has of each group, and which the services fill."""
    answers = {arn(name): {"TargetHealthDescriptions": targets} for name, targets in groups.items()}
    aws = Aws({("elbv2", "DescribeTargetHealth"): lambda TargetGroupArn: answers[TargetGroupArn]})  # noqa: N803
    listed = [Resource(arn=one, name=one.split("/")[1]) for one in answers]
    return target_health(stack(), registered_targets(aws, listed), services)


def of(
    services: list[Service] | CouldNotLook, /, *rules: Rule, unread: CouldNotLook | None = None, **groups: list[Raw]
) -> Mapping[str, Any]:
    return {"served_groups": served_groups(health(services, **groups), unread or list(rules))}


def forward(*shares: tuple[str, int], sticky: bool = False) -> Raw:
    tuples = [{"TargetGroupArn": arn(name), "Weight": weight} for name, weight in shares]
    alone = {"TargetGroupArn": arn(shares[0][0])} if len(shares) == 1 else {}
    kept = {"Enabled": sticky, **({"DurationSeconds": 86400} if sticky else {})}
    return {
        "Type": "forward",
        "Order": 1,
        **alone,
        "ForwardConfig": {"TargetGroups": tuples, "TargetGroupStickinessConfig": kept},
    }


def rule(priority: str, action: Raw, *conditions: Raw, listener: str = LISTENER) -> Rule:
    name = f"{LISTENER.replace(':listener/', ':listener-rule/')}/{priority}"
    raw: Raw = {
        "RuleArn": name,
        "Priority": priority,
        "Conditions": list(conditions),
        "Actions": [action],
        "IsDefault": priority == "default",
    }
    return Rule(arn=name, name=priority, listener=listener, evidence=raw)


READ_RULES = "elasticloadbalancing:DescribeRules"
DENIED = CouldNotLook(READ_RULES, "AccessDenied: no", action=READ_RULES)

ROWS = [
    Row(
        "the default action leads to a group that never has a target",
        HEALTHY,
        lambda: of([service("web")], web=[UP, UP], default=[]),
        {"web": "passed", "default": "passed"},
        GROUPS,
        says="no service of the stack fills it",
    ),
    Row(
        "on a shared balancer a neighbour's targets are ill",
        HEALTHY,
        lambda: of([service("web")], web=[UP, UP], neighbour=[TIMED_OUT]),
        {"web": "passed", "neighbour": "passed"},
        GROUPS,
        says="not judged: no service of the stack fills it",
    ),
    Row(
        "a Lambda function whose health checks are off",
        HEALTHY,
        lambda: of([], hook=[LAMBDA]),
        "passed",
        f"{DOCS}/application/lambda-functions.html",
        says="not assessed: its health checks are off",
    ),
    Row(
        "a target drains after a scale-in", HEALTHY, lambda: of([service("web")], web=[UP, DRAINING]), "passed", STATES
    ),
    Row("a target has just started", HEALTHY, lambda: of([service("web")], web=[UP, STARTING]), "passed", STATES),
    Row(
        "a network load balancer before an application load balancer",
        HEALTHY,
        lambda: of([], front=[BEHIND]),
        "passed",
        f"{DOCS}/network/application-load-balancer-target.html",
    ),
    Row(
        "the idle group of a blue/green service",
        HEALTHY,
        lambda: of([service("blue", alternate="green")], blue=[], green=[UP, UP]),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/blue-green-deployment-implementation.html",
        says="it stands by",
    ),
    Row(
        "the green group of a blue/green deployment starts",
        HEALTHY,
        lambda: of([service("blue", alternate="green")], blue=[UP, UP], green=[STARTING, STARTING]),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/blue-green-deployment-implementation.html",
        says="2 targets starting or draining",
    ),
    Row(
        "the blue group of a blue/green deployment drains",
        HEALTHY,
        lambda: of([service("blue", alternate="green")], blue=[DRAINING], green=[UP, UP]),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/blue-green-deployment-implementation.html",
    ),
    Row(
        "the green group of a blue/green deployment is ill",
        HEALTHY,
        lambda: of([service("blue", alternate="green")], blue=[UP, UP], green=[STARTING, WRONG_CODE]),
        {"blue": "passed", "green": "failed"},
        f"{ECS}/blue-green-deployment-implementation.html",
        says="10.0.3.41:8000 is unhealthy",
    ),
    Row(
        "CodeDeploy's replacement task set starts",
        HEALTHY,
        lambda: of([by_code_deploy("blue", "green")], blue=[UP, UP], green=[STARTING]),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/deployment-type-bluegreen.html",
    ),
    Row(
        "CodeDeploy left the first group empty",
        HEALTHY,
        lambda: of([by_code_deploy("green", created="blue")], blue=[], green=[UP, UP]),
        {"blue": "passed", "green": "passed"},
        f"{ECS}/deployment-type-bluegreen.html",
    ),
    Row(
        "a service with a public and an internal group, of which one is ill",
        HEALTHY,
        lambda: of([service("public", "internal")], public=[UP, UP], internal=[UP, TIMED_OUT]),
        {"public": "passed", "internal": "failed"},
        f"{ECS}/register-multiple-targetgroups.html",
        says="10.0.3.41:8000 is unhealthy (Request timed out)",
    ),
    Row(
        "no target is healthy",
        HEALTHY,
        lambda: of([service("web")], web=[WRONG_CODE, DRAINING]),
        "failed",
        STATES,
        says="no target is healthy: 10.0.3.41:8000 is unhealthy (Health checks failed with these codes: [502])",
    ),
    Row(
        "a task runs in a zone that the balancer does not serve",
        HEALTHY,
        lambda: of([service("web")], web=[UP, ELSEWHERE]),
        "failed",
        STATES,
        says="is unused (Target is in an Availability Zone that is not enabled",
    ),
    Row(
        "AWS cannot tell the health of a target",
        HEALTHY,
        lambda: of([service("web")], web=[UP, BROKEN]),
        "blind",
        f"{DOCS}/network/check-target-health.html",
        says="10.0.3.41:8000 is unavailable",
    ),
    Row(
        "the service's own group has no target",
        HEALTHY,
        lambda: of([service("web")], web=[], default=[]),
        {"web": "failed", "default": "passed"},
        GROUPS,
        says="none is registered",
    ),
    Row(
        "an empty group gets a share of the requests",
        HEALTHY,
        lambda: of([service("web")], rule("default", forward(("web", 90), ("canary", 10))), web=[UP, UP], canary=[]),
        {"web": "passed", "canary": "failed"},
        RULES,
        says="none is registered",
    ),
    Row(
        "an empty group has a weight of nothing, and another rule",
        HEALTHY,
        lambda: of(
            [service("web")],
            rule("1", forward(("web", 100), ("canary", 0))),
            rule("default", forward(("canary", 1))),
            web=[UP, UP],
            canary=[],
        ),
        {"web": "passed", "canary": "passed"},
        RULES,
    ),
    Row(
        "a group that nobody fills, and the rules may not be read",
        HEALTHY,
        lambda: of([service("web")], unread=DENIED, web=[UP, UP], canary=[]),
        {"web": "passed", "canary": "blind"},
        RULES,
    ),
    Row(
        "an empty group, and the services may not be read",
        HEALTHY,
        lambda: of(CouldNotLook("ecs:DescribeServices", "AccessDeniedException: no"), web=[UP], default=[]),
        {"web": "passed", "default": "blind"},
        GROUPS,
        says="ecs:DescribeServices",
    ),
]
