"""Scaling did its job this week."""

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.scaling_activities import ScalingWeek

SLUG = "weekly-maintenance"


@check(Severity.HIGH, runbook=SLUG, failing="Auto-scaling attempts failed")
def test_scaling_attempts_succeed(scaling_week: list[ScalingWeek], stack: Stack, examine: Examine) -> None:
    """Settings may look right while each attempt fails for a role, a quota or a subnet without addresses."""
    for service in scaling_week:
        with examine(service) as note:
            limit = stack.limits.of(service).scaling_failures_per_week
            note(service.said)
            failed = service.failed
            assert len(failed) <= limit, (
                f"{plural(len(failed), 'attempt')} failed, limit {limit}; the last: {failed[-1]}"
            )


@check(Severity.MEDIUM, runbook=SLUG, failing="Scaling needed more tasks than its maximum")
def test_scaling_is_not_held_at_its_maximum(scaling_week: list[ScalingWeek], stack: Stack, examine: Examine) -> None:
    """A maximum that is reached every evening slows users down; by the next morning nothing shows it."""
    for service in scaling_week:
        with examine(service) as note:
            limit = stack.limits.of(service).scaling_held_hours_per_week
            note(f"needed more than its maximum in {plural(service.hours_held, 'hour')} of the last 7 days")
            assert service.hours_held <= limit, f"limit {plural(limit, 'hour')}"


@check(Severity.LOW, runbook=SLUG, failing="A service scales out and in again and again")
def test_scaling_does_not_flap(scaling_week: list[ScalingWeek], stack: Stack, examine: Examine) -> None:
    """Tasks that come and go within minutes drop their sessions each time, and are paid for by the minute."""
    for service in scaling_week:
        with examine(service) as note:
            limit = stack.limits.of(service).scaling_turns_per_day
            note(f"turns within its worst 24 hours: {service.turns_a_day}")
            assert service.turns_a_day <= limit, f"limit {limit}; {service.said}"
