"""Before a deploy: what it may spoil can be put back to how it was."""

from datetime import timedelta

from opschecks import Examine, Severity, check
from opschecks.aws.fresh_backups import SavedTable
from opschecks.remedies.backups import BackUpTable


@check(
    Severity.HIGH,
    runbook="table-backups",
    failing="A table could not be put back to how it is before the deploy",
    remedy=BackUpTable,
)
def test_tables_have_a_fresh_backup(saved_tables: list[SavedTable], examine: Examine) -> None:
    """Code goes back with a roll-back; what it has written to a table stays, unless the table was saved before."""
    for table in saved_tables:
        with examine(table) as note:
            assert table.status != "MISSING", "the table does not exist"
            assert table.age is not None, "no backup can be restored, and recovery to a moment is off"
            note(f"{table.kind} is {table.age / timedelta(hours=1):.1f} hours old")
            assert table.age <= table.wanted, f"limit {table.wanted / timedelta(hours=1):g} hours"
