"""What would rebuild the stack after a disaster is in order, and is what runs."""

from datetime import datetime, timedelta

from opschecks import CouldNotLook, Examine, Severity, Stack, check, plural
from opschecks.aws.cloudformation import GOOD, UNDER_WAY, FormationStack

SLUG = "disaster-recovery"


@check(Severity.HIGH, runbook=SLUG, failing="A CloudFormation stack is in a failed state")
def test_cloudformation_stacks_are_healthy(
    formation_stacks: list[FormationStack], stack: Stack, now: datetime, examine: Examine
) -> None:
    """A stack whose update failed refuses the next update, perhaps on the day when you need it most."""
    longest = timedelta(minutes=stack.limits.stack_update_minutes)
    for one in formation_stacks:
        with examine(one) as note:
            assert one.status != "MISSING", "there is no such stack"
            note(f"{one.status} since {one.changed_at:%Y-%m-%d %H:%M} UTC")
            assert one.status in (*GOOD, *UNDER_WAY), one.reason
            if one.status in UNDER_WAY:
                assert now - one.changed_at <= longest, f"limit {plural(longest.total_seconds() / 60, 'minute')}"


@check(Severity.MEDIUM, runbook=SLUG, failing="A CloudFormation stack has drifted from its template")
def test_cloudformation_stacks_have_not_drifted(
    formation_stacks: list[FormationStack], stack: Stack, now: datetime, examine: Examine
) -> None:
    """What was changed by hand is undone by the next deployment, and missing from whatever is rebuilt."""
    oldest = stack.limits.drift_check_days
    for one in formation_stacks:
        with examine(one) as note:
            assert one.status != "MISSING", "there is no such stack"
            note(f"drift was last looked for on {one.drift_checked_at:%Y-%m-%d %H:%M} UTC")
            assert not one.has_drifted, one.difference
            if now - one.drift_checked_at > timedelta(days=oldest):
                limit = plural(oldest, "day")
                raise CouldNotLook("", f"that is longer ago than {limit} (drift_check_days): {one.advice}")
