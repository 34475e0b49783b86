"""Backups: of tables, in DynamoDB and in AWS Backup; recovery to a point in time; logs that are exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotThere, fan_out, observation, seen
from .dynamodb import Table
from .evidence import grouped, moment_of_ms, one_of, utc
from .log_groups import POLICIES, SUBSCRIPTIONS, LogGroup, account_policies, sent_by_account, sent_by_group
from .session import Aws
from .unread import Unread, each_alone, or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

_TABLE = "dynamodb:DescribeTable"
_SWITCHES = ("ENABLED", "DISABLED")
_COMPLETE = ("AVAILABLE", "COMPLETED")
SHOWN = 5
RECOVERY_LAG = timedelta(hours=1)
JITTER = timedelta(minutes=1)
"""Gaps of some seconds between two scheduled exports are ignored."""


@dataclass(frozen=True)
class Backup:
    """One backup of a table. `kind` is USER, SYSTEM or AWS_BACKUP; DynamoDB makes SYSTEM ones of deleted tables."""

    name: str
    made: datetime
    status: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class TableBackups(Resource):
    """The backups of one table made since `since`; `status` is "" where the table could not be described.

    AWS Backup has its own list (`vault`), which is read only where DynamoDB lists no recent backup.
    """

    status: str
    listed: tuple[Backup, ...]
    vault: tuple[Backup, ...] | CouldNotLook
    since: datetime
    now: datetime

    @property
    def newest(self) -> Backup | None:
        """The newest that can be restored; those made before the table belong to an earlier table of that name."""
        return newest_of([*self.listed, *seen(self.vault)], self.evidence["Table"])

    @property
    def age(self) -> timedelta | None:
        """How old that one is."""
        newest = self.newest
        return self.now - newest.made if newest else None

    def is_new(self, within: timedelta) -> bool:
        """Whether it was made within this time, and not in place of an earlier table of which there are backups."""
        made: datetime = self.evidence["Table"]["CreationDateTime"]
        return self.now - made <= within and all(one.made >= made for one in [*self.listed, *seen(self.vault)])

    @property
    def unusable(self) -> str:
        """Newer backups that cannot be restored, and why; empty where there are none."""
        newest = self.newest
        after = [one for one in [*self.listed, *seen(self.vault)] if not newest or one.made > newest.made]
        earlier = "of an earlier table of that name"
        told = [(one, earlier if one.status in _COMPLETE else one.status) for one in after[:3]]
        return ", ".join(f"{one.name} of {one.made:%Y-%m-%d %H:%M} UTC is {why}" for one, why in told)


def newest_of(backups: Iterable[Backup], table: Mapping[str, Any]) -> Backup | None:
    """The newest backup from which the table (as DescribeTable returns it) can be restored."""
    made: datetime = table["CreationDateTime"]
    usable = [one for one in backups if one.status in _COMPLETE and one.made >= made]
    return max(usable, key=lambda one: one.made, default=None)


@observation(allow=["dynamodb:ListBackups", "backup:ListRecoveryPointsByResource"])
def table_backups(stack: Stack, aws: Aws, tables: list[Table], now: datetime) -> list[TableBackups]:
    """The backups of the stack's tables; of all tables in one list, because DynamoDB allows few such calls a second."""
    wanted = timedelta(days=stack.limits.backup_age_days)
    since = now - 2 * wanted  # far enough to report the age of one that is too old, without reading years
    asked = {"BackupType": "ALL", "TimeRangeLowerBound": since}
    of = grouped(aws.items("dynamodb", "ListBackups", "BackupSummaries", **asked), itemgetter("TableName"))
    return fan_out(lambda table: _backups(aws, table, of.get(table.name, ()), wanted, since, now), tables)


def _backups(
    aws: Aws, table: Table, listed: Sequence[dict[str, Any]], wanted: timedelta, since: datetime, now: datetime
) -> TableBackups:
    own = tuple(map(_own, listed))
    bare = TableBackups(
        arn=table.arn,
        name=table.name,
        evidence={"Table": Answer({}, _TABLE), "BackupSummaries": list(listed)[:SHOWN]},
        status="",
        listed=own,
        vault=table.unread or (),
        since=since,
        now=now,
    )
    if table.unread:  # when it was made, and so which backups are its own, is not known: it is blind alone
        return bare
    newest: Backup | None = None
    vault: tuple[Backup, ...] | CouldNotLook = ()
    if table.status != "MISSING":
        newest = newest_of(own, table.evidence)
        if newest is None or now - newest.made > wanted:
            vault = points_of(aws, table.arn)
            newest = newest if isinstance(vault, CouldNotLook) else newest_of([*own, *vault], table.evidence)
    about = {key: table.evidence[key] for key in ("CreationDateTime", "TableId") if key in table.evidence}
    return replace(
        bare,
        evidence={
            "Table": Answer(about, _TABLE),
            "BackupSummaries": sorted(listed, key=itemgetter("BackupCreationDateTime"), reverse=True)[:SHOWN],
            "AWS Backup": str(vault) if isinstance(vault, CouldNotLook) else [vars(one) for one in vault[:SHOWN]],
        },
        figures=(Figure("newest backup", f"{newest.made:%Y-%m-%d %H:%M} UTC"),) if newest else (),
        status=table.status,
        vault=vault,
    )


def _own(raw: Mapping[str, Any]) -> Backup:
    made = utc(raw["BackupCreationDateTime"])
    return Backup(str(raw["BackupName"]), made, str(raw["BackupStatus"]), str(raw["BackupType"]))


@or_why
def points_of(aws: Aws, arn: str) -> tuple[Backup, ...]:
    """The table's recovery points in AWS Backup, or why they could not be listed, which concerns this table only."""
    listed = aws.items("backup", "ListRecoveryPointsByResource", "RecoveryPoints", ResourceArn=arn)
    return tuple(sorted(map(_point, listed), key=lambda one: one.made, reverse=True))


def _point(raw: Mapping[str, Any]) -> Backup:
    name = str(raw["RecoveryPointArn"]).rpartition(":")[2]
    return Backup(name, utc(raw["CreationDate"]), str(raw["Status"]), "AWS_BACKUP")


@dataclass(frozen=True, kw_only=True)
class TableRecovery(Resource):
    """Point-in-time recovery of a table; one that does not exist has an Error and nothing else."""

    now: datetime

    @property
    def exists(self) -> bool:
        """Whether the table exists."""
        return "Error" not in self.evidence

    @property
    def is_on(self) -> bool:
        """Whether point-in-time recovery is on. ContinuousBackupsStatus alone is ENABLED for every table."""
        if one_of(self.evidence, "ContinuousBackupsStatus", _SWITCHES) != "ENABLED":
            return False
        return one_of(self._recovery, "PointInTimeRecoveryStatus", _SWITCHES) == "ENABLED"

    @property
    def _recovery(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = self.evidence["PointInTimeRecoveryDescription"]
        return told

    @property
    def earliest(self) -> datetime:
        """The first moment that can be restored, in UTC."""
        return utc(self._recovery["EarliestRestorableDateTime"])

    @property
    def latest(self) -> datetime:
        """The last one, in UTC."""
        return utc(self._recovery["LatestRestorableDateTime"])

    @property
    def keeps_up(self) -> bool:
        """Whether the last restorable moment advances: usually 5 minutes ago; it stops if the KMS key is lost."""
        return self.now - self.latest <= RECOVERY_LAG


@observation(allow=["dynamodb:DescribeContinuousBackups"])
def table_recovery(aws: Aws, tables: list[Table], now: datetime) -> list[TableRecovery]:
    """Point-in-time recovery of the stack's tables."""
    told = each_alone(lambda table: _recovery(aws, table), tables, lambda _, why: Unread(why))
    both = zip(tables, told, strict=True)
    return [TableRecovery(arn=table.arn, name=table.name, evidence=one, now=now) for table, one in both]


def _recovery(aws: Aws, table: Table) -> Answer:
    try:
        answer = aws.call("dynamodb", "DescribeContinuousBackups", TableName=table.name)
    except NotThere as missing:
        return Answer({"Error": missing.reason}, missing.call)
    told: Answer = answer["ContinuousBackupsDescription"]
    return told


@dataclass(frozen=True)
class ExportWindow:
    """The period that one export covers."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class LogExports(Resource):
    """The exports of a log group to S3 (`windows`, newest first), and the destinations of its subscriptions."""

    group: LogGroup
    windows: tuple[ExportWindow, ...]
    subscriptions: tuple[str, ...] | CouldNotLook
    now: datetime

    @property
    def sent_on_to(self) -> tuple[str, ...]:
        """Where subscriptions send every event. Whether events arrive there is not checked."""
        return seen(self.subscriptions)

    def lacks(self, within: timedelta) -> str:
        """What was not exported within this time; empty where nothing is missing."""
        if not self.windows:
            return "it has no export"
        end, since = self.windows[0].end, self.now - within
        if end < since:
            return f"its newest export ends at {end:%Y-%m-%d %H:%M} UTC"
        begin = _gapless_since(self.windows)
        if begin > max(since, self.group.created) + JITTER:
            return f"some events written before {begin:%Y-%m-%d %H:%M} UTC were not exported"
        return ""


def _gapless_since(windows: Sequence[ExportWindow]) -> datetime:
    """The moment since which every event up to the newest end was exported."""
    since = windows[0].begin
    for window in windows:
        if window.end + JITTER < since:
            break
        since = min(since, window.begin)
    return since


@observation(allow=["logs:DescribeExportTasks", SUBSCRIPTIONS, POLICIES])
def log_exports(stack: Stack, aws: Aws, log_groups: list[LogGroup], now: datetime) -> list[LogExports]:
    """The exports of the stack's log groups; subscriptions are listed only where exports are incomplete.

    A subscription may also be the account's. Sources: API_DescribeSubscriptionFilters, API_DescribeAccountPolicies.
    """
    tasks = grouped(aws.items("logs", "DescribeExportTasks", "exportTasks"), itemgetter("logGroupName"))
    within = timedelta(days=stack.limits.log_export_days)
    found = fan_out(lambda group: _exports(aws, group, tasks.get(group.name, ()), within, now), log_groups)
    if not any(_lacks(one, within) for one in found):
        return found
    policies = account_policies(aws)
    return [_with(one, sent_by_account(policies, one.name)) if _lacks(one, within) else one for one in found]


def _lacks(one: LogExports, within: timedelta) -> bool:
    return bool(one.group.exists and not one.subscriptions and one.lacks(within))


def _exports(
    aws: Aws, group: LogGroup, tasks: Sequence[dict[str, Any]], within: timedelta, now: datetime
) -> LogExports:
    complete = [raw for raw in tasks if raw["status"]["code"] == "COMPLETED"]
    windows = tuple(sorted(map(_window, complete), key=lambda one: one.end, reverse=True))
    seen_so_far = LogExports(
        arn=group.arn,
        name=group.name,
        evidence={"exportTasks": sorted(tasks, key=itemgetter("to"), reverse=True)[:SHOWN]},
        figures=(Figure("exported up to", f"{windows[0].end:%Y-%m-%d %H:%M} UTC"),) if windows else (),
        group=group,
        windows=windows,
        subscriptions=(),
        now=now,
    )
    return _with(seen_so_far, sent_by_group(aws, group.name)) if _lacks(seen_so_far, within) else seen_so_far


def _with(one: LogExports, to: tuple[str, ...] | CouldNotLook) -> LogExports:
    told = str(to) if isinstance(to, CouldNotLook) else list(to)
    return replace(one, subscriptions=to, evidence={**one.evidence, "every event is sent to": told})


def _window(raw: Mapping[str, Any]) -> ExportWindow:
    """The exported period: events written after the task was created are not in it, even where its end is later."""
    made = moment_of_ms(raw["executionInfo"], "creationTime")
    return ExportWindow(moment_of_ms(raw, "from"), min(moment_of_ms(raw, "to"), made))
