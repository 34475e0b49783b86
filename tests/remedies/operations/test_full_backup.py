"""What the remedy that backs everything up wants, sends and refuses: on recorded-shape answers."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.backup_sets import BackupLocation, BackupSet, backup_location, next_name
from opschecks.core.change import CannotFix, Progress, Unknown
from opschecks.core.observation import CouldNotLook, NotThere
from opschecks.remedies.operations.backup_conditions import require_copyable, require_possible
from opschecks.remedies.operations.backup_pieces import Pieces, Scope, look_at, manifest, unsettled
from opschecks.remedies.operations.full_backup import BackUpEverything
from opschecks.remedies.settings.table_backup import backup_name
from tests.canned import NOW, ago, refuses
from tests.canned_backups import ARN, DESCRIBE, GONE, LIST, TASKS, T, backup, remedy_of, stack_of, table

SCOPE = Scope((T,), ("site", ""), ("/ecs/backend",))
PLACE = BackupLocation("backups", "full/here/")
SET = "20261125-1"
_OF_SET = {"BackupName": backup_name(T, f"set-{SET}")}


def _object(key: str, etag: str = "a", size: int = 3, hours: float = 2, **more: Any) -> dict[str, Any]:
    return {"Key": key, "ETag": f'"{etag}"', "Size": size, "LastModified": ago(hours=hours), **more}


def _task(
    status: str = "COMPLETED", prefix: str = f"full/here/{SET}/logs/01-ecs-backend", **more: Any
) -> dict[str, Any]:
    return {
        "taskId": "t",
        "logGroupName": "/ecs/backend",
        "destination": "backups",
        "destinationPrefix": prefix,
        "from": 0,
        "to": 1000,
        "status": {"code": status},
        **more,
    }


def _set_of(
    source: list[Any], copies: list[Any], tasks: list[Any] | None = None, backups: list[Any] | None = None
) -> dict[Any, Any]:
    def listing(Bucket: str, Prefix: str = "", **_: Any) -> Any:  # noqa: N803
        found = source if Bucket == "site" else [one for one in copies if one["Key"].startswith(Prefix)]
        return {"KeyCount": len(found), "Contents": found}

    return {
        ("s3", "ListObjectsV2"): listing,
        LIST: {"BackupSummaries": [backup("x") | _OF_SET] if backups is None else backups},
        TASKS: {"exportTasks": [_task()] if tasks is None else tasks},
    }


def _looked(answers: dict[Any, Any], scope: Scope = SCOPE) -> Pieces:
    return look_at(remedy_of(BackUpEverything, answers, backups="s3://backups/full"), PLACE, SET, scope)


COPY = f"full/here/{SET}/dashboard/a.js"
COPIES: dict[str, tuple[dict[str, Any], dict[str, Any] | None, bool]] = {
    "the same": (_object("a.js"), _object(COPY), True),
    "none": (_object("a.js"), None, False),
    "of another size": (_object("a.js"), _object(COPY, size=4, hours=1), False),
    "uploaded in parts, and copied since": (_object("a.js", "a-2"), _object(COPY, "b", hours=1), True),
    "changed since": (_object("a.js", "c", hours=0.5), _object(COPY, hours=1), False),
}


@pytest.mark.parametrize(("source", "copy", "is_copy"), COPIES.values(), ids=COPIES)
def test_an_object_is_copied_where_s3_says_that_it_is_the_same_or_younger(
    source: dict[str, Any], copy: dict[str, Any] | None, is_copy: bool
) -> None:
    pieces = _looked(_set_of([source], [copy] if copy else []))
    assert (pieces.missing == []) is is_copy
    assert pieces.counts == {"tables": 1, "objects": int(is_copy), "log_groups": 1}


def test_a_set_has_only_its_own_pieces_and_none_that_failed() -> None:
    tasks = [_task("FAILED"), _task("COMPLETED", prefix="elsewhere")]
    pieces = _looked(_set_of([_object("a.js")], [_object(COPY)], tasks, [backup("nightly")]))
    assert pieces.counts == {"tables": 0, "objects": 1, "log_groups": 0}
    again = _looked(_set_of([], [], [_task("FAILED"), _task("RUNNING")]))
    assert again.counts["log_groups"] == 1


UNSETTLED: dict[str, tuple[list[Any] | None, list[Any] | None, str | None]] = {
    "all there": (None, None, ""),
    "a backup is made": (None, [backup("x", status="CREATING") | _OF_SET], f"the backup of {T} is CREATING"),
    "an export runs": ([_task("RUNNING")], None, "the export of /ecs/backend is RUNNING"),
    "an export failed": ([_task("FAILED")], None, None),
    "a backup was deleted": (None, [backup("x", status="DELETED") | _OF_SET], None),
}


@pytest.mark.parametrize(("tasks", "backups", "said"), UNSETTLED.values(), ids=UNSETTLED)
def test_no_manifest_before_every_piece_is_there(tasks: Any, backups: Any, said: str | None) -> None:
    pieces = _looked(_set_of([_object("a.js")], [_object(COPY)], tasks, backups))
    if said is None:
        with pytest.raises(CannotFix):
            unsettled(pieces)
    else:
        assert unsettled(pieces) == said


def test_the_manifest_says_what_is_where_and_how_it_was_verified() -> None:
    parts = _object("b.js", "b-2", 5, hours=2), _object(f"full/here/{SET}/dashboard/b.js", "c", 5, hours=1)
    answers = _set_of(
        [_object("a.js"), parts[0]], [_object(COPY), parts[1], _object(f"full/here/{SET}/logs/01-ecs-backend/t/s/0.gz")]
    )
    remedy = remedy_of(BackUpEverything, answers, backups="s3://backups/full", account_id="123456789012")
    begun = BackupSet(SET, {"begun": NOW.isoformat()}, None)
    told = manifest(remedy, PLACE, begun, SCOPE, _looked(answers), {"opschecks": "x"})
    assert told["tables"][0]["arn"] == f"{ARN}/backup/x"
    assert told["dashboard"]["verified"] == {"by size and ETag": 1, "by size and time": 1}
    assert (told["dashboard"]["count"], told["dashboard"]["bytes"]) == (2, 8)
    [group] = told["log_groups"]
    assert (group["files"], group["bytes"]) == (1, 3)
    assert group["where"] == f"s3://backups/full/here/{SET}/logs/01-ecs-backend/t/"
    assert "12 hours" in told["beware"]
    json.dumps(told)
    for changed in ([_object("a.js", "z", hours=0), parts[0]], [_object("a.js")]):
        looked = _looked({**answers, **_set_of(changed, [_object(COPY, hours=1), parts[1]])})
        with pytest.raises(CannotFix, match="has changed while it was copied"):
            manifest(remedy, PLACE, begun, SCOPE, looked, {})


LOCATION, BLOCKED = ("s3", "GetBucketLocation"), ("s3", "GetPublicAccessBlock")


def _fit() -> dict[Any, Any]:
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    return {
        LOCATION: {"LocationConstraint": "us-west-2"},
        BLOCKED: {"PublicAccessBlockConfiguration": blocked},
        DESCRIBE: table(),
        ("logs", "DescribeLogGroups"): {"logGroups": [{"logGroupName": "/ecs/backend"}]},
    }


UNFIT: dict[str, tuple[dict[Any, Any], str]] = {
    "no bucket": ({LOCATION: NotThere("s3", "NoSuchBucket: no")}, "there is no bucket backups"),
    "nothing blocks": ({BLOCKED: NotThere("s3", "NoSuchPublicAccessBlockConfiguration")}, "does not block public"),
    "half of it": ({BLOCKED: {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}}, "does not block public"),
    "elsewhere": ({LOCATION: {"LocationConstraint": "EU"}}, "can only be exported within it"),
    "no table": ({DESCRIBE: GONE}, f"the table {T} does not exist"),
    "no group": ({("logs", "DescribeLogGroups"): {"logGroups": []}}, "there is no log group /ecs/backend"),
}


test_what_cannot_be_finished_is_not_begun = refuses(
    UNFIT, lambda answers: require_possible(remedy_of(BackUpEverything, _fit() | answers), PLACE, SCOPE)
)


def test_what_can_be_finished_goes_into_a_bucket_of_its_own() -> None:
    require_possible(remedy_of(BackUpEverything, _fit()), PLACE, SCOPE)
    with pytest.raises(CannotFix, match="the dashboards' own bucket"):
        require_possible(remedy_of(BackUpEverything), BackupLocation("site", "x/"), SCOPE)


@pytest.mark.parametrize(
    "source", [[], [_object("big", size=5 * 2**30 + 1)], [_object("cold", StorageClass="DEEP_ARCHIVE")]]
)
def test_what_s3_does_not_copy_is_said_before_anything_is_made(source: list[Any]) -> None:
    require_copyable(SCOPE, [_object("a", size=5 * 2**30)])
    with pytest.raises(CannotFix):
        require_copyable(SCOPE, source)


@pytest.mark.parametrize(
    ("newest", "following"),
    [("", "20261125-1"), ("20261124-3", "20261125-1"), ("20261125-9", "20261125-10"), ("20261126-1", "20261126-2")],
)
def test_sets_have_names_that_go_on(newest: str, following: str) -> None:
    assert next_name(newest, datetime(2026, 11, 25, tzinfo=UTC)) == following


def test_where_full_backups_go() -> None:
    assert backup_location(stack_of(backups="s3://backups")) == BackupLocation("backups", "here/")
    assert backup_location(stack_of(backups="s3://backups/a/b/")) == BackupLocation("backups", "a/b/here/")
    with pytest.raises(CannotFix, match=r"set backups = .s3://BUCKET/PREFIX."):
        remedy_of(BackUpEverything).all_targets()
    with pytest.raises(ValueError, match="s3://BUCKET/PREFIX"):
        stack_of(backups="backups/here")


def _everything(answers: dict[Any, Any]) -> Any:
    return remedy_of(
        BackUpEverything, answers, backups="s3://backups/full", dashboard_bucket="site", log_groups=("/ecs/backend",)
    )


AFTER = {"set": SET, "complete": True, "tables": 2, "objects": 1, "log_groups": 1}


def test_an_export_waits_for_any_other_of_the_account() -> None:
    other, ended = _task("RUNNING", prefix="x"), _task(prefix="x")
    waits = Progress(False, "an export of /ecs/backend is RUNNING: one runs at a time")
    for task, waiting in ((other, waits), (ended, Progress(settled=True))):
        *_, export, _, _ = _everything(_set_of([_object("a.js")], [], [task], [])).steps("", {}, AFTER)
        assert export.wait() == waiting


def test_a_copy_is_of_what_was_listed_and_of_nothing_younger() -> None:
    answers = _set_of([_object("a.js")], [], [], [])
    steps = _everything(answers).steps("", {}, AFTER)
    requests = [step.request for step in steps]
    assert [one.operation for one in requests] == [
        "PutObject", "CreateBackup", "CreateBackup", "CreateExportTask", "CopyObject", "PutObject",
    ]  # fmt: skip
    assert requests[4].parameters["CopySourceIfMatch"] == '"a"'
    assert all(one.parameters["IfNoneMatch"] == "*" for one in (requests[0], requests[-1]))
    with pytest.raises(Unknown):
        steps[4].judge(requests[4], {})


def test_a_manifest_of_another_version_is_no_complete_set() -> None:
    def listing(Bucket: str, Prefix: str, **_: Any) -> Any:  # noqa: N803
        if Prefix == "full/here/":
            return {"KeyCount": 1, "CommonPrefixes": [{"Prefix": f"full/here/{SET}/"}]}
        return {"KeyCount": 2, "Contents": [{"Key": f"{Prefix}started.json"}, {"Key": f"{Prefix}manifest.json"}]}

    def read(body: bytes) -> Any:
        got = {("s3", "ListObjectsV2"): listing, ("s3", "GetObject"): lambda **_: {"Body": io.BytesIO(body)}}
        return _everything(got).read("")

    for body in (b'{"format": 2}', b"", b"[]", b'{"format": 1, "set": "20261124-1"}'):
        with pytest.raises(CouldNotLook):
            read(body)
    told = {"format": 1, "set": SET, "tables": [1, 2], "dashboard": None, "log_groups": []}
    assert read(json.dumps(told).encode()) == {"set": SET, "complete": True, "tables": 2, "objects": 0, "log_groups": 0}
    del told["log_groups"]
    with pytest.raises(CouldNotLook, match="the answer has no 'log_groups'"):
        read(json.dumps(told).encode())
