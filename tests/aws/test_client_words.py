"""What botocore raises, in a sentence with the next step; how clients are made, kept and let go.

Names of errors: botocore.exceptions. Nothing here opens a connection.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions

from opschecks.aws.clients import Clients, NoClients
from opschecks.aws.configuration import UnusableProfile
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook, NotThere
from tests.canned import stack
from tests.cases import cases
from tests.machine import BASE, SECOND_FACTOR, SSO, machine

KEYS = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
CALL = "ecs:ListTasks"
LOGIN = "[profile ops]\nlogin_session = arn:aws:iam::123456789012:user/ops\nregion = us-west-2\n"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    with machine(tmp_path_factory.mktemp("home"), BASE):
        yield Clients(stack(), KEYS, None, None)


def _error(name: str, *bases: type) -> Exception:
    """An error of botocore's by its name; some are of newer versions."""
    made: Exception = type(name, bases or (Exception,), {})("it broke")
    return made


SSO_ENDED = "the login of AWS SSO has expired or was never made – log in again"
LOGIN_ENDED = "the login of aws login has expired or was never made – log in again"
NETWORK, PROXY = "check the network, and run it again", "check HTTPS_PROXY, or except AWS by NO_PROXY"
FAILURES: dict[str, str] = {
    **dict.fromkeys(("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"), SSO_ENDED),
    **dict.fromkeys(
        ("LoginRefreshRequired", "LoginTokenLoadError", "LoginError", "LoginInsufficientPermissions"), LOGIN_ENDED
    ),
    "RefreshWithMFAUnsupportedError": "it broke – the session that took an MFA code has ended: begin again",
    **dict.fromkeys(("ProxyConnectionError", "InvalidProxiesConfigError"), f"it broke – {PROXY}"),
    "SSLError": "it broke – behind a proxy that opens TLS, AWS_CA_BUNDLE names its certificates",
    **dict.fromkeys(
        ("ConnectTimeoutError", "ConnectionClosedError", "EndpointConnectionError", "HTTPClientError"),
        f"it broke – {NETWORK}",
    ),
    "ReadTimeoutError": f"it broke – {NETWORK}",
    "AnotherError": "it broke",
}  # fmt: skip


@pytest.mark.parametrize("name", FAILURES)
def test_what_failed_and_what_to_do(clients: Clients, name: str) -> None:
    told = clients.failure(CALL, _error(name))
    said = FAILURES[name]
    assert str(told) == f"{CALL}: {said if said.startswith('the login') else f'{name}: {said}'}"
    assert name == "AnotherError" or hasattr(exceptions, name) or name.startswith("Login")


def test_a_file_that_cannot_be_read_is_named_with_the_variables_that_name_it(
    clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = FileNotFoundError(2, "No such file or directory", "/nowhere/token")
    told = f"{CALL}: /nowhere/token: No such file or directory, and the credentials need it"
    assert str(clients.failure(CALL, missing)) == told
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/elsewhere")
    with_variable = told.replace("/nowhere", "AWS_WEB_IDENTITY_TOKEN_FILE: /nowhere", 1)
    assert str(clients.failure(CALL, missing)) == with_variable
    assert str(clients.failure(CALL, OSError("reset"))) == f"{CALL}: OSError: reset"


HOW_OTHERWISE = "log in (aws configure sso, aws configure), or run it where a role is attached"
NONE = "NoCredentialsError: Unable to locate credentials – "


@cases([
    ("", {}, f"set profile for stacks.here or AWS_PROFILE, {HOW_OTHERWISE}"),
    (BASE, {}, f"set profile for stacks.here or AWS_PROFILE (there are base), {HOW_OTHERWISE}"),
    (
        "".join(f"[profile p{n}]\nregion = us-west-2\n" for n in range(6)),
        {},
        f"set profile for stacks.here or AWS_PROFILE (there are p0, p1, p2, p3, p4), {HOW_OTHERWISE}",
    ),
    (
        "[profile ops]\nregion = us-west-2\n",
        {"profile": "ops"},
        "the profile ops of stacks.here has none: aws configure --profile ops",
    ),
])  # fmt: skip
def test_without_credentials_it_says_where_they_come_from(
    config: str, keys: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with machine(tmp_path, config):
        told = Clients(stack(**keys), {}, None, None).failure(CALL, exceptions.NoCredentialsError())
    assert str(told) == f"{CALL}: {NONE}{said}"


OLD_SSO = "[profile ops]\nsso_start_url = https://corp\nsso_region = eu-central-1\nregion = us-west-2\n"
CHAIN = "[profile ops]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = on-call\n"


@cases([
    (LOGIN, "ops", "aws login --profile ops"),
    (OLD_SSO, "ops", "aws sso login --profile ops"),
    (SSO, "on-call", "aws sso login --profile on-call"),
    (CHAIN + SSO, "ops", "aws sso login --profile on-call"),
    (BASE, "base", "log in again"),
])  # fmt: skip
def test_how_to_log_in_again(config: str, profile: str, command: str, tmp_path: Path) -> None:
    with machine(tmp_path, config):
        told = Clients(stack(profile=profile), {}, None, None)._log_in()
    assert told == command


def _refused(operation: str, code: str, status: int = 403) -> exceptions.ClientError:
    return exceptions.ClientError(
        {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}, operation
    )


@cases([
    ("ListTasks", "AccessDenied", f"{CALL}: AccessDenied: no – allow {CALL}"),
    ("AssumeRole", "AccessDenied", "sts:AssumeRole: AccessDenied: no – allow sts:AssumeRole"),
    (
        "AssumeRoleWithWebIdentity", "AccessDenied",
        "sts:AssumeRoleWithWebIdentity: AccessDenied: no – allow sts:AssumeRoleWithWebIdentity",
    ),
    ("GetRoleCredentials", "AccessDenied", "sso:GetRoleCredentials: AccessDenied: no – allow sso:GetRoleCredentials"),
    ("Other", "AccessDenied", f"{CALL}: AccessDenied: no – allow {CALL}"),
])  # fmt: skip
def test_a_refusal_is_of_the_call_that_was_refused(operation: str, code: str, said: str, clients: Clients) -> None:
    assert str(clients.refusal(CALL, "ListTasks", _refused(operation, code))) == said


def test_a_role_that_does_not_exist_says_nothing_of_what_was_asked_for(clients: Clients) -> None:
    asked = clients.refusal(CALL, "ListTasks", _refused("ListTasks", "ClusterNotFoundException", 400))
    fetched = clients.refusal(CALL, "ListTasks", _refused("AssumeRole", "NoSuchEntity", 404))
    assert (type(asked), type(fetched)) == (NotThere, CouldNotLook)
    assert str(fetched) == "sts:AssumeRole: NoSuchEntity: no"


def test_an_expired_login_is_renewed_as_it_was_made(tmp_path: Path) -> None:
    with machine(tmp_path, SSO):
        told = Clients(stack(profile="on-call"), {}, None, None)
        refused = told.refusal(CALL, "ListTasks", _refused("ListTasks", "ExpiredTokenException"))
    assert refused.reason.endswith("the credentials are expired or wrong: aws sso login --profile on-call")


def test_a_client_is_made_once_for_each_service_region_and_way(clients: Clients) -> None:
    one = clients.client("ecs")
    assert clients.client("ecs") is one
    once, there = clients.client("ecs", once=True), clients.client("ecs", region="eu-west-1")
    assert len({id(one), id(once), id(there), id(clients.client("s3"))}) == 4
    assert [each.meta.region_name for each in (one, once, there)] == ["us-west-2", "us-west-2", "eu-west-1"]
    config = one.meta.config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (5, 20, 32)
    assert "opschecks" in config.user_agent_extra
    assert [each.meta.config.retries["total_max_attempts"] for each in (one, once)] == [
        stack().limits.aws_attempts, 1,
    ]  # fmt: skip
    assert config.retries["mode"] == "standard"
    assert clients.region == "us-west-2"
    assert clients.frozen() == {**KEYS, "aws_session_token": ""}


class _OfNobodyYet(dict[Any, Any]):
    """Clients as another thread sees them that looked before this one had made its own."""

    def get(self, key: Any, default: Any = None) -> Any:
        return default


def test_a_client_that_is_there_is_given_while_another_one_is_made(clients: Clients) -> None:
    one, found = clients.client("ecs"), threading.Event()

    def ask() -> None:
        if clients.client("ecs") is one:
            found.set()

    with clients._lock:
        threading.Thread(target=ask, daemon=True).start()
        assert found.wait(5)


def test_two_that_want_the_same_client_at_once_get_one(tmp_path: Path) -> None:
    with machine(tmp_path):
        told = Clients(stack(), KEYS, None, None)
        told._clients = _OfNobodyYet()
        assert told.client("ecs") is told.client("ecs")


def test_clients_share_one_context_of_tls(tmp_path: Path) -> None:
    with machine(tmp_path):
        told = Clients(stack(), KEYS, None, None)
        one, two = (
            told.client(service)._endpoint.http_session._manager.connection_pool_kw["ssl_context"]
            for service in ("ecs", "s3")
        )
    assert one is two


def test_where_a_proxy_is_named_this_machine_and_its_metadata_are_reached_directly(tmp_path: Path) -> None:
    with machine(tmp_path, HTTPS_PROXY="http://proxy.test:3128"):
        Clients(stack(), KEYS, None, None)
        assert "169.254.169.254" in os.environ["NO_PROXY"].split(",")


@cases([
    ({"endpoint_url": "http://127.0.0.1:5000"}, KEYS, True),
    ({"endpoint_url": "http://127.0.0.1:5000"}, {}, False),
    ({}, KEYS, False),
])  # fmt: skip
def test_whoever_gives_credentials_and_an_endpoint_knows_nothing_of_the_machine(
    keys: dict[str, Any], given: dict[str, str], isolated: bool, tmp_path: Path
) -> None:
    with machine(tmp_path, BASE, AWS_PROFILE="of another machine"):
        if isolated:
            assert Clients(stack(**keys), given, None, None).client("ecs").meta.endpoint_url == keys["endpoint_url"]
        else:
            with pytest.raises(UnusableProfile, match="of another machine"):
                Clients(stack(**keys), given, None, None)


def test_reads_need_a_body_and_what_is_sent_once_does_not(clients: Clients) -> None:
    def handlers(client: Any) -> list[Any]:
        found: list[Any] = client.meta.events._emitter._handlers.prefix_search("before-parse")
        return [one for one in found if "require_bodies" in getattr(one, "__qualname__", "")]

    assert len(handlers(clients.client("sqs"))) == 1
    assert handlers(clients.client("sqs", once=True)) == []


def test_released_clients_are_closed_and_forgotten(tmp_path: Path) -> None:
    with machine(tmp_path):
        told = Clients(stack(), KEYS, None, None)
        closed = []
        for service in ("ecs", "s3"):
            client = told.client(service)
            client.close = lambda service=service: closed.append(service)
        told.release()
        assert closed == ["ecs", "s3"]
        assert told.client("ecs") is not client


def test_signed_credentials_need_no_second_factor_and_are_those_of_the_run(tmp_path: Path) -> None:
    with machine(tmp_path, SECOND_FACTOR):
        asks = Clients(stack(profile="on-call"), {}, None, None).asks
        role = "arn:aws:iam::210987654321:role/ops"
        signed = Clients(stack(profile="on-call", role_arn=role), {}, None, KEYS)
        assert (bool(asks), signed.asks) == (True, "")
        assert signed.session.get_credentials().access_key == "none"


def test_a_number_of_the_configuration_that_is_none_is_named(tmp_path: Path) -> None:
    with (
        machine(tmp_path, AWS_METADATA_SERVICE_TIMEOUT="soon"),
        pytest.raises(UnusableProfile, match=r"stacks\.here: the AWS configuration is wrong: .*soon"),
    ):
        Clients(stack(), {}, None, None)


@cases([("us-west-2", "us-west-2"), (None, "")])
def test_where_a_recording_is_replayed_nobody_is_called(region: str | None, shown: str) -> None:
    none = NoClients(Stack(name="here", region=region))
    assert (none.region, none.refused, none.asks, none.frozen()) == (shown, None, "", {})
    with pytest.raises(CouldNotLook, match="a recording is replayed, and ecs is not called"):
        none.client("ecs")
    none.release()
    assert str(none.failure(CALL, OSError("reset"))) == f"{CALL}: OSError: reset"
    assert str(none.refusal(CALL, "ListTasks", _refused("ListTasks", "AccessDenied"))) == (
        f"{CALL}: AccessDenied: no – allow {CALL}"
    )
