"""Before a deploy: the data that it may damage can be restored."""

from opschecks import Examine, Severity, check, in_words
from opschecks.aws.fresh_backups import SavedTable
from opschecks.remedies.settings.table_backup import BackUpTable


@check(
    Severity.HIGH,
    runbook="table-backups",
    failing="A table could not be restored to its state before the deploy",
    remedy=BackUpTable,
)
def test_tables_have_a_fresh_backup(saved_tables: list[SavedTable], examine: Examine) -> None:
    """A roll-back reverts code; what the code wrote to a table stays, unless the table was saved before."""
    for table in saved_tables:
        with examine(table) as note:
            assert table.status != "MISSING", "the table does not exist"
            assert table.age is not None, "no backup can be restored, and recovery to a moment is off"
            note(f"{table.kind} is {in_words(table.age)} old")
            assert table.age <= table.wanted, f"limit {in_words(table.wanted)}"
