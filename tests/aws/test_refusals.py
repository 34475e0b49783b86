"""What an error answer of AWS means, by code and message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opschecks.aws.refusals import THROTTLED, explained
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_session_parts import client_error
from tests.cases import cases

WHO = "User: arn:aws:sts::123456789012:assumed-role/ops/me is not authorized to perform:"
KEY = "arn:aws:kms:us-west-2:123456789012:key/0f1e"
SCP = "arn:aws:organizations::987654321098:policy/o-qv5af4abcd/service_control_policy/p-2kgnabcd"


def told(code: str, message: str, call: str = "logs:FilterLogEvents", **more: Any) -> str:
    error = ClientError({"Error": {"Code": code, "Message": message}}, call.partition(":")[2])
    return str(explained(call, error, **more))


@cases({
    "no policy allows it": (
        "AccessDeniedException", f"{WHO} logs:FilterLogEvents because no identity-based policy allows it",
        "allow logs:FilterLogEvents",
    ),
    "another service's action": (
        "AccessDeniedException",
        f"{WHO} kms:Decrypt on resource: {KEY} because no identity-based policy allows the kms:Decrypt action",
        "allow kms:Decrypt",
    ),
    "a key's own policy": (
        "AccessDeniedException",
        f"{WHO} kms:Decrypt on resource: {KEY} because no resource-based policy allows the kms:Decrypt action",
        "allow kms:Decrypt in the resource's own policy",
    ),
    "KMS without an action": ("AccessDeniedException", "Access to KMS is not allowed", "allow kms:Decrypt"),
    "an action in lower case": ("AccessDenied", f"{WHO} sqs:receivemessage", "allow sqs:receivemessage"),
    "an unknown code": ("TeapotException", f"{WHO} logs:FilterLogEvents", "allow logs:FilterLogEvents"),
    "S3, which names nothing": ("AccessDenied", "Access Denied", "allow logs:FilterLogEvents"),
    "a deny of the organization": (
        "AccessDenied", f"{WHO} iam:ListRoles on resource: * with an explicit deny in a service control policy",
        "a service control policy denies it: no policy of this account can allow iam:ListRoles; ask who",
    ),
    "a deny of the organization by its ARN": (
        "AccessDenied", f"{WHO} iam:ListRoles with an explicit deny in a service control policy: {SCP}",
        "a service control policy denies it: no policy of this account can allow iam:ListRoles",
    ),
    "what the organization does not allow": (
        "AccessDenied", f"{WHO} ec2:DescribeVpcs because no service control policy allows it",
        "a service control policy denies it",
    ),
    "older words for it": (
        "AccessDenied", "due to an explicit deny in a Service Control Policy", "a service control policy denies it",
    ),
    "a resource control policy": (
        "AccessDenied", f"{WHO} s3:GetObject with an explicit deny in a resource control policy",
        "a resource control policy denies it",
    ),
    "a boundary": (
        "AccessDenied", f"{WHO} ecs:StopTask because no permissions boundary allows the ecs:StopTask action",
        "allow ecs:StopTask in the permissions boundary of this identity",
    ),
    "a deny of a boundary": (
        "AccessDenied", f"{WHO} ecs:StopTask with an explicit deny in a permissions boundary: {SCP}",
        "remove the explicit deny of ecs:StopTask from the permissions boundary of this identity",
    ),
    "a session policy": (
        "AccessDenied", f"{WHO} s3:GetObject because no session policy allows the s3:GetObject action",
        "allow s3:GetObject in the session policy",
    ),
    "a VPC endpoint": (
        "AccessDeniedException", f"{WHO} dynamodb:Query because no VPC endpoint policy allows it",
        "allow dynamodb:Query in the policy of the VPC endpoint",
    ),
    "a deny of the identity's own": (
        "AccessDenied", f"{WHO} s3:GetObject with an explicit deny in an identity-based policy",
        "remove the explicit deny of s3:GetObject from the identity-based policy",
    ),
    "a role that does not trust us": (
        "AccessDenied", f"{WHO} sts:AssumeRole because no role trust policy allows the sts:AssumeRole action",
        "allow sts:AssumeRole in the role's trust policy",
    ),
    "EC2's encoded message does not push the advice out": (
        "UnauthorizedOperation",
        f"{WHO} ec2:DescribeVpcs because no identity-based policy allows it. Encoded authorization failure message: "
        + "aB3-" * 400,
        "allow ec2:DescribeVpcs",
    ),
})  # fmt: skip
def test_the_advice_names_what_aws_names(code: str, message: Any, advice: str) -> None:
    assert f" – {advice}" in told(code, message)
    assert len(told(code, message)) < 500


def test_no_permission_is_advised_where_none_helps() -> None:
    words = told("AccessDenied", f"{WHO} iam:ListRoles with an explicit deny in a service control policy: {SCP}")
    assert "– allow" not in words


@cases([
    ("UnrecognizedClientException", "me-central-1", True),
    ("InvalidClientTokenId", "ap-east-1", True),
    ("AuthFailure", "us-west-2", False),
    ("InvalidClientTokenId", "us-gov-west-1", False),
    ("InvalidClientTokenId", "cn-north-1", False),
    ("ExpiredToken", "me-central-1", False),
])  # fmt: skip
def test_a_region_that_is_not_enabled_knows_no_key(code: str, region: str, opt_in: bool) -> None:
    words = told(code, "The security token included in the request is invalid", region=region)
    assert (f"the account has not enabled {region}, an opt-in region" in words) == opt_in
    assert words.endswith(": log in again")


def test_what_is_not_there_is_no_refusal() -> None:
    error = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "DescribeTable")
    assert isinstance(explained("dynamodb:DescribeTable", error), NotThere)


def test_any_other_error_is_told_as_it_is() -> None:
    assert told("ValidationException", "limit") == "logs:FilterLogEvents: ValidationException: limit"


def _told(code: str, message: str = "", *, region: str = "", status: int = 400, **more: Any) -> Any:
    return explained("logs:X", client_error(code, status, message=message), region=region, **more)


LATER, WRONG = "the account may ask this: run it again later", "the credentials are expired or wrong"
OPT_IN = "the account has not enabled me-central-1, an opt-in region"
STRANGE = "with an explicit deny in a strange policy"
CLOCK = (
    "logs:X: RequestTimeTooSkewed: x – the clock of this machine differs from AWS's, and AWS refuses what it signs: "
    "set it by NTP (timedatectl set-ntp true), then run again"
)


@cases({
    "a code alone": (lambda: _told("X"), "logs:X: X"),
    "a code and words": (lambda: _told("X", " words "), "logs:X: X: words"),
    "throttled": (
        lambda: _told("SlowDown", "slow"), f"logs:X: SlowDown: slow – AWS limits how often {LATER}"),
    "an error of AWS": (lambda: _told("X", status=500), "logs:X: X – AWS itself failed: run it again later"),
    "nearly an error of AWS": (lambda: _told("X", status=499), "logs:X: X"),
    "old credentials": (
        lambda: _told("ExpiredToken", "old", log_in="ask for new ones"),
        "logs:X: ExpiredToken: old – the credentials are expired or wrong: ask for new ones"),
    "a region that may be off": (
        lambda: _told("InvalidClientTokenId", region="me-central-1"),
        f"logs:X: InvalidClientTokenId – {WRONG}, or {OPT_IN}: log in again"),
    "no region": (
        lambda: _told("InvalidClientTokenId"),
        "logs:X: InvalidClientTokenId – the credentials are expired or wrong: log in again"),
    "signed by a clock that is wrong": (
        lambda: _told("RequestTimeTooSkewed", "x"),
        CLOCK),
    "denied": (lambda: _told("AccessDenied"), "logs:X: AccessDenied – allow logs:X"),
    "denied by KMS, whatever is asked": (
        lambda: _told("AccessDenied", "The KMS key is off"),
        "logs:X: AccessDenied: The KMS key is off – allow kms:Decrypt"),
    "denied, and a word has kms in it": (
        lambda: _told("AccessDenied", "xkmsx"), "logs:X: AccessDenied: xkmsx – allow logs:X"),
    "gone, and denied": (
        lambda: _told("NoSuchBucket", "x is not authorized to perform: s3:ListBucket"),
        "logs:X: NoSuchBucket: x is not authorized to perform: s3:ListBucket – allow s3:ListBucket"),
    "a deny of an unknown kind": (
        lambda: _told("AccessDenied", STRANGE),
        f"logs:X: AccessDenied: {STRANGE} – remove the explicit deny of logs:X from the strange policy"),
    "none of an unknown kind": (
        lambda: _told("AccessDenied", "because no strange policy allows it"),
        "logs:X: AccessDenied: because no strange policy allows it – allow logs:X"),
})  # fmt: skip
def test_what_an_error_means(told: Callable[[], CouldNotLook], says: str) -> None:
    assert str(told()) == says


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_every_code_of_throttling_says_that_it_may_be_answered_later(code: str) -> None:
    assert str(_told(code)).endswith("run it again later")


@pytest.mark.parametrize(
    "code",
    [
        "NoSuchBucket", "NoSuchEntity", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration",
        "NoSuchResourceException", "LoadBalancerNotFound", "ResourceNotFoundException", "DBInstanceNotFoundFault",
        "SomethingNotFoundError",
    ],
)  # fmt: skip
def test_what_is_not_there_is_told_as_such(code: str) -> None:
    assert type(_told(code)) is NotThere
    assert type(_told(f"{code}X")) is CouldNotLook


def test_an_answer_of_which_nothing_is_known_is_no_serverclient_error() -> None:
    assert str(explained("a:B", ClientError({}, "B"))) == "a:B: "


REGIONS = "us-east-1 us-west-2 ap-south-1 ap-northeast-3 ap-southeast-2 ca-central-1 eu-central-1 eu-west-3 eu-north-1"


@pytest.mark.parametrize("region", [*REGIONS.split(), "sa-east-1", "us-gov-east-1", "cn-north-1", "us-iso-east-1"])
def test_regions_of_every_account_are_not_taken_for_ones_that_are_off(region: str) -> None:
    assert "opt-in" not in str(_told("AuthFailure", region=region))
    assert "opt-in" in str(_told("AuthFailure", region=f"x{region}"))
