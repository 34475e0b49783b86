"""Backups, recovery to a moment and restores, as real accounts have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from opschecks.aws.backups import table_recovery
from opschecks.aws.restores import restore_rehearsal
from tests.aws import test_backups as backups
from tests.canned import NOW, Aws, Raw, ago, names, stack, weekly
from tests.real.one_of_many import FRESH, saved
from tests.real.rows import Row, rows_by
from tests.real.upkeep import DOCS, DYNAMODB

POINTS = DOCS + "aws-backup/latest/devguide/API_RecoveryPointByResource.html"


def recoverable(**changes: Any) -> Mapping[str, Any]:
    """Recovery of a table, with changes to what DescribeContinuousBackups says; None takes a key away."""
    answer = backups.continuous(**changes)
    aws = Aws({("dynamodb", "DescribeContinuousBackups"): answer})
    return {"table_recovery": table_recovery(aws, [backups.table()], NOW)}


def restored(days: float = 3, **of: Any) -> Raw:
    """An event of CloudTrail: somebody restored a table."""
    told = {"requestParameters": {"targetTableName": "again", **of.pop("asked", {})}, **of}
    return {"EventName": "RestoreTableToPointInTime", "EventTime": ago(days=days), "CloudTrailEvent": json.dumps(told)}


def rehearsed(*events: Raw, jobs: Any = ()) -> Mapping[str, Any]:
    """The restores that CloudTrail and AWS Backup know of."""
    answers: dict[tuple[str, str], Any] = {
        ("cloudtrail", "LookupEvents"): [{"Events": []}, {"Events": list(events)}],
        ("backup", "ListRestoreJobs"): {"RestoreJobs": list(jobs)},
    }
    return {"restore_rehearsal": restore_rehearsal(stack(), Aws(answers), names(tables=("incidents",)), NOW)}


RECOVERY = DYNAMODB + "API_PointInTimeRecoveryDescription.html"
SUMMARY = DYNAMODB + "API_BackupSummary.html"
TABLE = DYNAMODB + "API_TableDescription.html"
recent = partial(rows_by(backups.backups_of, "table_backups"), backups.RECENT)
moment = partial(rows_by(recoverable), backups.RECOVERY)
tried = partial(rows_by(rehearsed), weekly("disaster_recovery").test_a_restore_was_rehearsed_lately)
ROWS = {
    "a table that only AWS Backup backs up": recent("passed", POINTS, points=(backups.point(0.5),)),
    "a table made yesterday, before the weekly backup": recent(
        "passed", TABLE, says="none is due yet", of=backups.table(CreationDateTime=ago(days=1))
    ),
    "a table made yesterday whose first backup is under way": recent(
        "passed", SUMMARY, backups.backup(0.01, "CREATING"), of=backups.table(CreationDateTime=ago(days=1))
    ),
    "a table made yesterday in place of one whose backups are still there": recent(
        "failed",
        SUMMARY,
        backups.backup(2),
        says="of an earlier table of that name",
        of=backups.table(CreationDateTime=ago(days=1)),
    ),
    "a table of ten days that nothing backs up": recent(
        "failed", TABLE, of=backups.table(CreationDateTime=ago(days=10))
    ),
    "recovery that was switched on an hour ago": moment("passed", RECOVERY, EarliestRestorableDateTime=ago(hours=1)),
    "recovery that keeps a day instead of 35": moment(
        "passed", RECOVERY, RecoveryPeriodInDays=1, EarliestRestorableDateTime=ago(days=1)
    ),
    "recovery that stopped when the table's KMS key was lost": moment(
        "failed", RECOVERY, LatestRestorableDateTime=ago(hours=9)
    ),
    "before a deploy, tables without any backup whose recovery is on": Row(
        FRESH, lambda: saved(refused=()), {"incidents": "passed", "sessions": "passed"}, RECOVERY
    ),
    "a table that was restored to a moment, asked for by its ARN": tried(
        "passed",
        DOCS + "awscloudtrail/latest/APIReference/API_Event.html",
        restored(asked={"sourceTableArn": "arn:aws:dynamodb:us-west-2:123456789012:table/incidents"}),
    ),
    "restore testing by AWS Backup, of which CloudTrail tells nothing": tried(
        "passed",
        DOCS + "aws-backup/latest/devguide/API_RestoreJobsListMember.html",
        jobs=(
            {
                "CreationDate": ago(days=4),
                "Status": "COMPLETED",
                "SourceResourceArn": "arn:aws:dynamodb:us-west-2:123456789012:table/incidents",
            },
        ),
    ),
    "a restore that AWS refused": tried(
        "failed",
        DOCS + "awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html",
        restored(asked={"sourceTableName": "incidents"}, errorCode="AccessDenied"),
    ),
}
