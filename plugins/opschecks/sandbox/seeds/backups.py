"""Backups of the stack: old tables with backups of every kind, versions of the site, exported logs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from ...aws.backup_sets import MANIFEST, STARTED, backup_location
from ..moto_private import moto_type
from ..moto_server import backend, naive
from ..seed import BUCKET
from . import Sandbox

ARCHIVE = "incident-commander-archive"
FULL = "incident-commander-backups"
"""The bucket that full backups go to."""
TABLES_AGE = timedelta(days=40)
GROUPS_AGE = timedelta(days=90)
RECOVERABLE = timedelta(days=35)


def sow(sandbox: Sandbox) -> None:
    """Two backups of each table and one in progress, point-in-time recovery, versions of the site, weekly exports."""
    for name in sandbox.stack.tables:
        table = sandbox.table(name)
        table.created_at = naive(sandbox.now - TABLES_AGE)
        table.continuous_backups["PointInTimeRecoveryDescription"] = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": RECOVERABLE.days,
            "EarliestRestorableDateTime": (sandbox.now - RECOVERABLE).timestamp(),
            "LatestRestorableDateTime": (sandbox.now - timedelta(minutes=5)).timestamp(),
        }
        for hours in (9 * 24, 2 * 24):
            back_up(sandbox, name, timedelta(hours=hours))
        back_up(sandbox, name, timedelta(minutes=1), status="CREATING")
    backend("s3", "aws").put_bucket_versioning(BUCKET, "Enabled")
    bucket_for_backups(sandbox)
    full_backup(sandbox, timedelta(days=2))
    for name in sandbox.stack.log_groups:
        group = sandbox.backend("logs").groups[name]
        group.creation_time = naive(sandbox.now - GROUPS_AGE)
        for days in (3, 10):
            end = sandbox.now - timedelta(days=days)
            export(sandbox, name, end - timedelta(days=7), end)


def bucket_for_backups(sandbox: Sandbox) -> None:
    """A bucket that blocks public access, and to which CloudWatch Logs may export."""
    s3, place = backend("s3", "aws"), backup_location(sandbox.stack)
    name = place.bucket if place else FULL
    private_bucket(sandbox, name)
    service = {"Service": f"logs.{sandbox.region}.amazonaws.com"}
    arn = f"arn:{sandbox.partition}:s3:::{name}"
    may = (("s3:GetBucketAcl", arn), ("s3:PutObject", f"{arn}/*"))
    allowed = [{"Effect": "Allow", "Principal": service, "Action": one, "Resource": on} for one, on in may]
    s3.put_bucket_policy(name, json.dumps({"Version": "2012-10-17", "Statement": allowed}).encode())


def private_bucket(sandbox: Sandbox, name: str) -> None:
    """Make a bucket that blocks public access."""
    s3 = backend("s3", "aws")
    s3.create_bucket(name, sandbox.region)
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    s3.put_public_access_block(name, dict.fromkeys(blocked, "true"))


def full_backup(sandbox: Sandbox, age: timedelta) -> None:
    """Make a complete full backup of that age, with the tables' newest backups."""
    if not (place := backup_location(sandbox.stack)):
        return
    begun = sandbox.now - age
    name = f"{begun:%Y%m%d}-1"
    backups = sandbox.backend("dynamodb").backups.values()
    newest = {one.table.name: one for one in backups if one.status == "AVAILABLE"}
    told = {
        "format": 1,
        "set": name,
        "tables": [{"table": table, "name": one.name, "arn": one.arn} for table, one in newest.items()],
        "dashboard": {"from": f"s3://{BUCKET}/", "objects": []},
        "log_groups": [{"group": group} for group in sandbox.stack.log_groups],
    }
    for piece, says in ((STARTED, {"begun": begun.isoformat()}), (MANIFEST, told)):
        backend("s3", "aws").put_object(place.bucket, place.key(name, piece), json.dumps(says).encode())


def back_up(sandbox: Sandbox, table: str, age: timedelta, status: str = "AVAILABLE") -> Any:
    """Make a backup of that age; returns moto's object."""
    made = sandbox.now - age
    backup = sandbox.backend("dynamodb").create_backup(table, f"{table}-{made:%Y%m%d-%H%M}")
    backup.creation_date_time, backup.status = naive(made), status
    return backup


def export(sandbox: Sandbox, group: str, begin: datetime, end: datetime) -> Any:
    """Make an export of a log group, dated at the end of its period; returns moto's object."""
    task: Any = moto_type("ExportTask")(
        f"{group}-{end:%Y%m%d}", f"weekly-{end:%Y%m%d}", group, ARCHIVE, f"logs-{end:%Y%m%d}",
        milliseconds(begin), milliseconds(end),
    )  # fmt: skip
    task.made, task.status = milliseconds(end), {"code": "COMPLETED", "message": "Completed successfully"}
    sandbox.backend("logs").export_tasks[task.task_id] = task
    return task


def milliseconds(moment: datetime) -> int:
    """A time in milliseconds since 1970, as CloudWatch Logs uses it."""
    return int(moment.timestamp() * 1000)
