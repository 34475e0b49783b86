"""Elastic Load Balancing: attributes that are strings, and the many states of a target."""

from __future__ import annotations

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import (
    TargetGroup,
    TargetHealth,
    balanced_groups,
    load_balancers,
    registered_targets,
    target_groups,
    target_health,
)
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, daily, judges, names, pages_of, verdict, verdicts

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


LB_COOKIE, APP_COOKIE = (f"stickiness.{kind}_cookie.duration_seconds" for kind in ("lb", "app"))
APPLICATION = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "true",
    "stickiness.type": "lb_cookie",
    LB_COOKIE: "86400",
    APP_COOKIE: "60",
    "stickiness.app_cookie.cookie_name": "",
    "load_balancing.algorithm.type": "round_robin",
}
NETWORK = {
    "deregistration_delay.timeout_seconds": "300",
    "stickiness.enabled": "true",
    "stickiness.type": "source_ip",
    "proxy_protocol_v2.enabled": "false",
    "preserve_client_ip.enabled": "true",
}
SESSION = {"stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "SESSION"}

STICKY: dict[str, tuple[dict[str, str], str, str]] = {
    "for a day": (APPLICATION, "passed", "for 1 day, 0:00:00"),
    "for exactly as long as wanted": ({**APPLICATION, LB_COOKIE: "3600"}, "passed", "1:00:00"),
    "for a second less": ({**APPLICATION, LB_COOKIE: "3599"}, "failed", "expected at least 1:00:00"),
    "off": ({**APPLICATION, "stickiness.enabled": "false"}, "failed", "stickiness is off"),
    "by the application's cookie, for a minute": ({**APPLICATION, **SESSION}, "failed", "expected at least"),
    "by the application's cookie": ({**APPLICATION, **SESSION, APP_COOKIE: "7200"}, "passed", "for 2:00:00"),
    "network load balancer": (NETWORK, "failed", "sticky by source_ip, not by a cookie"),
    "network load balancer, off": ({**NETWORK, "stickiness.enabled": "false"}, "failed", "stickiness is off"),
    "nothing said of it": ({"load_balancing.algorithm.type": "x"}, "blind", "the answer has no 'stickiness.enabled'"),
    "nothing said of the duration": (
        {**NETWORK, "stickiness.type": "lb_cookie"},
        "blind",
        f"the answer has no '{LB_COOKIE}'",
    ),
}


def with_attributes(attributes: dict[str, str]) -> list[TargetGroup]:
    answer = {"Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]}
    return target_groups(Aws({("elbv2", "DescribeTargetGroupAttributes"): answer}), groups(BLUE))


test_stickiness_is_read_from_strings = judges(
    daily("websocket").test_websocket_sessions_are_sticky,
    STICKY,
    target_groups=lambda attributes: target_groups(
        Aws(
            {
                ("elbv2", "DescribeTargetGroupAttributes"): {
                    "Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]
                }
            }
        ),
        groups(BLUE),
    ),
)


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
    "unhealthy.draining": {"Reason": "Target.HealthCheckDisabled"},
    "unused": {"Reason": "Target.NotInUse", "Description": "Target is in an Availability Zone that is not enabled"},
    "unavailable": {"Reason": "Target.HealthCheckDisabled", "Description": "Health checks are not supported"},
}


def seen(*services: Service, **by_group: Raw) -> list[TargetHealth]:
    arns = {"blue": BLUE, "green": GREEN}
    answers = {arns[name]: answer for name, answer in by_group.items()}
    aws = Aws({("elbv2", "DescribeTargetHealth"): lambda **asked: answers[asked["TargetGroupArn"]]})
    return target_health(registered_targets(aws, groups(*answers)), list(services))


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
    "unavailable": (health("healthy", "unavailable"), "failed", "10.0.0.1:8000 is unavailable"),
}
test_targets_are_healthy = judges(
    daily("alb").test_targets_are_healthy, HEALTH, target_health=lambda answer: seen(blue=answer)
)


def test_a_lambda_target_has_no_port() -> None:
    function = f"arn:aws:lambda:{ACCOUNT}:function:web"
    answer = {"TargetHealthDescriptions": [{"Target": {"Id": function}, "TargetHealth": {"State": "healthy"}}]}
    assert verdict(daily("alb").test_targets_are_healthy, target_health=seen(blue=answer))[0] == "passed"


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


TWINS = {
    "green is idle": (blue_green(), health("healthy"), health(), {"blue": "passed", "green": "passed"}),
    "blue is idle": (blue_green(), health(), health("healthy"), {"blue": "passed", "green": "passed"}),
    "both are idle": (blue_green(), health(), health(), {"blue": "failed", "green": "failed"}),
    "the other one is ill": (blue_green(), health("unhealthy"), health(), {"blue": "failed", "green": "failed"}),
    "idle one is ill": (blue_green(), health("healthy"), health("unhealthy"), {"blue": "passed", "green": "failed"}),
    "no twins": (blue_green(None), health("healthy"), health(), {"blue": "passed", "green": "failed"}),
    "twin of another": (blue_green(f"{ELB}:targetgroup/x/1"), health("healthy"), health(), {"green": "failed"}),
}


@pytest.mark.parametrize(("service", "blue", "green", "wanted"), TWINS.values(), ids=TWINS)
def test_an_idle_twin_stands_by_while_the_other_one_serves(
    service: Service, blue: Raw, green: Raw, wanted: dict[str, str]
) -> None:
    told = verdicts(daily("alb").test_targets_are_healthy, target_health=seen(service, blue=blue, green=green))
    assert {**told, **wanted} == told


def test_without_the_services_no_group_stands_by() -> None:
    aws = Aws({("elbv2", "DescribeTargetHealth"): health()})
    blind = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")
    [group] = target_health(registered_targets(aws, groups(GREEN)), blind)
    assert not group.stands_by


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
    found = balanced_groups(Aws({("elbv2", "DescribeTargetGroups"): listed}), both)
    assert [group.name for group in found] == ["web", "web2", "edge", "edge2"]
