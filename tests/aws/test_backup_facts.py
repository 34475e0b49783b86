"""What is known of a table's backups and of exported logs, to the second and whole.

Sources: API_BackupSummary, API_PointInTimeRecoveryDescription of DynamoDB, API_RecoveryPointByResource of AWS Backup,
API_ExportTask of CloudWatch Logs.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.backups import (
    Backup,
    ExportWindow,
    LogExports,
    TableBackups,
    TableRecovery,
    log_exports,
    newest_of,
    points_of,
    table_backups,
    table_recovery,
)
from opschecks.aws.dynamodb import Table
from opschecks.aws.log_groups import LogGroup
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_backups import ARN, DENIED, GONE, backup, table
from tests.aws.test_log_exports import ms
from tests.canned import NOW, Aws, Raw, ago, stack

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
MADE = {"CreationDateTime": NOW - 300 * DAY}


def _made(days: float, status: str = "AVAILABLE", name: str = "b") -> Backup:
    return Backup(name, NOW - days * DAY, status, "USER")


def _facts(*listed: Backup, vault: tuple[Backup, ...] = (), made: float = 300) -> TableBackups:
    return TableBackups(
        arn=ARN, name="incidents", evidence={"Table": {"CreationDateTime": NOW - made * DAY}}, status="ACTIVE",
        listed=listed, vault=vault, since=NOW - 14 * DAY, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("backups", "newest"),
    [
        ([], None),
        ([_made(3), _made(1), _made(2)], 1),
        ([_made(3), _made(1, "CREATING"), _made(2, "DELETED")], 3),
        ([_made(3), _made(2, "COMPLETED")], 2),
        ([_made(3), _made(2, "PARTIAL")], 3),
        ([_made(300)], 300),
        ([_made(300 + 1 / 86400)], None),
    ],
)
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


@pytest.mark.parametrize(
    ("facts", "is_new"),
    [
        (_facts(made=7), True),
        (_facts(made=7 + 1 / 86400), False),
        (_facts(_made(5), made=5), True),
        (_facts(_made(6), made=5), False),
        (_facts(vault=(_made(6),), made=5), False),
        (_facts(_made(4), vault=(_made(3),), made=5), True),
    ],
)
def test_a_table_is_new_unless_there_are_backups_of_an_earlier_one(facts: TableBackups, is_new: bool) -> None:
    assert facts.is_new(7 * DAY) is is_new


def _said(name: str, hours: int, why: str) -> str:
    return f"{name} of {NOW - hours * timedelta(hours=1):%Y-%m-%d %H:%M} UTC is {why}"


def _hours(name: str, hours: int, status: str = "AVAILABLE") -> Backup:
    return _made(hours / 24, status, name)


UNUSABLE: dict[str, tuple[TableBackups, str]] = {
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
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_newer_backups_that_cannot_be_restored(case: str) -> None:
    facts, said = UNUSABLE[case]
    assert facts.unusable == said


def _point(days: float, status: str = "COMPLETED", name: str = "p") -> Raw:
    arn = f"arn:aws:backup:us-west-2:123456789012:recovery-point:{name}"
    return {"RecoveryPointArn": arn, "CreationDate": ago(days=days), "Status": status}


def _aws(*listed: Raw, points: Any = ()) -> Aws:
    told = points if isinstance(points, Exception) else {"RecoveryPoints": list(points)}
    return Aws(
        {
            ("dynamodb", "ListBackups"): {"BackupSummaries": list(listed)},
            ("backup", "ListRecoveryPointsByResource"): told,
        }
    )


def _look(aws: Aws, *tables: Table, **limits: Any) -> list[TableBackups]:
    return table_backups(stack(limits=limits), aws, list(tables or (table(),)), NOW)


def test_a_tables_backups_are_told_whole() -> None:
    raw = [backup(9), backup(1, BackupName="b-1", BackupType="SYSTEM")]
    aws = _aws(*raw, backup(1, TableName="another"))
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


@pytest.mark.parametrize(("days", "asked"), [(2, False), (2 + 1 / 86400, True)])
def test_aws_backup_is_asked_where_dynamodb_has_no_recent_backup(days: float, asked: bool) -> None:
    aws = _aws(backup(days), points=[_point(3, name="x"), _point(1, name="y")])
    [found] = _look(aws, backup_age_days=2)
    assert bool(aws.parameters_of("ListRecoveryPointsByResource")) is asked
    assert found.vault == (
        (Backup("y", NOW - DAY, "COMPLETED", "AWS_BACKUP"), Backup("x", NOW - 3 * DAY, "COMPLETED", "AWS_BACKUP"))
        if asked
        else ()
    )
    assert found.figures[0].value == f"{NOW - (DAY if asked else 2 * DAY):%Y-%m-%d %H:%M} UTC"
    assert found.evidence["AWS Backup"] == [vars(one) for one in found.vault]


def test_of_many_backups_the_newest_five_are_shown_and_all_count() -> None:
    aws = _aws(*(backup(days) for days in range(20, 26)), points=[_point(days) for days in range(30, 36)])
    [found] = _look(aws)
    assert [one["BackupName"] for one in found.evidence["BackupSummaries"]] == [f"backup-{n}" for n in range(20, 25)]
    assert (len(found.evidence["AWS Backup"]), len(found.vault), len(found.listed)) == (5, 6, 6)  # type: ignore[arg-type]


def test_points_that_may_not_be_read_leave_what_dynamodb_lists() -> None:
    [found] = _look(_aws(backup(20), points=DENIED))
    assert found.evidence["AWS Backup"] == str(DENIED)
    assert found.figures == (Figure("newest backup", "2026-11-04 07:00 UTC"),)
    assert points_of(_aws(points=DENIED), ARN) is not None
    aws = _aws(points=[_point(1)])
    points_of(aws, ARN)
    assert aws.parameters_of("ListRecoveryPointsByResource") == [{"ResourceArn": ARN}]


def test_without_a_backup_there_is_no_figure_and_of_a_table_that_is_gone_aws_backup_is_not_asked() -> None:
    [none] = _look(_aws())
    assert (none.figures, none.newest, none.vault) == ((), None, ())
    aws = _aws()
    [gone] = _look(aws, GONE)
    assert (gone.status, gone.figures, gone.evidence["Table"]) == ("MISSING", (), {})
    assert aws.parameters_of("ListRecoveryPointsByResource") == []


def test_a_table_that_could_not_be_described_is_blind_with_what_is_listed_of_it() -> None:
    why = CouldNotLook("dynamodb:DescribeTable", "AccessDenied")
    unread = Table(arn=ARN, name="incidents", evidence=Answer({}), unread=why)
    raw = [backup(days) for days in range(1, 8)]
    [found] = _look(_aws(*raw), unread)
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


@pytest.mark.parametrize(
    ("status", "pitr", "is_on"),
    [
        ("ENABLED", "ENABLED", True), ("ENABLED", "DISABLED", False), ("DISABLED", "ENABLED", False),
        ("DISABLED", "DISABLED", False),
    ],
)  # fmt: skip
def test_both_switches_must_be_on(status: str, pitr: str, is_on: bool) -> None:
    assert _recovered(_recovery(status, pitr)).is_on is is_on


@pytest.mark.parametrize(("late", "keeps_up"), [(timedelta(hours=1), True), (timedelta(hours=1) + SECOND, False)])
def test_the_last_moment_advances(late: timedelta, keeps_up: bool) -> None:
    assert _recovered(_recovery(late=late)).keeps_up is keeps_up


def _group(made: datetime = NOW - 300 * DAY) -> LogGroup:
    return LogGroup(arn="/ecs/a", name="/ecs/a", evidence={"logGroupName": "/ecs/a", "creationTime": ms(made)})


def _exports(*windows: tuple[timedelta, timedelta], made: timedelta = 300 * DAY) -> LogExports:
    found = tuple(ExportWindow(NOW - begin, NOW - end) for begin, end in windows)
    return LogExports(
        arn="/ecs/a", name="/ecs/a", evidence={}, group=_group(NOW - made), windows=found, subscriptions=(), now=NOW
    )


def _some_before(span: timedelta) -> str:
    return f"some events written before {NOW - span:%Y-%m-%d %H:%M} UTC were not exported"


LACKS: dict[str, tuple[LogExports, str]] = {
    "no export": (_exports(), "it has no export"),
    "all of it": (_exports((8 * DAY, DAY)), ""),
    "it ends just in time": (_exports((8 * DAY, 7 * DAY)), ""),
    "it ends a second too early": (
        _exports((8 * DAY, 7 * DAY + SECOND)), "its newest export ends at 2026-11-17 06:59 UTC"),
    "it begins a minute late": (_exports((7 * DAY - MINUTE, DAY)), ""),
    "it begins later": (_exports((7 * DAY - MINUTE - SECOND, DAY)), _some_before(7 * DAY - MINUTE - SECOND)),
    "the group is younger": (_exports((5 * DAY, DAY), made=5 * DAY), ""),
    "the group is younger, and it begins later": (_exports((4 * DAY, DAY), made=5 * DAY), _some_before(4 * DAY)),
    "two, a minute apart": (_exports((4 * DAY, DAY), (8 * DAY, 4 * DAY + MINUTE)), ""),
    "two, further apart": (
        _exports((4 * DAY, DAY), (8 * DAY, 4 * DAY + MINUTE + SECOND)), _some_before(4 * DAY)),
    "two that overlap": (_exports((4 * DAY, DAY), (8 * DAY, 3 * DAY)), ""),
    "one within the other": (_exports((8 * DAY, DAY), (4 * DAY, 3 * DAY)), ""),
    "three, of which the last fills no gap": (
        _exports((3 * DAY, DAY), (6 * DAY, 5 * DAY), (9 * DAY, 6 * DAY)), _some_before(3 * DAY)),
}  # fmt: skip


@pytest.mark.parametrize("case", LACKS)
def test_what_was_not_exported(case: str) -> None:
    exports, lacks = LACKS[case]
    assert exports.lacks(7 * DAY) == lacks


def _task(begin: float, end: float, code: str = "COMPLETED", made: float | None = None, group: str = "/ecs/a") -> Raw:
    return {
        "taskId": f"{begin:g}", "logGroupName": group, "from": ms(ago(days=begin)), "to": ms(ago(days=end)),
        "status": {"code": code}, "executionInfo": {"creationTime": ms(ago(days=end if made is None else made))},
    }  # fmt: skip


def _logs(*tasks: Raw, filters: Any = (), policies: Any = (), groups: tuple[LogGroup, ...] = ()) -> tuple[Aws, Any]:
    listed = filters if isinstance(filters, Exception) else {"subscriptionFilters": list(filters)}
    aws = Aws(
        {
            ("logs", "DescribeExportTasks"): {"exportTasks": list(tasks)},
            ("logs", "DescribeSubscriptionFilters"): listed,
            ("logs", "DescribeAccountPolicies"): {"accountPolicies": list(policies)},
        }
    )
    return aws, log_exports(stack(limits={"log_export_days": 7}), aws, list(groups or (_group(),)), NOW)


STREAM = "arn:aws:firehose:us-west-2:123456789012:deliverystream/archive"
FILTER: Raw = {"filterName": "all", "filterPattern": "", "destinationArn": STREAM}
POLICY: Raw = {
    "policyName": "p", "policyType": "SUBSCRIPTION_FILTER_POLICY",
    "policyDocument": f'{{"DestinationArn": "{STREAM}", "FilterPattern": ""}}',
}  # fmt: skip


def test_exports_are_told_whole_and_where_nothing_lacks_nothing_else_is_asked() -> None:
    tasks = [_task(20, 8), _task(8, 1), _task(1, 0.5, "FAILED"), _task(9, 1, group="/ecs/b")]
    aws, [found] = _logs(*tasks)
    assert found == LogExports(
        arn="/ecs/a",
        name="/ecs/a",
        evidence={"exportTasks": [tasks[2], tasks[1], tasks[0]]},
        figures=(Figure("exported up to", "2026-11-23 07:00 UTC"),),
        group=_group(),
        windows=(ExportWindow(NOW - 8 * DAY, NOW - DAY), ExportWindow(NOW - 20 * DAY, NOW - 8 * DAY)),
        subscriptions=(),
        now=NOW,
    )
    assert [one.operation for one in aws.asked] == ["DescribeExportTasks"]


def test_events_written_after_a_task_was_made_are_not_in_it() -> None:
    _, [found] = _logs(_task(8, 1, made=2))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)
    _, [found] = _logs(_task(8, 2, made=1))
    assert found.windows == (ExportWindow(NOW - 8 * DAY, NOW - 2 * DAY),)


def test_of_many_tasks_five_are_shown() -> None:
    _, [found] = _logs(*(_task(n + 1, n) for n in range(9)))
    assert [one["taskId"] for one in found.evidence["exportTasks"]] == ["1", "2", "3", "4", "5"]
    assert len(found.windows) == 9


def test_where_exports_lack_something_the_groups_subscriptions_count_and_then_the_accounts() -> None:
    aws, [found] = _logs(_task(3, 1), filters=[FILTER])
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((STREAM,), [STREAM])
    assert aws.parameters_of("DescribeAccountPolicies") == []
    aws, [found] = _logs(policies=[POLICY])
    assert (found.sent_on_to, found.figures, found.evidence["exportTasks"]) == ((STREAM,), (), [])
    _, [found] = _logs()
    assert (found.sent_on_to, found.evidence["every event is sent to"]) == ((), [])


def test_subscriptions_that_may_not_be_read_blind_what_lacks_exports() -> None:
    denied = CouldNotLook("logs:DescribeSubscriptionFilters", "AccessDenied")
    aws, [found] = _logs(filters=denied)
    assert found.evidence["every event is sent to"] == str(denied)
    assert aws.parameters_of("DescribeAccountPolicies") == []
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert found.sent_on_to


def test_of_several_groups_only_those_that_lack_something_are_asked_about() -> None:
    gone = LogGroup(arn="/ecs/gone", name="/ecs/gone", evidence={"Error": "no"})
    whole = LogGroup(
        arn="/ecs/b", name="/ecs/b", evidence={"logGroupName": "/ecs/b", "creationTime": ms(NOW - 300 * DAY)}
    )
    aws, found = _logs(_task(9, 1, group="/ecs/b"), policies=[POLICY], groups=(gone, whole, _group()))
    assert [one["logGroupName"] for one in aws.parameters_of("DescribeSubscriptionFilters")] == ["/ecs/a"]
    assert [(one.name, one.subscriptions) for one in found] == [
        ("/ecs/gone", ()),
        ("/ecs/b", ()),
        ("/ecs/a", (STREAM,)),
    ]
    assert len(aws.parameters_of("DescribeAccountPolicies")) == 1
