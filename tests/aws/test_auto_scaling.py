"""Application Auto Scaling: what may scale, how far, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.application_autoscaling import ServiceScaling, auto_scaling
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


def aws_of(targets: Sequence[Raw], policies: Sequence[Raw]) -> Aws:
    told = {"ScalableTargets": list(targets)}, {"ScalingPolicies": list(policies)}
    return Aws({(SERVICE, "DescribeScalableTargets"): told[0], (SERVICE, "DescribeScalingPolicies"): told[1]})


def seen(
    targets: Sequence[Raw], policies: Sequence[Raw] = (policy(),), services: Sequence[str] = ("backend",)
) -> list[ServiceScaling]:
    return auto_scaling(aws_of(targets, policies), names(services=tuple(services)))


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
    assert said == ["", "no scaling policy is attached", "it has no scalable target"]


def test_targets_are_asked_for_by_the_fifty_and_policies_of_several_services_in_one_list() -> None:
    wanted = tuple(f"service-{n}" for n in range(120))

    def targets(ResourceIds: Sequence[str], NextToken: str = "", **_: Any) -> Raw:  # noqa: N803 - AWS's names
        told = [target(one.rsplit("/", 1)[-1]) for one in ResourceIds]
        middle = len(told) // 2
        return {"ScalableTargets": told[middle:]} if NextToken else {"ScalableTargets": told[:middle], "NextToken": "2"}

    policies = [policy(name) for name in wanted]
    pages = pages_of("ScalingPolicies", policies[:50], [], policies[50:])
    aws = Aws({(SERVICE, "DescribeScalableTargets"): targets, (SERVICE, "DescribeScalingPolicies"): pages})
    found = auto_scaling(aws, names(services=wanted))
    assert set(verdicts(checks.test_services_can_scale, auto_scaling=found).values()) == {"passed"}
    assert len(found) == 120
    sizes = sorted(len(one["ResourceIds"]) for one in aws.parameters_of("DescribeScalableTargets"))
    assert sizes == [20, 20, 50, 50, 50, 50]
    assert all("ResourceId" not in one for one in aws.parameters_of("DescribeScalingPolicies"))


def test_policies_of_one_service_are_asked_for_by_its_id() -> None:
    aws = aws_of([target()], [policy()])
    auto_scaling(aws, names(services=("backend",)))
    [asked] = aws.parameters_of("DescribeScalingPolicies")
    assert asked == {"ServiceNamespace": "ecs", "ResourceId": "service/prod/backend"}


@pytest.mark.parametrize(
    ("targets", "policies"), [({}, {"ScalingPolicies": []}), ({"ScalableTargets": []}, {})], ids=["targets", "policies"]
)
def test_half_an_answer_is_not_seen(targets: Raw, policies: Raw) -> None:
    aws = Aws({(SERVICE, "DescribeScalableTargets"): targets, (SERVICE, "DescribeScalingPolicies"): policies})
    with pytest.raises(CouldNotLook, match="the answer has no 'Scal"):
        auto_scaling(aws, names(services=("backend",)))
