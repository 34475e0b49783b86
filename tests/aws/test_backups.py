"""Backups: what counts as one, of which table it is; and what a bucket keeps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from typing import Any

import pytest

from opschecks.aws.backups import TableBackups, table_backups, table_recovery
from opschecks.aws.dynamodb import Table
from opschecks.aws.s3_lifecycle import Bucket, buckets, site_bucket
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_retention import ON, aws_of, front, old
from tests.canned import (
    ACCOUNT,
    NOW,
    Aws,
    Raw,
    ago,
    concludes,
    given,
    itself,
    judges,
    names,
    stack,
    verdict,
    verdicts,
    weekly,
)
from tests.cases import cases

checks = weekly("backups")
RECENT, RECOVERY = checks.test_tables_have_a_recent_backup, checks.test_tables_can_be_restored_to_any_moment
VERSIONS = checks.test_dashboard_bucket_keeps_what_is_overwritten
ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
DENIED = CouldNotLook("backup:ListRecoveryPointsByResource", "AccessDeniedException: no", action="backup:List")


def table(name: str = "incidents", **changes: Any) -> Table:
    evidence = Answer(given({"TableStatus": "ACTIVE", "CreationDateTime": ago(days=300)}, changes))
    return Table(arn=f"arn:aws:dynamodb:{ACCOUNT}:table/{name}", name=name, evidence=evidence)


GONE = Table(arn="incidents", name="incidents", evidence={"TableStatus": "MISSING"})


def backup(days: float, BackupStatus: str | None = "AVAILABLE", **changes: Any) -> Raw:  # noqa: N803
    """A summary as ListBackups tells of it; a change to None takes a key away."""
    raw = {
        "TableName": "incidents",
        "TableArn": ARN,
        "BackupArn": f"{ARN}/backup/01489602797149-73d8d5bc",
        "BackupName": f"backup-{days:g}",
        "BackupCreationDateTime": ago(days=days),
        "BackupStatus": BackupStatus,
        "BackupType": "USER",
    }
    return given(raw, changes)


def point(days: float, status: str = "COMPLETED") -> Raw:
    arn = f"arn:aws:backup:{ACCOUNT}:recovery-point:{days:g}"
    return {"RecoveryPointArn": arn, "CreationDate": ago(days=days), "Status": status}


def backups_of(
    *listed: Raw, points: Any = (), of: Table | None = None, checked: Stack | None = None
) -> list[TableBackups]:
    aws = backups_aws(*listed, points=points)
    return table_backups(checked or stack(), aws, [of or table()], NOW)


def backups_aws(*listed: Raw, points: Any = ()) -> Aws:
    answer: Any = {"RecoveryPoints": list(points)} if isinstance(points, tuple) else points
    own = {"BackupSummaries": list(listed)}
    return Aws({("dynamodb", "ListBackups"): own, ("backup", "ListRecoveryPointsByResource"): answer})


AGES: dict[str, tuple[list[Raw], Any, str, str]] = {
    "young": ([backup(2)], (), "passed", "the newest is 2 days old"),
    "the newest of several, in any order": ([backup(9), backup(1), backup(5)], (), "passed", "is 24 h old"),
    "just too old": ([backup(7.01)], (), "failed", "limit 7 days"),
    "just young enough": ([backup(6.99)], (), "passed", ""),
    "none at all": ([], (), "failed", "none that can be restored was made since"),
    "being created": ([backup(0.01, "CREATING"), backup(9)], (), "failed", "backup-0.01 of"),
    "deleted": ([backup(1, "DELETED")], (), "failed", "is DELETED"),
    "being created beside one that is": ([backup(0.01, "CREATING"), backup(2)], (), "passed", "is CREATING"),
    "made by DynamoDB": ([backup(2, BackupType="SYSTEM")], (), "passed", ""),
    "made by AWS Backup, and listed": ([backup(2, BackupType="AWS_BACKUP")], (), "passed", ""),
    "of another table": ([backup(1, TableName="agents")], (), "failed", "none that can be restored"),
    "in AWS Backup alone": ([], (point(3),), "passed", "3 days"),
    "in AWS Backup, younger than DynamoDB's": ([backup(9)], (point(0.5),), "passed", "12 h"),
    "in AWS Backup, and too old": ([backup(9)], (point(8),), "failed", "8 days"),
    "in AWS Backup, in part": ([], (point(1, "PARTIAL"), point(9)), "failed", "is PARTIAL"),
    "in AWS Backup, expired": ([], (point(1, "EXPIRED"),), "failed", "is EXPIRED"),
    "AWS Backup may not be asked": ([], DENIED, "blind", "backup:ListRecoveryPointsByResource: AccessDenied"),
    "AWS Backup need not be asked": ([backup(2)], DENIED, "passed", ""),
    "AWS Backup answers nothing": ([], {}, "blind", "the answer has no 'RecoveryPoints'"),
}
test_backups = judges(RECENT, AGES, table_backups=lambda listed, points: backups_of(*listed, points=points))


def test_a_backup_of_a_table_that_had_the_name_before_is_none_of_this_one() -> None:
    of = table(CreationDateTime=ago(days=1))
    found = backups_of(backup(2), backup(1.5, BackupType="SYSTEM"), points=(point(1.2),), of=of)
    concludes(RECENT, "failed", "is of an earlier table of that name", table_backups=found)
    assert verdict(RECENT, table_backups=backups_of(backup(0.9), of=of))[0] == "passed"


def test_a_table_that_does_not_say_when_it_was_made_is_not_judged() -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'CreationDateTime'"):
        backups_of(backup(2), of=table(CreationDateTime=None))


def test_a_table_that_is_gone_fails_and_aws_backup_is_not_asked_about_it() -> None:
    aws = backups_aws(backup(2))
    concludes(RECENT, "failed", "the table does not exist", table_backups=table_backups(stack(), aws, [GONE], NOW))
    assert aws.calls == ["dynamodb:ListBackups"]


@cases([(1, 0.9, "passed"), (1, 1.1, "failed"), (30, 29, "passed"), (30, 31, "failed")])
def test_the_limit_is_the_stacks(limit: float, age: float, outcome: str) -> None:
    checked = stack(limits={"backup_age_days": limit})
    found = backups_of(backup(age), checked=checked)
    assert verdict(RECENT, table_backups=found, stack=checked)[0] == outcome


def test_backups_of_all_tables_are_one_list_read_to_its_end_and_not_for_years() -> None:
    last = f"{ARN}/backup/01489602797149-73d8d5bc"
    pages: list[Raw] = [
        {"BackupSummaries": [], "LastEvaluatedBackupArn": last},
        {"BackupSummaries": [backup(1), backup(1, TableName="agents")]},
    ]
    aws = Aws({("dynamodb", "ListBackups"): pages})
    found = table_backups(stack(), aws, [table(), table("agents")], NOW)
    assert verdicts(RECENT, table_backups=found) == {"incidents": "passed", "agents": "passed"}
    first, second = aws.parameters_of("ListBackups")
    assert first == {"BackupType": "ALL", "TimeRangeLowerBound": NOW - timedelta(days=14)}
    assert second["ExclusiveStartBackupArn"] == last


@pytest.mark.parametrize("key", ["TableName", "BackupName", "BackupCreationDateTime", "BackupStatus", "BackupType"])
def test_a_backup_that_lacks_a_key_is_not_seen(key: str) -> None:
    with pytest.raises(CouldNotLook, match=f"dynamodb:ListBackups: the answer has no '{key}'"):
        backups_of(backup(1, **{key: None}))


def test_one_table_whose_recovery_points_may_not_be_read_blinds_no_other() -> None:
    aws = backups_aws(backup(2), points=DENIED)
    found = table_backups(stack(), aws, [table(), table("agents")], NOW)
    assert verdicts(RECENT, table_backups=found) == {"incidents": "passed", "agents": "blind"}
    assert [asked["ResourceArn"] for asked in aws.parameters_of("ListRecoveryPointsByResource")] == [
        f"arn:aws:dynamodb:{ACCOUNT}:table/agents"
    ]


def test_one_table_that_may_not_be_described_blinds_no_other() -> None:
    refused = CouldNotLook("dynamodb:DescribeTable", "AccessDeniedException: no", action="dynamodb:DescribeTable")
    unread = Table(arn="agents", name="agents", evidence=Answer({}), unread=refused)
    found = table_backups(stack(), backups_aws(backup(2), backup(1, TableName="agents")), [table(), unread], NOW)
    assert verdicts(RECENT, table_backups=found) == {"incidents": "passed", "agents": "blind"}


def continuous(status: Any = "ENABLED", **changes: Any) -> Raw:
    """As DescribeContinuousBackups tells of a table; continuous backups are ENABLED whatever recovery is."""
    recovery = {
        "PointInTimeRecoveryStatus": "ENABLED",
        "RecoveryPeriodInDays": 35,
        "EarliestRestorableDateTime": ago(days=35),
        "LatestRestorableDateTime": ago(minutes=5),
        **changes,
    }
    inner = {key: value for key, value in recovery.items() if value is not None}
    told = {"ContinuousBackupsStatus": status, **({"PointInTimeRecoveryDescription": inner} if inner else {})}
    return {"ContinuousBackupsDescription": told}


NO_MOMENTS = dict.fromkeys(("RecoveryPeriodInDays", "EarliestRestorableDateTime", "LatestRestorableDateTime"))
NOTHING = {**NO_MOMENTS, "PointInTimeRecoveryStatus": None}
PITR: dict[str, tuple[Mapping[str, Any] | Exception, str, str]] = {
    "on": (continuous(), "passed", "UTC"),
    "off, though": (continuous(PointInTimeRecoveryStatus="DISABLED", **NO_MOMENTS), "failed", "recovery is off"),
    "no continuous backups": (continuous("DISABLED", **NOTHING), "failed", "point-in-time recovery is off"),
    "it has stopped": (continuous(LatestRestorableDateTime=ago(hours=2)), "failed", "recovery has stopped there"),
    "on for five minutes": (continuous(EarliestRestorableDateTime=ago(minutes=5)), "passed", ""),
    "nothing is said of recovery": (continuous(**NOTHING), "blind", "no 'PointInTimeRecoveryDescription'"),
    "on, and no moment is known yet": (continuous(**NO_MOMENTS), "blind", "no 'EarliestRestorableDateTime'"),
    "not there": (NotThere("dynamodb:DescribeContinuousBackups", "no"), "failed", "the table does not exist"),
}
test_point_in_time_recovery = judges(
    RECOVERY,
    PITR,
    table_recovery=lambda answer: table_recovery(
        Aws({("dynamodb", "DescribeContinuousBackups"): answer}), [table()], NOW
    ),
)


def site(versioning: Mapping[str, Any], *rules: Raw) -> Bucket:
    found = buckets(stack(), aws_of(rules, versioning), names(distributions=("E",)), front(path="/live"))
    return site_bucket(stack(), found)


KEPT: dict[str, tuple[Bucket, str, str]] = {
    "versions for ever": (site(ON), "passed", "old versions are kept"),
    "versions for a month": (site(ON, old(30)), "passed", "for 30 days"),
    "never had versions": (site({}), "failed", "versioning is off"),
    "versions no more": (site({"Status": "Suspended"}), "failed", "versioning is suspended"),
    "versions for a day": (site(ON, old(30), old(1)), "failed", "for 1 day; expected 7 days"),
    "for a day, and switched off": (site(ON, old(1, Status="Disabled")), "passed", ""),
    "for a day, of the site": (site(ON, old(1, Filter={"Prefix": "live/assets/"})), "failed", ""),
    "for a day, of something else": (site(ON, old(1, Filter={"Prefix": "previews/"})), "passed", ""),
    "for a day, of what has a tag": (site(ON, old(1, Filter={"Tag": {"Key": "a", "Value": "b"}})), "failed", ""),
    "for a day, but for the newest three": (site(ON, old(1, newer=3)), "passed", ""),
}
test_versions_of_the_dashboard_bucket = judges(VERSIONS, KEPT, site_bucket=itself)


def test_moments_are_told_in_utc() -> None:
    [found] = backups_of(backup(2))
    assert found.newest is not None
    assert found.newest.made.tzinfo is UTC
    assert str(found.figures[0].value).endswith(" UTC")
