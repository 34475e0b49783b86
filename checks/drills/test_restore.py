"""Backups can be restored."""

from opschecks import Examine, Severity, check
from opschecks.drills.restore import RestoreDrill


@check(Severity.HIGH, runbook="restore", failing="A table could not be restored from its backup")
def test_tables_can_be_restored_from_their_backup(restore_drills: list[RestoreDrill], examine: Examine) -> None:
    """A backup that was never restored proves nothing; and how long a restore takes is how long an outage lasts."""
    for table in restore_drills:
        with examine(table) as note:
            for told in table.notes:
                note(told)
            assert not table.wrong, "; ".join(table.wrong)
            assert not table.left, table.left
            table.require_proven()
            note(f"restored in {table.took_s:.0f} s")
