"""What a table can be restored to before a deploy: by recovery, by a backup of DynamoDB, by one of AWS Backup."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from opschecks.aws.backups import Backup, TableBackups, TableRecovery
from opschecks.aws.fresh_backups import SavedTable, saved_tables
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, checks_of, judges, stack
from tests.canned_backups import ARN, T

check = checks_of("deploy/before", "saved_tables").test_tables_have_a_fresh_backup
POINTS = ("backup", "ListRecoveryPointsByResource")
DENIED = CouldNotLook("backup:ListRecoveryPointsByResource", "AccessDenied")


def _backups(*hours: float, status: str = "ACTIVE", vault: Any = ()) -> TableBackups:
    listed = tuple(Backup(f"of {one} hours", ago(hours=one), "AVAILABLE", "USER") for one in hours)
    told = {"Table": {"CreationDateTime": ago(days=40)}}
    known: Raw = {"listed": listed, "vault": vault, "since": ago(days=14), "now": NOW}
    return TableBackups(arn=ARN, name=T, evidence=told, status=status, **known)


def _recovery(status: str = "ENABLED", minutes: float = 5) -> TableRecovery:
    moments = {"EarliestRestorableDateTime": ago(days=35), "LatestRestorableDateTime": ago(minutes=minutes)}
    told = {"PointInTimeRecoveryStatus": status, **moments}
    evidence = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": told}
    return TableRecovery(arn=ARN, name=T, evidence=evidence, now=NOW)


def _point(hours: float, status: str = "COMPLETED") -> Raw:
    arn = "arn:aws:backup:us-west-2:123456789012:recovery-point:a"
    return {"RecoveryPoints": [{"RecoveryPointArn": arn, "CreationDate": ago(hours=hours), "Status": status}]}


OFF = _recovery("DISABLED")
NONE: Raw = {"RecoveryPoints": []}
CASES: dict[str, tuple[TableBackups, TableRecovery | CouldNotLook, Any, str, str]] = {
    "to any moment": (
        _backups(),
        _recovery(),
        None,
        "passed",
        "the last moment that it can be restored to is 5 min old",
    ),
    "to an earlier moment": (_backups(), _recovery(minutes=180), None, "passed", "is 3 h old"),
    "recovery has stopped": (_backups(), _recovery(minutes=1800), NONE, "failed", "30 h old; limit 24 h"),
    "the backup is younger": (_backups(26), _recovery(minutes=1800), NONE, "failed", "its newest backup is 26 h old"),
    "by a backup": (_backups(2, 50), OFF, None, "passed", "its newest backup is 2 h old"),
    "by one of AWS Backup": (_backups(50), OFF, _point(3), "passed", "its newest backup is 3 h old"),
    "that one is not there yet": (_backups(50), OFF, _point(3, "PARTIAL"), "failed", "2 days 2 h old; limit 24"),
    "an old one": (_backups(50), OFF, NONE, "failed", "its newest backup is 2 days 2 h old; limit 24 h"),
    "none": (_backups(), OFF, NONE, "failed", "no backup can be restored, and recovery to a moment is off"),
    "no such table": (_backups(status="MISSING"), OFF, None, "failed", "the table does not exist"),
    "AWS Backup may not be asked": (_backups(50), OFF, DENIED, "blind", "AccessDenied"),
    "it says nothing": (_backups(50), OFF, {}, "blind", "the answer has no 'RecoveryPoints'"),
    "recovery may not be asked": (_backups(50), DENIED, NONE, "blind", "AccessDenied"),
    "the table may not be described": (_backups(2, status="", vault=DENIED), OFF, None, "blind", "AccessDenied"),
    "it may not, and recovery is on": (_backups(status="", vault=DENIED), _recovery(), None, "passed", "min old"),
    "it may not, and need not": (_backups(2), DENIED, None, "passed", "2 h old"),
}


def _saved(backups: TableBackups, recovery: TableRecovery | CouldNotLook, points: Any) -> SavedTable:
    aws = Aws({} if points is None else {POINTS: points})
    told = recovery if isinstance(recovery, CouldNotLook) else [recovery]
    [saved] = saved_tables(stack(), aws, [backups], told, NOW)
    assert aws.calls == ([] if points is None else ["backup:ListRecoveryPointsByResource"])
    return saved


test_a_table_is_saved_by_what_is_youngest = judges(
    check, CASES, saved_tables=lambda backups, recovery, points: [_saved(backups, recovery, points)]
)


def test_aws_backup_is_not_asked_twice() -> None:
    known = replace(_backups(200), vault=(Backup("p", ago(hours=2), "COMPLETED", "AWS_BACKUP"),))
    assert _saved(known, OFF, None).saved == ago(hours=2)
