"""What an error answer of AWS means, by code and message; and what is noted, reached and told where answers lack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from opschecks.aws.organization import Member, members
from opschecks.aws.proxies import OURS, reach_directly
from opschecks.aws.refusals import THROTTLED, explained
from opschecks.aws.trial import Endpoint, Noted, Trial
from opschecks.aws.unread import Unread, each_alone, require_read, why_unread
from opschecks.aws.usual_chain import usual_s3
from opschecks.core import clock
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook, NotThere
from tests.aws.test_session_parts import NO, Shared, client_error
from tests.canned import NOW, Aws, Raw, stack
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


def _account(number: int, **more: Any) -> Raw:
    arn = f"arn:aws-cn:organizations::9:account/o-1/{number}"
    return {"Id": f"{number:012}", "Name": f"n{number}", "Arn": arn, "State": "ACTIVE", **more}


def test_the_accounts_of_units_are_those_of_all_units_below_them_by_their_ids() -> None:
    below: dict[str, list[str]] = {"ou-1": ["ou-2", "ou-3"], "ou-2": ["ou-4"], "ou-4": ["ou-1"]}
    within = {"ou-1": [_account(9)], "ou-3": [_account(2), _account(3, State="SUSPENDED")], "ou-4": [_account(1)]}
    aws = Aws(
        {
            ("organizations", "ListOrganizationalUnitsForParent"): lambda ParentId: {  # noqa: N803 - AWS's name
                "OrganizationalUnits": [{"Id": one} for one in below.get(ParentId, [])]
            },
            ("organizations", "ListAccountsForParent"): lambda ParentId: {"Accounts": within.get(ParentId, [])},  # noqa: N803
            ("organizations", "ListAccounts"): {"Accounts": [_account(7)]},
            ("organizations", "ListTagsForResource"): lambda ResourceId: {  # noqa: N803
                "Tags": [{"Key": "a", "Value": "b"}, {"Key": "n", "Value": ResourceId[-1]}]
            },
        }
    )
    found = members(aws, iter(["ou-1"]))
    assert found == [Member(f"{number:012}", f"n{number}", "aws-cn") for number in (1, 2, 9)]
    assert [one.name for one in members(aws)] == ["n7"]
    assert [one.name for one in members(aws, ["ou-1"], {"a": "b", "n": "2"})] == ["n2"]
    assert members(aws, [], {"a": "c"}) == []


class _Trial(Trial):
    def __init__(self, *told: Any) -> None:
        super().__init__(stack(), unusable=NO)
        shared: Any = Shared(*told)
        shared.meta = SimpleNamespace(endpoint_url="https://x", events=SimpleNamespace(register=self._register))
        self._shared, self.heard = shared, list[Any]()

    def _register(self, event: str, handler: Any) -> None:
        assert event == "response-received"
        self.heard.append(handler)


def test_a_trial_notes_how_each_action_ended_and_the_first_failure_of_each() -> None:
    trial = _Trial({}, client_error("X"), client_error("Y"), {}, NotThere("a:B", "gone"), {})
    for operation in ("ListTables", "DescribeTable", "DescribeTable", "DescribeTable", "ListBackups"):
        try:
            trial.call("dynamodb", operation)
        except CouldNotLook:
            continue
    noted = trial.noted.actions
    assert [*noted] == ["dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:ListBackups"]
    assert (noted["dynamodb:ListTables"], noted["dynamodb:ListBackups"]) == (None, None)
    assert str(noted["dynamodb:DescribeTable"]) == "dynamodb:DescribeTable: refused DescribeTable: X"
    assert trial.noted.endpoints == {"dynamodb": Endpoint("https://x")}
    assert len(trial.heard) == 1
    trial.elsewhere("us-east-1").call("dynamodb", "ListTables")
    assert [*trial.noted.endpoints] == ["dynamodb", "dynamodb in us-east-1"]


def test_a_trial_reads_one_page_and_all_where_it_is_asked_to() -> None:
    first, second = {"TableNames": ["a"], "LastEvaluatedTableName": "2"}, {"TableNames": ["b"]}
    assert [one["TableNames"] for one in _Trial(first, second).pages("dynamodb", "ListTables")] == [["a"]]
    every = _Trial(first, second).every_page("dynamodb", "ListTables")
    assert [one["TableNames"] for one in every] == [["a"], ["b"]]


def test_what_a_service_answered_tells_its_clock_and_that_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_read", lambda: NOW)
    noted = Noted(endpoints={"ecs": Endpoint("u")})
    noted.note_answer("ecs", None, OSError("no route"))
    assert noted.endpoints["ecs"] == Endpoint("u", False, "OSError: no route")
    noted.note_answer("ecs", {}, None)
    assert (noted.endpoints["ecs"].answered, noted.ahead) == (True, None)
    noted.note_answer("ecs", {"headers": {"DATE": f"{NOW + timedelta(seconds=9):%a, %d %b %Y %H:%M:%S GMT}"}}, None)
    assert noted.ahead == timedelta(seconds=9)


@pytest.mark.parametrize("name", ["http_proxy", "HTTPS_PROXY", "all_proxy"])
def test_with_a_proxy_our_own_addresses_are_reached_directly(name: str) -> None:
    def after(**told: str) -> dict[str, str]:
        environment = {name: "http://proxy", **told}
        reach_directly(environment)
        return {key: environment.get(key, "") for key in ("no_proxy", "NO_PROXY")}

    ours = ",".join(OURS)
    assert after() == dict.fromkeys(("no_proxy", "NO_PROXY"), ours)
    assert after(no_proxy="a, b,") == dict.fromkeys(("no_proxy", "NO_PROXY"), f"a,b,{ours}")
    assert after(NO_PROXY="a", no_proxy="b")["NO_PROXY"] == f"b,{ours}"
    assert after(NO_PROXY="localhost")["no_proxy"] == ",".join(
        ["localhost", *(one for one in OURS if one != "localhost")]
    )
    assert after(NO_PROXY="a,*") == {"no_proxy": "", "NO_PROXY": "a,*"}


def test_without_a_proxy_nothing_is_changed() -> None:
    environment = {"NO_PROXY": "a", "http_proxy": ""}
    reach_directly(environment)
    assert environment == {"NO_PROXY": "a", "http_proxy": ""}


def test_evidence_that_could_not_be_read_raises_why() -> None:
    unread = Resource(arn="a", name="a", evidence=Unread(NO))
    read = Resource(arn="b", name="b", evidence=Answer({}, "x"))
    assert (why_unread(unread), why_unread(read)) == (NO, None)
    require_read(read)
    assert (Unread(NO), Unread(NO).call) == ({}, NO.call)
    for look in (lambda: unread.evidence["x"], lambda: unread.evidence.get("x", 1), lambda: require_read(unread)):
        with pytest.raises(CouldNotLook, match="no credentials"):
            look()


def test_what_cannot_be_looked_at_is_blind_alone_unless_nothing_can() -> None:
    def look(number: int) -> str:
        if number > 1:
            raise CouldNotLook("a:B", f"no {number}")
        return f"seen {number}"

    assert each_alone(look, [0, 2, 1], lambda number, why: f"{number}: {why.reason}") == ["seen 0", "2: no 2", "seen 1"]
    assert each_alone(look, [], lambda number, why: "") == []
    with pytest.raises(CouldNotLook, match="no 3"):
        each_alone(look, [3, 2], lambda number, why: "")


def test_the_usual_client_of_s3_is_of_the_region_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    assert usual_s3().meta.region_name == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert usual_s3().meta.region_name == "us-west-2"
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this")
    with pytest.raises(OSError, match=r"nobody-has-this.*; set AWS_PROFILE"):
        usual_s3()
