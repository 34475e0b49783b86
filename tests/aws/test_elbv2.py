"""Elastic Load Balancing: the many states of a target, and which target groups are a stack's to judge or stand by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import (
    NO_CHECKS,
    GroupsUnread,
    TargetHealth,
    every_group,
    load_balancers,
    registered_targets,
)
from opschecks.aws.own_groups import target_health
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.aws.test_target_properties import (
    API,
    BLUE,
    DENIED,
    ELB,
    GRAY,
    GREEN,
    WEB,
    group,
    groups_of_both,
    in_ecs,
    target,
    unread,
)
from tests.canned import ACCOUNT, Aws, Raw, daily, judges, names, pages_of, stack, verdict, verdicts
from tests.cases import cases


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


@cases({
    "no health": {"Target": {"Id": "10.0.0.1", "Port": 80}},
    "no target": {"TargetHealth": {"State": "healthy"}},
    "no state": {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"Reason": "Target.Timeout"}},
})  # fmt: skip
def test_a_target_of_which_half_is_said_is_not_seen(description: Raw) -> None:
    with pytest.raises(CouldNotLook, match="elasticloadbalancing:DescribeTargetHealth: the answer has no"):
        seen(blue={"TargetHealthDescriptions": [description]})


def fills(*arns: str, sets: Sequence[str] = (), alternate: str = "") -> Service:
    """A service that registers its tasks in these target groups, each with the alternate one if there is one."""
    told: Raw = {"loadBalancers": [in_ecs(arn, alternate) for arn in arns]}
    if sets:
        told["taskSets"] = [{"loadBalancers": [in_ecs(arn)]} for arn in sets]
    return Service(arn="service/prod/web", name="web", evidence=Answer(told, "ecs:DescribeServices"))


TWINS = fills(BLUE, alternate=GREEN)


@cases({
    "green is idle": (TWINS, health("healthy"), health(), {"blue": "passed", "green": "passed"}),
    "blue is idle": (TWINS, health(), health("healthy"), {"blue": "passed", "green": "passed"}),
    "both are idle": (TWINS, health(), health(), {"blue": "failed", "green": "failed"}),
    "the other one is ill": (TWINS, health("unhealthy"), health(), {"blue": "failed", "green": "failed"}),
    "idle one is ill": (TWINS, health("healthy"), health("unhealthy"), {"blue": "passed", "green": "failed"}),
    "no twins": (fills(BLUE), health("healthy"), health(), {"blue": "passed", "green": "passed"}),
    "nobody's": (fills(BLUE), health("healthy"), health("unhealthy"), {"blue": "passed", "green": "passed"}),
    "of others alone": (fills(f"{ELB}:targetgroup/x/1"), health("healthy"), health(), {"green": "failed"}),
})  # fmt: skip
def test_an_idle_twin_stands_by_while_the_other_one_serves(
    service: Service, blue: Raw, green: Raw, wanted: dict[str, str]
) -> None:
    told = verdicts(daily("alb").test_targets_are_healthy, served_groups=seen(service, blue=blue, green=green))
    assert {**told, **wanted} == told


def test_load_balancers_are_asked_for_by_name_and_by_arn_page_by_page() -> None:
    pages = pages_of("LoadBalancers", [], [balancer("edge", "network")], token="NextMarker")
    aws = Aws({("elbv2", "DescribeLoadBalancers"): [{"LoadBalancers": [balancer()]}, *pages]})
    found = load_balancers(aws, names(load_balancers=("edge", WEB)))
    web, edge = [(one.name, one.is_application, one.dimension) for one in found]
    assert web == ("web", True, "app/web/50dc6c495c0c9188")
    assert edge == ("edge", False, "net/edge/50dc6c495c0c9188")
    named = {"Names": ["edge"]}
    asked = [{"LoadBalancerArns": [WEB]}, named, {**named, "Marker": "2"}]
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


def test_a_group_that_the_stack_names_counts_whoever_fills_it() -> None:
    aws = Aws({("elbv2", "DescribeTargetHealth"): health()})
    chosen = target_health(stack(target_groups=("green",)), registered_targets(aws, groups(GREEN)), [fills(BLUE)])
    assert verdict(daily("alb").test_targets_are_healthy, served_groups=chosen) == (
        "failed",
        "0 of 0 targets are healthy; no target is healthy: none is registered",
    )


BLIND = CouldNotLook("ecs:DescribeServices", "AccessDenied: no")


@cases({
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
})  # fmt: skip
def test_without_the_services_an_empty_group_is_nobodys_to_pass(
    services: CouldNotLook, blue: Raw, green: Raw, wanted: dict[str, str]
) -> None:
    answers = {BLUE: blue, GREEN: green}
    aws = Aws({("elbv2", "DescribeTargetHealth"): lambda TargetGroupArn: answers[TargetGroupArn]})  # noqa: N803
    found = target_health(stack(), registered_targets(aws, groups(BLUE, GREEN)), services)
    assert verdicts(daily("alb").test_targets_are_healthy, served_groups=found) == wanted


MUTE = Service(arn="service/prod/api", name="api", evidence=Unread(DENIED))
ALONE = NotConfigured("", "stack here names no services")
ILL, STARTS, DRAINS = target(7, "unhealthy"), target(8, "initial"), target(9, "draining")
OFF = target(5, "unavailable", NO_CHECKS)
STANDS_BY = "{}: it stands by, and the group that serves has healthy ones"
FOREIGN = "{}not judged: no service of the stack fills it (target_groups in stacks.toml can name it)"
OFF_WORDS = "not assessed: its health checks are off"
REASON = str(DENIED)


@cases({
    "a group that its service fills": ([fills(BLUE)], [group(BLUE, target(1))], [("", "")]),
    "an idle twin": (
        [fills(BLUE, alternate=GREEN)], [group(BLUE, target(1)), group(GREEN)],
        [("", ""), (STANDS_BY.format("no targets"), "")]),
    "an idle twin whose targets start and drain": (
        [fills(BLUE, alternate=GREEN)], [group(BLUE, target(1)), group(GREEN, STARTS, DRAINS)],
        [("", ""), (STANDS_BY.format("2 targets starting or draining"), "")]),
    "an idle twin of which one target is ill": (
        [fills(BLUE, alternate=GREEN)], [group(BLUE, target(1)), group(GREEN, STARTS, ILL)], [("", ""), ("", "")]),
    "both twins have none": ([fills(BLUE, alternate=GREEN)], [group(BLUE), group(GREEN)], [("", ""), ("", "")]),
    "a twin that is unread": (
        [fills(BLUE, alternate=GREEN)], [group(BLUE), unread(GREEN)], [(REASON, ""), ("", "")]),
    "an idle group of task sets": (
        [fills(sets=(BLUE, GREEN))], [group(BLUE, target(1)), group(GREEN)],
        [("", ""), (STANDS_BY.format("no targets"), "")]),
    "two groups that a service fills at once": (
        [fills(BLUE, GREEN)], [group(BLUE, target(1)), group(GREEN)], [("", ""), ("", "")]),
    "an empty group beside the pair of another service": (
        [fills(GRAY, alternate=GREEN), fills(BLUE)], [group(GRAY, target(1)), group(BLUE), group(GREEN)],
        [("", ""), ("", ""), (STANDS_BY.format("no targets"), "")]),
    "health checks are off": ([fills(BLUE)], [group(BLUE, OFF)], [(OFF_WORDS, "")]),
    "health checks are off, and another target is ill": ([fills(BLUE)], [group(BLUE, OFF, ILL)], [("", "")]),
    "unavailable for another reason": (
        [fills(BLUE)], [group(BLUE, target(5, "unavailable", "Elb.InternalError"))], [("", "")]),
    "a neighbour's on a shared balancer": (
        [fills(BLUE)], [group(BLUE, target(1)), group(GREEN, ILL, ILL)],
        [("", ""), ("", FOREIGN.format("2 targets, "))]),
    "a neighbour's without targets": (
        [fills(BLUE)], [group(BLUE, target(1)), group(GREEN)], [("", ""), ("", FOREIGN.format("no targets, "))]),
    "a neighbour's that is unread": (
        [fills(BLUE)], [group(BLUE, target(1)), unread(GREEN)], [("", ""), ("", FOREIGN.format(""))]),
    "another balancer's, which no service fills": (
        [fills(BLUE)], [group(BLUE, target(1), balancers=(WEB,)), group(GREEN, ILL, balancers=(API,))],
        [("", ""), ("", "")]),
    "of two balancers, one of them shared": (
        [fills(BLUE)], [group(BLUE, target(1), balancers=(WEB,)), group(GREEN, ILL, balancers=(API, WEB))],
        [("", ""), ("", FOREIGN.format("1 target, "))]),
    "a balancer that is not known may be shared": (
        [fills(BLUE)], [group(BLUE, target(1)), group(GREEN, ILL, balancers=(API,))],
        [("", ""), ("", FOREIGN.format("1 target, "))]),
    "all groups of a balancer, unread": (
        [fills(BLUE)], [group(BLUE, target(1)), unread(GREEN, is_whole=True)], [("", ""), ("", "")]),
    "no service fills any": ([], [group(BLUE, target(1)), group(GREEN, ILL)], [("", ""), ("", "")]),
    "the stack has no services": (ALONE, [group(BLUE, target(1)), group(GREEN)], [("", ""), ("", "")]),
    "services unread, and one has no targets": (
        DENIED, [group(BLUE, target(1)), group(GREEN)], [("", ""), (REASON, REASON)]),
    "services unread, and one is ill": (
        DENIED, [group(BLUE, target(1)), group(GREEN, ILL)], [("", ""), ("", REASON)]),
    "services unread, and all are healthy": (
        DENIED, [group(BLUE, target(1)), group(GREEN, target(2))], [("", ""), ("", "")]),
    "services unread, and none is healthy": (DENIED, [group(BLUE, ILL), group(GREEN, ILL)], [("", ""), ("", "")]),
    "services unread, and one group alone": (DENIED, [group(BLUE)], [("", "")]),
    "services unread, and one group alone is half ill": (DENIED, [group(BLUE, target(1), ILL)], [("", "")]),
    "services unread, and a group is unread": (DENIED, [group(BLUE, target(1)), unread(GREEN)], [("", ""), ("", "")]),
    "one service unread, and another fills a neighbour": (
        [fills(BLUE), MUTE], [group(BLUE, target(1)), group(GREEN, target(2))], [("", ""), ("", REASON)]),
    "one service unread, and one has no targets": (
        [fills(BLUE), MUTE], [group(BLUE, target(1)), group(GREEN)], [("", ""), (REASON, REASON)]),
    "one service unread, and the other's group is empty": (
        [fills(BLUE), MUTE], [group(BLUE), group(GREEN, target(2))], [(REASON, ""), ("", REASON)]),
})  # fmt: skip
def test_which_groups_are_judged_and_which_stand_by(
    services: list[Service] | CouldNotLook, groups: Sequence[TargetHealth], expected: list[tuple[str, str]]
) -> None:
    found = target_health(stack(), list(groups), services)
    assert [(str(one.idle), str(one.foreign)) for one in found] == expected
    assert [replace(one, idle="", foreign="") for one in found] == list(groups)


def test_a_group_that_the_stack_names_is_its_own_whoever_fills_it() -> None:
    groups = [group(BLUE, target(1)), group(GREEN, ILL)]
    assert [one.foreign for one in target_health(stack(target_groups=("*",)), groups, [fills(BLUE)])] == ["", ""]


def test_what_stands_for_all_groups_of_a_balancer_is_one_of_their_kind() -> None:
    assert isinstance(groups_of_both(API)[1], GroupsUnread)
