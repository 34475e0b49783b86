"""A real client whose requests end before they are sent, and its errors as each protocol puts them.

The answers go through botocore's own parsers: bytes as they come over the wire, of every protocol.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from opschecks.aws import session
from opschecks.core.observation import CouldNotLook
from tests.canned import Raw, stack

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
        shared.session.register("before-send", self._answer)

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
