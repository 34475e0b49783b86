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


def judged(
    source: str,
    services: list[Service] | CouldNotLook,
    *rules: Rule,
    says: str = "",
    unread: CouldNotLook | None = None,
    **groups: tuple[str, list[Raw]],
) -> Row:
    """The outcome and the targets of each group, with these services and rules."""
    outcomes = {name: outcome for name, (outcome, _) in groups.items()}
    targets = {name: told for name, (_, told) in groups.items()}

    def seen() -> Mapping[str, Any]:
        return {"served_groups": served_groups(health(services, **targets), lambda: unread or list(rules))}

    return Row(HEALTHY, seen, outcomes, source, says)


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
BLUE_GREEN = f"{ECS}/blue-green-deployment-implementation.html"
CODE_DEPLOY = f"{ECS}/deployment-type-bluegreen.html"
WEB, COLOURS = [service("web")], [service("blue", alternate="green")]
ROWS = {
    "the default action leads to a group that never has a target": judged(
        GROUPS, WEB, web=("passed", [UP, UP]), default=("passed", []), says="no service of the stack fills it"
    ),
    "on a shared balancer a neighbour's targets are ill": judged(
        GROUPS,
        WEB,
        web=("passed", [UP, UP]),
        neighbour=("passed", [TIMED_OUT]),
        says="not judged: no service of the stack fills it",
    ),
    "a Lambda function whose health checks are off": judged(
        f"{DOCS}/application/lambda-functions.html",
        [],
        hook=("passed", [LAMBDA]),
        says="not assessed: its health checks are off",
    ),
    "a target drains after a scale-in": judged(STATES, WEB, web=("passed", [UP, DRAINING])),
    "a target has just started": judged(STATES, WEB, web=("passed", [UP, STARTING])),
    "a network load balancer before an application load balancer": judged(
        f"{DOCS}/network/application-load-balancer-target.html", [], front=("passed", [BEHIND])
    ),
    "the idle group of a blue/green service": judged(
        BLUE_GREEN, COLOURS, blue=("passed", []), green=("passed", [UP, UP]), says="it stands by"
    ),
    "the green group of a blue/green deployment starts": judged(
        BLUE_GREEN,
        COLOURS,
        blue=("passed", [UP, UP]),
        green=("passed", [STARTING, STARTING]),
        says="2 targets starting or draining",
    ),
    "the blue group of a blue/green deployment drains": judged(
        BLUE_GREEN, COLOURS, blue=("passed", [DRAINING]), green=("passed", [UP, UP])
    ),
    "the green group of a blue/green deployment is ill": judged(
        BLUE_GREEN,
        COLOURS,
        blue=("passed", [UP, UP]),
        green=("failed", [STARTING, WRONG_CODE]),
        says="10.0.3.41:8000 is unhealthy",
    ),
    "CodeDeploy's replacement task set starts": judged(
        CODE_DEPLOY, [by_code_deploy("blue", "green")], blue=("passed", [UP, UP]), green=("passed", [STARTING])
    ),
    "CodeDeploy left the first group empty": judged(
        CODE_DEPLOY, [by_code_deploy("green", created="blue")], blue=("passed", []), green=("passed", [UP, UP])
    ),
    "a service with a public and an internal group, of which one is ill": judged(
        f"{ECS}/register-multiple-targetgroups.html",
        [service("public", "internal")],
        public=("passed", [UP, UP]),
        internal=("failed", [UP, TIMED_OUT]),
        says="10.0.3.41:8000 is unhealthy (Request timed out)",
    ),
    "no target is healthy": judged(
        STATES,
        WEB,
        web=("failed", [WRONG_CODE, DRAINING]),
        says="no target is healthy: 10.0.3.41:8000 is unhealthy (Health checks failed with these codes: [502])",
    ),
    "a task runs in a zone that the balancer does not serve": judged(
        STATES,
        WEB,
        web=("failed", [UP, ELSEWHERE]),
        says="is unused (Target is in an Availability Zone that is not enabled",
    ),
    "AWS cannot tell the health of a target": judged(
        f"{DOCS}/network/check-target-health.html",
        WEB,
        web=("blind", [UP, BROKEN]),
        says="10.0.3.41:8000 is unavailable",
    ),
    "the service's own group has no target": judged(
        GROUPS, WEB, web=("failed", []), default=("passed", []), says="none is registered"
    ),
    "an empty group gets a share of the requests": judged(
        RULES,
        WEB,
        rule("default", forward(("web", 90), ("canary", 10))),
        web=("passed", [UP, UP]),
        canary=("failed", []),
        says="none is registered",
    ),
    "an empty group has a weight of nothing, and another rule": judged(
        RULES,
        WEB,
        rule("1", forward(("web", 100), ("canary", 0))),
        rule("default", forward(("canary", 1))),
        web=("passed", [UP, UP]),
        canary=("passed", []),
    ),
    "a group that nobody fills, and the rules may not be read": judged(
        RULES, WEB, web=("passed", [UP, UP]), canary=("blind", []), unread=DENIED
    ),
    "an empty group, and the services may not be read": judged(
        GROUPS,
        CouldNotLook("ecs:DescribeServices", "AccessDeniedException: no"),
        web=("passed", [UP]),
        default=("blind", []),
        says="ecs:DescribeServices",
    ),
}
