"""What is known of a service's auto-scaling: bounds, schedules, suspension; whose targets and actions they are.

Source: API_ScalableTarget, API_ScheduledAction and API_ScalingPolicy of Application Auto Scaling.
"""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.application_autoscaling import ServiceScaling, _scaling, auto_scaling, scaling_schedules
from opschecks.aws.ecs import Service
from opschecks.aws.unread import Unread
from opschecks.config.limits import ResourceLimits
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import REGISTRY, CouldNotLook
from tests.aws.test_auto_scaling import DENIED, SERVICE, action, aws_of, look, policy, seen, suspended, target
from tests.canned import Raw, names
from tests.cases import cases

OTHER = {"ScalableDimension": "ec2:spot-fleet-request:TargetCapacity"}
"""Of another kind: ECS has one dimension, and AWS may add more."""
NIGHT, DAY = action("night", min=1, max=4), action("day", min=2, max=10)


def _one(*targets: Raw, actions: Any = (), **more: Any) -> ServiceScaling:
    [found] = seen(list(targets), actions=actions, **more)
    return found


def test_a_services_scaling_is_told_whole() -> None:
    assert _one(target(), actions=[NIGHT]) == ServiceScaling(
        arn="service/prod/backend",
        name="backend",
        schedule=(Answer(NIGHT),),
        evidence={"target": target(), "policies": [policy()], "scheduled actions": [NIGHT]},
        figures=(Figure("min tasks", 2), Figure("max tasks", 10)),
    )


def test_what_scales_does_not_go_away_by_itself() -> None:
    assert _one(target()).is_registered
    assert REGISTRY["auto_scaling"].lasting


def test_without_a_target_there_are_no_figures_and_no_capacities() -> None:
    found = _one()
    assert (found.is_registered, found.figures, found.suspended, found.policies) == (False, (), [], [policy()])
    for name in ("min_capacity", "max_capacity"):
        with pytest.raises(CouldNotLook, match="application-autoscaling:DescribeScalableTargets: the answer has no"):
            getattr(found, name)


def test_a_schedule_that_may_not_be_read_is_told_as_the_reason() -> None:
    found = _one(target(), actions=DENIED)
    assert found.evidence["scheduled actions"] == str(DENIED)
    assert (found.min_capacity, found.max_capacity) == (2, 10)
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.scheduled


def test_only_actions_that_set_limits_count() -> None:
    nothing = action("nothing")
    assert [one["ScheduledActionName"] for one in _one(target(), actions=[nothing, NIGHT]).scheduled] == ["night"]


@cases({
    "a target": (_one(target(MinCapacity=3)), (3, 10)),
    "none": (_one(), (1, 7)),
})  # fmt: skip
def test_bounds_are_the_targets_or_else_those_of_the_limits(found: ServiceScaling, bounds: tuple[int, int]) -> None:
    assert found.bounds(ResourceLimits(min_tasks=1, max_tasks=7)) == bounds


@cases({
    "as wanted": (target(), DENIED, []),
    "both, by one action": (target(MinCapacity=1, MaxCapacity=4), [NIGHT, DAY], ["night"]),
    "each by another": (
        target(MinCapacity=1, MaxCapacity=4), [action("a", min=1), action("b", max=4)], ["a", "b"]),
    "the lower by two": (target(MinCapacity=1), [action("a", min=1), action("b", min=1)], ["a", "b"]),
    "the lower by none": (target(MinCapacity=3), [NIGHT, DAY], []),
    "the upper by none": (target(MinCapacity=1, MaxCapacity=3), [NIGHT], []),
    "the lower where an action sets the other": (target(MinCapacity=4), [action("a", max=4)], []),
    "the upper alone": (target(MaxCapacity=4), [NIGHT], ["night"]),
})  # fmt: skip
def test_what_a_schedule_set(raw: Raw, actions: list[Raw] | Exception, by: list[str]) -> None:
    assert _one(raw, actions=actions).set_by_schedule(2, 10) == by


@cases({
    "there is room": (target(), DENIED, []),
    "by a schedule": (target(MinCapacity=4, MaxCapacity=4), [NIGHT, DAY], ["night"]),
    "by two": (target(MinCapacity=4, MaxCapacity=4), [NIGHT, action("b", max=4)], ["night", "b"]),
    "by hand": (target(MinCapacity=3, MaxCapacity=3), [NIGHT, DAY], []),
    "its minimum alone": (target(MinCapacity=4, MaxCapacity=4), [action("a", min=4)], []),
})  # fmt: skip
def test_what_leaves_no_room_on_purpose(raw: Raw, actions: list[Raw] | Exception, by: list[str]) -> None:
    assert _one(raw, actions=actions).pinned_by == by


SUSPENDED = {
    "DynamicScalingIn": ["scaling in"],
    "DynamicScalingOut": ["scaling out"],
    "ScheduledScaling": ["scheduled scaling"],
}


@pytest.mark.parametrize("what", SUSPENDED)
def test_what_is_suspended(what: str) -> None:
    assert _one(target(**suspended(what))).suspended == SUSPENDED[what]
    assert _one(target()).suspended == []
    assert _one(target(SuspendedState=None)).suspended == []


def test_other_dimensions_of_a_service_are_not_its_number_of_tasks() -> None:
    own = look(aws_of([target(), target(**OTHER, MaxCapacity=99)], [policy()], [NIGHT]), "backend")
    other = look(aws_of([target(**OTHER)], [policy() | OTHER], [NIGHT | OTHER]), "backend")
    told = [(one.is_registered, one.figures[1:], len(one.policies), len(one.scheduled)) for one in (*own, *other)]
    assert told == [(True, (Figure("max tasks", 10),), 1, 1), (False, (), 0, 0)]


def test_schedules_are_listed_once_and_kept_by_service() -> None:
    worker = action("worker's", "worker", min=1)
    aws = aws_of([], [], [NIGHT, worker])
    told = scaling_schedules(aws, names(services=("backend", "worker", "cron")))
    assert told == {"service/prod/backend": [NIGHT], "service/prod/worker": [worker], "service/prod/cron": []}
    assert aws.parameters_of("DescribeScheduledActions") == [{"ServiceNamespace": "ecs"}]
    alone = aws_of([], [], [NIGHT])
    assert scaling_schedules(alone, names(services=("backend",))) == {"service/prod/backend": [NIGHT]}
    assert alone.parameters_of("DescribeScheduledActions") == [
        {"ServiceNamespace": "ecs", "ResourceId": "service/prod/backend"}
    ]


def _daemon(name: str, strategy: str) -> Service:
    return Service(arn=name, name=name, evidence=Answer({"schedulingStrategy": strategy, "status": "ACTIVE"}))


WHY = "a daemon: it runs one task on each container instance, and nothing scales it"


def test_a_daemon_that_nothing_scales_never_scales() -> None:
    services = [_daemon("agent", "DAEMON"), _daemon("scaled", "DAEMON"), _daemon("web", "REPLICA")]
    inventory = names(services=("agent", "scaled", "web", "unseen"))
    aws = aws_of([target("scaled")], [])
    found = auto_scaling(aws, inventory, {one: [] for one in inventory.paths}, services)
    assert [(one.name, one.never_scales) for one in found] == [
        ("agent", WHY), ("scaled", ""), ("web", ""), ("unseen", ""),
    ]  # fmt: skip


def test_where_services_are_not_known_only_what_nothing_scales_is_in_doubt() -> None:
    inventory = names(services=("scaled", "web"))
    denied = CouldNotLook("ecs:DescribeServices", "AccessDenied")
    scaled, web = auto_scaling(aws_of([target("scaled")], []), inventory, {one: [] for one in inventory.paths}, denied)
    assert scaled.never_scales == ""
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert web.never_scales


def test_a_service_that_could_not_be_read_leaves_only_its_own_scaling_in_doubt() -> None:
    why = CouldNotLook("ecs:DescribeServices", "no answer of it")
    services = [Service(arn="agent", name="agent", evidence=Unread(why)), _daemon("web", "REPLICA")]
    inventory = names(services=("agent", "web"))
    agent, web = auto_scaling(aws_of([], []), inventory, {one: [] for one in inventory.paths}, services)
    assert web.never_scales == ""
    with pytest.raises(CouldNotLook, match="no answer of it"):
        assert agent.never_scales


@cases([("MinCapacity", ("min tasks", 2)), ("MaxCapacity", ("max tasks", 10))])
def test_of_a_target_that_was_cut_what_is_left_is_shown(left: str, shown: tuple[str, int]) -> None:
    cut = Answer({left: target()[left]}, f"{SERVICE}:DescribeScalableTargets")
    found = _scaling("service/prod/backend", "backend", cut, [], {"service/prod/backend": []})
    assert found.figures == (Figure(*shown),)
