"""What is kept of the restores that were found: the newest, those of an unknown table, and what was not asked."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.restores import restore_rehearsal
from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, names, stack
from tests.cases import cases

DENIED = CouldNotLook("backup:ListRestoreJobs", "AccessDenied: no", action="backup:ListRestoreJobs")
OURS = {"sourceTableName": "orders"}


def _event(days: float, asked: Any = None, **more: Any) -> Raw:
    told = {"requestParameters": OURS if asked is None else asked, **more}
    return {"EventId": "e", "EventTime": ago(days=days), "CloudTrailEvent": json.dumps(told)}


def _seen(*events: Raw, to_a_moment: list[Raw] | None = None, jobs: Any = ()) -> Any:
    answers: Any = {
        ("cloudtrail", "LookupEvents"): [{"Events": list(events)}, {"Events": to_a_moment or []}],
        ("backup", "ListRestoreJobs"): jobs if isinstance(jobs, Exception) else {"RestoreJobs": list(jobs)},
    }
    aws = Aws(answers)
    checked = stack(limits={"restore_drill_days": 30})
    return restore_rehearsal(checked, aws, names(tables=("orders",)), NOW), aws


def test_of_a_recent_restore_everything_is_told() -> None:
    seen, aws = _seen(_event(9), to_a_moment=[_event(4)])
    at = NOW - timedelta(days=4)
    assert seen.evidence == {
        "newest": {"table": "orders", "at": at, "how": "RestoreTableToPointInTime"},
        "unclear": [],
        "AWS Backup": "read only where CloudTrail has no recent restore",
    }
    assert seen.figures == (Figure("last restore", f"{at:%Y-%m-%d %H:%M} UTC"), Figure("restored table", "orders"))
    assert seen.deadlines == (Deadline("the last test of a restore is too long ago", at + timedelta(days=30)),)
    assert (seen.arn, seen.name, seen.now) == ("stack/here/restores", "restores of tables", NOW)
    assert not aws.parameters_of("ListRestoreJobs")


@cases([(30, 0), (30.01, 1)])
def test_aws_backup_is_asked_where_the_last_restore_is_older_than_the_limit(days: float, asked: int) -> None:
    _, aws = _seen(_event(days))
    assert len(aws.parameters_of("ListRestoreJobs")) == asked


def test_where_nothing_was_found_nothing_is_told_but_why() -> None:
    seen, aws = _seen(jobs=DENIED)
    assert (seen.newest, seen.figures, seen.deadlines, seen.jobs) == (None, (), (), DENIED)
    assert seen.evidence == {"newest": None, "unclear": [], "AWS Backup": str(DENIED)}
    [asked] = aws.parameters_of("ListRestoreJobs")
    assert asked == {
        "ByResourceType": "DynamoDB",
        "ByStatus": "COMPLETED",
        "ByCreatedAfter": NOW - timedelta(days=90),
        "MaxResults": 1000,
    }
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        seen.require_all_seen()


def test_of_many_restores_of_an_unknown_table_the_first_five_are_kept_as_evidence() -> None:
    seen, _ = _seen(*(_event(days, {}) for days in range(1, 7)))
    assert len(seen.unclear) == 6
    assert seen.evidence["unclear"] == list(seen.unclear[:5])
    first = f"RestoreTableFromBackup of {NOW - timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    assert seen.unclear[0] == first
    with pytest.raises(CouldNotLook, match=f"does not report which table {first} restored"):
        seen.require_all_seen()


def test_a_refused_restore_does_not_hide_those_after_it() -> None:
    seen, _ = _seen(_event(1, errorCode="AccessDenied"), _event(2), _event(3))
    assert seen.newest.at == NOW - timedelta(days=2)
    seen.require_all_seen()


@pytest.mark.parametrize("told", ["[1]", '"x"', "", "{", '{"requestParameters": "x"}', '{"requestParameters": {}}'])
def test_an_event_that_does_not_say_what_was_restored_is_unclear(told: str) -> None:
    seen, _ = _seen({**_event(1), "CloudTrailEvent": told})
    assert (len(seen.unclear), seen.newest) == (1, None)


TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/orders"


@cases([
    ({"sourceTableName": "orders"}, True),
    ({"sourceTableName": TABLE}, True),
    ({"backupArn": f"{TABLE}/backup/01"}, True),
    ({"sourceTableArn": TABLE}, True),
    ({"sourceTableArn": "arn:aws:dynamodb:us-west-2:123456789012:index"}, False),
    ({"sourceTableName": "", "sourceTableArn": TABLE}, True),
])  # fmt: skip
def test_which_table_was_restored_is_in_its_name_or_an_arn(asked: Raw, known: bool) -> None:
    seen, _ = _seen(_event(1, asked))
    assert (seen.newest is not None, len(seen.unclear)) == (known, int(not known))


def test_jobs_of_aws_backup_tell_their_table_or_are_unclear() -> None:
    def job(**more: Any) -> Raw:
        return {"RestoreJobId": "j", "CreationDate": ago(days=2), "Status": "COMPLETED", **more}

    seen, _ = _seen(
        jobs=[
            job(SourceResourceArn=TABLE),
            job(RecoveryPointArn=f"{TABLE}/backup/1"),
            job(SourceResourceArn=f"{TABLE}s"),
            job(RecoveryPointArn="arn:aws:backup:x:y:recovery-point:1"),
            job(),
        ]
    )
    assert (seen.newest.table, seen.newest.how, seen.newest.at) == ("orders", "AWS Backup", NOW - timedelta(days=2))
    assert seen.unclear == (f"a restore job of {NOW - timedelta(days=2):%Y-%m-%d %H:%M} UTC",) * 2
