"""IAM: every property of credentials and access keys, and how far the rotation of one is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.iam import ROOT, AccessKey, Credentials, KeyHolder, credentials, key_holders
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
from opschecks.core.answer import Answer
from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, stack

OLD, NEW, LAST = "AKIAIOSFODNN7EXAMAAA", "AKIAI44QH8DHBEXAMBBB", "AKIAI44QH8DHBEXAMCCC"
DAY = timedelta(days=1)
FLAGS = ("password_enabled", "mfa_active", "access_key_1_active", "access_key_2_active")


def row(name: str = "pipeline", **changes: str) -> dict[str, str]:
    arn = f"arn:aws:iam::123456789012:{'root' if name == ROOT else f'user/{name}'}"
    return {"user": name, "arn": arn, **dict.fromkeys(FLAGS, "false"), **changes}


def reporting(*rows: Mapping[str, str], **answers: Any) -> Aws:
    written = io.StringIO()
    table = csv.DictWriter(written, ["user", "arn", *FLAGS], lineterminator="\n")
    table.writeheader()
    table.writerows([row(ROOT), *rows])
    report = {"Content": written.getvalue().encode(), "GeneratedTime": ago(hours=2)}
    told = {"GenerateCredentialReport": {"State": "COMPLETE"}, "GetCredentialReport": report, **answers}
    return Aws({("iam", operation): answer for operation, answer in told.items()})


def test_a_row_of_the_report_as_it_is_read() -> None:
    told = row(password_enabled="true", mfa_active="TRUE", access_key_2_active="True")
    aws = reporting(told)
    _, found = credentials(aws.stack, aws)
    assert (found.arn, found.name, found.as_of) == (told["arn"], "pipeline", NOW - timedelta(hours=2))
    assert found.evidence == {**told, "as of": NOW - timedelta(hours=2)}
    assert (found.is_root, found.has_password, found.has_mfa, found.active_keys) == (False, True, True, 1)
    assert found.figures == (
        Figure("signs in with a password", "true"), Figure("MFA", "TRUE"), Figure("active keys", 1),
    )  # fmt: skip
    none = reporting(row(password_enabled="", mfa_active="", access_key_1_active="", access_key_2_active=""))
    assert credentials(none.stack, none)[1].figures == (
        Figure("signs in with a password", "unknown"), Figure("MFA", "unknown"), Figure("active keys", 0),
    )  # fmt: skip


PASSWORDS = {
    (ROOT, "not_supported"): True, (ROOT, "true"): True, (ROOT, "false"): False, ("pipeline", "true"): True,
    ("pipeline", "false"): False,
}  # fmt: skip


@pytest.mark.parametrize("case", PASSWORDS, ids=str)
def test_who_can_sign_in_with_a_password(case: tuple[str, str]) -> None:
    name, told = case
    found = Credentials(arn=name, name=name, evidence=Answer(row(name, password_enabled=told)), as_of=NOW)
    assert (found.has_password, found.is_root) == (PASSWORDS[case], name == ROOT)


def test_what_the_report_does_not_say_of_a_user_is_not_guessed() -> None:
    found = Credentials(arn="x", name="pipeline", evidence=row(password_enabled="not_supported"), as_of=NOW)
    says = "^iam:GetCredentialReport: password_enabled of pipeline is 'not_supported', not true or false$"
    with pytest.raises(CouldNotLook, match=says):
        found.has_password  # noqa: B018 - it raises


def test_every_user_counts_unless_the_stack_names_some() -> None:
    aws = reporting(row("api"), row("Web"))
    for patterns, expected in (
        (("*",), [ROOT, "api", "Web"]), (("a*",), [ROOT, "api"]), (("*", "x"), None), (("w*",), None),
        (("W*", "api"), [ROOT, "api", "Web"]),
    ):  # fmt: skip
        checked = stack(iam_users=patterns)
        if expected is None:
            with pytest.raises(CouldNotLook, match="no IAM user matches"):
                credentials(checked, aws)
        else:
            assert [one.name for one in credentials(checked, aws)] == expected


def test_a_report_that_is_no_text_is_not_read() -> None:
    aws = reporting(GetCredentialReport={"Content": b"\xff\xfe", "GeneratedTime": NOW})
    with pytest.raises(CouldNotLook, match=r"^iam:GetCredentialReport: the report is not text in UTF-8"):
        credentials(aws.stack, aws)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting; the clock moves by pauses alone."""
    slept: list[float] = []
    monkeypatch.setattr("opschecks.aws.iam.time.sleep", slept.append)
    monkeypatch.setattr("opschecks.aws.iam.time.monotonic", lambda: sum(slept))
    return slept


def test_pauses_grow_to_five_seconds_and_end_with_the_limit(pauses: list[float]) -> None:
    aws = reporting(GenerateCredentialReport={"State": "STARTED"})
    with pytest.raises(
        CouldNotLook, match=r"^iam:GenerateCredentialReport: no report after 22\.5 s .*: it is STARTED$"
    ):
        credentials(stack(limits={"credential_report_s": 22.5}), aws)
    assert pauses == [0.5, 1, 2, 4, 5, 5, 5]
    assert sum(pauses) == 22.5


def test_a_report_that_expired_in_between_is_told_as_it_is(pauses: list[float]) -> None:
    gone = CouldNotLook("iam:GetCredentialReport", "ReportExpired: it is too old")
    aws = reporting(GetCredentialReport=gone)
    with pytest.raises(CouldNotLook, match=r"no report after 1 s .*: it is ReportExpired$"):
        credentials(stack(limits={"credential_report_s": 1}), aws)
    assert pauses == [0.5]


def listed(key_id: str = OLD, made: datetime | None = None, status: str = "Active") -> Raw:
    created = ago(days=100) if made is None else made
    return {"UserName": "pipeline", "AccessKeyId": key_id, "Status": status, "CreateDate": created}


def uses(**by_end: datetime | None) -> Any:
    """The last use of each key by the end of its id; a key that is not named was used an hour ago."""

    def answer(AccessKeyId: str) -> Raw:  # noqa: N803 - AWS's name
        at = by_end.get(AccessKeyId[-3:], ago(hours=1))
        told = {"Region": "us-west-2", "ServiceName": "s3"} if at else {"Region": "N/A", "ServiceName": "N/A"}
        return {"UserName": "pipeline", "AccessKeyLastUsed": given(told, {"LastUsedDate": at})}

    return answer


def holding(*keys: Raw, use: Any = None, **limits: Any) -> list[KeyHolder]:
    aws = reporting(
        row(access_key_1_active="true"), ListAccessKeys={"AccessKeyMetadata": list(keys)},
        GetAccessKeyLastUsed=use or uses(),
    )  # fmt: skip
    return key_holders(stack(limits=limits), aws, credentials(aws.stack, aws), NOW)


def test_a_holder_of_keys_as_it_is_read() -> None:
    keys = [listed(NEW, ago(days=3)), listed(), listed(LAST, status="Inactive")]
    [found] = holding(*keys, use=uses(BBB=None), key_age_days=80)
    older = AccessKey("MAAA", NOW - 100 * DAY, NOW - timedelta(hours=1))
    newer = AccessKey("MBBB", NOW - 3 * DAY, None)
    assert (found.arn, found.name, found.keys) == (
        "arn:aws:iam::123456789012:user/pipeline",
        "pipeline",
        (older, newer),
    )
    assert found.evidence == {
        "UserName": "pipeline",
        "active keys": [
            {"AccessKeyId": "…MAAA", "CreateDate": older.created, "LastUsedDate": older.used},
            {"AccessKeyId": "…MBBB", "CreateDate": newer.created, "LastUsedDate": "never"},
        ],
        "inactive keys": 1,
    }
    assert found.figures == (Figure("oldest active key", 100, "days"),)
    assert found.deadlines == (Deadline("key …MAAA of pipeline must be rotated", NOW - 20 * DAY),)
    assert found.both_since == newer.created
    [one] = holding(listed())
    assert one.both_since is None


AGES = {timedelta(days=99, hours=23, minutes=59): 99, timedelta(days=100): 100, timedelta(hours=1): 0}


@pytest.mark.parametrize("age", AGES, ids=str)
def test_the_age_of_a_key_is_told_in_whole_days(age: timedelta) -> None:
    [found] = holding(listed(made=NOW - age))
    assert found.figures[0].value == AGES[age]


def test_keys_are_old_or_idle_before_a_moment() -> None:
    [found] = holding(listed(), listed(NEW, ago(days=3)), use=uses(AAA=ago(days=50), BBB=None))
    older, newer = found.keys
    assert found.made_before(older.created) == []
    assert found.made_before(older.created + timedelta(seconds=1)) == [older]
    assert found.made_before(NOW) == [older, newer]
    assert (older.idle_since, newer.idle_since) == (NOW - 50 * DAY, NOW - 3 * DAY)
    assert found.idle_before(NOW - 50 * DAY) == []
    assert found.idle_before(NOW - 49 * DAY) == [older]
    assert found.idle_before(NOW) == [older, newer]


HELD: dict[str, tuple[Any, str]] = {
    "none is active": ([listed(status="Inactive"), listed(NEW, status="Expired")], ""),
    "the user is gone": (NotThere("iam:ListAccessKeys", "NoSuchEntity: no"), ""),
    "none is listed": (
        [],
        ("iam:ListAccessKeys: no key of pipeline is listed, and the credential report of {} UTC counts 1 active: if "
        "they were deleted since, the next report says so, four hours later at most")),
    "a status that nobody knows": (
        [listed(status="Paused")], "Status is 'Paused', which this version does not know: update opschecks"),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_a_user_whose_keys_are_not_as_the_report_counts_them(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, says = HELD[case]
    answer = keys if isinstance(keys, Exception) else {"AccessKeyMetadata": keys}
    if case == "a status that nobody knows":
        monkeypatch.setattr("tests.canned._beyond", lambda *_: iter(()))  # it is none of the model's
    aws = reporting(
        row(access_key_1_active="true"), row("api", access_key_2_active="true"), row("none"),
        ListAccessKeys=lambda UserName: answer if UserName == "pipeline" else {"AccessKeyMetadata": [listed()]},  # noqa: N803
        GetAccessKeyLastUsed=uses(),
    )  # fmt: skip
    found = key_holders(aws.stack, aws, credentials(aws.stack, aws), NOW)
    assert [one.name for one in found] == (["pipeline", "api"] if says else ["api"])
    if says:
        [told] = [one for one in found if one.name == "pipeline"]
        as_of = f"{NOW - timedelta(hours=2):%Y-%m-%d %H:%M}"
        assert says.format(as_of) in str(told.known)
        counted = {"active keys of the report": 1, "listed keys": 0} if not keys else {}
        assert told.evidence == {"UserName": "pipeline", **counted}
        with pytest.raises(CouldNotLook):
            told.keys  # noqa: B018 - it raises


def test_the_keys_of_a_user_who_may_not_be_read_are_not_known_and_others_are() -> None:
    denied = CouldNotLook("iam:ListAccessKeys", "AccessDenied: no")
    aws = reporting(
        row(access_key_1_active="true"), row("api", access_key_1_active="true"), row(ROOT, access_key_1_active="true"),
        ListAccessKeys=lambda UserName: denied if UserName == "pipeline" else {"AccessKeyMetadata": [listed()]},  # noqa: N803
        GetAccessKeyLastUsed=uses(),
    )  # fmt: skip
    mute, api = key_holders(aws.stack, aws, credentials(aws.stack, aws), NOW)
    assert (mute.name, mute.evidence, str(mute.known)) == ("pipeline", {"UserName": "pipeline"}, str(denied))
    assert len(api.keys) == 1


# the rotation of a key

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


READERS: dict[str, tuple[Raw, bool, bool, str, float]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", READERS)
def test_a_service_that_reads_the_secret(case: str) -> None:
    answer, settled, failed, says, hours = READERS[case]
    found = rotation_of(asking(service=answer), WANTED, "prod")
    [one] = found.readers
    assert (one.settled, one.failed, one.said) == (settled, failed, says)
    assert one.finished == NOW - timedelta(hours=hours)
    assert one.started == NOW - timedelta(hours=3)
    assert found.unsettled == ([] if settled else [one])


@pytest.mark.parametrize(("hours", "behind"), [(2.9, True), (3, True), (3.1, False)])
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
UNTOLD: dict[str, tuple[list[Raw], str]] = {
    "made at one time": ([listed(), listed(NEW)], "pipeline has 2 keys that cannot be told apart"),
    "of one end": ([listed(), listed(SAME_END, ago(days=1))], "pipeline has 2 keys that cannot be told apart"),
    "three": (
        [listed(), listed(NEW, ago(days=1)), listed(LAST, ago(days=2))], "pipeline has 3 keys that cannot be told"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNTOLD)
def test_keys_that_cannot_be_told_apart(case: str) -> None:
    keys, says = UNTOLD[case]
    with pytest.raises(CouldNotLook, match=f"^iam:ListAccessKeys: {says}"):
        access_keys_of(asking(keys), "pipeline")


def test_a_user_without_keys_has_none_to_rotate() -> None:
    aws = Aws({("iam", "ListAccessKeys"): {"AccessKeyMetadata": []}})
    with pytest.raises(CouldNotLook, match=r"^iam:ListAccessKeys: pipeline has no access key to rotate$"):
        access_keys_of(aws, "pipeline")


NO_KEY: dict[str, tuple[Raw, str]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", NO_KEY)
def test_a_secret_that_holds_no_key(case: str) -> None:
    answer, says = NO_KEY[case]
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


UNFIT: dict[str, tuple[Raw, str]] = {
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
}  # fmt: skip


@pytest.mark.parametrize("case", UNFIT)
def test_a_secret_that_must_not_be_changed(case: str) -> None:
    answer, why = UNFIT[case]
    assert unfit(asking(secret=answer), WANTED) == why
