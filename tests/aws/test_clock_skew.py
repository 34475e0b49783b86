"""This machine's clock beside AWS's own: said from a minute on, blind from five minutes on, explained where refused."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import timedelta
from email.utils import format_datetime
from io import BytesIO
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from opschecks.aws.clock_skew import ahead_by, compare, date_of, why_refused
from opschecks.aws.session import Aws, identify
from opschecks.core.observation import CouldNotLook
from tests import clock
from tests.canned import NOW, stack
from tests.cases import cases

WHO = b"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/ops</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
NTP = "set it by NTP (timedatectl set-ntp true), then run again"


class _Raw(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


def answering(service: str, status: int, headers: Mapping[str, str], body: bytes) -> Aws:
    """A session whose client of the service gets this answer, parsed by botocore as any other."""
    aws = Aws(stack(), {"aws_access_key_id": "a", "aws_secret_access_key": "b"})
    answer = AWSResponse("https://here", status, headers, _Raw(body))
    aws._shared.client(service).meta.events.register("before-send", lambda **_: answer)
    return aws


def dated(**off: float) -> str:
    """A Date header by a clock to which this one is ahead by so much."""
    return format_datetime(NOW - timedelta(**off), usegmt=True)


def identified(date: str) -> list[str]:
    said: list[str] = []
    headers = {"Date": date, "Content-Type": "text/xml"} if date else {"Content-Type": "text/xml"}
    assert identify(answering("sts", 200, headers, WHO), said.append) == "123456789012"
    return said


@pytest.mark.parametrize("off", [0, 60, -60])
def test_a_minute_is_no_difference(off: int) -> None:
    assert identified(dated(seconds=off)) == []


@pytest.mark.parametrize("date", ["", "yesterday", "Tue, 99 Nov 2026 07:00:00 GMT"])
def test_an_answer_without_a_time_says_nothing(date: str) -> None:
    assert identified(date) == []


@cases([(61, "61 s ahead of"), (-61, "61 s behind"), (300, "5 min ahead of"), (-299, "4 min behind")])
def test_minutes_are_said(off: int, words: str) -> None:
    assert identified(dated(seconds=off)) == [
        f"the clock of this machine is {words} AWS's; beyond 5 min nothing is checked: {NTP}"
    ]


@cases([
    ({"seconds": 301}, "5 min ahead of"), ({"hours": -1}, "60 min behind"), ({"hours": 3}, "3 hours ahead of"),
    ({"days": 500}, "500 days ahead of"),
])  # fmt: skip
def test_more_than_five_minutes_are_blind(off: dict[str, float], words: str) -> None:
    with pytest.raises(CouldNotLook) as blind:
        identified(dated(**off))
    assert str(blind.value) == (
        f"the clock of this machine is {words} AWS's, so that nothing can be said of times and ages: {NTP}"
    )


def xml(code: str, message: str) -> bytes:
    return f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>".encode()


REFUSED = {
    "STS": ("sts", "GetCallerIdentity", 403, "SignatureDoesNotMatch",
            "Signature expired: 20261124T055500Z is now earlier than 20261124T064500Z (20261124T070000Z - 15 min.)"),
    "STS, ahead": ("sts", "GetCallerIdentity", 403, "SignatureDoesNotMatch",
                   "Signature not yet current: 20261124T083640Z is still later than 20261124T075140Z"),
    "S3": ("s3", "ListBuckets", 403, "RequestTimeTooSkewed",
           "The difference between the request time and the current time is too large."),
}  # fmt: skip


@pytest.mark.parametrize("refused", REFUSED.values(), ids=REFUSED)
@cases({
    "with its date": ({"hours": -1}, "the clock of this machine is 60 min behind AWS's"),
    "without": ({}, "the clock of this machine differs from AWS's"),
})  # fmt: skip
def test_a_refusal_that_the_clock_explains_says_so(
    off: dict[str, float], words: str, refused: tuple[str, str, int, str, str]
) -> None:
    service, operation, status, code, message = refused
    headers = {"Content-Type": "text/xml"} | ({"Date": dated(**off)} if off else {})
    with pytest.raises(CouldNotLook) as blind:
        answering(service, status, headers, xml(code, message)).call(service, operation)
    assert str(blind.value).endswith(f"{code}: {message} – {words}, and AWS refuses what it signs: {NTP}")
    assert blind.value.action == ""


def ec2(date: str) -> str:
    body = b"<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided access"
    body += b" credentials</Message></Error></Errors><RequestID>1</RequestID></Response>"
    with pytest.raises(CouldNotLook) as blind:
        answering("ec2", 401, {"Date": date}, body).call("ec2", "DescribeVpcs")
    return str(blind.value)


def test_what_has_more_causes_is_explained_by_the_date() -> None:
    assert ec2(dated(minutes=40)).endswith(
        f"the clock of this machine is 40 min ahead of AWS's, and AWS refuses what it signs: {NTP}"
    )
    assert ec2(dated()).endswith("the credentials are expired or wrong: log in again")


def test_a_wrong_secret_is_no_wrong_clock() -> None:
    body = xml(
        "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided."
    )
    with pytest.raises(CouldNotLook, match="the credentials are expired or wrong"):
        answering("sts", 403, {"Date": dated()}, body).call("sts", "GetCallerIdentity")


def test_a_role_or_account_that_is_not_found_is_no_answer_about_resources() -> None:
    aws = answering("sts", 404, {}, xml("NotFound", "no such thing"))
    with pytest.raises(CouldNotLook) as none:
        aws.call("sts", "GetCallerIdentity")
    aws.refuse(none.value)
    with pytest.raises(CouldNotLook) as blind:
        aws.call("s3", "GetBucketLifecycleConfiguration", Bucket="b")
    assert type(blind.value) is CouldNotLook
    assert str(blind.value) == str(none.value)


DIFFERS = f"the clock of this machine differs from AWS's, and AWS refuses what it signs: {NTP}"


@cases([({}, ""), ({"HTTPHeaders": {}}, ""), ({"HTTPHeaders": None}, ""), ({"HTTPHeaders": {"date": "x"}}, "x")])
def test_the_date_of_an_answer(metadata: dict[str, Any], date: str) -> None:
    assert date_of(metadata) == date


@cases([
    ("Tue, 24 Nov 2026 06:59:50 GMT", 10),
    ("Tue, 24 Nov 2026 07:00:10 GMT", -10),
    ("Tue, 24 Nov 2026 08:00:00 +0100", 0),
    ("Tue, 24 Nov 2026 07:00:00 -0000", 0),
    ("Tue, 24 Nov 2026 07:00:05 -0000", -5),
    ("", None),
    ("soon", None),
])  # fmt: skip
def test_how_far_ahead(date: str, seconds: int | None) -> None:
    assert ahead_by(date, NOW) == (None if seconds is None else timedelta(seconds=seconds))


def test_parts_of_a_second_are_rounded() -> None:
    assert ahead_by(dated(seconds=0), NOW + timedelta(milliseconds=1600)) == timedelta(seconds=2)


@cases([
    (61, "61 s ahead of"), (119, "119 s ahead of"), (120, "2 min ahead of"), (-119, "119 s behind"),
    (-179, "2 min behind"), (180, "3 min ahead of"), (7199, "119 min ahead of"), (7200, "2 hours ahead of"),
    (3600 * 47 + 3599, "47 hours ahead of"), (3600 * 48, "2 days ahead of"), (-86400 * 3, "3 days behind"),
])  # fmt: skip
def test_in_words(off: int, words: str) -> None:
    said: list[str] = []
    blind = ""
    try:
        compare(dated(seconds=off), NOW, said.append)
    except CouldNotLook as why:
        blind = str(why)
    [told] = [*said, *filter(None, [blind])]
    assert told.startswith(f"the clock of this machine is {words} AWS's")
    assert bool(blind) == (abs(off) > 300)


@cases([(60, 0, 0), (-60, 0, 0), (61, 1, 0), (-61, 1, 0), (300, 1, 0), (-300, 1, 0), (301, 0, 1), (-301, 0, 1)])
def test_a_minute_is_no_difference_and_more_than_five_are_blind(off: int, said: int, blind: int) -> None:
    told: list[str] = []
    with pytest.raises(CouldNotLook) if blind else nullcontext():
        compare(dated(seconds=off), NOW, told.append)
    assert len(told) == said


SAID = "Signature expired: 20261124T055500Z is now earlier than 20261124T064500Z"
SKEWED = ("RequestTimeTooSkewed", "RequestInTheFuture")
MAY_BE = ("AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch")
OFF = f"the clock of this machine is 60 min ahead of AWS's, and AWS refuses what it signs: {NTP}"


@cases({
    **{f"{code}, no date": (code, "", None, DIFFERS) for code in SKEWED},
    **{f"{code}, an hour": (code, "", 3600, OFF) for code in SKEWED},
    **{f"{code}, and a clock that agrees": (code, "", 0, DIFFERS) for code in SKEWED},
    **{f"{code}, an hour": (code, "no", 3600, OFF) for code in MAY_BE},
    **{f"{code}, by its text": (code, SAID, None, DIFFERS) for code in MAY_BE},
    **{f"{code}, and nothing says so": (code, "no", None, "") for code in MAY_BE},
    **{f"{code}, and a clock that agrees": (code, "no", 0, "") for code in MAY_BE},
    "five minutes": ("AuthFailure", "no", 300, ""),
    "a second more": ("AuthFailure", "no", 301, OFF.replace("60 min", "5 min")),
    "behind": ("AuthFailure", "no", -3600, OFF.replace("ahead of", "behind")),
    **{f"text: {text}": ("AuthFailure", f"it is {text} now", None, DIFFERS) for text in (
        "Signature expired", "Signature not yet current", "Request has expired", "not yet valid")},
    "of another kind, an hour": ("AccessDenied", "no", 3600, ""),
    "of another kind, by its text": ("AccessDenied", SAID, None, ""),
})  # fmt: skip
def test_what_a_clock_explains(
    code: str, text: str, off: float | None, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.stop(monkeypatch)
    headers = {} if off is None else {"HTTPHeaders": {"date": dated(seconds=off)}}
    assert why_refused(code, text, headers) == why
