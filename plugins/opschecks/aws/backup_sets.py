"""Full backups: sets in a bucket, each with a record of its start and, written last, a manifest of its content."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation
from ..core.wording import plural
from .backups import TableBackups
from .evidence import moment_of_text
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

STARTED, MANIFEST = "started.json", "manifest.json"
FORMAT = 1
LIST, GET = "s3:ListBucket", "s3:GetObject"
_NAME = re.compile(r"(\d{8})-(\d+)/")


@dataclass(frozen=True)
class BackupLocation:
    """Where the sets of a stack are stored; `prefix` ends with a slash."""

    bucket: str
    prefix: str

    @property
    def url(self) -> str:
        """As stacks.toml has it, with the stack's name."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def key(self, name: str, piece: str) -> str:
        """The key of a piece of a set."""
        return f"{self.prefix}{name}/{piece}"


@dataclass(frozen=True)
class BackupSet:
    """One set as its bucket has it: without a manifest it is unfinished, whatever else is there."""

    name: str
    started: Mapping[str, Any]
    manifest: Mapping[str, Any] | None

    @property
    def begun(self) -> datetime:
        """When it was begun, in UTC."""
        return moment_of_text(self.started, "begun")


def backup_location(stack: Stack) -> BackupLocation | None:
    """Where the stack's full backups are stored; None where stacks.toml has no `backups`."""
    if not stack.backups:
        return None
    bucket, _, prefix = stack.backups.removeprefix("s3://").partition("/")
    inner = "/".join(part for part in (prefix.strip("/"), stack.name) if part)
    return BackupLocation(bucket, f"{inner}/")


def names_of_sets(aws: Any, place: BackupLocation) -> list[str]:
    """The names of all sets, the newest first."""
    listed = (one for page in _pages(aws, place.bucket, place.prefix) for one in page.get("CommonPrefixes", ()))
    told = (_NAME.fullmatch(str(one["Prefix"]).removeprefix(place.prefix)) for one in listed)
    found = sorted(((one[1], int(one[2])) for one in told if one), reverse=True)
    return [f"{day}-{number}" for day, number in found]


def read_set(aws: Any, place: BackupLocation, name: str) -> BackupSet | None:
    """The set; None without a record of its start: then it is not a set of ours."""
    pages = _pages(aws, place.bucket, place.key(name, ""))
    keys = {str(one["Key"]) for page in pages for one in page.get("Contents", ())}
    started, manifest = place.key(name, STARTED), place.key(name, MANIFEST)
    if started not in keys:
        return None
    told = read_json(aws, place.bucket, manifest) if manifest in keys else None
    if told is not None and (told.get("format") != FORMAT or told.get("set") != name):
        why = f"s3://{place.bucket}/{manifest} is not a manifest of this set, or has another format version"
        raise CouldNotLook(GET, why)
    return BackupSet(name, read_json(aws, place.bucket, started), told)


def sets(aws: Any, place: BackupLocation) -> Iterator[BackupSet]:
    """The sets, the newest first, each read when it is asked for."""
    for name in names_of_sets(aws, place):
        if found := read_set(aws, place, name):
            yield found


def next_name(newest: str, now: datetime) -> str:
    """The next set's name: its day and its number on that day; after the newest, even where clocks differ."""
    day, _, number = newest.partition("-")
    today = f"{now:%Y%m%d}"
    return f"{today}-1" if day < today else f"{day}-{int(number) + 1}"


def day_of(name: str) -> datetime:
    """The start of the day before the one in the name: clocks differ."""
    return datetime.strptime(name[:8], "%Y%m%d").replace(tzinfo=UTC) - timedelta(days=1)


def read_json(aws: Any, bucket: str, key: str) -> Mapping[str, Any]:
    """The content of a JSON object in S3; CouldNotLook where it is not one, or could not be read to its end."""
    answer = aws.call("s3", "GetObject", Bucket=bucket, Key=key)
    try:
        told = json.loads(answer["Body"].read())
    except CouldNotLook:
        raise
    except Exception as error:  # noqa: BLE001 - a broken connection or invalid JSON: botocore raises many kinds
        raise CouldNotLook(GET, f"s3://{bucket}/{key} could not be read: {type(error).__name__}: {error}") from None
    if not isinstance(told, Mapping):
        raise CouldNotLook(GET, f"s3://{bucket}/{key} is not a JSON object")
    return Answer(told, GET)


def _pages(aws: Any, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    """The level of keys right under the prefix; KeyCount counts Contents and CommonPrefixes: API_ListObjectsV2."""
    for page in aws.pages("s3", "ListObjectsV2", Bucket=bucket, Prefix=prefix, Delimiter="/"):
        # only the count distinguishes an empty page from an answer of which a part is missing
        if int(page["KeyCount"]) and not page.get("Contents") and not page.get("CommonPrefixes"):
            raise CouldNotLook(page.call, f"the answer counts {plural(int(page['KeyCount']), 'key')} and lists none")
        yield page


@dataclass(frozen=True, kw_only=True)
class FullBackups(Resource):
    """Where full backups are stored: the newest complete set, and the name of an unfinished one started after it."""

    complete: BackupSet | None
    unfinished: str
    lacks: tuple[str, ...]
    """What the stack has and the set lacks, or no longer has."""
    now: datetime

    @property
    def age(self) -> timedelta:
        """Time since the complete set was started: it has no later writes. CouldNotLook where none is complete."""
        if self.complete is None:
            raise CouldNotLook(LIST, "no set is complete")
        return self.now - self.complete.begun


@observation(allow=[LIST, GET])
def full_backups(
    stack: Stack, aws: Aws, inventory: Inventory, table_backups: list[TableBackups], now: datetime
) -> list[FullBackups]:
    """The newest full backup under `backups` of stacks.toml; none where the stack names no such place."""
    place = backup_location(stack)
    if place is None:
        return []
    unfinished, complete = "", None
    told: Mapping[str, Any] = {}
    for one in sets(aws, place):
        if one.manifest is not None:
            complete, told = one, one.manifest
            break
        unfinished = unfinished or one.name
    return [
        FullBackups(
            arn=place.url,
            name=place.url,
            evidence={"set": "none", "unfinished": unfinished, **_shown(told)},
            figures=(Figure("newest full backup", f"{complete.begun:%Y-%m-%d %H:%M} UTC"),) if complete else (),
            complete=complete,
            unfinished=unfinished,
            lacks=tuple(_lacking(told, complete.begun, inventory, table_backups)) if complete else (),
            now=now,
        )
    ]


def _lacking(
    told: Mapping[str, Any], begun: datetime, inventory: Inventory, table_backups: list[TableBackups]
) -> Iterator[str]:
    """What the manifest lacks; for a set younger than the listed backups, also backups that no longer exist."""
    there = {one["table"]: one["name"] for one in told["tables"]}
    groups = {one["group"] for one in told["log_groups"]}
    known = {one.name: one for one in table_backups if one.since <= begun}
    listed = [(one.name, backup) for one in known.values() for backup in one.listed]
    usable = {(name, backup.name) for name, backup in listed if backup.status == "AVAILABLE"}
    for table in inventory.tables:
        if table not in there:
            yield f"the table {table}"
        elif table in known and (table, there[table]) not in usable:
            yield f"the backup of {table}, which can no longer be restored"
    yield from (f"the log group {group}" for group in inventory.log_groups if group not in groups)
    if inventory.distributions and not told.get("dashboard"):
        yield "the dashboards"


def _shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest without its list of objects, which may be long."""
    site = {key: value for key, value in (told.get("dashboard") or {}).items() if key != "objects"}
    return {**told, "dashboard": site} if told else {}
