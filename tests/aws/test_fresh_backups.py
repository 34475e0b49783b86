"""What a table can be restored to before a deploy: by recovery, by a backup of DynamoDB, by one of AWS Backup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.backups import Backup, TableBackups, TableRecovery
from opschecks.aws.fresh_backups import SavedTable, saved_tables
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, checks_of, given, judges, stack
from tests.canned_backups import ARN, T
from tests.cases import cases

check = checks_of("deploy/before", "saved_tables").test_tables_have_a_fresh_backup
DENIED = CouldNotLook("backup:ListRecoveryPointsByResource", "AccessDenied")
REFUSED = CouldNotLook("dynamodb:DescribeContinuousBackups", "AccessDenied: no")


def backup(hours: float, status: str = "AVAILABLE") -> Backup:
    return Backup(f"of {hours} h", (NOW - timedelta(hours=hours)), status, "USER")


def backups(*listed: Backup, status: str = "ACTIVE", vault: Any = ()) -> TableBackups:
    evidence = {"Table": {"CreationDateTime": ago(days=40)}, "BackupSummaries": []}
    return TableBackups(
        arn=ARN, name=T, evidence=evidence, status=status, listed=tuple(listed), vault=vault,
        since=ago(days=14), now=NOW,
    )  # fmt: skip


def recovery(latest: float | None = None, status: str = "ENABLED", name: str = T) -> TableRecovery:
    point = given(
        {"PointInTimeRecoveryStatus": status, "EarliestRestorableDateTime": ago(days=9)},
        {"LatestRestorableDateTime": None if latest is None else ago(hours=latest)},
    )
    told = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": point}
    return TableRecovery(arn=ARN, name=name, evidence=Answer(told, "dynamodb:DescribeContinuousBackups"), now=NOW)


def point(hours: float, status: str = "COMPLETED") -> Raw:
    told = {"RecoveryPointArn": f"{ARN}/{hours}", "CreationDate": ago(hours=hours), "Status": status}
    return {"RecoveryPoints": [told]}


def look(of: TableBackups, by: TableRecovery | CouldNotLook, points: Any) -> tuple[SavedTable, Aws]:
    """What is seen of the table, where AWS Backup answers so: it is not to be asked where that is None."""
    aws = Aws({} if points is None else {("backup", "ListRecoveryPointsByResource"): points})
    recoveries = by if isinstance(by, CouldNotLook) else [recovery(0, name="other"), by]
    [found] = saved_tables(stack(limits={"deploy_backup_age_hours": 24}), aws, [of], recoveries, NOW)
    assert (found.arn, found.name, found.now, found.wanted) == (ARN, T, NOW, timedelta(hours=24))
    return found, aws


def saved(of: TableBackups, by: TableRecovery | CouldNotLook, *points: float, refused: bool = False) -> SavedTable:
    listed = {"RecoveryPoints": [one for hours in points for one in point(hours)["RecoveryPoints"]]}
    return look(of, by, DENIED if refused else listed)[0]


OFF = recovery(status="DISABLED")
MOMENT, NEWEST = "the last moment that it can be restored to", "its newest backup"
NONE: Raw = {"RecoveryPoints": []}
CASES: dict[str, tuple[TableBackups, TableRecovery | CouldNotLook, Any, str, str]] = {
    "to any moment": (
        backups(), recovery(1 / 12), None, "passed", "the last moment that it can be restored to is 5 min old"),
    "to an earlier moment": (backups(), recovery(3), None, "passed", "is 3 h old"),
    "recovery has stopped": (backups(), recovery(30), NONE, "failed", "30 h old; limit 24 h"),
    "the backup is younger": (backups(backup(26)), recovery(30), NONE, "failed", "its newest backup is 26 h old"),
    "by a backup": (backups(backup(2), backup(50)), OFF, None, "passed", "its newest backup is 2 h old"),
    "by one of AWS Backup": (backups(backup(50)), OFF, point(3), "passed", "its newest backup is 3 h old"),
    "that one is not there yet": (backups(backup(50)), OFF, point(3, "PARTIAL"), "failed", "2 days 2 h old; limit 24"),
    "an old one": (backups(backup(50)), OFF, NONE, "failed", "its newest backup is 2 days 2 h old; limit 24 h"),
    "none": (backups(), OFF, NONE, "failed", "no backup can be restored, and recovery to a moment is off"),
    "no such table": (backups(status="MISSING"), OFF, None, "failed", "the table does not exist"),
    "AWS Backup may not be asked": (backups(backup(50)), OFF, DENIED, "blind", "AccessDenied"),
    "it says nothing": (backups(backup(50)), OFF, {}, "blind", "the answer has no 'RecoveryPoints'"),
    "recovery may not be asked": (backups(backup(50)), DENIED, NONE, "blind", "AccessDenied"),
    "the table may not be described": (backups(backup(2), status="", vault=DENIED), OFF, None, "blind", "AccessDenied"),
    "it may not, and recovery is on": (backups(status="", vault=DENIED), recovery(1 / 12), None, "passed", "min old"),
    "it may not, and need not": (backups(backup(2)), DENIED, None, "passed", "2 h old"),
}  # fmt: skip


def judged(of: TableBackups, by: TableRecovery | CouldNotLook, points: Any) -> list[SavedTable]:
    found, aws = look(of, by, points)
    assert aws.calls == ([] if points is None else ["backup:ListRecoveryPointsByResource"])
    return [found]


test_a_table_is_saved_by_what_is_youngest = judges(check, CASES, saved_tables=judged)


def test_aws_backup_is_not_asked_twice() -> None:
    known = backups(backup(200), vault=(backup(2, "COMPLETED"),))
    assert judged(known, OFF, None)[0].saved == ago(hours=2)


@cases({
    "by recovery": (lambda: saved(backups(), recovery(1), refused=True), 1, MOMENT, ""),
    "by recovery, as old as may be": (lambda: saved(backups(), recovery(24), 2), 24, MOMENT, ""),
    "by recovery that is too old, and AWS Backup": (lambda: saved(backups(), recovery(25), 2), 2, NEWEST, ""),
    "by recovery that is too old, and an older backup": (lambda: saved(backups(), recovery(25), 26), 25, MOMENT, ""),
    "by recovery that is too old, and a backup of the same time": (
        lambda: saved(backups(), recovery(25), 25), 25, MOMENT, ""),
    "by a backup of DynamoDB": (lambda: saved(backups(backup(3), backup(9)), OFF, refused=True), 3, NEWEST, ""),
    "by one as old as may be": (lambda: saved(backups(backup(24)), OFF, 1), 24, NEWEST, ""),
    "by one of AWS Backup that is known": (
        lambda: saved(backups(vault=(backup(2, "COMPLETED"),)), OFF, refused=True), 2, NEWEST, ""),
    "by an old one of AWS Backup that is known": (
        lambda: saved(backups(vault=(backup(30, "COMPLETED"),)), OFF, 1), 30, NEWEST, ""),
    "by one of AWS Backup that is asked for": (lambda: saved(backups(backup(30)), OFF, 3), 3, NEWEST, ""),
    "by an old one, and AWS Backup may not be asked": (
        lambda: saved(backups(backup(30)), OFF, refused=True), 30, NEWEST, str(DENIED)),
    "by an old one, and AWS Backup was refused before": (
        lambda: saved(backups(backup(30), vault=DENIED), OFF), 30, NEWEST, str(DENIED)),
    "by none": (lambda: saved(backups(), OFF), None, "", ""),
    "by none, and recovery may not be read": (lambda: saved(backups(), REFUSED), None, "", str(REFUSED)),
    "by a new one, and recovery may not be read": (
        lambda: saved(backups(backup(3)), REFUSED), 3, NEWEST, str(REFUSED)),
    "by an old one, and neither may be read": (
        lambda: saved(backups(backup(30)), REFUSED, refused=True), 30, NEWEST, str(REFUSED)),
    "by none, of a table that is missing": (lambda: saved(backups(status="MISSING"), OFF, 1), None, "", ""),
    "by recovery, of a table that could not be described": (
        lambda: saved(backups(backup(2), status="", vault=DENIED), recovery(1)), 1, MOMENT, str(DENIED)),
    "of a table that could not be described, whose backups are not known either": (
        lambda: saved(backups(backup(2), status=""), REFUSED), None, "", str(REFUSED)),
})  # fmt: skip
def test_the_newest_state_to_which_a_table_can_be_restored(
    look: Callable[[], SavedTable], hours: float | None, kind: str, unseen: str
) -> None:
    found = look()
    moment = None if hours is None else NOW - timedelta(hours=hours)
    assert (found.saved, found.kind, str(found.unseen or "")) == (moment, kind, unseen)
    assert found.figures == ((Figure("can be restored to", f"{moment:%Y-%m-%d %H:%M} UTC"),) if moment else ())


def test_the_evidence_tells_of_recovery_or_why_it_is_not_known() -> None:
    for by, told in ((OFF, OFF.evidence), (REFUSED, str(REFUSED)), (recovery(0, name="another"), "none")):
        found = saved(backups(backup(3)), by)
        assert found.evidence == {**backups().evidence, "recovery": told}
        assert found.status == "ACTIVE"


def test_a_recovery_that_does_not_say_until_when_leaves_the_backups() -> None:
    found = saved(backups(backup(3)), recovery(None))
    assert (found.kind, found.saved) == (NEWEST, NOW - timedelta(hours=3))
    assert "LatestRestorableDateTime" in str(found.unseen)
    assert found.age == timedelta(hours=3)
    alone = saved(backups(), recovery(None))
    with pytest.raises(CouldNotLook, match="LatestRestorableDateTime"):
        alone.age  # noqa: B018 - it raises


@cases({
    "young": (3, False, 3), "young, and something is unseen": (3, True, 3), "as old as may be": (24, True, 24),
    "old": (25, False, 25), "old, and something is unseen": (25, True, "blind"), "none": (None, False, None),
    "none, and something is unseen": (None, True, "blind"),
})  # fmt: skip
def test_an_age_beyond_the_limit_is_not_known_where_something_newer_may_exist(
    hours: float | None, unseen: bool, expected: float | str | None
) -> None:
    moment = None if hours is None else NOW - timedelta(hours=hours)
    one = SavedTable(
        arn=ARN, name=T, status="ACTIVE", saved=moment, kind=NEWEST, unseen=DENIED if unseen else None,
        now=NOW, wanted=timedelta(hours=24),
    )  # fmt: skip
    if expected == "blind":
        with pytest.raises(CouldNotLook, match="AccessDenied"):
            one.age  # noqa: B018 - it raises
    else:
        assert one.age == (None if expected is None else timedelta(hours=float(expected)))
