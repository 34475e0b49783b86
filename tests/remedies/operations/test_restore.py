"""What the remedies that back a table up, and restore one, want, send and refuse: on recorded-shape answers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.change import CannotFix, Risk
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.fixing.plan import planned
from opschecks.remedies.operations.restore import DeleteRestoredTable, RestoreTable
from opschecks.remedies.operations.restore_points import wanted_point
from opschecks.remedies.settings.table_backup import BackUpTable, backup_name
from opschecks.remedies.settings.table_recovery import EnableRecovery
from tests.canned import NOW, Aws, ago, as_sent, given, refuses, stack
from tests.canned_backups import (
    ARN,
    BACKUP,
    DESCRIBE,
    GONE,
    LIST,
    RECOVERY,
    TODAY,
    T,
    backup,
    listed,
    remedy_of,
    restored,
    table,
)

FIRST = f"{T}-opschecks-{TODAY}"
NAMES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "the first of the day": ([], FIRST),
    "after one of yesterday": ([backup(f"{T}-opschecks-20200101")], FIRST),
    "the second of the day": ([backup(FIRST)], f"{FIRST}-2"),
    "the eleventh": ([backup(f"{FIRST}-9", days=2), backup(f"{FIRST}-10", days=1)], f"{FIRST}-11"),
    "those of others do not count": ([backup("nightly"), backup(f"{T}-opschecks-set-{TODAY}-1")], FIRST),
    "nor does one that was deleted": ([backup(FIRST, status="DELETED")], FIRST),
}


@pytest.mark.parametrize(("there", "wanted"), NAMES.values(), ids=NAMES)
def test_a_backup_is_numbered_within_its_day(there: list[dict[str, Any]], wanted: str) -> None:
    remedy = remedy_of(BackUpTable, listed(*there))
    before = remedy.read_for_plan(T)
    after = remedy.want(before, {})
    assert after == {"newest of ours": wanted}
    assert remedy.request(T, before, after).parameters == {"TableName": T, "BackupName": wanted}
    assert len(backup_name("x" * 255, f"set-{TODAY}-1")) == 255


@pytest.mark.parametrize(("status", "settled"), [("CREATING", False), ("AVAILABLE", True)])
def test_a_backup_is_there_when_it_can_be_restored(status: str, settled: bool) -> None:
    remedy = remedy_of(BackUpTable, listed(backup(FIRST, days=0.01, status=status), backup("nightly", days=0)))
    reached = remedy.progress(T, {}, {"newest of ours": FIRST})
    assert reached.settled is settled
    assert re.fullmatch(rf"the backup is {status}, \d+ minutes after it was asked for", reached.said)
    assert not remedy_of(BackUpTable, listed()).progress(T, {}, {"newest of ours": FIRST}).settled


@pytest.mark.parametrize("answer", [NotThere("dynamodb:DescribeTable", "gone"), table(TableStatus="DELETING")])
def test_what_cannot_be_backed_up_is_not(answer: Any) -> None:
    with pytest.raises(CannotFix):
        remedy_of(BackUpTable, {DESCRIBE: answer}).read_for_plan(T)


def _recovery(status: str = "ENABLED", **more: Any) -> dict[str, Any]:
    told = {"PointInTimeRecoveryStatus": status, **more}
    return {
        "ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": told}
    }


def test_recovery_is_turned_on_where_it_is_off_and_nowhere_else() -> None:
    without_description = {"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED"}}
    off, on, untold = (
        remedy_of(EnableRecovery, {RECOVERY: told})
        for told in (_recovery("DISABLED"), _recovery(), without_description)
    )
    before = off.read(T)
    after = off.want(before, {})
    specification = off.request(T, before, after).parameters["PointInTimeRecoverySpecification"]
    assert specification == {"PointInTimeRecoveryEnabled": True}
    assert (off.risk_of(before, after), off.risk_of(after, before)) == (Risk.SAFE, Risk.DESTRUCTIVE)
    with pytest.raises(CannotFix, match="access to its KMS key"):
        on.want(on.read(T), {})
    with pytest.raises(CannotFix, match="of every table of here is on"):
        on.all_targets()
    with pytest.raises(CouldNotLook, match="PointInTimeRecoveryDescription"):
        untold.read(T)


WINDOW = _recovery(EarliestRestorableDateTime=ago(days=35), LatestRestorableDateTime=ago(minutes=5))
OTHER = {
    "BackupDescription": {
        "BackupDetails": given(backup("old"), {"BackupArn": BACKUP, "TableName": None}),
        "SourceTableDetails": {
            "TableName": "other",
            "TableId": "1",
            "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
            "TableCreationDateTime": ago(days=9),
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        },
    }
}
NEWEST, LATEST = {"backup": "newest"}, {"at": "latest"}
FOUND: dict[str, tuple[dict[Any, Any], dict[str, str], str]] = {
    "the newest that can be restored": (
        listed(backup("old", 2), backup("new", 1), backup("young", 0.1, "CREATING")),
        {},
        f"{ARN}/backup/new",
    ),
    "of a table that was deleted, the last": (
        {**listed(backup("old", 50), backup("last", 3, BackupType="SYSTEM")), DESCRIBE: GONE},
        {},
        f"{ARN}/backup/last",
    ),
    "the newest by name": (listed(backup("new", 1)), NEWEST, f"{ARN}/backup/new"),
    "the last moment": ({RECOVERY: WINDOW}, LATEST, f"{T} at {NOW - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"),
    "a moment in any zone": (
        {RECOVERY: WINDOW},
        {"at": ago(days=2).isoformat()},
        f"{T} at {NOW - timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}",
    ),
}


@pytest.mark.parametrize(("answers", "wish", "point"), FOUND.values(), ids=FOUND)
def test_what_is_restored(answers: dict[Any, Any], wish: dict[str, str], point: str) -> None:
    assert wanted_point(Aws(answers), T, wish) == point


NOT_FOUND: dict[str, tuple[dict[Any, Any], dict[str, str], str]] = {
    "what was made before the table was is of another": (listed(backup("old", 50)), {}, "as it is now"),
    "none": (listed(), {}, "aws backup start-restore-job"),
    "no ARN": ({}, {"backup": "yesterday"}, "expected the ARN of a DynamoDB backup"),
    "another table's": ({("dynamodb", "DescribeBackup"): OTHER}, {"backup": BACKUP}, "it is a backup of other"),
    "no such backup": ({("dynamodb", "DescribeBackup"): GONE}, {"backup": BACKUP}, "there is no such backup"),
    "a moment without a zone": ({RECOVERY: WINDOW}, {"at": "2026-11-24T07:00:00"}, "a time with its offset"),
    "too early": ({RECOVERY: WINDOW}, {"at": "2020-01-01T00:00:00Z"}, "can be restored from"),
    "too late": ({RECOVERY: WINDOW}, {"at": NOW.isoformat()}, "can be restored from"),
    "recovery is off": ({RECOVERY: _recovery("DISABLED")}, LATEST, "is off"),
    "the table is gone": ({RECOVERY: GONE}, LATEST, "of type SYSTEM"),
    "both": ({}, {**LATEST, **NEWEST}, "not both"),
}
test_what_is_not_restored = refuses(NOT_FOUND, lambda answers, wish: wanted_point(Aws(answers), T, wish))


def _describes(**tables: Any) -> dict[Any, Any]:
    def described(TableName: str) -> Any:  # noqa: N803
        return tables.get(TableName, GONE)

    return {DESCRIBE: described, LIST: {"BackupSummaries": [backup("new")]}}


def _planned(answers: dict[Any, Any], wish: dict[str, str], target: str = T) -> Any:
    return planned(remedy_of(RestoreTable, answers), target, wish=wish)


def test_a_restore_is_planned_into_a_new_table() -> None:
    for change in (
        _planned(_describes(incidents=table()), {"to": "again"}),
        _planned(_describes(incidents=table()), {}, f"again from {T}"),
    ):
        assert change.target == f"again from {T}"
        assert change.parameters == {"TargetTableName": "again", "BackupArn": f"{ARN}/backup/new"}
        assert (change.risk, change.one_way) == (Risk.SAFE, False)


def test_a_lost_table_is_restored_under_its_name_and_never_deleted_again() -> None:
    change = _planned(_describes(), {"to": T})
    assert change.one_way
    with pytest.raises(CannotFix, match="is a table of here"):
        remedy_of(RestoreTable, _describes(incidents=restored())).steps(
            change.target, change.after, {"restored_from": "", "complete": False}
        )


OVER: dict[str, tuple[Any, dict[str, str], str]] = {
    "one that somebody made": (table("again"), {"to": "again"}, "no restore made it: nothing is restored over it"),
    "one that is restored": (restored(), {"to": "again"}, "restored from arn.*name another"),
    "one that is being restored from another": (
        restored(under_way=True),
        {"to": "again", **NEWEST},
        "is being restored from",
    ),
    "no name": (GONE, {}, "name the new table with --set to=NEWNAME"),
    "a name that is none": (GONE, {"to": "a b"}, "a table's name has 3 to 255"),
}


test_nothing_is_restored_over_a_table = refuses(
    OVER, lambda there, wish: _planned(_describes(incidents=table(), again=there), wish)
)


def test_a_restore_that_is_under_way_is_waited_for_and_not_asked_for_again() -> None:
    change = _planned(_describes(incidents=table(), again=restored(under_way=True)), {"to": "again"})
    assert change.before == {"restored_from": BACKUP, "complete": False}
    assert change.parameters == {"requests": []}
    with pytest.raises(CannotFix, match="undo the entry that began it"):
        remedy_of(RestoreTable).steps(change.target, change.after, change.before)


def test_a_table_that_came_meanwhile_is_not_restored_over() -> None:
    change = _planned(_describes(incidents=table()), {"to": "again"})
    remedy = remedy_of(RestoreTable, _describes(again=table()))
    (step,) = remedy.steps(change.target, change.before, change.after)
    with pytest.raises(CannotFix, match="there is a table again now"):
        as_sent(step)


INDEX = {"IndexName": "by-status", "IndexStatus": "CREATING"}
WAITS: dict[str, tuple[Any, bool, bool, str]] = {
    "under way": (restored(under_way=True), False, False, "CREATING"),
    "an index is not": (restored(GlobalSecondaryIndexes=[INDEX]), False, False, "ACTIVE"),
    "there": (restored(), True, False, "ACTIVE"),
    "its key is lost": (restored(status="INACCESSIBLE_ENCRYPTION_CREDENTIALS"), False, True, "INACCESSIBLE"),
    "not listed yet": (GONE, False, False, "not listed yet"),
}


@pytest.mark.parametrize(("there", "settled", "wrong", "said"), WAITS.values(), ids=WAITS)
def test_a_restore_is_there_when_all_of_it_can_be_read(there: Any, settled: bool, wrong: bool, said: str) -> None:
    remedy = remedy_of(RestoreTable, _describes(again=there))
    reached = remedy.progress(f"again from {T}", {}, {"restored_from": BACKUP, "complete": True})
    assert (reached.settled, reached.gone_wrong) == (settled, wrong)
    assert said in reached.said


def test_a_restore_that_aws_gives_up_is_not_waited_for() -> None:
    tables = {"again": restored(under_way=True)}
    remedy = remedy_of(RestoreTable, {DESCRIBE: lambda TableName: tables.get(TableName, GONE)})  # noqa: N803
    after = {"restored_from": BACKUP, "complete": True}
    assert not remedy.progress(f"again from {T}", {}, after).gone_wrong
    tables.clear()
    assert remedy.progress(f"again from {T}", {}, after).gone_wrong


KEPT: dict[str, tuple[str, Any, str]] = {
    "the stack's own": (T, restored(), "is not a table of a drill"),
    "another's": ("opschecks-drill-1", table("opschecks-drill-1"), "has no RestoreSummary"),
    "protected": ("opschecks-drill-1", restored(DeletionProtectionEnabled=True), "protected against deletion"),
    "under way": ("opschecks-drill-1", restored(under_way=True), "deletes only what is ACTIVE"),
    "gone": ("opschecks-drill-1", GONE, "there is no table"),
    "the stack's own by a drill's name": ("opschecks-drill-own", restored(), "is a table of here"),
}


@pytest.mark.parametrize(("name", "there", "said"), KEPT.values(), ids=KEPT)
def test_only_what_a_drill_restored_is_deleted(name: str, there: Any, said: str) -> None:
    checked = stack(tables=(T, "opschecks-drill-own"))
    remedy = DeleteRestoredTable(checked, Aws({DESCRIBE: there}, checked))
    with pytest.raises(CannotFix, match=said):
        remedy.read_for_plan(name)
    with pytest.raises(CannotFix, match=said):
        as_sent(*remedy.steps(name, {}, {}))


def test_a_drilled_table_is_deleted_as_the_one_it_is() -> None:
    remedy = remedy_of(DeleteRestoredTable, {DESCRIBE: restored()})
    change = planned(remedy, "opschecks-drill-1")
    assert change.before == {"status": "there", "table_id": "1", "restored_from": BACKUP}
    assert change.parameters == {"TableName": "opschecks-drill-1"}
    assert (change.risk, change.one_way) == (Risk.DESTRUCTIVE, True)
    going = remedy_of(DeleteRestoredTable, {DESCRIBE: restored("DELETING")})
    assert going.progress("opschecks-drill-1", change.before, {}).said == "opschecks-drill-1 is being deleted"
