"""What every observation makes of AWS's errors, of answers that say nothing, and of lists that do not end.

The answers here go through botocore's own parsers: bytes as they come over the wire, of every protocol.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from opschecks.aws import session
from opschecks.aws.cloudfront import Distribution
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.dynamodb import Table
from opschecks.aws.ec2 import SecurityGroup
from opschecks.aws.ecr import Reference
from opschecks.aws.ecs import Task
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.iam import Credentials
from opschecks.aws.image_scans import RunningImage
from opschecks.aws.log_groups import LogGroup
from opschecks.aws.unread import why_unread
from opschecks.config.stack import Stack
from opschecks.core.model import Resource
from opschecks.core.observation import REGISTRY, CouldNotLook, NotThere, WrongAccount
from opschecks.hooks.fixtures import import_observations
from tests.canned import ACCOUNT, NOW, Aws, Raw, names, stack

LIMITS = {"aws_attempts": 1, "pages": 3}
JSON = ("ecs", "dynamodb", "logs", "application-autoscaling", "resourcegroupstaggingapi", "cloudwatch")


class _Raw(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class Wire:
    """A real `Aws` whose requests end here. Each is answered with `status` and `body`."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b""
        self.headers: dict[str, str] = {}
        self.sent = 0
        self.aws = session.Aws(stack(limits=LIMITS), {"aws_access_key_id": "none", "aws_secret_access_key": "none"})
        shared: Any = self.aws._shared
        shared.session.events.register("before-send", self._answer)

    def _answer(self, request: Any, **_: Any) -> Any:
        self.sent += 1
        return AWSResponse(request.url, self.status, self.headers, _Raw(self.body))

    def says(self, status: int, body: bytes, **headers: str) -> session.Aws:
        self.status, self.body, self.sent = status, body, 0
        self.headers = {"x-amzn-RequestId": "0c1f"} | {key.replace("_", "-"): value for key, value in headers.items()}
        return self.aws


@pytest.fixture(scope="module")
def wire() -> Iterator[Wire]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        yield Wire()


def error_body(service: str, code: str, message: str) -> bytes:
    """An error as the service's protocol puts it."""
    if service in JSON:
        kind = f"com.amazon.coral.service#{code}" if service in ("dynamodb", "cloudwatch") else code
        return json.dumps({"__type": kind, "message": message}).encode()
    inner = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
    if service == "ec2":
        return f"<Response><Errors>{inner}</Errors><RequestID>0c1f</RequestID></Response>".encode()
    return f"<ErrorResponse>{inner}<RequestId>0c1f</RequestId></ErrorResponse>".encode()


READS: dict[str, tuple[str, Raw]] = {
    "ecs": ("DescribeServices", {"services": ["backend"]}),
    "dynamodb": ("DescribeTable", {"TableName": "incidents"}),
    "logs": ("FilterLogEvents", {"logGroupName": "/ecs/backend"}),
    "application-autoscaling": ("DescribeScalableTargets", {"ServiceNamespace": "ecs"}),
    "resourcegroupstaggingapi": ("GetResources", {}),
    "elbv2": ("DescribeLoadBalancers", {}),
    "cloudformation": ("ListStackResources", {"StackName": "prod"}),
    "ec2": ("DescribeSecurityGroups", {}),
    "cloudwatch": ("DescribeAlarms", {}),
    "sts": ("GetCallerIdentity", {}),
}


def refused(aws: session.Aws, service: str) -> CouldNotLook:
    operation, parameters = READS[service]
    with pytest.raises(CouldNotLook) as caught:
        aws.call(service, operation, **parameters)
    return caught.value


DENIED = [
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
]


@pytest.mark.parametrize(("service", "status", "code", "action"), DENIED)
def test_denied_access_names_the_action_to_allow(wire: Wire, service: str, status: int, code: str, action: str) -> None:
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


EXPIRED = [
    ("ecs", 400, "ExpiredTokenException"),
    ("dynamodb", 400, "UnrecognizedClientException"),
    ("logs", 400, "InvalidSignatureException"),
    ("elbv2", 403, "ExpiredToken"),
    ("cloudformation", 403, "InvalidClientTokenId"),
    ("ec2", 400, "RequestExpired"),
    ("ec2", 401, "AuthFailure"),
    ("cloudwatch", 403, "ExpiredToken"),
    ("sts", 403, "SignatureDoesNotMatch"),
]


@pytest.mark.parametrize(("service", "status", "code"), EXPIRED)
def test_bad_credentials_are_no_matter_of_policy(wire: Wire, service: str, status: int, code: str) -> None:
    error = refused(wire.says(status, error_body(service, code, "The security token is no good")), service)
    assert error.action == ""
    assert error.reason == f"{code}: The security token is no good – the credentials are expired or wrong: log in again"
    assert not isinstance(error, NotThere)


MISSING = [
    ("dynamodb", "ResourceNotFoundException", True),
    ("dynamodb", "TableNotFoundException", True),
    ("elbv2", "LoadBalancerNotFound", True),
    ("ec2", "InvalidGroup.NotFound", True),
    ("ecs", "ClusterNotFoundException", True),
    ("dynamodb", "ThrottlingException", False),
    ("cloudformation", "ValidationError", False),
]


@pytest.mark.parametrize(("service", "code", "missing"), MISSING)
def test_what_does_not_exist_is_told_from_what_could_not_be_read(
    wire: Wire, service: str, code: str, missing: bool
) -> None:
    error = refused(wire.says(400, error_body(service, code, "no")), service)
    assert isinstance(error, NotThere) == missing
    assert error.action == ""


@pytest.mark.parametrize("service", READS)
def test_a_server_that_breaks_could_not_be_looked_at(wire: Wire, service: str) -> None:
    error = refused(wire.says(503, b"<html><body>Service Unavailable</body></html>"), service)
    assert error.call.endswith(READS[service][0])
    assert not isinstance(error, NotThere)


EVERYTHING = names(
    services=("backend",),
    load_balancers=("web",),
    tables=("incidents",),
    log_groups=("/ecs/backend",),
    security_groups=("sg-1",),
    distributions=("E2EXAMPLE", "E3EXAMPLE"),
    of_dashboards="E2EXAMPLE",
)
DISTRIBUTION = Distribution(
    arn="arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE",
    name="E2EXAMPLE",
    evidence={
        "DistributionConfig": {
            "Origins": {"Quantity": 1, "Items": [{"Id": "s", "DomainName": "site.s3.us-west-2.amazonaws.com"}]},
            "DefaultCacheBehavior": {"TargetOriginId": "s", "CachePolicyId": "of our own"},
        }
    },
)
GIVEN: Raw = {
    "inventory": EVERYTHING,
    "load_balancers": [
        LoadBalancer(
            arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f",
            name="web",
            evidence={"VpcId": "vpc-1"},
        )
    ],
    "balanced_groups": [Resource(arn=f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/web/1f", name="web")],
    "tasks": [
        Task(
            arn=f"arn:aws:ecs:{ACCOUNT}:task/prod/1f",
            name="1f",
            service="backend",
            evidence={
                "desiredStatus": "RUNNING",
                "taskDefinitionArn": f"arn:aws:ecs:{ACCOUNT}:task-definition/backend:1",
                "containers": [{"image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/backend:v1"}],
            },
        )
    ],
    "tables": [
        Table(
            arn=f"arn:aws:dynamodb:{ACCOUNT}:table/agents",
            name="agents",
            evidence={"TableStatus": "ACTIVE", "CreationDateTime": NOW},
        )
    ],
    "log_groups": [LogGroup(arn="/ecs/backend", name="/ecs/backend", evidence={"logGroupName": "/ecs/backend"})],
    "security_groups": [SecurityGroup(arn="sg-1", name="web", evidence={"VpcId": "vpc-1"}, own=frozenset(["sg-1"]))],
    "running_images": [
        RunningImage(
            arn="web@sha256:1f",
            name="web:v1",
            evidence={"imageDigest": "sha256:1f"},
            of=Reference("123456789012", "us-west-2", "web", "v1"),
            scanned=("sha256:1f",),
        )
    ],
    "credentials": [
        Credentials(
            arn="arn:aws:iam::123456789012:user/pipeline",
            name="pipeline",
            evidence={"access_key_1_active": "true", "access_key_2_active": "false"},
            as_of=NOW,
        )
    ],
    "alarms": [
        Alarm(
            arn=f"arn:aws:cloudwatch:{ACCOUNT}:alarm:cpu",
            name="cpu",
            evidence={"Namespace": "AWS/ECS", "MetricName": "CPUUtilization", "StateValue": "OK"},
        ),
        Alarm(
            arn="arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors",
            name="errors",
            evidence={"Namespace": "AWS/CloudFront", "MetricName": "5xxErrorRate", "AlarmActions": ["arn:x"]},
        ),
    ],
    "alarm_fortnight": [],
    "services": [],
    "alarm_rings": Counter(),
    "own_groups": [],
    "scaling_schedules": {"service/prod/backend": []},
    "table_backups": [],
    "distribution": DISTRIBUTION,
    "distributions": [DISTRIBUTION],
    "now": NOW,
    "since": None,
}
TABLES = [Table(arn=f"arn:aws:dynamodb:{ACCOUNT}:table/incidents", name="incidents", evidence={})]
TAGGED = stack(
    tags={"app": "web"},
    incidents_table="incidents",
    backups="s3://backups/full",
    dev_services=["dev/backend"],
    cloudformation_stacks=["prod"],
    limits=LIMITS,
)
import_observations()
KEEP_IT = ("saved_tables", "log_errors", "log_writers", "throttle_causes")
"""What these are refused, or not told, blinds one table or log group only: test_fresh_backups.py, test_logs.py,
tests/real/logs.py. What explains a failure is left out where it cannot be read: test_throttle_causes.py."""
LOOKING = sorted(
    name
    for name, one in REGISTRY.items()
    if one.allow and one.function.__module__.startswith("opschecks.aws.") and name not in KEEP_IT
)
CASES = [*((name, TAGGED) for name in LOOKING), ("inventory", stack(cloudformation_stack="prod", limits=LIMITS))]


BLINDS_ITSELF: Mapping[str, Callable[[Any], CouldNotLook | None]] = {
    "distributions": lambda told: why_unread(told[1]),
    "image_scans": lambda told: told[0].scan,
    "pool_settings": lambda told: told[0].problem,
    "registry_images": lambda told: told[0].problem,
    "running_images": lambda told: told[0].problem,
    "service_deployments": lambda told: told["backend"].problem,
}
"""Observations of which one resource that cannot be read hides no other, and where it says why."""


def look(name: str, checked: Stack, aws: session.Aws) -> Any:
    """What the observation saw; the CouldNotLook that it raises, or keeps for its one resource."""
    wanted = REGISTRY[name]
    given = {**GIVEN, "tables": TABLES} if name == "metrics" else GIVEN
    given = {**given, "stack": checked, "aws": aws}
    told = wanted.function(**{parameter: given[parameter] for parameter in wanted.parameters})
    if problem := BLINDS_ITSELF.get(name, lambda _: None)(told):
        raise problem
    return told


def test_every_observation_that_calls_aws_is_looked_at_here() -> None:
    assert {"services", "tasks", "alarms", "metrics", "tables", "inventory", "security_groups"} <= set(LOOKING)
    assert len(LOOKING) >= 15


NOTHING = {
    "empty": b"",
    "empty object": b"{}",
    "no text": b"\xa0",
    "null": b"null",
    "cut object": b'{"services": [{"serviceName": "ba',
    "cut XML": b"<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBal",
    "empty XML": b"<Response/>",
    "HTML": b"<html><body><h1>Welcome to the guest network</h1></body></html>",
}


@pytest.mark.parametrize("body", NOTHING.values(), ids=NOTHING)
@pytest.mark.parametrize(("name", "checked"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_an_answer_that_says_nothing_is_not_seen(wire: Wire, name: str, checked: Stack, body: bytes) -> None:
    with pytest.raises(CouldNotLook) as caught:
        look(name, checked, wire.says(200, body))
    assert wire.sent >= 1
    assert caught.value.call


@pytest.mark.parametrize(("name", "checked"), CASES, ids=[f"{name}-{n}" for n, (name, _) in enumerate(CASES)])
def test_observations_call_what_they_say_they_call(name: str, checked: Stack) -> None:
    class Empty(dict[tuple[str, str], Any]):
        def __missing__(self, key: tuple[str, str]) -> Raw:
            return {}

    aws = Aws(Empty(), checked)
    with pytest.raises(CouldNotLook, match="the answer has no"):
        look(name, checked, aws)
    assert set(aws.calls) <= set(REGISTRY[name].allow)
    assert aws.calls


def test_metrics_that_were_answered_with_nothing_are_not_seen_one_by_one() -> None:
    aws = Aws({("cloudwatch", "GetMetricData"): {"MetricDataResults": []}}, TAGGED)
    seen: Metrics = look("metrics", TAGGED, aws)
    assert len(seen.answers) > 3
    assert all(isinstance(one, CouldNotLook) for one in seen.answers.values())


def alarm_pages(*tokens: str) -> Aws:
    pages = [{"AlarmHistoryItems": [], **({"NextToken": token} if token else {})} for token in tokens]
    return Aws({("cloudwatch", "DescribeAlarmHistory"): pages}, stack(limits=LIMITS))


def test_a_list_is_read_to_its_end_within_the_page_budget() -> None:
    aws = alarm_pages("2", "3", "")
    assert aws.items("cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems", MaxRecords=100) == []
    assert [asked.get("NextToken") for asked in aws.parameters_of("DescribeAlarmHistory")] == [None, "2", "3"]
    assert all(asked["MaxRecords"] == 100 for asked in aws.parameters_of("DescribeAlarmHistory"))


@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        (("2", "3", "4"), r"cut short after 3 pages \(limit pages\)"),
        (("2", "2", ""), "the same next page was named twice"),
    ],
    ids=["longer than the budget", "a token that repeats"],
)
def test_a_list_that_does_not_end_is_not_seen(tokens: tuple[str, ...], reason: str) -> None:
    aws = alarm_pages(*tokens)
    with pytest.raises(CouldNotLook, match=f"cloudwatch:DescribeAlarmHistory: {reason}"):
        aws.items("cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems")
    assert len(aws.calls) == len(tokens) - (1 if "" in tokens else 0)


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


def test_another_account_than_the_stacks_is_no_account_to_look_at() -> None:
    answer = {"Account": "210987654321"}
    with pytest.raises(WrongAccount, match=r"account_id is 123456789012, but .* belong to 210987654321"):
        session.identify(Aws({("sts", "GetCallerIdentity"): answer}, stack(account_id="123456789012")))
    assert session.identify(Aws({("sts", "GetCallerIdentity"): answer})) == "210987654321"


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
