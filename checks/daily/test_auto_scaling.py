"""Services can scale, within the expected limits, and have room to grow."""

from opschecks import Answer, Examine, Severity, Stack, check, plural
from opschecks.aws.application_autoscaling import ServiceScaling
from opschecks.aws.ecs import Service
from opschecks.remedies.settings.application_autoscaling import ResumeScaling, SetScalingLimits


@check(Severity.HIGH, runbook="auto-scaling", failing="A service cannot scale", remedy=ResumeScaling)
def test_services_can_scale(auto_scaling: list[ServiceScaling], stack: Stack, examine: Examine) -> None:
    """Scaling that was suspended for an incident and forgotten is noticed at the next peak."""
    for service in auto_scaling:
        with examine(service) as note:
            if fixed := stack.limits.of(service).fixed_tasks:
                note(f"always {fixed}, by its limits min_tasks and max_tasks")
                continue
            if service.never_scales:
                note(service.never_scales)
                continue
            assert service.is_registered, (
                "it has no scalable target; if it must not scale, set its limits to one number"
            )
            assert not service.suspended, f"suspended: {', '.join(service.suspended)}"
            assert service.policies, "no scaling policy is attached"


@check(Severity.MEDIUM, runbook="auto-scaling", failing="Scaling limits are wrong", remedy=SetScalingLimits)
def test_scaling_limits_are_as_wanted(auto_scaling: list[ServiceScaling], stack: Stack, examine: Examine) -> None:
    """Too low a minimum leaves one task to fail; too low a maximum turns users away, too high a one costs money."""
    for service in auto_scaling:
        with examine(service) as note:
            limits = stack.limits.of(service)
            if limits.fixed_tasks and not service.is_registered:
                note(f"no auto-scaling: always {limits.fixed_tasks}")
                continue
            if service.never_scales:
                note(service.never_scales)
                continue
            assert service.is_registered, "it has no scalable target"
            wanted = f"{limits.min_tasks} to {plural(limits.max_tasks, 'task')}"
            note(f"{service.min_capacity} to {plural(service.max_capacity, 'task')}", expected=wanted)
            if by := service.set_by_schedule(limits.min_tasks, limits.max_tasks):
                note(f"set by the schedule: {', '.join(by)}")
                continue
            assert service.min_capacity == limits.min_tasks, f"expected minimum {limits.min_tasks}"
            assert service.max_capacity == limits.max_tasks, f"expected maximum {limits.max_tasks}"


@check(Severity.HIGH, runbook="auto-scaling", failing="A service is at its scaling maximum")
def test_services_are_not_at_max_capacity(
    auto_scaling: list[ServiceScaling], services: list[Service], stack: Stack, examine: Examine
) -> None:
    """At the maximum nothing can answer more load, however good the policies are."""
    desired = Answer({service.name: service for service in services}, "ecs:DescribeServices")
    for scaling in auto_scaling:
        with examine(scaling) as note:
            if fixed := stack.limits.of(scaling).fixed_tasks:
                note(f"always {fixed}, by its limits min_tasks and max_tasks")
                continue
            if scaling.never_scales:
                note(scaling.never_scales)
                continue
            assert scaling.is_registered, "it has no scalable target"
            wants = desired[scaling.name].desired
            note(f"{wants} of at most {scaling.max_capacity} tasks")
            if wants == scaling.max_capacity and scaling.pinned_by:
                note(f"by schedule: {', '.join(scaling.pinned_by)}")
                continue
            assert wants < scaling.max_capacity, "there is nowhere left to scale to"


@check(Severity.HIGH, runbook="auto-scaling", failing="A service runs fewer or more tasks than it may")
def test_services_are_within_their_task_limits(
    auto_scaling: list[ServiceScaling], services: list[Service], stack: Stack, examine: Examine
) -> None:
    """A number set by hand or pipeline below the minimum stays there until an alarm of a scaling policy goes off."""
    desired = Answer({service.name: service for service in services}, "ecs:DescribeServices")
    for scaling in auto_scaling:
        with examine(scaling) as note:
            if scaling.never_scales:
                note(scaling.never_scales)
                continue
            low, high = scaling.bounds(stack.limits.of(scaling))
            wants = desired[scaling.name].desired
            note(f"desired: {plural(wants, 'task')}")
            assert wants >= low, f"fewer than the minimum, {low}"
            assert wants <= high, f"more than the maximum, {high}"
