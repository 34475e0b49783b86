"""Faults of backups: what could not be restored, and what nobody has tried to restore."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from ..moto_server import backend, naive
from ..seed import BUCKET
from ..seeds.backups import FULL
from ..seeds.restores import restored
from . import Sandbox, fault

_RECENT = ["test_tables_have_a_recent_backup"]
_RECOVERY = ["test_tables_can_be_restored_to_any_moment"]
_FRESH = "test_tables_have_a_fresh_backup"
_VERSIONS = ["test_dashboard_bucket_keeps_what_is_overwritten"]
_FULL = ["test_everything_was_backed_up_lately"]
_EXPORTS = ["test_logs_are_kept_elsewhere_too"]


def _backups(sandbox: Sandbox) -> list[Any]:
    """moto's complete backups of the first table, newest first."""
    found = [one for one in sandbox.backend("dynamodb").backups.values() if one.table.name == sandbox.stack.tables[0]]
    return sorted((one for one in found if one.status == "AVAILABLE"), key=lambda one: one.creation_date_time)[::-1]


@fault(caught_by=[*_RECENT, *_FULL])
def backups_have_stopped(sandbox: Sandbox) -> None:
    """The backup job no longer runs: a table's newest backup is nine days old, and full backups lost theirs."""
    newest, *_ = _backups(sandbox)
    del sandbox.backend("dynamodb").backups[newest.arn]


@fault(caught_by=[*_RECENT, *_FULL])
def no_backup_ever_completes(sandbox: Sandbox) -> None:
    """The recent backups of a table are still being created, or were deleted."""
    for backup, status in zip(_backups(sandbox), ("CREATING", "DELETED"), strict=True):
        backup.status = status


@fault(caught_by=_RECENT)
def table_was_recreated(sandbox: Sandbox) -> None:
    """A table was deleted and recreated an hour ago: all its backups are of the old table."""
    sandbox.table(sandbox.stack.tables[0]).created_at = naive(sandbox.now - timedelta(hours=1))


@fault(caught_by=[*_RECOVERY, _FRESH])
def point_in_time_recovery_is_off(sandbox: Sandbox) -> None:
    """Point-in-time recovery of a table is off, although its continuous backups are ENABLED."""
    table = sandbox.table(sandbox.stack.tables[0])
    table.continuous_backups["PointInTimeRecoveryDescription"] = {"PointInTimeRecoveryStatus": "DISABLED"}


@fault(caught_by=[*_RECOVERY, _FRESH])
def point_in_time_recovery_has_stopped(sandbox: Sandbox) -> None:
    """Point-in-time recovery is on, but its latest restorable time is a day old."""
    told = sandbox.table(sandbox.stack.tables[0]).continuous_backups["PointInTimeRecoveryDescription"]
    told["LatestRestorableDateTime"] = (sandbox.now - timedelta(days=1)).timestamp()


@fault(caught_by=_VERSIONS)
def site_has_no_versions(sandbox: Sandbox) -> None:
    """Versioning of the dashboard bucket is suspended."""
    backend("s3", "aws").put_bucket_versioning(BUCKET, "Suspended")


@fault(caught_by=_EXPORTS)
def logs_are_exported_no_more(sandbox: Sandbox) -> None:
    """The newest export of a log group ends ten days ago; the one of last week failed."""
    tasks = sandbox.backend("logs").export_tasks.values()
    newest = max(tasks, key=lambda task: task.to)
    newest.status = {"code": "FAILED", "message": "Export failed: access to the bucket was denied"}


@fault(caught_by=_EXPORTS)
def logs_are_exported_with_gaps(sandbox: Sandbox) -> None:
    """Each weekly export covers one day only: the other days are not backed up."""
    for task in sandbox.backend("logs").export_tasks.values():
        task.from_time = task.to - 24 * 3600 * 1000


@fault(caught_by=_FULL)
def full_backup_was_never_finished(sandbox: Sandbox) -> None:
    """The newest full backup has no manifest: the run that made it was killed."""
    s3 = backend("s3", "aws")
    for key in [one for one in s3.buckets[FULL].keys if one.endswith("/manifest.json")]:
        s3.delete_object(FULL, key)


@fault(caught_by=_FULL)
def full_backup_lacks_a_table(sandbox: Sandbox) -> None:
    """The newest full backup does not include a table."""
    s3 = backend("s3", "aws")
    (key,) = [one for one in s3.buckets[FULL].keys if one.endswith("/manifest.json")]
    told = json.loads(s3.get_object(FULL, key).value)
    s3.put_object(FULL, key, json.dumps({**told, "tables": told["tables"][1:]}).encode())


@fault(caught_by=["test_a_restore_was_rehearsed_lately"])
def no_restore_was_rehearsed(sandbox: Sandbox) -> None:
    """The last successful restore of a table was 100 days ago; a later one was denied."""
    own, trail = sandbox.stack.tables[0], sandbox.backend("cloudtrail")
    trail.history = [
        restored(sandbox, own, timedelta(days=100)),
        restored(sandbox, own, timedelta(days=3), errorCode="AccessDenied"),
    ]
