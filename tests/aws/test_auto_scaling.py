"""Application Auto Scaling: what may scale, how far, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.application_autoscaling import ServiceScaling, auto_scaling, scaling_schedules
from opschecks.aws.ecs import Service
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import (
    ACCOUNT,
    Aws,
    Raw,
    ago,
    daily,
    examined,
    given,
    judges,
    names,
    pages_of,
    stack,
    verdict,
    verdicts,
)
from tests.cases import cases

SERVICE = "application-autoscaling"
ALL = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
checks = daily("auto_scaling")


def target(name: str = "backend", **changes: Any) -> Raw:
    raw = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/prod/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
        "MinCapacity": 2,
        "MaxCapacity": 10,
        "RoleARN": "arn:aws:iam::123456789012:role/scaling",
        "CreationTime": ago(days=90),
        "SuspendedState": {f"{one}Suspended": False for one in ALL},
    }
    return given(raw, changes)


def policy(name: str = "backend") -> Raw:
    return {
        "PolicyARN": f"arn:aws:autoscaling:{ACCOUNT}:scalingPolicy:1f:resource/ecs/service/prod/{name}:policyName/cpu",
        "PolicyName": "cpu",
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/prod/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
        "PolicyType": "TargetTrackingScaling",
        "CreationTime": ago(days=90),
    }


def action(name: str = "night", service: str = "backend", **limits: int) -> Raw:
    return {
        "ScheduledActionName": name,
        "ScheduledActionARN": f"arn:aws:autoscaling:{ACCOUNT}:scheduledAction:1f:resource/ecs/service/prod/{service}",
        "ServiceNamespace": "ecs",
        "Schedule": "cron(0 20 * * ? *)",
        "ResourceId": f"service/prod/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
        "CreationTime": ago(days=90),
        "ScalableTargetAction": {f"{key.capitalize()}Capacity": value for key, value in limits.items()},
    }


def aws_of(targets: Sequence[Raw], policies: Sequence[Raw], actions: Sequence[Raw] | Exception = ()) -> Aws:
    return Aws(
        {
            (SERVICE, "DescribeScalableTargets"): {"ScalableTargets": list(targets)},
            (SERVICE, "DescribeScalingPolicies"): {"ScalingPolicies": list(policies)},
            (SERVICE, "DescribeScheduledActions"): actions
            if isinstance(actions, Exception)
            else {"ScheduledActions": list(actions)},
        }
    )


def look(aws: Aws, *services: str) -> list[ServiceScaling]:
    """As a run looks: a schedule that may not be read comes as the reason."""
    inventory = names(services=services)
    schedules: dict[str, list[Answer]] | CouldNotLook
    try:
        schedules = scaling_schedules(aws, inventory)
    except CouldNotLook as error:
        schedules = error
    return auto_scaling(aws, inventory, schedules, [])


def seen(
    targets: Sequence[Raw],
    policies: Sequence[Raw] = (policy(),),
    services: Sequence[str] = ("backend",),
    actions: Sequence[Raw] | Exception = (),
) -> list[ServiceScaling]:
    return look(aws_of(targets, policies, actions), *services)


def suspended(*what: str) -> Raw:
    return {"SuspendedState": {f"{one}Suspended": True for one in what}}


SCALES: dict[str, tuple[list[Raw], list[Raw], str, str]] = {
    "scales": ([target()], [policy()], "passed", ""),
    "nothing said of suspension": ([target(SuspendedState=None)], [policy()], "passed", ""),
    "no scaling in": ([target(**suspended("DynamicScalingIn"))], [policy()], "failed", "suspended: scaling in"),
    "all is suspended": (
        [target(**suspended(*ALL))],
        [policy()],
        "failed",
        "suspended: scaling in, scaling out, scheduled scaling",
    ),
    "no target": ([], [policy()], "failed", "it has no scalable target"),
    "no policy": ([target()], [], "failed", "no scaling policy is attached"),
    "the policy is another's": ([target()], [policy("worker")], "failed", "no scaling policy is attached"),
}


test_services_can_scale = judges(checks.test_services_can_scale, SCALES, auto_scaling=seen)


LIMITS: dict[str, tuple[list[Raw], str, str]] = {
    "as wanted": ([target()], "passed", "2 to 10 tasks"),
    "minimum too low": ([target(MinCapacity=1)], "failed", "1 to 10 tasks; expected minimum 2"),
    "minimum too high": ([target(MinCapacity=3)], "failed", "expected minimum 2"),
    "maximum too low": ([target(MaxCapacity=4)], "failed", "expected maximum 10"),
    "maximum too high": ([target(MaxCapacity=100)], "failed", "2 to 100 tasks; expected maximum 10"),
    "no target": ([], "failed", "it has no scalable target"),
}
test_scaling_limits_are_as_wanted = judges(checks.test_scaling_limits_are_as_wanted, LIMITS, auto_scaling=seen)


def test_which_limits_are_wanted_is_the_stacks_to_say() -> None:
    wanted = stack(limits={"min_tasks": 0, "max_tasks": 4})
    scaling = seen([target(MinCapacity=0, MaxCapacity=4)])
    assert verdict(checks.test_scaling_limits_are_as_wanted, auto_scaling=scaling, stack=wanted)[0] == "passed"


def service(desired: int | None) -> Service:
    return Service(
        arn="service/backend", name="backend", evidence=Answer({} if desired is None else {"desiredCount": desired})
    )


ROOM: dict[str, tuple[list[Service], list[Raw], str, str]] = {
    "room": ([service(9)], [target()], "passed", "9 of at most 10 tasks"),
    "at the maximum": ([service(10)], [target()], "failed", "nowhere left to scale to"),
    "beyond the maximum": ([service(12)], [target()], "failed", "12 of at most 10 tasks"),
    "no target": ([service(2)], [], "failed", "it has no scalable target"),
    "service not seen": ([], [target()], "blind", "ecs:DescribeServices"),
    "wish not told": ([service(None)], [target()], "blind", "the answer has no 'desiredCount'"),
}
test_services_have_room_to_scale = judges(
    checks.test_services_are_not_at_max_capacity,
    ROOM,
    auto_scaling=lambda services, targets: seen(targets),
    services=lambda services, targets: services,
)


WITHIN: dict[str, tuple[list[Service], list[Raw], str, str]] = {
    "between the limits": ([service(3)], [target()], "passed", "desired: 3 tasks"),
    "at the minimum": ([service(2)], [target()], "passed", ""),
    "at the maximum": ([service(10)], [target()], "passed", ""),
    "one where two is the fewest": ([service(1)], [target()], "failed", "fewer than the minimum, 2"),
    "beyond the maximum": ([service(12)], [target()], "failed", "more than the maximum, 10"),
    "no target, and within the stack's limits": ([service(2)], [], "passed", ""),
    "no target, and fewer": ([service(1)], [], "failed", "fewer than the minimum, 2"),
    "wish not told": ([service(None)], [target()], "blind", "the answer has no 'desiredCount'"),
}
test_both_bounds_of_the_number_of_tasks_count = judges(
    checks.test_services_are_within_their_task_limits,
    WITHIN,
    auto_scaling=lambda services, targets: seen(targets),
    services=lambda services, targets: services,
)

DENIED = CouldNotLook(f"{SERVICE}:DescribeScheduledActions", "AccessDeniedException: no")
NIGHT = [action("night", min=1, max=4), action("day", min=2, max=10)]
SCHEDULED: dict[str, tuple[list[Raw], list[Raw] | Exception, str, str]] = {
    "by night": ([target(MinCapacity=1, MaxCapacity=4)], NIGHT, "passed", "set by the schedule: night"),
    "by day": ([target()], NIGHT, "passed", "2 to 10 tasks"),
    "one bound only": ([target(MinCapacity=1)], [action(min=1)], "passed", "set by the schedule: night"),
    "the other by somebody else": ([target(MinCapacity=1, MaxCapacity=3)], [action(min=1)], "failed", "minimum 2"),
    "by nobody's schedule": ([target(MaxCapacity=3)], NIGHT, "failed", "expected maximum 10"),
    "another service's schedule": ([target(MinCapacity=1, MaxCapacity=4)], [action(service="worker", min=1, max=4)],
                                   "failed", "expected minimum 2"),
    "denied, and as wanted": ([target()], DENIED, "passed", "2 to 10 tasks"),
    "denied, and not as wanted": ([target(MaxCapacity=3)], DENIED, "blind", "DescribeScheduledActions"),
}  # fmt: skip
test_what_a_schedule_sets_is_as_wanted = judges(
    checks.test_scaling_limits_are_as_wanted,
    SCHEDULED,
    auto_scaling=lambda targets, actions: seen(targets, actions=actions),
)

PINNED: dict[str, tuple[list[Raw] | Exception, str, str]] = {
    "by its schedule": ([action(min=1, max=1)], "passed", "by schedule: night"),
    "by hand": ([], "failed", "nowhere left to scale to"),
    "not known": (DENIED, "blind", "DescribeScheduledActions"),
}
test_a_night_with_one_task_is_no_maximum = judges(
    checks.test_services_are_not_at_max_capacity,
    PINNED,
    auto_scaling=lambda actions: seen([target(MinCapacity=1, MaxCapacity=1)], actions=actions),
    services=lambda actions: [service(1)],
)

SINGLETON = stack(cluster="prod", services=["backend"], limits={"prod/backend": {"min_tasks": 1, "max_tasks": 1}})
ALL_OF_SCALING = (
    "test_services_can_scale",
    "test_scaling_limits_are_as_wanted",
    "test_services_are_not_at_max_capacity",
    "test_services_are_within_their_task_limits",
)


@pytest.mark.parametrize("name", ALL_OF_SCALING)
def test_a_service_of_one_task_needs_no_scaling_once_its_limits_say_so(name: str) -> None:
    given = {"auto_scaling": seen([]), "services": [service(1)], "stack": SINGLETON}
    assert verdict(getattr(checks, name), **given)[0] == "passed"


def test_two_of_a_service_of_one_task_fail() -> None:
    given = {"auto_scaling": seen([]), "services": [service(2)], "stack": SINGLETON}
    told = verdict(checks.test_services_are_within_their_task_limits, **given)
    assert told == ("failed", "desired: 2 tasks; more than the maximum, 1")


def test_each_service_has_its_own_target_and_policies() -> None:
    found = seen(
        [target("worker", MaxCapacity=4), target("backend")],
        [policy("backend"), policy("backend"), policy("elsewhere")],
        services=("backend", "worker", "cron"),
    )
    counted = [(one.name, one.is_registered, len(one.policies)) for one in found]
    assert counted == [("backend", True, 2), ("worker", True, 0), ("cron", False, 0)]
    limits = verdicts(checks.test_scaling_limits_are_as_wanted, auto_scaling=found)
    assert limits == {"backend": "passed", "worker": "failed", "cron": "failed"}
    said = [one.message for one in examined(checks.test_services_can_scale, auto_scaling=found)]
    assert said[:2] == ["", "no scaling policy is attached"]
    assert said[2].startswith("it has no scalable target")


def test_targets_are_asked_for_by_the_fifty_and_policies_of_several_services_in_one_list() -> None:
    wanted = tuple(f"service-{n}" for n in range(120))

    def targets(ResourceIds: Sequence[str], NextToken: str = "", **_: Any) -> Raw:  # noqa: N803 - AWS's names
        told = [target(one.rsplit("/", 1)[-1]) for one in ResourceIds]
        middle = len(told) // 2
        return {"ScalableTargets": told[middle:]} if NextToken else {"ScalableTargets": told[:middle], "NextToken": "2"}

    policies = [policy(name) for name in wanted]
    pages = pages_of("ScalingPolicies", policies[:50], [], policies[50:])
    aws = Aws({(SERVICE, "DescribeScalableTargets"): targets, (SERVICE, "DescribeScalingPolicies"): pages})
    found = auto_scaling(aws, names(services=wanted), {f"service/prod/{name}": [] for name in wanted}, [])
    assert set(verdicts(checks.test_services_can_scale, auto_scaling=found).values()) == {"passed"}
    assert len(found) == 120
    sizes = sorted(len(one["ResourceIds"]) for one in aws.parameters_of("DescribeScalableTargets"))
    assert sizes == [20, 20, 50, 50, 50, 50]
    assert all("ResourceId" not in one for one in aws.parameters_of("DescribeScalingPolicies"))


def test_policies_of_one_service_are_asked_for_by_its_id() -> None:
    aws = aws_of([target()], [policy()])
    look(aws, "backend")
    [asked] = aws.parameters_of("DescribeScalingPolicies")
    assert asked == {"ServiceNamespace": "ecs", "ResourceId": "service/prod/backend"}


@cases({
    "targets": ({}, {"ScalingPolicies": []}),
    "policies": ({"ScalableTargets": []}, {}),
})  # fmt: skip
def test_half_an_answer_is_not_seen(targets: Raw, policies: Raw) -> None:
    aws = Aws({(SERVICE, "DescribeScalableTargets"): targets, (SERVICE, "DescribeScalingPolicies"): policies})
    with pytest.raises(CouldNotLook, match="the answer has no 'Scal"):
        auto_scaling(aws, names(services=("backend",)), {"service/prod/backend": []}, [])
