"""Which restore counts as a rehearsal: of the stack, newest, not refused; and what is not known of it.

Sources: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html, and API_ListRestoreJobs of
AWS Backup.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.restores import Rehearsal, restore_rehearsal
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, names, stack
from tests.cases import cases

TABLE = f"arn:aws:dynamodb:{ACCOUNT}:table/orders"
BACKUP, TO_A_MOMENT = "RestoreTableFromBackup", "RestoreTableToPointInTime"
OURS = {"sourceTableName": "orders"}


def _event(asked: Any, days: float = 3, **more: Any) -> Raw:
    told = {"requestParameters": asked, **more}
    return {"EventId": "e", "EventTime": ago(days=days), "CloudTrailEvent": json.dumps(told)}


def _raw(text: str) -> Raw:
    return {**_event(None), "CloudTrailEvent": text}


def _job(arn: str, days: float, key: str = "SourceResourceArn") -> Raw:
    return {"RestoreJobId": "j", "CreationDate": ago(days=days), "Status": "COMPLETED", key: arn}


def _seen(from_backup: Any = (), to_moment: Any = (), jobs: Any = ()) -> tuple[Rehearsal, Aws]:
    pages: dict[str, Answers] = {
        BACKUP: from_backup if isinstance(from_backup, dict) else {"Events": list(from_backup)},
        TO_A_MOMENT: {"Events": list(to_moment)},
    }

    def lookup(LookupAttributes: Any, **_: Any) -> Any:  # noqa: N803 - AWS's names
        return pages[LookupAttributes[0]["AttributeValue"]]

    aws = Aws(
        {
            ("cloudtrail", "LookupEvents"): lookup,
            ("backup", "ListRestoreJobs"): jobs if isinstance(jobs, Exception) else {"RestoreJobs": list(jobs)},
        }
    )
    return restore_rehearsal(stack(), aws, names(tables=("orders",)), NOW), aws


def test_both_kinds_of_restores_of_ninety_days_are_asked_for() -> None:
    _, aws = _seen()
    first, second = aws.parameters_of("LookupEvents")
    assert {one["LookupAttributes"][0]["AttributeValue"] for one in (first, second)} == {BACKUP, TO_A_MOMENT}
    assert first["StartTime"] == NOW - timedelta(days=90)
    assert first["EndTime"] == NOW
    assert first["MaxResults"] == 50
    [jobs] = aws.parameters_of("ListRestoreJobs")
    assert jobs["ByCreatedAfter"] == NOW - timedelta(days=90)
    assert (jobs["ByStatus"], jobs["ByResourceType"]) == ("COMPLETED", "DynamoDB")


@cases({
    "by the table's name": (OURS, "orders"),
    "by the table's ARN": ({"sourceTableArn": TABLE}, "orders"),
    "by the backup's ARN": ({"backupArn": f"{TABLE}/backup/01"}, "orders"),
    "of another table": ({"sourceTableName": "users"}, None),
})  # fmt: skip
def test_whose_it_is(asked: Any, table: Any) -> None:
    found, _ = _seen([_event(asked)])
    assert (found.newest.table if found.newest else None) == table
    assert found.unclear == ()


UNCLEAR = {
    "nothing is told": _event(None),
    "no table is told": _event({}),
    "an ARN of something else": _event({"backupArn": "arn:aws:backup:us-west-2:1:recovery-point:x"}),
    "no JSON": _raw("{"),
    "no object": _raw("[]"),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_of_which_it_is_not_known(case: str) -> None:
    found, _ = _seen([UNCLEAR[case]])
    assert found.newest is None
    assert found.unclear == (f"{BACKUP} of 2026-11-21 07:00 UTC",)
    with pytest.raises(CouldNotLook, match=f"which table {BACKUP} of 2026-11-21 07:00 UTC restored"):
        found.require_all_seen()


def test_what_aws_refused_is_no_restore() -> None:
    found, _ = _seen([_event(OURS, errorCode="AccessDenied")])
    assert (found.newest, found.unclear) == (None, ())
    found.require_all_seen()


def test_the_newest_counts() -> None:
    found, aws = _seen([_event(OURS, 5), _event(OURS, 4)], [_event(OURS, 9)])
    assert found.newest
    assert (found.newest.at, found.newest.how) == (NOW - timedelta(days=4), BACKUP)
    assert [one.value for one in found.figures] == ["2026-11-20 07:00 UTC", "orders"]
    assert found.deadlines[0].at == NOW - timedelta(days=4) + timedelta(days=stack().limits.restore_drill_days)
    assert aws.parameters_of("ListRestoreJobs") == []
    later, _ = _seen([_event(OURS, 9)], [_event(OURS, 2)])
    assert later.newest
    assert later.newest.how == TO_A_MOMENT


def test_aws_backup_is_asked_where_there_is_no_recent_one() -> None:
    limit = stack().limits.restore_drill_days
    assert "backup:ListRestoreJobs" not in _seen([_event(OURS, limit)])[1].calls
    found, aws = _seen([_event(OURS, limit + 0.01)], jobs=[_job(TABLE, 2)])
    assert "backup:ListRestoreJobs" in aws.calls
    assert found.newest
    assert (found.newest.how, found.newest.at) == ("AWS Backup", NOW - timedelta(days=2))


def test_jobs_of_aws_backup() -> None:
    assert _seen(jobs=[_job(f"{TABLE}x", 2)])[0].newest is None
    assert _seen(jobs=[_job(f"{TABLE}/backup/01", 2, "RecoveryPointArn")])[0].newest
    unknown, _ = _seen(jobs=[_job("arn:aws:backup:us-west-2:1:recovery-point:x", 2, "RecoveryPointArn")])
    assert unknown.unclear == ("a restore job of 2026-11-22 07:00 UTC",)


def test_aws_backup_may_not_be_asked() -> None:
    denied = CouldNotLook("backup:ListRestoreJobs", "AccessDenied")
    found, _ = _seen(jobs=denied)
    assert found.evidence["AWS Backup"] == "backup:ListRestoreJobs: AccessDenied"
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        found.require_all_seen()
    found, _ = _seen([_event(OURS, 89)], jobs=denied)
    assert found.newest
    assert found.newest.table == "orders"


def test_reading_ends_with_the_page_that_has_one() -> None:
    pages = {"Events": [_event(OURS, 5)], "NextToken": "more"}
    found, aws = _seen(pages)
    assert found.newest
    assert len(aws.parameters_of("LookupEvents")) == 2
