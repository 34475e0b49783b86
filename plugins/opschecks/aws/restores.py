"""The last restore of a table of the stack: from CloudTrail's event history and AWS Backup's restore jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.model import Deadline, Figure, Resource
from ..core.observation import CouldNotLook, observation, seen
from .evidence import json_object, later, utc
from .inventory import Inventory
from .session import Aws
from .unread import or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

_EVENTS = "cloudtrail:LookupEvents"
_JOBS = "backup:ListRestoreJobs"
EVENTS = ("RestoreTableFromBackup", "RestoreTableToPointInTime")
"""Event names in CloudTrail, which keeps management events for 90 days without a trail."""
HISTORY = timedelta(days=90)
_TABLE = re.compile(r":table/([^/]+)")


@dataclass(frozen=True)
class Restore:
    """One restore of a table. `how` is the name of the event, or AWS Backup."""

    table: str
    at: datetime
    how: str


@dataclass(frozen=True, kw_only=True)
class Rehearsal(Resource):
    """The newest restore of any table of the stack within the last 90 days.

    `unclear`: restores for which AWS does not report the table. `jobs`: why AWS Backup's jobs, which are read only
    where CloudTrail has no recent restore, could not be read.
    """

    newest: Restore | None
    unclear: tuple[str, ...]
    jobs: CouldNotLook | None
    now: datetime

    def require_all_seen(self) -> None:
        """CouldNotLook where a restore may have been of the stack, but this is unknown."""
        seen(self.jobs)
        if self.unclear:
            raise CouldNotLook(_EVENTS, f"AWS does not report which table {self.unclear[0]} restored")


@observation(allow=[_EVENTS, _JOBS])
def restore_rehearsal(stack: Stack, aws: Aws, inventory: Inventory, now: datetime) -> Rehearsal:
    """The newest restore of a table of the stack, from a backup or to a point in time, by anyone."""
    tables = frozenset(inventory.some("tables"))
    found: list[Restore] = []
    unclear: list[str] = []
    # one after the other: CloudTrail allows two such requests per second
    for name in EVENTS:
        _from_events(aws, name, tables, now, found, unclear)
    limit = timedelta(days=stack.limits.restore_drill_days)
    recent = any(now - one.at <= limit for one in found)
    jobs = None if recent else or_why(_from_jobs)(aws, tables, now, found, unclear)
    newest = max(found, key=lambda one: one.at, default=None)
    told = {"last restore": f"{newest.at:%Y-%m-%d %H:%M} UTC", "restored table": newest.table} if newest else {}
    return Rehearsal(
        arn=f"stack/{stack.name}/restores",
        name="restores of tables",
        evidence={
            "newest": vars(newest) if newest else None,
            "unclear": unclear[:5],
            "AWS Backup": str(jobs) if jobs else "read only where CloudTrail has no recent restore",
        },
        figures=tuple(Figure(label, value) for label, value in told.items()),
        deadlines=(Deadline("the last test of a restore is too long ago", later(newest.at, limit)),) if newest else (),
        newest=newest,
        unclear=tuple(unclear),
        jobs=jobs,
        now=now,
    )


def _from_events(
    aws: Aws, name: str, tables: frozenset[str], now: datetime, found: list[Restore], unclear: list[str]
) -> None:
    """Read from the newest event to the first restore of the stack: older ones do not matter."""
    chosen = [{"AttributeKey": "EventName", "AttributeValue": name}]
    span = {"StartTime": now - HISTORY, "EndTime": now}
    for page in aws.pages("cloudtrail", "LookupEvents", LookupAttributes=chosen, MaxResults=50, **span):
        hits = []
        for raw in page["Events"]:
            at, table = utc(raw["EventTime"]), _restored(raw)
            if table == "":
                unclear.append(f"{name} of {at:%Y-%m-%d %H:%M} UTC")
            elif table in tables:
                hits.append(Restore(table, at, name))
        if hits:
            found.append(max(hits, key=lambda one: one.at))
            return


def _restored(event: Mapping[str, Any]) -> str | None:
    """The source table's name; empty where unknown, None where AWS refused the restore."""
    told = json_object(event["CloudTrailEvent"]) or {}
    if told.get("errorCode"):
        return None
    asked = told.get("requestParameters")
    if not isinstance(asked, dict):
        return ""
    if source := asked.get("sourceTableName"):
        return _name(str(source))
    return _name(str(asked.get("backupArn") or asked.get("sourceTableArn") or "arn:"))


def _name(told: str) -> str:
    """The table name in a name or ARN (of a table or its backup); empty where there is none."""
    if not told.startswith("arn:"):
        return told
    match = _TABLE.search(told)
    return match[1] if match else ""


def _from_jobs(aws: Aws, tables: frozenset[str], now: datetime, found: list[Restore], unclear: list[str]) -> None:
    """Restores of its recovery points by AWS Backup, restore testing included."""
    chosen = {"ByResourceType": "DynamoDB", "ByStatus": "COMPLETED", "ByCreatedAfter": now - HISTORY}
    for raw in aws.items("backup", "ListRestoreJobs", "RestoreJobs", MaxResults=1000, **chosen):
        at = utc(raw["CreationDate"])
        table = _name(str(raw.get("SourceResourceArn") or raw.get("RecoveryPointArn") or "arn:"))
        if not table:
            unclear.append(f"a restore job of {at:%Y-%m-%d %H:%M} UTC")
        elif table in tables:
            found.append(Restore(table, at, "AWS Backup"))
