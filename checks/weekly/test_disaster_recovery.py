"""Only a restore that was tried proves that restoring works."""

from datetime import timedelta

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.restores import Rehearsal


@check(Severity.MEDIUM, runbook="disaster-recovery", failing="No restore was tested recently")
def test_a_restore_was_rehearsed_lately(restore_rehearsal: Rehearsal, stack: Stack, examine: Examine) -> None:
    """If the first restore happens in an outage, you learn then which permission is missing and how long it takes."""
    limit, newest = stack.limits.restore_drill_days, restore_rehearsal.newest
    with examine(restore_rehearsal) as note:
        if newest:
            note(f"{newest.table} was last restored on {newest.at:%Y-%m-%d %H:%M} UTC ({newest.how})")
        if newest is None or restore_rehearsal.now - newest.at > timedelta(days=limit):
            restore_rehearsal.require_all_seen()
            assert newest, "AWS reports no restore of any table of the stack within 90 days"
            raise AssertionError(f"limit {plural(limit, 'day')}")
