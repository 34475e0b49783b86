"""The newest state to which a table can be restored: a moment, or a backup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, fan_out, observation
from .backups import Backup, TableBackups, TableRecovery, newest_of, points_of
from .evidence import utc
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack


@dataclass(frozen=True, kw_only=True)
class SavedTable(Resource):
    """A table, and the time of the newest state to which it can be restored; `kind` describes that state.

    `unseen`: why something that may be newer could not be checked.
    """

    status: str
    saved: datetime | None
    kind: str
    unseen: CouldNotLook | None
    now: datetime
    wanted: timedelta

    @property
    def age(self) -> timedelta | None:
        """Age of that state; CouldNotLook where it is older than allowed, and something newer may exist."""
        age = self.now - self.saved if self.saved else None
        if self.unseen and (age is None or age > self.wanted):
            raise self.unseen.again()
        return age


@observation(allow=["backup:ListRecoveryPointsByResource"], soft=["table_recovery"])
def saved_tables(
    stack: Stack,
    aws: Aws,
    table_backups: list[TableBackups],
    table_recovery: list[TableRecovery] | CouldNotLook,
    now: datetime,
) -> list[SavedTable]:
    """The newest restorable state of the stack's tables. AWS Backup is read only where DynamoDB has none recent."""
    wanted = timedelta(hours=stack.limits.deploy_backup_age_hours)
    blind = table_recovery if isinstance(table_recovery, CouldNotLook) else None
    by_name = {} if isinstance(table_recovery, CouldNotLook) else {one.name: one for one in table_recovery}

    def is_recent(moment: datetime | None) -> bool:
        return moment is not None and now - moment <= wanted

    def newest_saved(table: TableBackups) -> SavedTable:
        recovery, unseen = by_name.get(table.name), blind
        saved, kind = None, ""
        try:
            if recovery and recovery.exists and recovery.is_on:
                saved, kind = recovery.latest, "the last moment that it can be restored to"
        except CouldNotLook as problem:  # of this table alone; a backup may still be recent
            unseen = problem
        if not table.status:
            unseen = table.vault if isinstance(table.vault, CouldNotLook) else unseen
        elif table.status != "MISSING" and not is_recent(saved):
            vault = table.vault
            newest = _newest(table, vault)
            if not is_recent(newest) and not vault:
                vault = points_of(aws, table.arn)
                newest = _newest(table, vault)
            if newest and (saved is None or newest > saved):
                saved, kind = newest, "its newest backup"
            unseen = unseen or (vault if isinstance(vault, CouldNotLook) else None)
        return SavedTable(
            arn=table.arn,
            name=table.name,
            evidence={**table.evidence, "recovery": recovery.evidence if recovery else str(unseen or "none")},
            figures=(Figure("can be restored to", f"{saved:%Y-%m-%d %H:%M} UTC"),) if saved else (),
            status=table.status,
            saved=saved,
            kind=kind,
            unseen=unseen,
            now=now,
            wanted=wanted,
        )

    return fan_out(newest_saved, table_backups)


def _newest(table: TableBackups, vault: Iterable[Backup] | CouldNotLook) -> datetime | None:
    known = [] if isinstance(vault, CouldNotLook) else vault
    found = newest_of([*table.listed, *known], table.evidence["Table"])
    return utc(found.made) if found else None
