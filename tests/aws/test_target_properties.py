"""Elastic Load Balancing: every property of balancers, groups and targets, and which groups are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.elbv2 import (
    BALANCERS_A_CALL,
    NO_CHECKS,
    LoadBalancer,
    Target,
    TargetGroup,
    TargetHealth,
    balanced_groups,
    every_group,
    filled_by,
    load_balancers,
    named,
    registered_targets,
    target_groups,
    told,
)
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure, Resource
from opschecks.core.observation import REGISTRY, CouldNotLook, NotThere
from tests.canned import ACCOUNT, Aws, Raw, names, stack
from tests.cases import cases

ELB = f"arn:aws:elasticloadbalancing:{ACCOUNT}"
WEB, API = f"{ELB}:loadbalancer/app/web/50dc6c495c0c9188", f"{ELB}:loadbalancer/app/api/50dc6c495c0c9189"
BLUE, GREEN, GRAY = (f"{ELB}:targetgroup/{name}/73e2d6bc24d8a067" for name in ("blue", "green", "gray"))
DENIED = CouldNotLook("elasticloadbalancing:DescribeTargetHealth", "AccessDenied: no", action="x:Y")


def target(number: int, state: str = "healthy", code: str = "", says: str = "", port: int | None = 80) -> Raw:
    why = {"Reason": code, "Description": says}
    health = {"State": state, **{key: value for key, value in why.items() if value}}
    return {"Target": {"Id": f"10.0.0.{number}", **({"Port": port} if port else {})}, "TargetHealth": health}


def group(arn: str, *targets: Raw, balancers: tuple[str, ...] = (), **more: Any) -> TargetHealth:
    evidence = Answer({"TargetHealthDescriptions": list(targets)}, "elasticloadbalancing:DescribeTargetHealth")
    return TargetHealth(arn=arn, name=arn.split("/")[1], evidence=evidence, balancers=balancers, **more)


def unread(arn: str, **more: Any) -> TargetHealth:
    return TargetHealth(arn=arn, name=arn.split("/")[1], evidence=Unread(DENIED), unread=DENIED, **more)


@cases({
    "healthy": (target(1), Target("10.0.0.1:80", "healthy", ""), "10.0.0.1:80 is healthy"),
    "without a port": (target(1, port=None), Target("10.0.0.1", "healthy", ""), "10.0.0.1 is healthy"),
    "with a description": (
        target(1, "unhealthy", "Target.Timeout", "Request timed out"),
        Target("10.0.0.1:80", "unhealthy", "Request timed out", "Target.Timeout"),
        "10.0.0.1:80 is unhealthy (Request timed out)"),
    "with a code alone": (
        target(1, "unhealthy", "Target.Timeout"),
        Target("10.0.0.1:80", "unhealthy", "Target.Timeout", "Target.Timeout"),
        "10.0.0.1:80 is unhealthy (Target.Timeout)"),
    "with a description alone": (
        target(1, "draining", says="Deregistration"), Target("10.0.0.1:80", "draining", "Deregistration"),
        "10.0.0.1:80 is draining (Deregistration)"),
})  # fmt: skip
def test_a_target_is_read_with_its_reason(raw: Raw, expected: Target, words: str) -> None:
    assert group(BLUE, raw).targets == [expected]
    assert str(expected) == words


def test_a_state_that_nobody_here_knows_is_not_judged() -> None:
    with pytest.raises(CouldNotLook, match="State is 'melting', which this version does not know"):
        group(BLUE, target(1, "melting")).targets  # noqa: B018 - it raises


STATES = ["initial", "healthy", "unhealthy", "unhealthy.draining", "unused", "draining", "unavailable"]


def test_those_that_are_ill_are_told_from_those_that_come_and_go() -> None:
    every = [target(number, state, NO_CHECKS if state == "unavailable" else "") for number, state in enumerate(STATES)]
    assert [one.state for one in group(BLUE, *every).ill] == ["unhealthy", "unhealthy.draining", "unused"]
    assert [one.state for one in group(BLUE, *every).in_state("initial", "draining")] == ["initial", "draining"]
    assert group(BLUE, *every[:2]).ill == []
    unknown = target(9, "unavailable", "Elb.InternalError", "internal")
    assert [one.state for one in group(BLUE, unknown, target(1, "unused")).ill] == ["unused"]
    with pytest.raises(CouldNotLook, match=r"10\.0\.0\.9:80 is unavailable \(internal\)$"):
        group(BLUE, unknown, *every[:2], every[-1]).ill  # noqa: B018 - it raises


def test_a_message_lists_five_targets() -> None:
    listed = [Target(str(number), "unused", "") for number in range(7)]
    five = "0 is unused, 1 is unused, 2 is unused, 3 is unused, 4 is unused"
    assert told(listed[:2]) == "0 is unused, 1 is unused"
    assert told(listed[:5]) == five
    assert told(listed[:6]) == f"{five}, and 1 more"
    assert told(listed) == f"{five}, and 2 more"


@cases({
    "judged": ("", "", ""),
    "idle": ("idle", "", "idle"),
    "foreign": ("", "foreign", "foreign"),
    "idle and foreign": ("idle", "foreign", "idle"),
    "foreign, and perhaps idle": (DENIED, "foreign", "foreign"),
    "idle, and perhaps foreign": ("idle", DENIED, "idle"),
})  # fmt: skip
def test_why_a_group_is_not_judged(idle: str | CouldNotLook, foreign: str | CouldNotLook, expected: str) -> None:
    assert group(BLUE, idle=idle, foreign=foreign).not_judged == expected


@cases({"idle": (DENIED, ""), "foreign": ("", DENIED)})
def test_where_it_is_not_known_whether_a_group_is_judged(idle: Any, foreign: Any) -> None:
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        group(BLUE, idle=idle, foreign=foreign).not_judged  # noqa: B018 - it raises


def balancer(name: str, kind: str = "application") -> Raw:
    arn = f"{ELB}:loadbalancer/app/{name}/50dc6c495c0c9188"
    return {"LoadBalancerArn": arn, "LoadBalancerName": name, "Type": kind}


def listing(*known: str, refused: CouldNotLook | None = None) -> Aws:
    """DescribeLoadBalancers, which refuses the whole call where one is not there."""

    def answer(Names: Sequence[str] = (), LoadBalancerArns: Sequence[str] = ()) -> Any:  # noqa: N803 - AWS's names
        wanted = [*Names, *(arn.split("/")[2] for arn in LoadBalancerArns)]
        if any(one not in known for one in wanted):
            return refused or NotThere("elasticloadbalancing:DescribeLoadBalancers", "LoadBalancerNotFound: no")
        return {"LoadBalancers": [balancer(one) for one in wanted]}

    return Aws({("elbv2", "DescribeLoadBalancers"): answer})


def test_of_several_balancers_one_that_is_not_there_is_unread_alone() -> None:
    assert REGISTRY["load_balancers"].lasting
    web, old, api = load_balancers(listing("web"), names(load_balancers=(WEB, "old", API)))
    assert (web.name, web.is_application, web.dimension) == ("web", True, "app/web/50dc6c495c0c9188")
    assert [(one.arn, one.name) for one in (old, api)] == [("old", "old"), (API, "api")]
    for one in (old, api):
        with pytest.raises(NotThere, match="LoadBalancerNotFound"):
            one.is_application  # noqa: B018 - it raises


REFUSED = CouldNotLook("elasticloadbalancing:DescribeLoadBalancers", "AccessDenied: no", action="x:Y")
THROTTLED = CouldNotLook("elasticloadbalancing:DescribeLoadBalancers", "Throttling: Rate exceeded")
DENIED_THERE = NotThere("elasticloadbalancing:DescribeLoadBalancers", "no", action="x:Y")


@cases({
    "one that is not there": (("old",), None, 1),
    "denied": (("web", "old"), REFUSED, 1),
    "throttled": (("web", "old"), THROTTLED, 1),
    "denied as not there": (("web", "old"), DENIED_THERE, 1),
})  # fmt: skip
def test_what_is_not_about_one_balancer_is_not_asked_again(wanted: Any, refused: Any, asked: int) -> None:
    aws = listing("web", refused=refused)
    with pytest.raises(CouldNotLook):
        load_balancers(aws, names(load_balancers=wanted))
    assert len(aws.calls) == asked


def test_a_balancer_that_the_answer_leaves_out_is_unread_alone() -> None:
    def answer(Names: Sequence[str]) -> Raw:  # noqa: N803 - AWS's names
        return {"LoadBalancers": [balancer(one) for one in Names if one != "old"]}

    aws = Aws({("elbv2", "DescribeLoadBalancers"): answer})
    web, old = load_balancers(aws, names(load_balancers=("web", "old")))
    assert (web.name, old.arn) == ("web", "old")
    with pytest.raises(CouldNotLook, match=r"the answer does not mention old$"):
        old.is_application  # noqa: B018 - it raises


def test_twenty_balancers_are_described_a_call() -> None:
    assert BALANCERS_A_CALL == 20
    plain, others = [f"web-{number}" for number in range(21)], [f"api-{number}" for number in range(21)]
    arns = [balancer(one)["LoadBalancerArn"] for one in others]
    aws = listing(*plain, *others)
    assert [one.name for one in load_balancers(aws, names(load_balancers=(*plain, *arns)))] == [*others, *plain]
    sizes = [(key, len(some)) for one in aws.parameters_of("DescribeLoadBalancers") for key, some in one.items()]
    assert sizes == [("LoadBalancerArns", 20), ("LoadBalancerArns", 1), ("Names", 20), ("Names", 1)]


def test_the_kind_and_the_dimension_of_a_balancer() -> None:
    for kind, expected in (("application", True), ("network", False), ("gateway", False)):
        assert LoadBalancer(arn=WEB, name="web", evidence={"Type": kind}).is_application is expected
    with pytest.raises(CouldNotLook, match="LoadBalancerArn is 'web', which is not the ARN of a load balancer"):
        LoadBalancer(arn="web", name="web", evidence={}).dimension  # noqa: B018 - it raises


def attributed(**attributes: str) -> TargetGroup:
    told = [{"Key": f"stickiness.{key}", "Value": value} for key, value in attributes.items()]
    return TargetGroup(arn=BLUE, name="blue", evidence={"Attributes": told})


@cases({
    "on": (attributed(enabled="true"), lambda it: it.sticky, True),
    "off": (attributed(enabled="false"), lambda it: it.sticky, False),
    "by the balancer's cookie": (
        attributed(**{"type": "lb_cookie", "lb_cookie.duration_seconds": "60", "app_cookie.duration_seconds": "70"}),
        lambda it: (it.sticky_by, it.sticky_for), ("lb_cookie", timedelta(seconds=60))),
    "by the application's cookie": (
        attributed(**{"type": "app_cookie", "lb_cookie.duration_seconds": "60", "app_cookie.duration_seconds": "70"}),
        lambda it: (it.sticky_by, it.sticky_for), ("app_cookie", timedelta(seconds=70))),
    "by address": (
        attributed(**{"type": "source_ip", "lb_cookie.duration_seconds": "60"}),
        lambda it: (it.sticky_by, it.sticky_for), ("source_ip", timedelta(seconds=60))),
})  # fmt: skip
def test_stickiness_is_read_of_attributes(of: TargetGroup, read: Callable[[TargetGroup], Any], expected: Any) -> None:
    assert read(of) == expected


@pytest.mark.parametrize("name", ["sticky", "sticky_by", "sticky_for"])
def test_an_attribute_that_the_answer_lacks_is_not_guessed(name: str) -> None:
    with pytest.raises(CouldNotLook, match="DescribeTargetGroupAttributes: the answer has no 'stickiness"):
        getattr(attributed(), name)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        getattr(TargetGroup(arn=BLUE, name="blue", problem=DENIED), name)


def in_ecs(arn: str, alternate: str = "") -> Raw:
    more = {"advancedConfiguration": {"alternateTargetGroupArn": alternate}} if alternate else {}
    return {"targetGroupArn": arn, **more}


@cases({
    "nothing": ({"loadBalancers": []}, set()),
    "a group": ({"loadBalancers": [in_ecs(BLUE)]}, {BLUE}),
    "two groups": ({"loadBalancers": [in_ecs(BLUE), in_ecs(GRAY)]}, {BLUE, GRAY}),
    "an alternate one": ({"loadBalancers": [in_ecs(BLUE, GREEN)]}, {BLUE, GREEN}),
    "an empty configuration": ({"loadBalancers": [{"targetGroupArn": BLUE, "advancedConfiguration": {}}]}, {BLUE}),
    "a classic one": ({"loadBalancers": [{"loadBalancerName": "old"}]}, set()),
    "those of task sets": (
        {"loadBalancers": [in_ecs(BLUE)], "taskSets": [{"loadBalancers": [in_ecs(GREEN)]}, {"id": "2"}]},
        {BLUE, GREEN}),
    "task sets alone": ({"loadBalancers": [], "taskSets": [{"loadBalancers": [in_ecs(GRAY)]}]}, {GRAY}),
    "no task sets": ({"loadBalancers": [in_ecs(BLUE)], "taskSets": []}, {BLUE}),
    "a service that is not there": ({"status": "MISSING"}, set()),
})  # fmt: skip
def test_which_groups_a_service_fills(told: Raw, expected: set[str]) -> None:
    assert filled_by(Answer(told, "ecs:DescribeServices")) == expected


def test_a_service_that_says_nothing_of_load_balancers_is_not_one_without() -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'loadBalancers'"):
        filled_by(Answer({"status": "ACTIVE"}, "ecs:DescribeServices"))


def listed(arn: str, *balancers: str) -> Raw:
    return {"TargetGroupArn": arn, "TargetGroupName": arn.split("/")[1], "LoadBalancerArns": list(balancers)}


def groups_of_both(refused: str = "") -> list[Resource]:
    def answer(LoadBalancerArn: str) -> Any:  # noqa: N803 - AWS's names
        if LoadBalancerArn == refused:
            return DENIED
        return {"TargetGroups": [listed(BLUE if LoadBalancerArn == WEB else GREEN, LoadBalancerArn)]}

    both = [LoadBalancer(arn=WEB, name="web", evidence={}), LoadBalancer(arn=API, name="api", evidence={})]
    return every_group(Aws({("elbv2", "DescribeTargetGroups"): answer}), both)


def test_the_groups_of_a_balancer_that_may_not_be_read_are_unread_alone() -> None:
    assert REGISTRY["every_group"].lasting
    assert [(one.arn, one.name) for one in groups_of_both()] == [(BLUE, "blue"), (GREEN, "green")]
    blue, of_api = groups_of_both(API)
    assert (blue.arn, of_api.arn, of_api.name) == (BLUE, API, "target groups of api")
    gone = LoadBalancer(arn=API, name="api", evidence=Unread(DENIED))
    aws = Aws({("elbv2", "DescribeTargetGroups"): {"TargetGroups": [listed(BLUE, WEB)]}})
    assert [one.arn for one in every_group(aws, [LoadBalancer(arn=WEB, name="web"), gone])] == [BLUE, API]
    assert aws.parameters_of("DescribeTargetGroups") == [{"LoadBalancerArn": WEB}]


def test_targets_are_read_of_each_group_with_its_balancers_and_figures() -> None:
    def answer(TargetGroupArn: str) -> Any:  # noqa: N803 - AWS's names
        told = [target(1), target(2, "unused")] if TargetGroupArn == BLUE else None
        return {"TargetHealthDescriptions": told} if told else DENIED

    aws = Aws({("elbv2", "DescribeTargetHealth"): answer})
    bare = Resource(arn=GRAY, name="gray", evidence={"LoadBalancerArns": [WEB]})
    blue, gray, of_api = registered_targets(aws, [groups_of_both()[0], bare, groups_of_both(API)[1]])
    assert (blue.balancers, blue.unread, blue.is_whole) == ((WEB,), None, False)
    assert blue.figures == (Figure("healthy targets", 1), Figure("registered targets", 2))
    assert (gray.arn, gray.name, gray.balancers, gray.is_whole) == (GRAY, "gray", (WEB,), False)
    assert str(gray.unread) == str(DENIED)
    assert (of_api.arn, of_api.balancers, of_api.is_whole) == (API, (), True)
    assert {"TargetGroupArn": API} not in aws.parameters_of("DescribeTargetHealth")
    aws = Aws({("elbv2", "DescribeTargetHealth"): {"TargetHealthDescriptions": []}})
    assert registered_targets(aws, [Resource(arn=GRAY, name="gray")])[0].balancers == ()


def test_attributes_are_read_of_each_group_and_one_that_refuses_blinds_itself() -> None:
    def answer(TargetGroupArn: str) -> Any:  # noqa: N803 - AWS's names
        return {"Attributes": [{"Key": "stickiness.enabled", "Value": "true"}]} if TargetGroupArn == BLUE else DENIED

    blue, green = target_groups(Aws({("elbv2", "DescribeTargetGroupAttributes"): answer}), groups_of_both())
    assert (blue.arn, blue.name, blue.sticky, blue.problem) == (BLUE, "blue", True, None)
    assert blue.evidence["LoadBalancerArns"] == [WEB]
    assert (green.arn, green.name, str(green.problem)) == (GREEN, "green", str(DENIED))
    assert green.evidence["LoadBalancerArns"] == [API]
    aws = Aws({("elbv2", "DescribeTargetGroupAttributes"): answer})
    assert [one.problem is None for one in target_groups(aws, groups_of_both(API))] == [True, False]
    assert aws.parameters_of("DescribeTargetGroupAttributes") == [{"TargetGroupArn": BLUE}]


def test_a_pattern_that_matches_none_is_told_unless_a_group_is_unread() -> None:
    blue, green = groups_of_both()
    assert named([blue, green], ["b*"]) == [blue]
    assert named([blue, green], ["green", "b*"]) == [blue, green]
    assert balanced_groups(stack(), [blue, green]) == [blue, green]
    assert balanced_groups(stack(target_groups=("green",)), [blue, green]) == [green]
    with pytest.raises(CouldNotLook, match=r"the load balancer has no target group gray, x$"):
        named([blue, green], ["blue", "gray", "x"])
    blue, of_api = groups_of_both(API)
    assert named([blue, of_api], ["gray"]) == [of_api]
    assert named([blue, of_api], ["blue"]) == [blue, of_api]
