"""The restore drill: each table's newest backup is restored, compared with its source, and deleted."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..aws.backups import TableBackups
from ..aws.dynamodb import Table
from ..aws.session import Aws
from ..core import clock
from ..core.change import CannotFix
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook
from ..core.wording import plural
from ..fixing.outcome import ChangeResult
from ..remedies.operations.restore import DRILL
from ..remedies.operations.restore_points import describe_table
from .declare import Ground, drill
from .table_items import TablePart, TablesCompared, compare, fetch, read_part
from .table_shape import changed_since, shape_of, shape_of_backup, wrong_in

if TYPE_CHECKING:
    from ..config.stack import Stack

LONGEST_NAME = 255
GB = 1024**3
USD_PER_GB = 0.15
"""USD a GB that DynamoDB charges for a restore; it differs a little between regions."""
REMOVING = timedelta(minutes=1)
"""How long to wait for a table that cannot be deleted because it is still being restored."""
AS_THE_BACKUP, NOT_RESTORED, NOT_PROVEN = "as the backup", "not restored", "not proven"


@dataclass(frozen=True, kw_only=True)
class RestoreDrill(Resource):
    """What came of restoring one table. `refused` says why nothing was restored, or why it proves nothing.

    `wrong` is what is not as it should be, `notes` what is worth knowing; `left` why the copy is still there, or
    nothing.
    """

    refused: str = ""
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    took_s: float | None = None
    compared: TablesCompared | None = None
    backup: datetime | None = None
    left: str = ""

    @property
    def result(self) -> str:
        """The result in two or three words."""
        if self.compared and self.compared.lost:
            return f"lacks {plural(self.compared.lost, 'item')}"
        if self.wrong:
            return NOT_RESTORED if self.compared is None else "differs"
        return NOT_PROVEN if self.refused else AS_THE_BACKUP

    def require_proven(self) -> None:
        """CouldNotLook where nothing can be said of the restored table."""
        if self.refused:
            raise CouldNotLook("", self.refused)


def _makes(stack: Stack) -> str:
    return (
        f"restores the newest backup of each table into a new one ({DRILL}…), which takes some minutes each, reads "
        f"items of both (all of a table of up to {stack.limits.drill_scan_items}, else "
        f"{stack.limits.drill_sample_items}), and deletes the new one; no table of the stack is changed"
    )


@drill(
    makes=_makes,
    allow=["dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:DescribeTable", "dynamodb:DescribeBackup"],
    remedies=["restore-table", "delete-restored-table"],
)
def restore_drills(
    stack: Stack, aws: Aws, ground: Ground, tables: list[Table], table_backups: list[TableBackups]
) -> list[RestoreDrill]:
    """The newest backup of each table restored into a temporary one, and compared with its source."""
    still: dict[str, str] = {}
    for name, source in _leftovers(ground).items():
        if why := _remove(aws, ground, name, timedelta(minutes=stack.limits.restore_minutes)):
            still[source] = f"{name}, which an earlier drill left, is still there: {why}"
            ground.say(still[source])
    size = sum(int(table.evidence.get("TableSizeBytes", 0)) for table in tables)
    cost = max(0.01, size / GB * USD_PER_GB)
    ground.say(f"restoring {plural(len(tables), 'table')} of {size / GB:.2f} GB together, for about {cost:.2f} USD")
    backups = {one.arn: one for one in table_backups}
    return [
        _rehearsed(stack, aws, ground, table, backups.get(table.arn), still.get(table.name, "")) for table in tables
    ]


def drill_name(table: str, now: datetime) -> str:
    """The temporary table's name: that of the source as far as there is room."""
    stamp = f"{now:%Y%m%d-%H%M%S}"
    return f"{DRILL}{table[: LONGEST_NAME - len(DRILL) - len(stamp) - 1]}-{stamp}"


def _rehearsed(
    stack: Stack, aws: Aws, ground: Ground, table: Table, backups: TableBackups | None, still: str
) -> RestoreDrill:
    bare = RestoreDrill(arn=table.arn, name=table.name)
    if table.status != "ACTIVE":
        return _told(replace(bare, refused=f"nothing was restored: the table is {table.status}", left=still))
    new = drill_name(table.name, clock.now())
    began = time.monotonic()
    try:
        found = _restored(stack, aws, ground, table, new, began)
    except CannotFix as error:
        none = backups is not None and backups.newest is None
        found = replace(bare, wrong=(str(error),)) if none else replace(bare, refused=f"nothing was restored: {error}")
    except CouldNotLook as error:
        found = replace(bare, refused=str(error))
    finally:
        # also after Ctrl-C: what a drill made goes with it
        left = _remove(aws, ground, new, min(REMOVING, timedelta(minutes=stack.limits.restore_minutes)))
        if left:
            ground.say(f"{new} is still there: {left}")
    return _told(replace(found, left="; ".join(filter(None, [still, f"{new} is still there: {left}" if left else ""]))))


def _restored(stack: Stack, aws: Aws, ground: Ground, table: Table, new: str, began: float) -> RestoreDrill:
    """Restored and compared."""
    bare = RestoreDrill(arn=table.arn, name=table.name)
    minutes = stack.limits.restore_minutes
    made = ground.make("restore-table", f"{new} from {table.name}", within=timedelta(minutes=minutes))
    took_s = time.monotonic() - began
    if made.result is ChangeResult.REFUSED:
        return replace(bare, refused=f"nothing was restored: {made.said}")
    if made.result is not ChangeResult.DONE:
        return replace(bare, took_s=took_s, wrong=(f"not restored within {plural(minutes, 'minute')}: {made.said}",))
    point = str(made.change.after["restored_from"])
    answer = aws.call("dynamodb", "DescribeBackup", BackupArn=point)
    told: Mapping[str, Any] = answer["BackupDescription"]
    details = told["BackupDetails"]
    moment: datetime = details["BackupCreationDateTime"].astimezone(UTC)
    copy = describe_table(aws, new)
    if copy is None:
        return replace(bare, took_s=took_s, wrong=(f"{new} is gone again",))
    source, restored, then = shape_of(table.evidence), shape_of(copy.raw), shape_of_backup(told)
    ground.say(f"{new} was restored in {took_s:.0f} s; comparing it with {table.name}")
    compared = _compared(stack, aws, table, new, moment)
    items = int(told["SourceTableDetails"].get("ItemCount", 0))
    seen = replace(
        bare, took_s=took_s, backup=moment, compared=compared, notes=(str(compared), *changed_since(then, source))
    )
    return replace(
        seen,
        wrong=(*wrong_in(restored, then, source), *_wrong_items(compared, items)),
        refused=_unproven(stack, compared),
        evidence={"backup": point, "items by DynamoDB's count": items, **vars(compared)},
    )


def _compared(stack: Stack, aws: Aws, table: Table, new: str, backup: datetime) -> TablesCompared:
    """All of both where the source is small, else a sample from either side, each looked up on the other."""
    keys = [str(one["AttributeName"]) for one in table.evidence["KeySchema"]]
    created = stack.incident_fields.created_at if table.name == stack.incidents_table else ""
    limits = stack.limits
    small = int(table.evidence["ItemCount"]) <= limits.drill_scan_items
    # the count is hours old: twice as many still count as small
    most = 2 * limits.drill_scan_items if small else limits.drill_sample_items

    def part(name: str, *, whole: bool, most: int) -> TablePart:
        return read_part(aws, name, keys, created, most=most, whole=whole)

    source, restored = part(table.name, whole=small, most=most), part(new, whole=small, most=most)
    if small and not (source.whole and restored.whole):
        most = limits.drill_sample_items
        source, restored = part(table.name, whole=False, most=most), part(new, whole=False, most=most)
    lacking = [] if restored.whole else [one for key, one in source.items.items() if key not in restored.items]
    gone = [] if source.whole else [one for key, one in restored.items.items() if key not in source.items]
    return compare(
        source,
        restored,
        backup,
        in_source=fetch(aws, table.name, gone, created),
        in_restored=fetch(aws, new, lacking, created),
    )


def _wrong_items(compared: TablesCompared, items: int) -> Iterator[str]:
    if compared.lost:
        items_of_source = plural(compared.source, "item")
        yield f"{compared.lost} of {items_of_source} of the source are older than the backup, and not in it"
    if not compared.restored and items:
        yield f"it is empty, and the backup has about {plural(items, 'item')}"


def _unproven(stack: Stack, compared: TablesCompared) -> str:
    limit = stack.limits.drill_unexplained_percent
    if compared.unexplained_percent <= limit:
        return ""
    return (
        f"{compared.unexplained} of {plural(compared.source, 'item')} of the source are not in the restored table, "
        f"and nothing shows whether they are newer than the backup (limit drill_unexplained_percent {limit:g} %)"
    )


def _told(found: RestoreDrill) -> RestoreDrill:
    """With its figures; what was not seen has none."""
    figures = [] if found.took_s is None else [Figure("restored in", round(found.took_s, 1), "s")]
    if found.compared is not None:
        figures.append(Figure("items compared", found.compared.total))
    if found.backup is not None:
        figures.append(Figure("backup of", f"{found.backup:%Y-%m-%dT%H:%M:%SZ}"))
    figures.append(Figure("result", found.result))
    evidence = {**found.evidence, "wrong": list(found.wrong), "left": found.left, "not proven": found.refused}
    return replace(found, figures=tuple(figures), evidence=evidence)


def _leftovers(ground: Ground) -> dict[str, str]:
    """Tables that drills of this stack made, by its journal, and that may be there still, each with its source."""
    names: dict[str, str] = {}
    for entry in ground.earlier():
        change = entry.change
        if change.remedy == "restore-table" and not entry.undoes and (entry.happened or entry.is_open):
            name, _, source = change.target.partition(" from ")
            if name.startswith(DRILL):
                names[name] = source
        elif change.remedy == "delete-restored-table" and entry.state == "cured":
            names.pop(change.target, None)
    return names


def _remove(aws: Aws, ground: Ground, name: str, patience: timedelta) -> str:
    """Delete the temporary table, if it is there; why it is there still, or nothing."""
    later = f"the next drill removes it, or opschecks fix delete-restored-table --target {name}"
    until = time.monotonic() + patience.total_seconds()
    try:
        while (found := describe_table(aws, name)) is not None and found.status in ("CREATING", "UPDATING"):
            if time.monotonic() >= until:
                return f"it is {found.status}, and can only be deleted after that: {later}"
            ground.say(f"{name} is {found.status}: it can be deleted when that ends")
            ground.pause()
        if found is None:
            return ""
        made = ground.make("delete-restored-table", name, cleans_up=True)
    except (CannotFix, CouldNotLook) as error:
        return f"{error}; {later}"
    return "" if made.result is ChangeResult.DONE else f"{made.said}; {later}"
