"""Restores as CloudTrail and AWS Backup report them, and whether one was rehearsed lately."""

from __future__ import annotations

import json
import runpy
from collections.abc import Sequence
from typing import Any

import pytest

from opschecks.aws.restores import restore_rehearsal
from opschecks.core.observation import CouldNotLook, seen
from tests.canned import ACCOUNT, NOW, Aws, ago, names, stack, verdict
from tests.cases import cases
from tests.scratch import ROOT

WEEKLY = ROOT / "checks" / "weekly" / "test_disaster_recovery.py"
REHEARSED = runpy.run_path(str(WEEKLY))["test_a_restore_was_rehearsed_lately"]


SOURCE = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
FROM_BACKUP = {"targetTableName": "x", "backupArn": f"{SOURCE}/backup/0148-73d8d5bc"}


def event(days: float, asked: Any = FROM_BACKUP, **more: Any) -> dict[str, Any]:
    return {
        "EventName": "RestoreTableFromBackup",
        "EventTime": ago(days=days),
        "CloudTrailEvent": json.dumps({"requestParameters": asked, **more}),
    }


def job(days: float, **more: Any) -> dict[str, Any]:
    return {"CreationDate": ago(days=days), "Status": "COMPLETED", "ResourceType": "DynamoDB", **more}


DENIED = CouldNotLook("backup:ListRestoreJobs", "AccessDeniedException: no", action="backup:ListRestoreJobs")
Jobs = Sequence[dict[str, Any]] | CouldNotLook


@cases({
    "from a backup": ([event(10)], DENIED, "passed", "incidents was last restored"),
    "to a moment, by name": ([event(10, {"sourceTableName": "incidents"})], DENIED, "passed", ""),
    "to a moment, by ARN": ([event(10, {"sourceTableArn": SOURCE})], DENIED, "passed", ""),
    "refused by AWS": ([event(10, errorCode="AccessDenied")], [], "failed", "no restore of any table"),
    "refused, with nothing that was asked": ([event(10, None, errorCode="AccessDenied")], [], "failed", ""),
    "of another's table": ([event(1, {"sourceTableName": "orders"})], [], "failed", "no restore of any table"),
    "none at all": ([], [], "failed", "no restore of any table"),
    "too long ago": ([event(40)], [], "failed", "limit 30 days"),
    "by AWS Backup": ([], [job(5, SourceResourceArn=SOURCE)], "passed", "(AWS Backup)"),
    "by AWS Backup, told by the recovery point": (
        [], [job(5, RecoveryPointArn=f"{SOURCE}/backup/0148-73d8d5bc")], "passed", "",
    ),
    "by AWS Backup, of what is not told": (
        [], [job(5, RecoveryPointArn=f"arn:aws:backup:{ACCOUNT}:recovery-point:1")], "blind", "not report which table",
    ),
    "AWS Backup may not be asked": ([event(40)], DENIED, "blind", "backup:ListRestoreJobs: AccessDenied"),
    "AWS Backup answers nothing": ([], CouldNotLook("backup:ListRestoreJobs", "empty"), "blind", "empty"),
    "of which nothing is told": ([event(3, None)], [], "blind", "not report which table"),
    "of which nothing is told, beside one that is": ([event(3, None), event(5)], DENIED, "passed", ""),
    "cut short": ([{**event(3), "CloudTrailEvent": '{"requestPara'}], [], "blind", "not report which table"),
})  # fmt: skip
def test_rehearsals(events: list[dict[str, Any]], jobs: Jobs, outcome: str, message: str) -> None:
    checked = stack(limits={"restore_drill_days": 30})
    aws = Aws(
        {
            ("cloudtrail", "LookupEvents"): [{"Events": events}, {"Events": []}],
            ("backup", "ListRestoreJobs"): jobs if isinstance(jobs, CouldNotLook) else {"RestoreJobs": list(jobs)},
        }
    )
    looked = restore_rehearsal(checked, aws, names(tables=("incidents",)), NOW)
    told = verdict(REHEARSED, restore_rehearsal=looked, stack=checked)
    assert told[0] == outcome, told
    assert message in told[1]


def test_an_answer_without_events_is_not_no_restore() -> None:
    aws = Aws({("cloudtrail", "LookupEvents"): {}})
    with pytest.raises(CouldNotLook, match="cloudtrail:LookupEvents: the answer has no 'Events'"):
        seen(restore_rehearsal(stack(), aws, names(tables=("incidents",)), NOW))


def test_a_page_without_a_hit_is_followed_by_the_next_and_a_hit_ends_it() -> None:
    pages = [{"Events": [], "NextToken": "2"}, {"Events": [event(9)], "NextToken": "3"}, {"Events": []}]
    answers: Any = {("cloudtrail", "LookupEvents"): pages}
    aws = Aws(answers)
    looked = restore_rehearsal(stack(), aws, names(tables=("incidents",)), NOW)
    assert looked.newest is not None
    asked = aws.parameters_of("LookupEvents")
    assert [one.get("NextToken") for one in asked] == [None, "2", None]
    assert [one["LookupAttributes"][0]["AttributeValue"] for one in asked] == [
        "RestoreTableFromBackup", "RestoreTableFromBackup", "RestoreTableToPointInTime",
    ]  # fmt: skip
