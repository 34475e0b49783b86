"""What is lost can be restored: tables, the dashboard site, logs."""

from datetime import timedelta

from opschecks import Examine, Severity, Stack, check, in_words, plural
from opschecks.aws.backup_sets import FullBackups
from opschecks.aws.backups import LogExports, TableBackups, TableRecovery
from opschecks.aws.s3_lifecycle import Bucket
from opschecks.remedies.operations.full_backup import BackUpEverything
from opschecks.remedies.settings.table_backup import BackUpTable
from opschecks.remedies.settings.table_recovery import EnableRecovery


@check(
    Severity.HIGH,
    runbook="table-backups",
    failing="A table has no recent backup",
    remedy=BackUpTable,
)
def test_tables_have_a_recent_backup(table_backups: list[TableBackups], stack: Stack, examine: Examine) -> None:
    """What was written since the newest backup is lost with the table, and so is the way to undo a bad import."""
    limit = stack.limits.backup_age_days
    for table in table_backups:
        with examine(table) as note:
            assert table.status != "MISSING", "the table does not exist"
            if table.unusable:
                note(table.unusable)
            if table.newest is None and table.is_new(timedelta(days=limit)):
                note("it is younger than a backup may be: none is due yet")
                continue
            assert table.age is not None, f"none that can be restored was made since {table.since:%Y-%m-%d}"
            note(f"the newest is {in_words(table.age)} old")
            assert table.age <= timedelta(days=limit), f"limit {plural(limit, 'day')}"


@check(
    Severity.HIGH, runbook="table-backups", failing="Point-in-time recovery of a table is off", remedy=EnableRecovery
)
def test_tables_can_be_restored_to_any_moment(table_recovery: list[TableRecovery], examine: Examine) -> None:
    """A bad write at noon is undone to 11:59; a backup of last night loses the morning."""
    for table in table_recovery:
        with examine(table) as note:
            assert table.exists, "the table does not exist"
            assert table.is_on, "point-in-time recovery is off"
            note(f"from {table.earliest:%Y-%m-%d %H:%M} UTC to {table.latest:%Y-%m-%d %H:%M} UTC")
            assert table.keeps_up, "recovery has stopped there"


@check(Severity.MEDIUM, runbook="full-backup", failing="What is overwritten in the dashboard bucket is lost")
def test_dashboard_bucket_keeps_what_is_overwritten(site_bucket: Bucket, stack: Stack, examine: Examine) -> None:
    """A deploy that breaks the site is undone from the versions that the bucket kept, or not at all."""
    wanted = stack.limits.old_version_days_min
    with examine(site_bucket) as note:
        assert site_bucket.exists, "the bucket does not exist"
        assert site_bucket.versioning == "Enabled", f"versioning is {site_bucket.versioning.lower()}"
        kept = site_bucket.old_versions_kept_days
        note("old versions are kept" + (f" for {plural(kept, 'day')}" if kept is not None else ""))
        assert kept is None or kept >= wanted, f"expected {plural(wanted, 'day')}"


@check(Severity.LOW, runbook="full-backup", failing="A log group is not backed up")
def test_logs_are_kept_elsewhere_too(log_exports: list[LogExports], stack: Stack, examine: Examine) -> None:
    """Retention deletes events, and so does whoever covers traces; a copy in S3 shows what happened then."""
    within = timedelta(days=stack.limits.log_export_days)
    for group in log_exports:
        with examine(group) as note:
            assert group.group.exists, "the log group does not exist"
            lacking = group.lacks(within)
            if lacking and group.sent_on_to:
                note(f"every event is sent on to {', '.join(group.sent_on_to)}")
            else:
                assert not lacking, f"{lacking}, and no subscription sends every event on"
                note(f"exported up to {group.windows[0].end:%Y-%m-%d %H:%M} UTC")


@check(
    Severity.MEDIUM,
    runbook="full-backup",
    failing="There is no recent, complete full backup",
    remedy=BackUpEverything,
    may_be_empty=True,
)
def test_everything_was_backed_up_lately(full_backups: list[FullBackups], stack: Stack, examine: Examine) -> None:
    """Pieces from different days do not fit together; one set with a manifest is what a whole stack is rebuilt from."""
    limit = stack.limits.full_backup_days
    for place in full_backups:
        with examine(place) as note:
            if place.unfinished:
                note(f"the set {place.unfinished} is unfinished")
            assert place.complete is not None, "no set is complete"
            note(f"the set {place.complete.name} is {in_words(place.age)} old")
            assert place.age <= timedelta(days=limit), f"limit {plural(limit, 'day')}"
            assert not place.lacks, f"it lacks {', '.join(place.lacks)}"
