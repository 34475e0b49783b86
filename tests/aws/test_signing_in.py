"""Credentials as teams have them: a login that has expired, a web identity, a chain, a role of the machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSResponse
from botocore.credentials import SSOProvider
from botocore.tokens import SSOTokenProvider

from opschecks.aws.session import Aws
from opschecks.core.clock import now
from opschecks.core.observation import CouldNotLook
from tests.canned import Raw, stack
from tests.cases import cases
from tests.machine import BASE, SSO, machine

START = "https://corp.awsapps.com/start"
OLD_SSO = f"""\
[profile on-call]
sso_start_url = {START}
sso_region = eu-central-1
sso_account_id = 210987654321
sso_role_name = ReadOnly
"""
ROLE = "arn:aws:iam::210987654321:role/checks"
IDENTITY = """\
<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Account>210987654321</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
ASSUMED = """\
<{0}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{0}Result><Credentials>
<AccessKeyId>{1}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></{0}Result></{0}Response>"""


class Sts:
    """Answers in the place of STS: each assumed role has a key of its own, in the order in which they are asked for."""

    def __init__(self, aws: Aws) -> None:
        self.asked: list[tuple[str, str, str]] = []
        shared: Any = aws._shared
        shared.session.register("before-send.sts", self.answer)

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        told = {key: values[0] for key, values in parse_qs(self._text(request.body)).items()}
        signed = request.headers.get("Authorization", b"").decode().partition("Credential=")[2].partition("/")[0]
        action = told["Action"]
        self.asked.append((action, told.get("RoleArn", ""), signed))
        body = IDENTITY if action == "GetCallerIdentity" else ASSUMED.format(action, f"ASIA{len(self.asked):016}")
        response: Any = AWSResponse(request.url, 200, {}, None)
        response._content = body.encode()
        answer: AWSResponse = response
        return answer

    @staticmethod
    def _text(body: bytes | str) -> str:
        return body.decode() if isinstance(body, bytes) else body


@cases({"a session": (SSO, "corp"), "a start URL": (OLD_SSO, START)})
def test_a_login_that_has_expired_says_how_to_renew_it(
    config: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html"""
    for provider in (SSOProvider, SSOTokenProvider):
        monkeypatch.setattr(provider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path))
    ended = f"{now() - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
    token = {"startUrl": START, "region": "eu-central-1", "accessToken": "t", "expiresAt": ended}
    (tmp_path / f"{hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()}.json").write_text(json.dumps(token))
    with machine(tmp_path / "home", config), pytest.raises(CouldNotLook, match="aws sso login --profile on-call"):
        Aws(stack(profile="on-call")).call("sts", "GetCallerIdentity")


def test_a_web_identity_is_exchanged_for_the_role(tmp_path: Path) -> None:
    """As in a pod of EKS or a GitHub workflow: sdkref/latest/guide/access-assume-role-web.html."""
    token = tmp_path / "token"
    token.write_text("eyJhbGciOi")
    with machine(tmp_path, AWS_WEB_IDENTITY_TOKEN_FILE=str(token), AWS_ROLE_ARN=ROLE):
        aws = Aws(stack())
        sts = Sts(aws)
        assert aws.call("sts", "GetCallerIdentity")["Account"] == "210987654321"
    assert sts.asked == [
        ("AssumeRoleWithWebIdentity", ROLE, ""),
        ("GetCallerIdentity", "", "ASIA0000000000000001"),
    ]


def test_a_chain_of_profiles_ends_in_the_role_of_the_stack(tmp_path: Path) -> None:
    """Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html"""
    hop = "arn:aws:iam::123456789012:role/hop"
    with machine(tmp_path, f"{BASE}[profile hop]\nrole_arn = {hop}\nsource_profile = base\n"):
        aws = Aws(stack(profile="hop", role_arn=ROLE, external_id="shop"))
        sts = Sts(aws)
        aws.call("sts", "GetCallerIdentity")
    first, second, third = sts.asked
    assert first == ("AssumeRole", hop, "AKIAIOSFODNN7EXAMPLE")
    assert second == ("AssumeRole", ROLE, "ASIA0000000000000001")
    assert third == ("GetCallerIdentity", "", "ASIA0000000000000002")


class _Machine(BaseHTTPRequestHandler):
    """The instance metadata service, version 2, of a machine with the role `checks`."""

    ROLES: ClassVar[str] = "/latest/meta-data/iam/security-credentials/"

    def do_PUT(self) -> None:
        self._answer("token", 200 if self.path == "/latest/api/token" else 404)

    def do_GET(self) -> None:
        key: Raw = {
            "Code": "Success",
            "AccessKeyId": "ASIAOFTHEMACHINE0000",
            "SecretAccessKey": "s",
            "Token": "t",
            "Expiration": "2099-01-01T00:00:00Z",
        }
        answers = {self.ROLES: "checks", f"{self.ROLES}checks": json.dumps(key)}
        known = self.path in answers and self.headers["x-aws-ec2-metadata-token"] == "token"
        self._answer(answers.get(self.path, ""), 200 if known else 401)

    def _answer(self, text: str, status: int) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nothing."""


@pytest.fixture
def metadata() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Machine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_role_of_the_machine_signs(metadata: str, tmp_path: Path) -> None:
    """Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html"""
    with machine(tmp_path, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata):
        aws = Aws(stack())
        sts = Sts(aws)
        aws.call("sts", "GetCallerIdentity")
    assert sts.asked == [("GetCallerIdentity", "", "ASIAOFTHEMACHINE0000")]
