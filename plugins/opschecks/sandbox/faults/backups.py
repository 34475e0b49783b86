"""Faults of backups: what could not be had again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from ..moto_server import backend
from ..seed import BUCKET
from ..seeds.backups import FULL
from . import Sandbox, fault

_RECENT = ["test_tables_have_a_recent_backup"]
_RECOVERY = ["test_tables_can_be_restored_to_any_moment"]
_FRESH = "test_tables_have_a_fresh_backup"
_VERSIONS = ["test_dashboard_bucket_keeps_what_is_overwritten"]
_FULL = ["test_everything_was_backed_up_lately"]
_EXPORTS = ["test_logs_are_kept_elsewhere_too"]


def _backups(sandbox: Sandbox) -> list[Any]:
    """moto's backups of the first table, the newest that is complete first."""
    found = [one for one in sandbox.backend("dynamodb").backups.values() if one.table.name == sandbox.stack.tables[0]]
    return sorted((one for one in found if one.status == "AVAILABLE"), key=lambda one: one.creation_date_time)[::-1]


@fault(caught_by=[*_RECENT, *_FULL])
def backups_have_stopped(sandbox: Sandbox) -> None:
    """The newest backup of a table is nine days old: the job that made them runs no more. Full ones lost theirs."""
    newest, *_ = _backups(sandbox)
    del sandbox.backend("dynamodb").backups[newest.arn]


@fault(caught_by=[*_RECENT, *_FULL])
def no_backup_ever_completes(sandbox: Sandbox) -> None:
    """The young backups of a table are still being created, or were deleted."""
    for backup, status in zip(_backups(sandbox), ("CREATING", "DELETED"), strict=True):
        backup.status = status


@fault(caught_by=_RECENT)
def table_was_made_anew(sandbox: Sandbox) -> None:
    """A table was deleted and made again an hour ago: all backups are of the one before."""
    table = sandbox.backend("dynamodb").tables[sandbox.stack.tables[0]]
    table.created_at = (sandbox.now - timedelta(hours=1)).replace(tzinfo=None)


@fault(caught_by=[*_RECOVERY, _FRESH])
def point_in_time_recovery_is_off(sandbox: Sandbox) -> None:
    """Point-in-time recovery of a table is off, though its continuous backups are ENABLED as of every table."""
    table = sandbox.backend("dynamodb").tables[sandbox.stack.tables[0]]
    table.continuous_backups["PointInTimeRecoveryDescription"] = {"PointInTimeRecoveryStatus": "DISABLED"}


@fault(caught_by=[*_RECOVERY, _FRESH])
def point_in_time_recovery_has_stopped(sandbox: Sandbox) -> None:
    """Point-in-time recovery is on, and since yesterday nothing was added to it."""
    table = sandbox.backend("dynamodb").tables[sandbox.stack.tables[0]]
    told = table.continuous_backups["PointInTimeRecoveryDescription"]
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
    """Exports take one day of each week: what lies between is nowhere."""
    for task in sandbox.backend("logs").export_tasks.values():
        task.from_time = task.to - 24 * 3600 * 1000


@fault(caught_by=_FULL)
def full_backup_was_never_finished(sandbox: Sandbox) -> None:
    """The newest full backup has no manifest: whatever made it was killed."""
    s3 = backend("s3", "aws")
    for key in [one for one in s3.buckets[FULL].keys if one.endswith("/manifest.json")]:
        s3.delete_object(FULL, key)


@fault(caught_by=_FULL)
def full_backup_lacks_a_table(sandbox: Sandbox) -> None:
    """A table came after the newest full backup was made, or was left out of it."""
    s3 = backend("s3", "aws")
    (key,) = [one for one in s3.buckets[FULL].keys if one.endswith("/manifest.json")]
    told = json.loads(s3.get_object(FULL, key).value)
    s3.put_object(FULL, key, json.dumps({**told, "tables": told["tables"][1:]}).encode())
