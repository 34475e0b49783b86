"""The client: what its errors mean in every protocol, and what is never sent."""

from __future__ import annotations

import pytest

from opschecks.aws import session
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned_wire import JSON, READS, Wire, error_body, refused, wire
from tests.cases import cases

__all__ = ["wire"]


@cases([
    ("ecs", 400, "AccessDeniedException", "ecs:DescribeServices"),
    ("dynamodb", 400, "AccessDeniedException", "dynamodb:DescribeTable"),
    ("logs", 400, "AccessDeniedException", "logs:FilterLogEvents"),
    ("logs", 403, "AccessDeniedException", "logs:FilterLogEvents"),
    ("application-autoscaling", 400, "AccessDeniedException", "application-autoscaling:DescribeScalableTargets"),
    ("resourcegroupstaggingapi", 400, "AccessDeniedException", "tag:GetResources"),
    ("resourcegroupstaggingapi", 403, "UnauthorizedException", "tag:GetResources"),
    ("elbv2", 403, "AccessDenied", "elasticloadbalancing:DescribeLoadBalancers"),
    ("elbv2", 400, "AccessDenied", "elasticloadbalancing:DescribeLoadBalancers"),
    ("cloudformation", 403, "AccessDenied", "cloudformation:ListStackResources"),
    ("ec2", 403, "UnauthorizedOperation", "ec2:DescribeSecurityGroups"),
    ("cloudwatch", 400, "AccessDenied", "cloudwatch:DescribeAlarms"),
    ("cloudwatch", 403, "AccessDeniedException", "cloudwatch:DescribeAlarms"),
    ("sts", 403, "AccessDenied", "sts:GetCallerIdentity"),
    ("sts", 403, "AuthorizationError", "sts:GetCallerIdentity"),
])  # fmt: skip
def test_denied_access_names_the_action_to_allow(service: str, status: int, code: str, action: str, wire: Wire) -> None:
    error = refused(wire.says(status, error_body(service, code, "User is not authorized")), service)
    assert error.action == action
    assert str(error) == f"{action}: {code}: User is not authorized – allow {action}"
    assert wire.sent == 1


def test_denied_access_under_the_code_of_an_older_protocol_names_the_action(wire: Wire) -> None:
    body = error_body("cloudwatch", "SomethingElse", "no")
    error = refused(wire.says(400, body, x_amzn_query_error="AccessDenied;Sender"), "cloudwatch")
    assert str(error) == "cloudwatch:DescribeAlarms: AccessDenied: no – allow cloudwatch:DescribeAlarms"


@pytest.mark.parametrize("service", JSON)
def test_denied_access_without_a_body_names_the_action_too(wire: Wire, service: str) -> None:
    assert refused(wire.says(403, b""), service).action


@cases([
    ("ecs", 400, "ExpiredTokenException"),
    ("dynamodb", 400, "UnrecognizedClientException"),
    ("logs", 400, "InvalidSignatureException"),
    ("elbv2", 403, "ExpiredToken"),
    ("cloudformation", 403, "InvalidClientTokenId"),
    ("ec2", 400, "RequestExpired"),
    ("ec2", 401, "AuthFailure"),
    ("cloudwatch", 403, "ExpiredToken"),
    ("sts", 403, "SignatureDoesNotMatch"),
])  # fmt: skip
def test_bad_credentials_are_no_matter_of_policy(service: str, status: int, code: str, wire: Wire) -> None:
    error = refused(wire.says(status, error_body(service, code, "The security token is no good")), service)
    assert error.action == ""
    assert error.reason == f"{code}: The security token is no good – the credentials are expired or wrong: log in again"
    assert not isinstance(error, NotThere)


@cases([
    ("dynamodb", "ResourceNotFoundException", True),
    ("dynamodb", "TableNotFoundException", True),
    ("elbv2", "LoadBalancerNotFound", True),
    ("ec2", "InvalidGroup.NotFound", True),
    ("ecs", "ClusterNotFoundException", True),
    ("dynamodb", "ThrottlingException", False),
    ("cloudformation", "ValidationError", False),
])  # fmt: skip
def test_what_does_not_exist_is_told_from_what_could_not_be_read(
    service: str, code: str, missing: bool, wire: Wire
) -> None:
    error = refused(wire.says(400, error_body(service, code, "no")), service)
    assert isinstance(error, NotThere) == missing
    assert error.action == ""


@pytest.mark.parametrize("service", READS)
def test_a_server_that_breaks_could_not_be_looked_at(wire: Wire, service: str) -> None:
    error = refused(wire.says(503, b"<html><body>Service Unavailable</body></html>"), service)
    assert error.call.endswith(READS[service][0])
    assert not isinstance(error, NotThere)


def test_calls_are_noted_with_the_prefix_that_iam_knows(wire: Wire) -> None:
    noted: list[str] = []
    scoped = wire.says(200, b"{}").scoped(noted)
    scoped.call("resourcegroupstaggingapi", "GetResources")
    assert noted == ["tag:GetResources"]


def test_an_answer_carries_no_metadata_of_its_transport(wire: Wire) -> None:
    assert wire.says(200, b'{"failures": []}').call("ecs", "DescribeServices", services=["a"]) == {"failures": []}


def test_a_call_that_the_service_does_not_take_is_not_sent(wire: Wire) -> None:
    aws = wire.says(200, b"{}")
    with pytest.raises(CouldNotLook, match="ecs:DescribeServices: ParamValidationError"):
        aws.call("ecs", "DescribeServices", servces=["backend"])
    assert wire.sent == 0


def caller(account: str) -> bytes:
    told = f"<Account>{account}</Account><UserId>AIDA</UserId><Arn>arn:aws:iam::{account}:user/ops</Arn>"
    return (
        f"<GetCallerIdentityResponse><GetCallerIdentityResult>{told}</GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>"
    ).encode()


def test_an_account_that_is_not_told_is_not_seen(wire: Wire) -> None:
    assert session.identify(wire.says(200, caller("123456789012"))) == "123456789012"
    with pytest.raises(CouldNotLook, match="sts:GetCallerIdentity: "):
        session.identify(wire.says(200, b"<GetCallerIdentityResponse/>"))


def test_once_refused_nothing_is_sent() -> None:
    wire = Wire()
    aws = wire.says(200, b"{}")
    aws.refuse(CouldNotLook("sts:GetCallerIdentity", "ExpiredToken: log in again"))
    for service in READS:
        assert refused(aws.scoped([]), service).call == "sts:GetCallerIdentity"
    assert wire.sent == 0
