"""What is known of a table's backups, to the second and whole.

Sources: API_BackupSummary, API_PointInTimeRecoveryDescription of DynamoDB, API_RecoveryPointByResource of AWS Backup.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pytest

from opschecks.aws.backups import (
    Backup,
    TableBackups,
    TableRecovery,
    newest_of,
    points_of,
    table_backups,
    table_recovery,
)
from opschecks.aws.dynamodb import Table
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_backups import ARN, DENIED, GONE, backup, backups_aws, point, table
from tests.canned import NOW, Aws, Raw, ago, stack
from tests.cases import cases

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
MADE = {"CreationDateTime": NOW - 300 * DAY}


def _made(days: float, status: str = "AVAILABLE", name: str = "b") -> Backup:
    return Backup(name, NOW - days * DAY, status, "USER")


def _facts(*listed: Backup, vault: tuple[Backup, ...] = (), made: float = 300) -> TableBackups:
    return TableBackups(
        arn=ARN, name="incidents", evidence={"Table": {"CreationDateTime": NOW - made * DAY}}, status="ACTIVE",
        listed=listed, vault=vault, since=NOW - 14 * DAY, now=NOW,
    )  # fmt: skip


@cases([
    ([], None),
    ([_made(3), _made(1), _made(2)], 1),
    ([_made(3), _made(1, "CREATING"), _made(2, "DELETED")], 3),
    ([_made(3), _made(2, "COMPLETED")], 2),
    ([_made(3), _made(2, "PARTIAL")], 3),
    ([_made(300)], 300),
    ([_made(300 + 1 / 86400)], None),
])  # fmt: skip
def test_the_newest_backup_that_can_be_restored(backups: list[Backup], newest: float | None) -> None:
    found = newest_of(backups, MADE)
    assert (found and found.made) == (None if newest is None else NOW - newest * DAY)


def test_both_lists_count() -> None:
    assert _facts(_made(3), vault=(_made(2),)).age == 2 * DAY
    assert _facts(_made(1), vault=(_made(2),)).age == DAY
    assert _facts().age is None
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert TableBackups(
            arn=ARN, name="t", evidence={"Table": MADE}, status="ACTIVE", listed=(), vault=DENIED, since=NOW, now=NOW
        ).newest


@cases([
    (_facts(made=7), True),
    (_facts(made=7 + 1 / 86400), False),
    (_facts(_made(5), made=5), True),
    (_facts(_made(6), made=5), False),
    (_facts(vault=(_made(6),), made=5), False),
    (_facts(_made(4), vault=(_made(3),), made=5), True),
])  # fmt: skip
def test_a_table_is_new_unless_there_are_backups_of_an_earlier_one(facts: TableBackups, is_new: bool) -> None:
    assert facts.is_new(7 * DAY) is is_new


def _said(name: str, hours: int, why: str) -> str:
    return f"{name} of {NOW - hours * timedelta(hours=1):%Y-%m-%d %H:%M} UTC is {why}"


def _hours(name: str, hours: int, status: str = "AVAILABLE") -> Backup:
    return _made(hours / 24, status, name)


@cases({
    "none": (_facts(_hours("a", 2)), ""),
    "an older one": (_facts(_hours("a", 2), _hours("b", 3, "DELETED")), ""),
    "one of the same moment": (_facts(_hours("a", 2), _hours("b", 2, "DELETED")), ""),
    "a newer one": (_facts(_hours("a", 2), _hours("b", 1, "CREATING")), _said("b", 1, "CREATING")),
    "a newer one of AWS Backup": (_facts(_hours("a", 2), vault=(_hours("b", 1, "PARTIAL"),)), _said("b", 1, "PARTIAL")),
    "of an earlier table": (_facts(_hours("a", 48), made=1), _said("a", 48, "of an earlier table of that name")),
    "four": (
        _facts(*(_hours(f"{n}", n, "DELETED") for n in (1, 2, 3, 4))),
        ", ".join(_said(f"{n}", n, "DELETED") for n in (1, 2, 3)),
    ),
})  # fmt: skip
def test_newer_backups_that_cannot_be_restored(facts: TableBackups, said: str) -> None:
    assert facts.unusable == said


def _look(aws: Aws, *tables: Table, **limits: Any) -> list[TableBackups]:
    return table_backups(stack(limits=limits), aws, list(tables or (table(),)), NOW)


def test_a_tables_backups_are_told_whole() -> None:
    raw = [backup(9), backup(1, BackupName="b-1", BackupType="SYSTEM")]
    aws = backups_aws(*raw, backup(1, TableName="another"))
    [found] = _look(aws, table(TableId="1", TableArn="x"))
    assert found == TableBackups(
        arn=ARN,
        name="incidents",
        evidence={
            "Table": {"CreationDateTime": ago(days=300), "TableId": "1"},
            "BackupSummaries": [raw[1], raw[0]],
            "AWS Backup": [],
        },
        figures=(Figure("newest backup", "2026-11-23 07:00 UTC"),),
        status="ACTIVE",
        listed=(
            Backup("backup-9", NOW - 9 * DAY, "AVAILABLE", "USER"),
            Backup("b-1", NOW - DAY, "AVAILABLE", "SYSTEM"),
        ),
        vault=(),
        since=NOW - 2 * stack().limits.backup_age_days * DAY,
        now=NOW,
    )
    assert {one.made.tzinfo for one in found.listed} == {UTC}
    [asked] = aws.parameters_of("ListBackups")
    assert asked == {"BackupType": "ALL", "TimeRangeLowerBound": found.since}


@cases([(2, False), (2 + 1 / 86400, True)])
def test_aws_backup_is_asked_where_dynamodb_has_no_recent_backup(days: float, asked: bool) -> None:
    aws = backups_aws(backup(days), points=(point(3), point(1)))
    [found] = _look(aws, backup_age_days=2)
    assert bool(aws.parameters_of("ListRecoveryPointsByResource")) is asked
    assert found.vault == (
        (Backup("1", NOW - DAY, "COMPLETED", "AWS_BACKUP"), Backup("3", NOW - 3 * DAY, "COMPLETED", "AWS_BACKUP"))
        if asked
        else ()
    )
    assert found.figures[0].value == f"{NOW - (DAY if asked else 2 * DAY):%Y-%m-%d %H:%M} UTC"
    assert found.evidence["AWS Backup"] == [vars(one) for one in found.vault]


def test_of_many_backups_the_newest_five_are_shown_and_all_count() -> None:
    aws = backups_aws(*(backup(days) for days in range(20, 26)), points=tuple(point(days) for days in range(30, 36)))
    [found] = _look(aws)
    assert [one["BackupName"] for one in found.evidence["BackupSummaries"]] == [f"backup-{n}" for n in range(20, 25)]
    assert (len(found.evidence["AWS Backup"]), len(found.vault), len(found.listed)) == (5, 6, 6)  # type: ignore[arg-type]


def test_points_that_may_not_be_read_leave_what_dynamodb_lists() -> None:
    [found] = _look(backups_aws(backup(20), points=DENIED))
    assert found.evidence["AWS Backup"] == str(DENIED)
    assert found.figures == (Figure("newest backup", "2026-11-04 07:00 UTC"),)
    assert points_of(backups_aws(points=DENIED), ARN) is not None
    aws = backups_aws(points=(point(1),))
    points_of(aws, ARN)
    assert aws.parameters_of("ListRecoveryPointsByResource") == [{"ResourceArn": ARN}]


def test_without_a_backup_there_is_no_figure_and_of_a_table_that_is_gone_aws_backup_is_not_asked() -> None:
    [none] = _look(backups_aws())
    assert (none.figures, none.newest, none.vault) == ((), None, ())
    aws = backups_aws()
    [gone] = _look(aws, GONE)
    assert (gone.status, gone.figures, gone.evidence["Table"]) == ("MISSING", (), {})
    assert aws.parameters_of("ListRecoveryPointsByResource") == []


def test_a_table_that_could_not_be_described_is_blind_with_what_is_listed_of_it() -> None:
    why = CouldNotLook("dynamodb:DescribeTable", "AccessDenied")
    unread = Table(arn=ARN, name="incidents", evidence=Answer({}), unread=why)
    raw = [backup(days) for days in range(1, 8)]
    [found] = _look(backups_aws(*raw), unread)
    assert found == TableBackups(
        arn=ARN, name="incidents", evidence={"Table": {}, "BackupSummaries": raw[:5]}, status="", vault=why,
        listed=tuple(Backup(f"backup-{n}", NOW - n * DAY, "AVAILABLE", "USER") for n in range(1, 8)),
        since=NOW - 2 * stack().limits.backup_age_days * DAY, now=NOW,
    )  # fmt: skip


def _recovery(status: str = "ENABLED", pitr: str = "ENABLED", late: timedelta = 5 * MINUTE) -> Raw:
    told = {
        "PointInTimeRecoveryStatus": pitr,
        "EarliestRestorableDateTime": ago(days=35),
        "LatestRestorableDateTime": (NOW - late).astimezone(ago(days=1).tzinfo),
    }
    return {"ContinuousBackupsStatus": status, "PointInTimeRecoveryDescription": told}


def _recovered(answer: Any) -> TableRecovery:
    raw = answer if isinstance(answer, Exception) else {"ContinuousBackupsDescription": answer}
    [found] = table_recovery(Aws({("dynamodb", "DescribeContinuousBackups"): raw}), [table()], NOW)
    return found


def test_recovery_is_told_whole() -> None:
    found = _recovered(_recovery())
    assert found == TableRecovery(arn=ARN, name="incidents", evidence=_recovery(), now=NOW)
    assert (found.exists, found.is_on, found.earliest, found.latest) == (
        True, True, NOW - 35 * DAY, NOW - 5 * MINUTE,
    )  # fmt: skip
    assert {found.earliest.tzinfo, found.latest.tzinfo} == {UTC}
    gone = _recovered(NotThere("dynamodb:DescribeContinuousBackups", "TableNotFoundException"))
    assert gone.evidence == {"Error": "TableNotFoundException"}
    assert not gone.exists


@cases([
    ("ENABLED", "ENABLED", True), ("ENABLED", "DISABLED", False), ("DISABLED", "ENABLED", False),
    ("DISABLED", "DISABLED", False),
])  # fmt: skip
def test_both_switches_must_be_on(status: str, pitr: str, is_on: bool) -> None:
    assert _recovered(_recovery(status, pitr)).is_on is is_on


@cases([(timedelta(hours=1), True), (timedelta(hours=1) + SECOND, False)])
def test_the_last_moment_advances(late: timedelta, keeps_up: bool) -> None:
    assert _recovered(_recovery(late=late)).keeps_up is keeps_up
