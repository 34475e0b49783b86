"""Backups of the stack: tables that have stood for a while, with backups of every kind; versions; exported logs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from moto.logs.models import ExportTask

from ..moto_server import backend
from ..seed import BUCKET

if TYPE_CHECKING:
    from ..environment import Sandbox

ARCHIVE = "incident-commander-archive"
TABLES_AGE = timedelta(days=40)
GROUPS_AGE = timedelta(days=90)
RECOVERABLE = timedelta(days=35)


class Export(ExportTask):
    """An export as CloudWatch Logs tells of it: moto leaves out when it was made."""

    made: datetime

    def to_json(self) -> dict[str, Any]:
        """With executionInfo."""
        made = milliseconds(self.made)
        return {**super().to_json(), "executionInfo": {"creationTime": made, "completionTime": made + 95_000}}


def sow(sandbox: Sandbox) -> None:
    """Two backups of each table and one under way, point-in-time recovery, versions of the site, a weekly export."""
    dynamodb = sandbox.backend("dynamodb")
    for name in sandbox.stack.tables:
        table = dynamodb.tables[name]
        table.created_at = _naive(sandbox.now - TABLES_AGE)
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
    for name in sandbox.stack.log_groups:
        group = sandbox.backend("logs").groups[name]
        group.creation_time = _naive(sandbox.now - GROUPS_AGE)
        for days in (3, 10):
            end = sandbox.now - timedelta(days=days)
            export(sandbox, name, end - timedelta(days=7), end)


def back_up(sandbox: Sandbox, table: str, age: timedelta, status: str = "AVAILABLE") -> Any:
    """Put a backup of that age on the table; moto's object."""
    made = sandbox.now - age
    backup = sandbox.backend("dynamodb").create_backup(table, f"{table}-{made:%Y%m%d-%H%M}")
    backup.creation_date_time, backup.status = _naive(made), status
    return backup


def export(sandbox: Sandbox, group: str, begin: datetime, end: datetime, status: str = "COMPLETED") -> Export:
    """Put an export of a log group that was made at its end; moto's object."""
    task = Export(
        f"{group}-{end:%Y%m%d}", f"weekly-{end:%Y%m%d}", group, ARCHIVE, f"logs-{end:%Y%m%d}",
        milliseconds(begin), milliseconds(end),
    )  # fmt: skip
    task.made, task.status = end, {"code": status, "message": "Completed successfully"}
    sandbox.backend("logs").export_tasks[task.task_id] = task
    return task


def milliseconds(moment: datetime) -> int:
    """As CloudWatch Logs counts time."""
    return int(moment.timestamp() * 1000)


def _naive(moment: datetime) -> datetime:
    """As moto keeps times: UTC without saying so."""
    return moment.replace(tzinfo=None)
