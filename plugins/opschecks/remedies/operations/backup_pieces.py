"""The pieces of a full backup: what it is to have, what it has so far, and the manifest that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Any, cast

from ...aws.backup_sets import FORMAT, BackupLocation, BackupSet, day_of
from ...aws.inventory import inventory
from ...aws.s3_lifecycle import find_site
from ...aws.session import Aws
from ...core import clock
from ...core.change import CannotFix
from ...core.dataclass import dataclass
from ...core.observation import CouldNotLook
from ...fixing.remedy import BaseRemedy
from ...web.site_objects import list_objects
from ..settings.table_backup import backup_name

TASKS = "logs:DescribeExportTasks"
SITE, LOGS = "dashboard/", "logs/"
FAILED = ("FAILED", "CANCELLED", "PENDING_CANCEL")
LATE = "CloudWatch Logs may take up to 12 hours until an event can be exported: the newest ones may be missing"


@dataclass(frozen=True)
class Scope:
    """What is to be backed up; `site` is bucket and prefix of the dashboards, None where the stack has none."""

    tables: tuple[str, ...]
    site: tuple[str, str] | None
    groups: tuple[str, ...]

    @property
    def dashboard(self) -> str:
        """The place of the site; nothing where there is none."""
        return f"s3://{self.site[0]}/{self.site[1]}" if self.site else ""

    def to_plain(self) -> dict[str, Any]:
        """As a set says what it was begun for."""
        return {"tables": list(self.tables), "dashboard": self.dashboard, "log_groups": list(self.groups)}


def scope_of(remedy: BaseRemedy) -> Scope:
    """Every table, the dashboards' bucket and every log group of the remedy's stack."""
    aws = cast("Aws", remedy.aws)
    try:
        known = inventory(remedy.stack, aws)
        site = find_site(remedy.stack, aws, known)
    except CouldNotLook as error:
        raise CannotFix(str(error)) from None
    if not (known.tables or site or known.log_groups):
        raise CannotFix(f"stack {remedy.stack.name} names no tables, no log groups and no dashboards to back up")
    return Scope(tuple(sorted(known.tables)), site, tuple(sorted(known.log_groups)))


@dataclass(frozen=True)
class Pieces:
    """What a set has of its scope: a backup by table, an export by log group, and the site's objects."""

    tables: Mapping[str, Mapping[str, Any] | None]
    exports: Mapping[str, Mapping[str, Any] | None]
    tasks: Sequence[Mapping[str, Any]]
    """Every export of the account: one runs at a time."""
    source: Sequence[Mapping[str, Any]] = ()
    copies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def missing(self) -> list[Mapping[str, Any]]:
        """The objects of the site that are not copied, or have changed since."""
        return [one for one in self.source if not _is_copy(one, self.copies.get(str(one["Key"])))]

    @property
    def extras(self) -> list[str]:
        """What was copied and is no longer on the site."""
        return sorted(set(self.copies) - {str(one["Key"]) for one in self.source})

    @property
    def counts(self) -> dict[str, int]:
        return {
            "tables": sum(one is not None for one in self.tables.values()),
            "objects": len(self.source) - len(self.missing),
            "log_groups": sum(one is not None for one in self.exports.values()),
        }


def _is_copy(source: Mapping[str, Any], copy: Mapping[str, Any] | None) -> bool:
    """Of the same size, with the same ETag; or made after the source was.

    ETags differ where the source was uploaded in parts, or either is encrypted with KMS. A copy is made of the
    version that was listed or not at all, so that one that is younger than its source is one of it.
    """
    if copy is None or copy["Size"] != source["Size"]:
        return False
    return bool(same_etag(source, copy) or copy["LastModified"] >= source["LastModified"])


def same_etag(source: Mapping[str, Any], copy: Mapping[str, Any]) -> bool:
    """Whether S3 itself says that they have the same content."""
    return bool(source["ETag"] == copy["ETag"])


def export_prefix(place: BackupLocation, name: str, number: int, group: str) -> str:
    """Where the export of a log group goes; the number keeps two groups apart whose names read the same."""
    return place.key(name, f"{LOGS}{number:02}-{group.strip('/').replace('/', '-')}")


def look_at(remedy: BaseRemedy, place: BackupLocation, name: str, scope: Scope) -> Pieces:
    """What the set has so far."""
    aws = remedy.aws
    backups = _backups(remedy, name) if scope.tables else {}
    tasks = aws.items("logs", "DescribeExportTasks", "exportTasks") if scope.groups else []
    there = [one for one in tasks if one.get("destination") == place.bucket and status_of(one) not in FAILED]
    own = {str(one.get("destinationPrefix")): one for one in there}
    exports = {
        group: own.get(export_prefix(place, name, number, group)) for number, group in enumerate(scope.groups, 1)
    }
    tables = {table: backups.get(backup_name(table, f"set-{name}")) for table in scope.tables}
    if not scope.site:
        return Pieces(tables, exports, tasks)
    source = list_objects(aws, *scope.site)
    base = place.key(name, SITE)
    listed = list_objects(aws, place.bucket, base)
    return Pieces(tables, exports, tasks, source, {scope.site[1] + str(one["Key"])[len(base) :]: one for one in listed})


def _backups(remedy: BaseRemedy, name: str) -> dict[str, Mapping[str, Any]]:
    """By their names; of all tables in one list, because DynamoDB allows few such calls a second."""
    listed = remedy.aws.items(
        "dynamodb", "ListBackups", "BackupSummaries", BackupType="USER", TimeRangeLowerBound=day_of(name)
    )
    return {str(one["BackupName"]): one for one in listed if one["BackupStatus"] != "DELETED"}


def status_of(task: Mapping[str, Any]) -> str:
    """PENDING, RUNNING, COMPLETED, …"""
    return str(task["status"]["code"])


def unsettled(pieces: Pieces) -> str:
    """What is still under way, in words; nothing when all is. CannotFix where a piece is lost, or was never made."""
    waiting = []
    for table, backup in pieces.tables.items():
        if backup is None:
            raise CannotFix(f"there is no backup of {table} in the set")
        if (status := backup["BackupStatus"]) != "AVAILABLE":
            waiting.append(f"the backup of {table} is {status}")
    for group, task in pieces.exports.items():
        if task is None:
            raise CannotFix(f"the export of {group} failed or was cancelled (aws logs describe-export-tasks)")
        if (status := status_of(task)) != "COMPLETED":
            waiting.append(f"the export of {group} is {status}")
    return "; ".join(waiting)


def manifest(
    remedy: BaseRemedy, place: BackupLocation, begun: BackupSet, scope: Scope, pieces: Pieces, more: Mapping[str, Any]
) -> dict[str, Any]:
    """What the set has, each piece as AWS lists it; CannotFix where the copy of the site is not the site."""
    if pieces.missing or pieces.extras:
        other = [str(one["Key"]) for one in pieces.missing] + pieces.extras
        raise CannotFix(f"the dashboard bucket has changed while it was copied: {', '.join(other[:3])}")
    return {
        "format": FORMAT,
        "set": begun.name,
        "stack": remedy.stack.name,
        "account": remedy.stack.account_id,
        "region": remedy.stack.region,
        "begun": begun.begun.isoformat(),
        "completed": clock.now().isoformat(timespec="seconds"),
        **more,
        "tables": [_of_table(table, backup) for table, backup in pieces.tables.items() if backup],
        "dashboard": _of_site(place, begun.name, scope, pieces),
        "log_groups": [_of_group(remedy, group, task) for group, task in pieces.exports.items() if task],
        "beware": LATE if scope.groups else "",
    }


def _of_table(table: str, backup: Mapping[str, Any]) -> dict[str, Any]:
    made: datetime = backup["BackupCreationDateTime"]
    return {
        "table": table,
        "table_id": backup.get("TableId", ""),
        "name": backup["BackupName"],
        "arn": backup["BackupArn"],
        "made": made.astimezone(UTC).isoformat(timespec="seconds"),
        "bytes": backup.get("BackupSizeBytes"),
    }


def _of_site(place: BackupLocation, name: str, scope: Scope, pieces: Pieces) -> dict[str, Any] | None:
    if not scope.site:
        return None
    pairs = [(one, pieces.copies[str(one["Key"])]) for one in pieces.source]
    by_etag = sum(same_etag(one, copy) for one, copy in pairs)
    return {
        "from": scope.dashboard,
        "to": f"s3://{place.bucket}/{place.key(name, SITE)}",
        "count": len(pairs),
        "bytes": sum(int(one["Size"]) for one, _ in pairs),
        "verified": {"by size and ETag": by_etag, "by size and time": len(pairs) - by_etag},
        "objects": [
            {"key": str(copy["Key"]), "bytes": int(one["Size"]), "etag": one["ETag"], "copy_etag": copy["ETag"]}
            for one, copy in pairs
        ],
    }


def _of_group(remedy: BaseRemedy, group: str, task: Mapping[str, Any]) -> dict[str, Any]:
    identity = str(task["taskId"])
    bucket, prefix = str(task["destination"]), f"{task['destinationPrefix']}/{identity}/"
    files = list_objects(remedy.aws, bucket, prefix)
    return {
        "group": group,
        "task": identity,
        "from": _moment(task["from"]),
        "to": _moment(task["to"]),
        "where": f"s3://{bucket}/{prefix}",
        "files": len(files),
        "bytes": sum(int(one["Size"]) for one in files),
    }


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
