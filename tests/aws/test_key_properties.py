"""IAM: every property of credentials and access keys, and how far the rotation of one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from opschecks.aws.iam import ROOT, AccessKey, Credentials, KeyHolder, credentials, key_holders
from opschecks.core.answer import Answer
from opschecks.core.model import Deadline, Figure
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_iam import key, pauses, reporting, root, row
from tests.canned import NOW, Raw, ago, given, stack

OLD, NEW, LAST = "AKIAIOSFODNN7EXAMAAA", "AKIAI44QH8DHBEXAMBBB", "AKIAI44QH8DHBEXAMCCC"
DAY = timedelta(days=1)

__all__ = ["pauses"]


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


def test_pauses_grow_to_five_seconds_and_end_with_the_limit(pauses: list[float]) -> None:
    aws = reporting(GenerateCredentialReport={"State": "STARTED"})
    says = r"no report after 22\.5 s \(limit credential_report_s\): it is STARTED$"
    with pytest.raises(CouldNotLook, match=f"^iam:GenerateCredentialReport: {says}"):
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
    return key(made or ago(days=100), status, key_id)


def uses(**by_end: datetime | None) -> Any:
    """The last use of each key by the end of its id; a key that is not named was used an hour ago."""

    def answer(AccessKeyId: str) -> Raw:  # noqa: N803 - AWS's name
        at = by_end.get(AccessKeyId[-3:], ago(hours=1))
        told = {"Region": "us-west-2", "ServiceName": "s3"} if at else {"Region": "N/A", "ServiceName": "N/A"}
        return {"UserName": "pipeline", "AccessKeyLastUsed": given(told, {"LastUsedDate": at})}

    return answer


def holding(*keys: Raw, use: Any = None, **limits: Any) -> list[KeyHolder]:
    aws = reporting(row(access_key_1_active="true"), ListAccessKeys={"AccessKeyMetadata": list(keys)},
                    GetAccessKeyLastUsed=use or uses())  # fmt: skip
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
    "an unknown status": (
        [listed(status="Paused")], "Status is 'Paused', which this version does not know: update opschecks"),
}  # fmt: skip


@pytest.mark.parametrize("case", HELD)
def test_a_user_whose_keys_are_not_as_the_report_counts_them(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys, says = HELD[case]
    answer = keys if isinstance(keys, Exception) else {"AccessKeyMetadata": keys}
    if case == "an unknown status":
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
        row(access_key_1_active="true"), row("api", access_key_1_active="true"), root(access_key_1_active="true"),
        ListAccessKeys=lambda UserName: denied if UserName == "pipeline" else {"AccessKeyMetadata": [listed()]},  # noqa: N803
        GetAccessKeyLastUsed=uses(),
    )  # fmt: skip
    mute, api = key_holders(aws.stack, aws, credentials(aws.stack, aws), NOW)
    assert (mute.name, mute.evidence, str(mute.known)) == ("pipeline", {"UserName": "pipeline"}, str(denied))
    assert len(api.keys) == 1
