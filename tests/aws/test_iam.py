"""IAM: a credential report as AWS writes it, one that is not there yet, and keys as they are now."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from opschecks.aws import iam
from opschecks.aws.iam import Credentials, KeyHolder, credentials, key_holders
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain
from opschecks.sandbox.corrections.iam import COLUMNS
from tests.canned import NOW, Answers, Aws, Raw, ago, itself, judges, stack, verdict, verdicts, weekly, without
from tests.cases import cases

COMPLETE = {"State": "COMPLETE"}
KEY, OTHER = "AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"
"""AWS's own examples."""


checks = weekly("credentials")


def row(name: str = "pipeline", **changes: str) -> dict[str, str]:
    """A row of the report: of a user without any credential."""
    none = dict.fromkeys(COLUMNS, "N/A")
    flags = ("password_enabled", "mfa_active", "access_key_1_active", "access_key_2_active")
    return {
        **none,
        **dict.fromkeys(flags, "false"),
        "user": name,
        "arn": f"arn:aws:iam::123456789012:user/{name}",
        "user_creation_time": "2024-03-01T09:00:00+00:00",
        **changes,
    }


def root(**changes: str) -> dict[str, str]:
    """The row of root, which is told in words of its own."""
    told = {"password_enabled": "not_supported", "password_last_used": "no_information", "mfa_active": "true"}
    return row("<root_account>", **{"arn": "arn:aws:iam::123456789012:root", **told, **changes})


def content(*rows: Mapping[str, str], columns: Sequence[str] = COLUMNS) -> Raw:
    written = io.StringIO()
    table = csv.DictWriter(written, columns, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return {"Content": written.getvalue().encode(), "ReportFormat": "text/csv", "GeneratedTime": ago(hours=2)}


def reporting(*rows: Mapping[str, str], **more: Answers) -> Aws:
    return Aws(
        {
            ("iam", "GenerateCredentialReport"): COMPLETE,
            ("iam", "GetCredentialReport"): content(root(), *rows),
            **{("iam", operation): answers for operation, answers in more.items()},
        }
    )


def seen(*rows: Mapping[str, str], checked: Stack | None = None) -> list[Credentials]:
    return credentials(checked or stack(), reporting(*rows))


def test_the_report_takes_two_calls_whoever_there_is() -> None:
    aws = reporting(*(row(f"user-{number}") for number in range(300)))
    assert len(credentials(stack(), aws)) == 301
    assert aws.calls == ["iam:GenerateCredentialReport", "iam:GetCredentialReport"]


ROOTS: dict[str, tuple[dict[str, str], str, str]] = {
    "locked away": ({}, "passed", "as of"),
    "with a key": ({"access_key_1_active": "true"}, "failed", "it has 1 active access key"),
    "with two keys": (dict.fromkeys(iam.SLOTS, "true"), "failed", "it has 2 active access keys"),
    "without MFA": ({"mfa_active": "false"}, "failed", "it has no MFA"),
    "with a password and no MFA": ({"mfa_active": "false", "password_enabled": "TRUE"}, "failed", "it has no MFA"),
    "of a member account without any password": ({"mfa_active": "false", "password_enabled": "FALSE"}, "passed", ""),
    "in capitals": ({"mfa_active": "TRUE", "access_key_1_active": "FALSE"}, "passed", ""),
    "in unknown words": ({"mfa_active": "not_supported"}, "blind", "not true or false"),
}
test_root_is_locked_away = judges(
    checks.test_root_is_locked_away,
    ROOTS,
    credentials=lambda changes: credentials(
        stack(),
        Aws({("iam", "GenerateCredentialReport"): COMPLETE, ("iam", "GetCredentialReport"): content(root(**changes))}),
    ),
)


CONSOLE: dict[str, tuple[dict[str, str], str, str]] = {
    "no password": ({}, "passed", ""),
    "password and MFA": ({"password_enabled": "true", "mfa_active": "true"}, "passed", ""),
    "password alone": ({"password_enabled": "true"}, "failed", "it has a password and no MFA"),
    "password never used": ({"password_enabled": "true", "password_last_used": "no_information"}, "failed", "no MFA"),
    "not told": ({"password_enabled": "not_supported"}, "blind", "password_enabled of pipeline is 'not_supported'"),
}
test_console_users_have_mfa = judges(
    checks.test_console_users_have_mfa, CONSOLE, credentials=lambda changes: seen(row(**changes))
)


def test_only_the_stacks_users_are_looked_at_and_root_always() -> None:
    rows = [row("app-api"), row("app-web"), row("other")]
    own = stack(iam_users=["app-*"])
    assert [one.name for one in seen(*rows, checked=own)] == ["<root_account>", "app-api", "app-web"]
    with pytest.raises(CouldNotLook, match=r"no IAM user matches ap-\* \(iam_users in stacks\.toml\)"):
        seen(*rows, checked=stack(iam_users=["app-*", "ap-*"]))


@cases({
    "no content": ({"ReportFormat": "text/csv", "GeneratedTime": NOW}, "the answer has no 'Content'"),
    "an empty report": (content(), "none of the 0 rows of the report is <root_account>"),
    "a report without root": (content(row()), "none of the 1 rows of the report is <root_account>"),
    "a row that is cut": ({**content(root()), "Content": content(root())["Content"] + b"x"}, "the answer has no 'arn'"),
    "no time": ({"Content": content(root())["Content"]}, "the answer has no 'GeneratedTime'"),
})  # fmt: skip
def test_a_report_that_is_not_whole_is_not_seen(answer: Raw, reason: str) -> None:
    aws = Aws({("iam", "GenerateCredentialReport"): COMPLETE, ("iam", "GetCredentialReport"): answer})
    with pytest.raises(CouldNotLook, match=f"iam:GetCredentialReport: {reason}"):
        credentials(stack(), aws)


def test_a_column_that_is_missing_is_not_seen() -> None:
    short = [name for name in COLUMNS if name != "mfa_active"]
    answer = content(root(), row(password_enabled="true"), columns=short)
    aws = Aws({("iam", "GenerateCredentialReport"): COMPLETE, ("iam", "GetCredentialReport"): answer})
    rows = credentials(stack(), aws)
    assert verdict(checks.test_console_users_have_mfa, credentials=rows)[0] == "blind"
    assert verdict(checks.test_root_is_locked_away, credentials=rows)[0] == "blind"


def refusal(code: str) -> CouldNotLook:
    return CouldNotLook("iam:GetCredentialReport", f"{code}: no")


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting; the clock moves by pauses alone."""
    slept: list[float] = []
    monkeypatch.setattr("opschecks.aws.iam.time.sleep", slept.append)
    monkeypatch.setattr("opschecks.aws.iam.time.monotonic", lambda: sum(slept))
    return slept


def test_a_report_that_is_being_made_is_waited_for(pauses: list[float]) -> None:
    states = [{"State": "STARTED"}, {"State": "INPROGRESS"}, COMPLETE]
    aws = Aws({("iam", "GenerateCredentialReport"): states, ("iam", "GetCredentialReport"): content(root())})
    assert len(credentials(stack(), aws)) == 1
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize("code", ["ReportNotPresent", "ReportExpired", "ReportInProgress"])
def test_a_report_that_is_not_there_after_all_is_asked_for_again(pauses: list[float], code: str) -> None:
    answers: dict[tuple[str, str], Answers] = {
        ("iam", "GenerateCredentialReport"): [COMPLETE, COMPLETE],
        ("iam", "GetCredentialReport"): [refusal(code), content(root())],
    }
    assert len(credentials(stack(), Aws(answers))) == 1
    assert pauses == [0.5]


def test_a_report_that_may_not_be_read_is_not_waited_for(pauses: list[float]) -> None:
    denied = CouldNotLook("iam:GetCredentialReport", "AccessDenied: no", action="iam:GetCredentialReport")
    aws = Aws({("iam", "GenerateCredentialReport"): COMPLETE, ("iam", "GetCredentialReport"): denied})
    with pytest.raises(CouldNotLook, match="allow iam:GetCredentialReport"):
        credentials(stack(), aws)
    assert pauses == []


def key(made: datetime, status: str = "Active", key_id: str = KEY) -> Raw:
    return {"UserName": "pipeline", "AccessKeyId": key_id, "Status": status, "CreateDate": made}


def used(at: datetime | None) -> Raw:
    """AWS leaves the date out of what was never used, and says N/A of the rest."""
    told: Raw = {"Region": "us-west-2" if at else "N/A", "ServiceName": "ecs" if at else "N/A"}
    return {"UserName": "pipeline", "AccessKeyLastUsed": {**told, **({"LastUsedDate": at} if at else {})}}


def holders(*keys: Raw, last: Answers | None = None, **of_row: str) -> list[KeyHolder]:
    aws = reporting(
        row(access_key_1_active="true", **of_row),
        ListAccessKeys={"AccessKeyMetadata": list(keys), "IsTruncated": False},
        GetAccessKeyLastUsed=last or used(ago(hours=1)),
    )
    return key_holders(stack(), aws, credentials(stack(), aws), NOW)


YESTERDAY = f"{ago(days=1).astimezone(UTC):%Y-%m-%dT%H:%M:%S+00:00}"
AGES: dict[str, tuple[list[KeyHolder], str, str]] = {
    "young": (holders(key(ago(days=89))), "passed", "key …MPLE is 89 days old"),
    "old": (holders(key(ago(days=91))), "failed", "key …MPLE is 91 days old; limit 90 days"),
    "as the report has it, young": (
        holders(key(ago(days=91)), access_key_1_last_rotated=YESTERDAY),
        "failed",
        "limit 90 days",
    ),
    "an old one, inactive": (
        holders(key(ago(days=300), "Inactive", OTHER), key(ago(days=3))),
        "passed",
        "key …MPLE is 3 da",
    ),
    "an old one that has expired": (holders(key(ago(days=300), "Expired", OTHER), key(ago(days=3))), "passed", ""),
}
test_access_keys_are_rotated = judges(checks.test_access_keys_are_rotated, AGES, key_holders=itself)


USES: dict[str, tuple[list[KeyHolder], str, str]] = {
    "used today": (holders(key(ago(days=400))), "passed", ""),
    "used long ago": (
        holders(key(ago(days=400)), last=used(ago(days=91))),
        "failed",
        f"used {ago(days=91).astimezone(UTC):%Y-%m-%d};",
    ),
    "never used, and old": (holders(key(ago(days=91)), last=used(None)), "failed", "key …MPLE was never used"),
    "never used, and young": (holders(key(ago(days=2)), last=used(None)), "passed", ""),
}
test_access_keys_are_used = judges(checks.test_access_keys_are_used, USES, key_holders=itself)


@cases({
    "one": (holders(key(ago(days=400))), "passed"),
    "a rotation of this week": (holders(key(ago(days=80)), key(ago(days=6), key_id=OTHER)), "passed"),
    "a rotation of last month": (holders(key(ago(days=30), key_id=OTHER), key(ago(days=80))), "failed"),
    "the other one is inactive": (holders(key(ago(days=80)), key(ago(days=60), "Inactive", OTHER)), "passed"),
})  # fmt: skip
def test_users_have_one_active_key(found: list[KeyHolder], outcome: str) -> None:
    assert verdict(checks.test_users_have_one_active_key, key_holders=found)[0] == outcome


def test_keys_are_asked_for_of_those_who_have_some_and_of_no_root() -> None:
    aws = Aws(
        {
            ("iam", "GenerateCredentialReport"): COMPLETE,
            ("iam", "GetCredentialReport"): content(
                root(access_key_1_active="true"), row("idle"), row("person"), row(access_key_2_active="true")
            ),
            ("iam", "ListAccessKeys"): [{"AccessKeyMetadata": [key(ago(days=3))], "IsTruncated": False}],
            ("iam", "GetAccessKeyLastUsed"): used(ago(hours=1)),
        }
    )
    assert [one.name for one in key_holders(stack(), aws, credentials(stack(), aws), NOW)] == ["pipeline"]
    assert aws.calls[2:] == ["iam:ListAccessKeys", "iam:GetAccessKeyLastUsed"]


@cases({
    "keys denied": (
        {"ListAccessKeys": CouldNotLook("iam:ListAccessKeys", "AccessDenied: no")},
        "iam:ListAccessKeys: Acc",
    ),
    "a key without its age": (
        {"ListAccessKeys": {"AccessKeyMetadata": [without("CreateDate", key(NOW))]}},
        "no 'CreateDate'",
    ),
    "unknown use": (
        {"ListAccessKeys": {"AccessKeyMetadata": [key(NOW)]}, "GetAccessKeyLastUsed": {}},
        "'AccessKeyLastUsed'",
    ),
})  # fmt: skip
def test_keys_that_were_not_told_are_not_seen(answers: Raw, reason: str) -> None:
    aws = reporting(row(access_key_1_active="true"), **answers)
    with pytest.raises(CouldNotLook, match=reason):
        key_holders(stack(), aws, credentials(stack(), aws), NOW)


def test_keys_come_in_pages() -> None:
    pages = [
        {"AccessKeyMetadata": [], "IsTruncated": True, "Marker": "more"},
        {"AccessKeyMetadata": [key(ago(days=300))], "IsTruncated": False},
    ]
    aws = reporting(row(access_key_1_active="true"), ListAccessKeys=pages, GetAccessKeyLastUsed=used(ago(hours=1)))
    (holder,) = key_holders(stack(), aws, credentials(stack(), aws), NOW)
    assert len(holder.keys) == 1
    assert aws.parameters_of("ListAccessKeys")[1]["Marker"] == "more"


def test_no_key_is_shown_whole() -> None:
    (holder,) = holders(key(ago(days=300)), key(ago(days=3), "Inactive", OTHER))
    for shown in (repr(holder.keys), repr(plain(holder.evidence)), str(holder.evidence)):
        assert KEY not in shown
        assert OTHER not in shown
    assert holder.evidence["inactive keys"] == 1
    (deadline,) = holder.deadlines
    assert deadline.what == "key …MPLE of pipeline must be rotated"
    assert deadline.at == holder.keys[0].created + timedelta(days=90)


def test_one_old_key_hides_no_other() -> None:
    listed = {"api": [key(ago(days=300))], "web": [key(ago(days=3))]}
    aws = reporting(
        row("api", access_key_1_active="true"),
        row("web", access_key_1_active="true"),
        ListAccessKeys=lambda UserName: {"AccessKeyMetadata": listed[UserName]},  # noqa: N803 - AWS's name
        GetAccessKeyLastUsed=used(ago(hours=1)),
    )
    found = key_holders(stack(), aws, credentials(stack(), aws), NOW)
    assert verdicts(checks.test_access_keys_are_rotated, key_holders=found) == {"api": "failed", "web": "passed"}
