"""How real accounts let themselves be read: by whom, where, and what they answer who may not."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from opschecks import Resource, Severity, check
from opschecks.aws.clients import Clients
from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.aws.session import Aws
from opschecks.hooks.examine import Examine
from tests.canned import Raw, names, stack
from tests.machine import BASE, SECOND_FACTOR, SSO, STATIC, machine
from tests.real.rows import Row

DENIED = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"
POLICY_ARNS = "https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns"
ENDPOINTS = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"
ROLES = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html"
SIGN_ON = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html"
REGIONS = "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"
VARIANTS = "https://docs.aws.amazon.com/sdkref/latest/guide/feature-endpoints.html"
WHO = "User: arn:aws:sts::123456789012:assumed-role/ops/me is not authorized to perform:"
ROLE = "arn:aws:iam::210987654321:role/opschecks"
CREDENTIALS = "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}


@check(Severity.CRITICAL, runbook="high-cpu", failing="the alarms cannot be read")
def test_the_alarms_can_be_read(reading: list[Any], examine: Examine) -> None:
    """In place of a run, in which an observation that fails blinds every check that takes it."""
    for one in reading:
        with examine(one):
            assert one.alarms == []


def row(
    outcome: str,
    source: str,
    says: str = "",
    *,
    refusal: tuple[str, str] | None = None,
    config: str = "",
    variables: Mapping[str, str] = KEYS,
    **keys: Any,
) -> Row:
    """Reading the alarms of a stack with these keys, on a machine with this configuration.

    CloudWatch answers that there are none, or the refusal (code and message); signing is botocore's own.
    """

    def read(_: Resource) -> Any:
        with tempfile.TemporaryDirectory() as folder, machine(Path(folder), config, **variables), _answers(refusal):
            told = stack().model_copy(update=dict(stack(**{k: v for k, v in keys.items() if k != "region"})))
            told = told.model_copy(update={"region": keys.get("region", "us-west-2")})
            live = Aws(told)
            return alarms(told, live, names())

    one = type("Reading", (Resource,), {"alarms": property(read)})(arn="here", name="here")
    return Row(test_the_alarms_can_be_read, lambda: {"reading": [one]}, outcome, source, says)


@contextmanager
def _answers(refusal: tuple[str, str] | None) -> Iterator[None]:
    """Clients of the stack sign as they would, and are answered without the network; STS gives the role."""
    ends = datetime.now(UTC) + timedelta(hours=1)
    role = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}

    def answered(client: Any, operation: str, answer: Raw) -> Any:
        stub = Stubber(client)
        if refusal and operation == "describe_alarms":
            stub.add_client_error(operation, *refusal)
        else:
            stub.add_response(operation, answer)
        stub.activate()
        return client

    def make(self: Clients, *more: Any) -> Any:
        client, credentials = real_make(self, *more), self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        credentials.get_frozen_credentials()
        return answered(client, "describe_alarms", {"MetricAlarms": [], "CompositeAlarms": []})

    real_make, real_sts = Clients._make, Clients._sts
    with (
        mock.patch.object(Clients, "_make", make),
        mock.patch.object(
            Clients, "_sts", lambda self, **keys: answered(real_sts(self, **keys), "assume_role", {"Credentials": role})
        ),
    ):
        yield


def denied(why: str, action: str = "cloudwatch:DescribeAlarms") -> tuple[str, str]:
    """The code and message of a denial, in the form that AWS documents."""
    return "AccessDenied", f"{WHO} {action} {why}"


ROWS = {
    "nobody has allowed it yet": row(
        "blind",
        DENIED,
        "– allow cloudwatch:DescribeAlarms",
        refusal=denied("because no identity-based policy allows the cloudwatch:DescribeAlarms action"),
    ),
    "the alarms' topic is encrypted with a key that nobody may use": row(
        "blind",
        DENIED,
        "– allow kms:Decrypt in the resource's own policy",
        refusal=denied(
            "on resource: arn:aws:kms:us-west-2:1:key/k because no resource-based policy allows the kms:Decrypt action",
            "kms:Decrypt",
        ),
    ),
    "the organization denies the region": row(
        "blind",
        POLICY_ARNS,
        "no policy of this account can allow cloudwatch:DescribeAlarms",
        refusal=denied("with an explicit deny in a service control policy: arn:aws:organizations::9:p"),
    ),
    "a permissions boundary of the landing zone": row(
        "blind",
        DENIED,
        "in the permissions boundary of this identity",
        refusal=denied("because no permissions boundary allows the cloudwatch:DescribeAlarms action"),
    ),
    "from a private subnet whose endpoint lets little through": row(
        "blind",
        DENIED,
        "in the policy of the VPC endpoint",
        refusal=denied("because no VPC endpoint policy allows the cloudwatch:DescribeAlarms action"),
    ),
    "a region that the account has not enabled": row(
        "blind",
        REGIONS,
        "the account has not enabled me-central-1",
        refusal=("InvalidClientTokenId", "The security token included in the request is invalid"),
        region="me-central-1",
    ),
    "a session that has ended, of single sign-on": row(
        "blind", SIGN_ON, "aws sso login --profile on-call", config=SSO, variables={}, profile="on-call"
    ),
    "a profile that asks for a second factor, from cron": row(
        "blind", ROLES, "there is no terminal to type it on", config=SECOND_FACTOR, variables={}, profile="on-call"
    ),
    "a new machine without any credentials": row(
        "blind", CREDENTIALS, "set profile for stacks.here or AWS_PROFILE", variables={}
    ),
    "keys of the environment, as CI has them": row("passed", ENDPOINTS),
    "a role of another account, with an external id": row(
        "passed", ROLES, role_arn=ROLE, external_id="abc-123", role_session_name="on-call", duration="4h"
    ),
    "a role assumed with a profile's keys": row(
        "passed", ROLES, config=BASE, variables={}, profile="base", role_arn=ROLE
    ),
    "China, whose domain ends in .cn": row(
        "passed", "https://docs.amazonaws.cn/en_us/aws/latest/userguide/endpoints-arns.html", region="cn-northwest-1"
    ),
    "GovCloud": row("passed", VARIANTS, region="us-gov-east-1"),
    "FIPS endpoints by order of the company": row(
        "passed", VARIANTS, variables={**KEYS, "AWS_USE_FIPS_ENDPOINT": "true"}
    ),
    "dual-stack endpoints, which end in api.aws": row(
        "passed", VARIANTS, variables={**KEYS, "AWS_USE_DUALSTACK_ENDPOINT": "true"}
    ),
    "the profile of a private subnet, with its VPC endpoint": row(
        "passed",
        ENDPOINTS,
        config="[services vpc]\ncloudwatch =\n  endpoint_url = "
        f"https://vpce-0abc-1x2y.monitoring.us-west-2.vpce.amazonaws.com\n{BASE}services = vpc\n",
        variables={},
        profile="base",
    ),
    "an emulator for another service, on a developer's machine": row(
        "passed", ENDPOINTS, variables={**KEYS, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://localhost:4566"}
    ),
    "an emulator that is switched off for this run": row(
        "passed",
        ENDPOINTS,
        config=f"[default]\nendpoint_url = http://localhost:4566\n{STATIC}",
        variables={"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ),
    "behind the company's proxy": row(
        "passed",
        "https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html",
        variables={**KEYS, "HTTPS_PROXY": "http://proxy.corp.example:3128"},
    ),
}
