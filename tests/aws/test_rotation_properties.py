"""Progress of an access key's rotation: every state of its keys, its secret and the services that read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.key_rotation import (
    Held,
    Key,
    Reader,
    Rotation,
    access_keys_of,
    ending,
    held,
    kept_earlier,
    rotation_of,
    unfit,
)
from opschecks.config.toml_tables import RotatedKey
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_key_properties import DAY, LAST, NEW, OLD, listed, uses
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given
from tests.cases import cases

WANTED = RotatedKey(user="pipeline", secret="app", services=("web",))
FIELDS = {"AWS_ACCESS_KEY_ID": OLD, "AWS_SECRET_ACCESS_KEY": "secret"}
SECRET = f"arn:aws:secretsmanager:{ACCOUNT}:secret:app-1a2b3c"


def value(text: str | None = None, **changes: Any) -> Raw:
    raw = {"SecretString": json.dumps(FIELDS) if text is None else text, "CreatedDate": ago(hours=5)}
    return given(raw, changes)


def serving(*deployments: Raw, **changes: Any) -> Raw:
    told: Raw = {
        "status": "ACTIVE", "runningCount": 2, "desiredCount": 2,
        "deployments": list(deployments or [deployed()]), **changes,
    }  # fmt: skip
    return {"services": [told]}


def deployed(**changes: Any) -> Raw:
    raw = {"status": "PRIMARY", "rolloutState": "COMPLETED", "createdAt": ago(hours=3), "updatedAt": ago(hours=2)}
    return given(raw, changes)


def asking(keys: Sequence[Raw] = (), **answers: Any) -> Aws:
    told: dict[tuple[str, str], Any] = {
        ("iam", "ListAccessKeys"): {"AccessKeyMetadata": list(keys or [listed()])},
        ("iam", "GetAccessKeyLastUsed"): answers.get("use") or uses(),
        ("secretsmanager", "GetSecretValue"): answers.get("value") or value(),
        ("secretsmanager", "DescribeSecret"): answers.get("secret") or {"ARN": SECRET},
        ("ecs", "DescribeServices"): answers.get("service") or serving(),
    }
    return Aws(told)


def test_a_rotation_as_it_is_seen() -> None:
    aws = asking([listed(NEW, ago(days=3), "Inactive"), listed()], use=uses(BBB=None))
    found = rotation_of(aws, WANTED, "prod")
    older = Key(OLD, True, NOW - 100 * DAY, NOW - timedelta(hours=1), "s3 in us-west-2")
    newer = Key(NEW, False, NOW - 3 * DAY, None, "N/A in N/A")
    reader = Reader(
        "prod/web", NOW - timedelta(hours=3), NOW - timedelta(hours=2), settled=True, failed=False,
        said="2 of 2 tasks run, deployment COMPLETED",
    )  # fmt: skip
    assert found == Rotation("pipeline", (older, newer), Held(OLD, NOW - timedelta(hours=5), FIELDS), (reader,))
    assert (found.old, found.new, found.in_secret) == (older, newer, older)
    assert (found.behind, found.unsettled, found.handed_over) == ([], [], NOW - timedelta(hours=2))
    assert (older.status, newer.status, older.end, ending(NEW)) == ("Active", "Inactive", "…MAAA", "…MBBB")
    assert [one["VersionStage"] for one in aws.parameters_of("GetSecretValue")] == ["AWSCURRENT"]
    [asked] = aws.parameters_of("DescribeServices")
    assert asked == {"cluster": "prod", "services": ["web"]}


def test_a_rotation_that_has_not_begun() -> None:
    bare = RotatedKey(user="pipeline", secret="app")
    found = rotation_of(asking(value=value(json.dumps({**FIELDS, "AWS_ACCESS_KEY_ID": NEW}))), bare, None)
    assert (found.new, found.in_secret, found.readers) == (None, None, ())
    assert found.handed_over == NOW - timedelta(hours=5)


@cases({
    "settled": (serving(), True, False, "2 of 2 tasks run, deployment COMPLETED", 2),
    "a task is missing": (serving(runningCount=1), False, False, "1 of 2 tasks run, deployment COMPLETED", 2),
    "a task too many": (serving(runningCount=3), False, False, "3 of 2 tasks run, deployment COMPLETED", 2),
    "in progress": (
        serving(deployed(rolloutState="IN_PROGRESS")), False, False, "2 of 2 tasks run, deployment IN_PROGRESS", 2),
    "the old one still runs": (
        serving(deployed(status="ACTIVE", createdAt=ago(days=9)), deployed()), False, False,
        "2 of 2 tasks run, deployment COMPLETED", 2),
    "failed": (serving(deployed(rolloutState="FAILED")), False, True, "2 of 2 tasks run, deployment FAILED", 2),
    "of an unknown state": (
        serving(deployed(rolloutState=None)), False, False, "2 of 2 tasks run, deployment unknown", 2),
    "never updated": (serving(deployed(updatedAt=None)), True, False, "2 of 2 tasks run, deployment COMPLETED", 3),
})  # fmt: skip
def test_a_service_that_reads_the_secret(answer: Raw, settled: bool, failed: bool, says: str, hours: float) -> None:
    found = rotation_of(asking(service=answer), WANTED, "prod")
    [one] = found.readers
    assert (one.settled, one.failed, one.said) == (settled, failed, says)
    assert one.finished == NOW - timedelta(hours=hours)
    assert one.started == NOW - timedelta(hours=3)
    assert found.unsettled == ([] if settled else [one])


@cases([(2.9, True), (3, True), (3.1, False)])
def test_tasks_that_were_started_before_the_secret_changed_are_behind(hours: float, behind: bool) -> None:
    found = rotation_of(asking(value=value(CreatedDate=ago(hours=hours))), WANTED, "prod")
    assert found.behind == (list(found.readers) if behind else [])


def test_where_the_services_are() -> None:
    both = RotatedKey(user="pipeline", secret="app", services=("jobs/mail", "web"))
    assert [one.name for one in rotation_of(asking(), both, "prod").readers] == ["jobs/mail", "prod/web"]
    assert [one.name for one in rotation_of(
        asking(), RotatedKey(user="pipeline", secret="app", services=("jobs/mail",)), None
    ).readers] == ["jobs/mail"]  # fmt: skip
    with pytest.raises(CouldNotLook, match=r"^rotated_keys: the cluster of web is unknown: write CLUSTER/SERVICE$"):
        rotation_of(asking(), both, None)


NO_READER: dict[str, tuple[Raw, str]] = {
    "none": ({"services": []}, "there is no active service prod/web .services of rotated_keys."),
    "inactive": (serving(status="INACTIVE"), "there is no active service prod/web"),
    "of another controller": (
        serving(deployed(status="ACTIVE")), "prod/web is not deployed by ECS itself: deploy it by other means"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_READER)
def test_a_service_that_ecs_cannot_hand_the_key_to(case: str) -> None:
    answer, says = NO_READER[case]
    with pytest.raises(CouldNotLook, match=f"^ecs:DescribeServices: {says}") as it:
        rotation_of(asking(service=answer), WANTED, "prod")
    assert isinstance(it.value, NotThere) is (case != "of another controller")


SAME_END = f"AKIAI44QH8DHBEXAM{OLD[-3:]}"


@cases({
    "made at one time": ([listed(), listed(NEW)], "pipeline has 2 keys that cannot be told apart"),
    "of one end": ([listed(), listed(SAME_END, ago(days=1))], "pipeline has 2 keys that cannot be told apart"),
    "three": (
        [listed(), listed(NEW, ago(days=1)), listed(LAST, ago(days=2))], "pipeline has 3 keys that cannot be told"),
})  # fmt: skip
def test_keys_that_cannot_be_told_apart(keys: list[Raw], says: str) -> None:
    with pytest.raises(CouldNotLook, match=f"^iam:ListAccessKeys: {says}"):
        access_keys_of(asking(keys), "pipeline")


def test_a_user_without_keys_has_none_to_rotate() -> None:
    aws = Aws({("iam", "ListAccessKeys"): {"AccessKeyMetadata": []}})
    with pytest.raises(CouldNotLook, match=r"^iam:ListAccessKeys: pipeline has no access key to rotate$"):
        access_keys_of(aws, "pipeline")


@cases({
    "binary": (
        {"SecretBinary": b"x", "CreatedDate": NOW},
        "app is binary: only a secret that is a JSON object can hold a key"),
    "nothing": ({"CreatedDate": NOW}, "the answer has no 'SecretString'"),
    "no time": (value(CreatedDate=None), "the answer has no 'CreatedDate'"),
    "no JSON": (value("x"), "app is not a JSON object: a key can only be stored in one"),
    "a list": (value("[]"), "app is not a JSON object"),
    "no id": (value('{"AWS_SECRET_ACCESS_KEY": "x"}'), "app has no field AWS_ACCESS_KEY_ID .id_field, secret_field of"),
    "no secret": (value(json.dumps({"AWS_ACCESS_KEY_ID": OLD})), "app has no field AWS_SECRET_ACCESS_KEY"),
    "an id that is none": (value(json.dumps({**FIELDS, "AWS_ACCESS_KEY_ID": "me"})), "AWS_ACCESS_KEY_ID of app is not"),
    "an id that is no text": (value(json.dumps({**FIELDS, "AWS_ACCESS_KEY_ID": 7})), "AWS_ACCESS_KEY_ID of app is not"),
})  # fmt: skip
def test_a_secret_that_holds_no_key(answer: Raw, says: str) -> None:
    with pytest.raises(CouldNotLook, match=f"^secretsmanager:GetSecretValue: {says}"):
        held(asking(value=answer), WANTED)


def test_a_secret_with_both_forms_is_read_by_its_text() -> None:
    assert held(asking(value=value(SecretBinary=b"x")), WANTED).key == OLD


def test_an_earlier_or_a_pending_version_may_keep_the_key() -> None:
    mine = Key(OLD, True, NOW, None, "")
    other = json.dumps({**FIELDS, "AWS_ACCESS_KEY_ID": NEW})
    gone = NotThere("secretsmanager:GetSecretValue", "ResourceNotFoundException: no")
    for previous, pending, kept in (
        (value(), gone, True), (gone, value(), True), (gone, gone, False), (value(other), value(), True),
        (value(other), value(other), False),
    ):  # fmt: skip
        told = {"AWSPREVIOUS": previous, "AWSPENDING": pending}
        aws = asking(value=lambda SecretId, VersionStage, told=told: told[VersionStage])  # noqa: N803 - AWS's names
        assert kept_earlier(aws, WANTED, mine) is kept
    denied = CouldNotLook("secretsmanager:GetSecretValue", "AccessDenied: no")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        kept_earlier(asking(value=denied), WANTED, mine)


@cases({
    "fit": ({"ARN": SECRET}, ""),
    "its own region is the primary one": ({"ARN": SECRET, "PrimaryRegion": "us-west-2"}, ""),
    "without rotation": ({"ARN": SECRET, "RotationEnabled": False}, ""),
    "deleted soon": (
        {"ARN": SECRET, "DeletedDate": datetime(2026, 12, 1, 23, tzinfo=UTC)},
        "it is scheduled for deletion on 2026-12-01: restore it first"),
    "rotated": ({"ARN": SECRET, "RotationEnabled": True}, "it has its own rotation, which would overwrite the key"),
    "of a service": ({"ARN": SECRET, "OwningService": "rds"}, "rds manages it"),
    "a replica": (
        {"ARN": SECRET, "PrimaryRegion": "eu-west-1"},
        "it is a replica of the one in eu-west-1: only that can be changed"),
})  # fmt: skip
def test_a_secret_that_must_not_be_changed(answer: Raw, why: str) -> None:
    assert unfit(asking(secret=answer), WANTED) == why
