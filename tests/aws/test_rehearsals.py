"""Restores as CloudTrail and AWS Backup report them: which count, what is kept of them, and when the last one was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.restores import Rehearsal, restore_rehearsal
from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook, seen
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, concludes, names, stack, weekly
from tests.cases import cases

REHEARSED = weekly("disaster_recovery").test_a_restore_was_rehearsed_lately
SOURCE = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
OURS = {"targetTableName": "x", "backupArn": f"{SOURCE}/backup/0148-73d8d5bc"}
NO_TABLE = f"arn:aws:backup:{ACCOUNT}:recovery-point:1"
BACKUP, TO_A_MOMENT = "RestoreTableFromBackup", "RestoreTableToPointInTime"
DENIED = CouldNotLook("backup:ListRestoreJobs", "AccessDeniedException: no", action="backup:ListRestoreJobs")
HERE = stack(limits={"restore_drill_days": 30})


def event(days: float, asked: Any = OURS, **more: Any) -> Raw:
    told = {"requestParameters": asked, **more}
    return {"EventId": "e", "EventTime": ago(days=days), "CloudTrailEvent": json.dumps(told)}


def job(days: float, **more: Any) -> Raw:
    return {
        "RestoreJobId": "j", "CreationDate": ago(days=days), "Status": "COMPLETED", "ResourceType": "DynamoDB", **more,
    }  # fmt: skip


def look(*events: Raw, to_a_moment: Sequence[Raw] = (), jobs: Any = ()) -> tuple[Rehearsal, Aws]:
    """What is seen of these restores from a backup and to a moment, and of these jobs of AWS Backup."""
    by_name = {BACKUP: events, TO_A_MOMENT: to_a_moment}

    def history(LookupAttributes: Any, **_: Any) -> Raw:  # noqa: N803 - AWS's names
        return {"Events": list(by_name[LookupAttributes[0]["AttributeValue"]])}

    listed = jobs if isinstance(jobs, Exception) else {"RestoreJobs": list(jobs)}
    return looked({("cloudtrail", "LookupEvents"): history, ("backup", "ListRestoreJobs"): listed})


def looked(answers: dict[tuple[str, str], Answers]) -> tuple[Rehearsal, Aws]:
    aws = Aws(answers)
    return restore_rehearsal(HERE, aws, names(tables=("incidents",)), NOW), aws


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
    "by AWS Backup, of what is not told": ([], [job(5, RecoveryPointArn=NO_TABLE)], "blind", "not report which table"),
    "AWS Backup may not be asked": ([event(40)], DENIED, "blind", "backup:ListRestoreJobs: AccessDenied"),
    "AWS Backup answers nothing": ([], CouldNotLook("backup:ListRestoreJobs", "empty"), "blind", "empty"),
    "of which nothing is told": ([event(3, None)], [], "blind", "not report which table"),
    "of which nothing is told, beside one that is": ([event(3, None), event(5)], DENIED, "passed", ""),
    "cut short": ([{**event(3), "CloudTrailEvent": '{"requestPara'}], [], "blind", "not report which table"),
})  # fmt: skip
def test_rehearsals(events: list[Raw], jobs: Any, outcome: str, message: str) -> None:
    concludes(REHEARSED, outcome, message, restore_rehearsal=look(*events, jobs=jobs)[0], stack=HERE)


def test_an_answer_without_events_is_not_no_restore() -> None:
    with pytest.raises(CouldNotLook, match="cloudtrail:LookupEvents: the answer has no 'Events'"):
        seen(looked({("cloudtrail", "LookupEvents"): {}})[0])


def test_a_page_without_a_hit_is_followed_by_the_next_and_a_hit_ends_it() -> None:
    pages: list[Raw] = [{"Events": [], "NextToken": "2"}, {"Events": [event(9)], "NextToken": "3"}, {"Events": []}]
    found, aws = looked({("cloudtrail", "LookupEvents"): pages})
    assert found.newest is not None
    asked = aws.parameters_of("LookupEvents")
    assert [one.get("NextToken") for one in asked] == [None, "2", None]
    assert [one["LookupAttributes"][0]["AttributeValue"] for one in asked] == [BACKUP, BACKUP, TO_A_MOMENT]


def test_restores_of_ninety_days_are_asked_for() -> None:
    _, aws = look()
    for asked in aws.parameters_of("LookupEvents"):
        assert (asked["StartTime"], asked["EndTime"], asked["MaxResults"]) == (NOW - timedelta(days=90), NOW, 50)
    assert aws.parameters_of("ListRestoreJobs") == [{
        "ByResourceType": "DynamoDB", "ByStatus": "COMPLETED", "ByCreatedAfter": NOW - timedelta(days=90),
        "MaxResults": 1000,
    }]  # fmt: skip


def test_of_a_recent_restore_everything_is_told() -> None:
    found, aws = look(event(9), to_a_moment=[event(4)])
    at = NOW - timedelta(days=4)
    assert found.newest
    assert found.evidence == {
        "newest": {"table": "incidents", "at": at, "how": TO_A_MOMENT},
        "unclear": [],
        "AWS Backup": "read only where CloudTrail has no recent restore",
    }
    assert found.figures == (Figure("last restore", "2026-11-20 07:00 UTC"), Figure("restored table", "incidents"))
    assert found.deadlines == (Deadline("the last test of a restore is too long ago", at + timedelta(days=30)),)
    assert (found.arn, found.name, found.now) == ("stack/here/restores", "restores of tables", NOW)
    assert not aws.parameters_of("ListRestoreJobs")


def test_the_newest_counts_and_one_that_was_refused_hides_none() -> None:
    found, _ = look(event(1, errorCode="AccessDenied"), event(5), event(4), to_a_moment=[event(9)])
    assert found.newest
    assert (found.newest.at, found.newest.how) == (NOW - timedelta(days=4), BACKUP)
    found.require_all_seen()
    refused, _ = look(event(3, errorCode="AccessDenied"))
    assert (refused.newest, refused.unclear) == (None, ())
    refused.require_all_seen()


@cases([(30, 0), (30.01, 1)])
def test_aws_backup_is_asked_where_the_last_restore_is_older_than_the_limit(days: float, asked: int) -> None:
    found, aws = look(event(days), jobs=[job(2, SourceResourceArn=SOURCE)])
    assert len(aws.parameters_of("ListRestoreJobs")) == asked
    assert found.newest
    assert found.newest.how == ("AWS Backup" if asked else BACKUP)


def test_where_nothing_was_found_nothing_is_told_but_why() -> None:
    found, _ = look(jobs=DENIED)
    assert (found.newest, found.figures, found.deadlines, found.jobs) == (None, (), (), DENIED)
    assert found.evidence == {"newest": None, "unclear": [], "AWS Backup": str(DENIED)}
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        found.require_all_seen()
    older, _ = look(event(89), jobs=DENIED)
    assert older.newest
    assert older.newest.table == "incidents"


@cases({
    "by its name": ({"sourceTableName": "incidents"}, "incidents"),
    "by an ARN in place of its name": ({"sourceTableName": SOURCE}, "incidents"),
    "by its ARN": ({"sourceTableArn": SOURCE}, "incidents"),
    "by its ARN beside an empty name": ({"sourceTableName": "", "sourceTableArn": SOURCE}, "incidents"),
    "by the backup's ARN": ({"backupArn": f"{SOURCE}/backup/01"}, "incidents"),
    "of another table": ({"sourceTableName": "users"}, None),
})  # fmt: skip
def test_whose_it_is(asked: Raw, table: str | None) -> None:
    found, _ = look(event(3, asked))
    assert (found.newest.table if found.newest else None) == table
    assert found.unclear == ()


@pytest.mark.parametrize("told", [
    "", "{", "[]", "[1]", '"x"', '{"requestParameters": null}', '{"requestParameters": "x"}',
    '{"requestParameters": {}}', f'{{"requestParameters": {{"backupArn": "{NO_TABLE}"}}}}',
    '{"requestParameters": {"sourceTableArn": "arn:aws:dynamodb:us-west-2:123456789012:index"}}',
])  # fmt: skip
def test_an_event_that_does_not_say_what_was_restored_is_unclear(told: str) -> None:
    found, _ = look({**event(3), "CloudTrailEvent": told})
    assert (found.newest, found.unclear) == (None, (f"{BACKUP} of 2026-11-21 07:00 UTC",))
    with pytest.raises(CouldNotLook, match=f"does not report which table {BACKUP} of 2026-11-21 07:00 UTC restored"):
        found.require_all_seen()


def test_of_many_restores_of_an_unknown_table_the_first_five_are_kept_as_evidence() -> None:
    found, _ = look(*(event(days, {}) for days in range(1, 7)))
    assert len(found.unclear) == 6
    assert found.evidence["unclear"] == list(found.unclear[:5])
    assert found.unclear[0] == f"{BACKUP} of 2026-11-23 07:00 UTC"


def test_jobs_of_aws_backup_tell_their_table_or_are_unclear() -> None:
    found, _ = look(jobs=[
        job(2, SourceResourceArn=SOURCE), job(3, RecoveryPointArn=f"{SOURCE}/backup/1"),
        job(1, SourceResourceArn=f"{SOURCE}s"), job(2, RecoveryPointArn=NO_TABLE), job(2),
    ])  # fmt: skip
    assert found.newest
    assert (found.newest.table, found.newest.how, found.newest.at) == (
        "incidents", "AWS Backup", NOW - timedelta(days=2),
    )  # fmt: skip
    assert found.unclear == ("a restore job of 2026-11-22 07:00 UTC",) * 2


def test_a_restore_at_the_end_of_the_calendar_is_due_then() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    seen, _ = look({**event(1), "EventTime": end})
    assert [one.at for one in seen.deadlines] == [end]
