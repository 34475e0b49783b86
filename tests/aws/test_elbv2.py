"""Elastic Load Balancing: attributes that are strings, and the many states of a target."""

from __future__ import annotations

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import (
    TargetHealth,
    balanced_groups,
    every_group,
    filled_by,
    load_balancers,
    registered_targets,
)
from opschecks.aws.own_groups import target_health
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.canned import ACCOUNT, Aws, Raw, daily, judges, names, pages_of, stack, verdict, verdicts

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
BALANCER = f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188"
BLUE, GREEN = f"{ELB}:targetgroup/blue/73e2d6bc24d8a067", f"{ELB}:targetgroup/green/6d0ecf831eec9f09"


def groups(*arns: str) -> list[Resource]:
    return [Resource(arn=arn, name=arn.split("/")[1]) for arn in arns]


def balancer(name: str = "web", kind: str = "application") -> Raw:
    return {
        "LoadBalancerArn": f"{ELB}:loadbalancer/{'net' if kind == 'network' else 'app'}/{name}/50dc6c495c0c9188",
        "LoadBalancerName": name,
        "Type": kind,
        "State": {"Code": "active"},
    }


def health(*states: str) -> Raw:
    return {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": f"10.0.0.{n}", "Port": 8000, "AvailabilityZone": "us-west-2a"},
                "HealthCheckPort": "8000",
                "TargetHealth": {"State": state, **({} if state == "healthy" else REASONS[state])},
            }
            for n, state in enumerate(states)
        ]
    }


REASONS = {
    "initial": {"Reason": "Elb.RegistrationInProgress", "Description": "Target registration is in progress"},
    "draining": {"Reason": "Target.DeregistrationInProgress", "Description": "Target deregistration is in progress"},
    "unhealthy": {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with codes: [502]"},
    "unhealthy.draining": {"Reason": "Target.FailedHealthChecks"},
    "unused": {"Reason": "Target.NotInUse", "Description": "Target is in an Availability Zone that is not enabled"},
    "unavailable": {"Reason": "Elb.InternalError", "Description": "Health checks failed due to an internal error"},
}


def seen(*services: Service, **by_group: Raw) -> list[TargetHealth]:
    arns = {"blue": BLUE, "green": GREEN}
    answers = {arns[name]: answer for name, answer in by_group.items()}
    aws = Aws({("elbv2", "DescribeTargetHealth"): lambda **asked: answers[asked["TargetGroupArn"]]})
    return target_health(stack(), registered_targets(aws, groups(*answers)), list(services))


HEALTH = {
    "healthy": (health("healthy", "healthy"), "passed", "2 of 2 targets are healthy"),
    "draining beside healthy": (health("healthy", "draining"), "passed", "1 of 2"),
    "initial beside healthy": (health("healthy", "initial"), "passed", "1 of 2"),
    "no target": (health(), "failed", "no target is healthy"),
    "initial alone": (health("initial"), "failed", "no target is healthy"),
    "draining alone": (health("draining", "draining"), "failed", "no target is healthy"),
    "unhealthy": (health("healthy", "unhealthy"), "failed", "10.0.0.1:8000 is unhealthy (Health checks failed"),
    "unhealthy.draining": (
        health("healthy", "unhealthy.draining"),
        "failed",
        "10.0.0.1:8000 is unhealthy.draining (Target",
    ),
    "unused": (health("healthy", "unused"), "failed", "10.0.0.1:8000 is unused"),
    "unavailable": (health("healthy", "unavailable"), "blind", "10.0.0.1:8000 is unavailable"),
    "unavailable beside ill": (health("unhealthy", "unavailable"), "failed", "10.0.0.1:8000 is unavailable"),
    "none healthy": (health("unhealthy", "draining"), "failed", "10.0.0.0:8000 is unhealthy (Health checks failed"),
    "many ill": (health("healthy", *["unhealthy"] * 9), "failed", "10.0.0.5:8000 is unhealthy (Health checks failed"),
    "more than are listed": (health("healthy", *["unhealthy"] * 9), "failed", "and 4 more"),
}
test_targets_are_healthy = judges(
    daily("alb").test_targets_are_healthy, HEALTH, served_groups=lambda answer: seen(blue=answer)
)


def test_a_lambda_target_has_no_port() -> None:
    function = f"arn:aws:lambda:{ACCOUNT}:function:web"
    answer = {"TargetHealthDescriptions": [{"Target": {"Id": function}, "TargetHealth": {"State": "healthy"}}]}
    assert verdict(daily("alb").test_targets_are_healthy, served_groups=seen(blue=answer))[0] == "passed"


@pytest.mark.parametrize(
    "description",
    [
        {"Target": {"Id": "10.0.0.1", "Port": 80}},
        {"TargetHealth": {"State": "healthy"}},
        {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"Reason": "Target.Timeout"}},
    ],
    ids=["no health", "no target", "no state"],
)
def test_a_target_of_which_half_is_said_is_not_seen(description: Raw) -> None:
    with pytest.raises(CouldNotLook, match="elasticloadbalancing:DescribeTargetHealth: the answer has no"):
        seen(blue={"TargetHealthDescriptions": [description]})


def blue_green(alternate: str | None = GREEN) -> Service:
    pair: Raw = {"targetGroupArn": BLUE, "containerName": "app", "containerPort": 8000}
    if alternate:
        pair["advancedConfiguration"] = {"alternateTargetGroupArn": alternate, "productionListenerRule": "arn:aws:rule"}
    return Service(arn="service/prod/web", name="web", evidence={"loadBalancers": [pair]})


def fills(*arns: str) -> Service:
    """A service that registers its tasks in several target groups."""
    listed = [{"targetGroupArn": arn, "containerName": "app", "containerPort": 8000} for arn in arns]
    return Service(arn="service/prod/web", name="web", evidence={"loadBalancers": listed})


TWINS = {
    "green is idle": (blue_green(), health("healthy"), health(), {"blue": "passed", "green": "passed"}),
    "blue is idle": (blue_green(), health(), health("healthy"), {"blue": "passed", "green": "passed"}),
    "both are idle": (blue_green(), health(), health(), {"blue": "failed", "green": "failed"}),
    "the other one is ill": (blue_green(), health("unhealthy"), health(), {"blue": "failed", "green": "failed"}),
    "idle one is ill": (blue_green(), health("healthy"), health("unhealthy"), {"blue": "passed", "green": "failed"}),
    "no twins": (blue_green(None), health("healthy"), health(), {"blue": "passed", "green": "passed"}),
    "nobody's": (blue_green(None), health("healthy"), health("unhealthy"), {"blue": "passed", "green": "passed"}),
    "of others alone": (fills(f"{ELB}:targetgroup/x/1"), health("healthy"), health(), {"green": "failed"}),
}


@pytest.mark.parametrize(("service", "blue", "green", "wanted"), TWINS.values(), ids=TWINS)
def test_an_idle_twin_stands_by_while_the_other_one_serves(
    service: Service, blue: Raw, green: Raw, wanted: dict[str, str]
) -> None:
    told = verdicts(daily("alb").test_targets_are_healthy, served_groups=seen(service, blue=blue, green=green))
    assert {**told, **wanted} == told


def test_without_the_services_no_group_stands_by() -> None:
    aws = Aws({("elbv2", "DescribeTargetHealth"): health()})
    blind = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")
    [group] = target_health(stack(), registered_targets(aws, groups(GREEN)), blind)
    assert not group.not_judged


def test_load_balancers_are_asked_for_by_name_and_by_arn_page_by_page() -> None:
    pages = pages_of("LoadBalancers", [], [balancer("edge", "network")], token="NextMarker")
    aws = Aws({("elbv2", "DescribeLoadBalancers"): [{"LoadBalancers": [balancer()]}, *pages]})
    found = load_balancers(aws, names(load_balancers=("edge", BALANCER)))
    web, edge = [(one.name, one.is_application, one.dimension) for one in found]
    assert web == ("web", True, "app/web/50dc6c495c0c9188")
    assert edge == ("edge", False, "net/edge/50dc6c495c0c9188")
    named = {"Names": ["edge"]}
    asked = [{"LoadBalancerArns": [BALANCER]}, named, {**named, "Marker": "2"}]
    assert aws.parameters_of("DescribeLoadBalancers") == asked


def test_target_groups_of_every_load_balancer_page_by_page() -> None:
    def listed(LoadBalancerArn: str, Marker: str = "") -> Raw:  # noqa: N803 - AWS's names
        name = f"{LoadBalancerArn.split('/')[2]}{Marker}"
        group = {"TargetGroupArn": f"{ELB}:targetgroup/{name}/1", "TargetGroupName": name}
        return {"TargetGroups": [group], **({} if Marker else {"NextMarker": "2"})}

    told = [balancer(), balancer("edge", "network")]
    both = load_balancers(
        Aws({("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": told}}), names(load_balancers=("web", "edge"))
    )
    found = every_group(Aws({("elbv2", "DescribeTargetGroups"): listed}), both)
    assert [group.name for group in found] == ["web", "web2", "edge", "edge2"]


def test_where_the_stack_names_its_groups_only_those_are_seen_and_judged() -> None:
    listed = {"TargetGroups": [{"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[1]} for arn in (BLUE, GREEN)]}
    both = load_balancers(
        Aws({("elbv2", "DescribeLoadBalancers"): {"LoadBalancers": [balancer()]}}), names(load_balancers=("web",))
    )

    def named(*patterns: str) -> list[str]:
        aws = Aws({("elbv2", "DescribeTargetGroups"): listed})
        return [one.name for one in balanced_groups(stack(target_groups=patterns), every_group(aws, both))]

    assert named("gr*") == ["green"]
    assert named("blue", "g*") == ["blue", "green"]
    with pytest.raises(CouldNotLook, match=r"the load balancer has no target group red-\*"):
        named("blue", "red-*")


def test_a_group_that_the_stack_names_counts_whoever_fills_it() -> None:
    aws = Aws({("elbv2", "DescribeTargetHealth"): health()})
    chosen = target_health(stack(target_groups=("green",)), registered_targets(aws, groups(GREEN)), [fills(BLUE)])
    assert verdict(daily("alb").test_targets_are_healthy, served_groups=chosen) == (
        "failed",
        "0 of 0 targets are healthy; no target is healthy: none is registered",
    )


BLIND = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")
UNKNOWN = {
    "empty beside a healthy one": (BLIND, health("healthy"), health(), {"blue": "passed", "green": "blind"}),
    "all empty": (BLIND, health(), health(), {"blue": "failed", "green": "failed"}),
    "ill, and perhaps a neighbour's": (
        BLIND,
        health("healthy"),
        health("unhealthy"),
        {"blue": "passed", "green": "blind"},
    ),
    "all ill": (BLIND, health("unhealthy"), health("unhealthy"), {"blue": "failed", "green": "failed"}),
    "no services at all": (
        NotConfigured("", "stack here names no services"),
        health("healthy"),
        health(),
        {"blue": "passed", "green": "failed"},
    ),
}


@pytest.mark.parametrize(("services", "blue", "green", "wanted"), UNKNOWN.values(), ids=UNKNOWN)
def test_without_the_services_an_empty_group_is_nobodys_to_pass(
    services: CouldNotLook, blue: Raw, green: Raw, wanted: dict[str, str]
) -> None:
    answers = {BLUE: blue, GREEN: green}
    aws = Aws({("elbv2", "DescribeTargetHealth"): lambda TargetGroupArn: answers[TargetGroupArn]})  # noqa: N803
    found = target_health(stack(), registered_targets(aws, groups(BLUE, GREEN)), services)
    assert verdicts(daily("alb").test_targets_are_healthy, served_groups=found) == wanted


def test_groups_of_task_sets_are_filled_as_those_of_a_service() -> None:
    one = {"targetGroupArn": GREEN, "containerName": "app", "containerPort": 8000}
    sets = {"loadBalancers": [], "taskSets": [{"loadBalancers": [one]}]}
    service = Service(arn="service/prod/web", name="web", evidence=sets)
    assert filled_by(service.evidence) == {GREEN}
    assert filled_by(fills(BLUE, GREEN).evidence) == {BLUE, GREEN}
    assert filled_by(blue_green().evidence) == {BLUE, GREEN}
    classic = {"loadBalancerName": "old", "containerName": "app", "containerPort": 8000}
    assert filled_by({"loadBalancers": [classic]}) == set()
