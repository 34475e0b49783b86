"""Which target groups are a stack's to judge, and which stand by, over every state of services and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from opschecks.aws.ecs import Service
from opschecks.aws.elbv2 import (
    NO_CHECKS,
    GroupsUnread,
    TargetHealth,
)
from opschecks.aws.own_groups import target_health
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotConfigured
from tests.aws.test_target_properties import (
    API,
    BLUE,
    DENIED,
    GRAY,
    GREEN,
    WEB,
    group,
    groups_of_both,
    in_ecs,
    target,
    unread,
)
from tests.canned import Raw, stack


def fills(*arns: str, sets: Sequence[str] = (), alternate: str = "") -> Service:
    told: Raw = {"loadBalancers": [in_ecs(arn, alternate) for arn in arns]}
    if sets:
        told["taskSets"] = [{"loadBalancers": [in_ecs(arn)]} for arn in sets]
    return Service(arn="service/prod/web", name="web", evidence=Answer(told, "ecs:DescribeServices"))


MUTE = Service(arn="service/prod/api", name="api", evidence=Unread(DENIED))
ALONE = NotConfigured("", "stack here names no services")
ILL, STARTS, DRAINS = target(7, "unhealthy"), target(8, "initial"), target(9, "draining")
OFF = target(5, "unavailable", NO_CHECKS)
STANDS_BY = "{}: it stands by, and the group that serves has healthy ones"
FOREIGN = "{}not judged: no service of the stack fills it (target_groups in stacks.toml can name it)"
OFF_WORDS = "not assessed: its health checks are off"
REASON = str(DENIED)
JUDGED: dict[str, tuple[list[Service] | CouldNotLook, Sequence[TargetHealth], list[tuple[str, str]]]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_which_groups_are_judged_and_which_stand_by(case: str) -> None:
    services, groups, expected = JUDGED[case]
    found = target_health(stack(), list(groups), services)
    assert [(str(one.idle), str(one.foreign)) for one in found] == expected
    assert [replace(one, idle="", foreign="") for one in found] == list(groups)


def test_a_group_that_the_stack_names_is_its_own_whoever_fills_it() -> None:
    groups = [group(BLUE, target(1)), group(GREEN, ILL)]
    assert [one.foreign for one in target_health(stack(target_groups=("*",)), groups, [fills(BLUE)])] == ["", ""]


def test_what_stands_for_all_groups_of_a_balancer_is_one_of_their_kind() -> None:
    assert isinstance(groups_of_both(API)[1], GroupsUnread)
