"""With which credentials calls are signed: profiles and roles as teams have them, second factors, renewal."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws import credentials
from opschecks.aws.clients import Clients
from opschecks.aws.session import Aws
from opschecks.core.change import Refused
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import bench
from tests.canned import Raw, stack
from tests.cases import cases
from tests.machine import BASE, SECOND_FACTOR, SSO, machine
from tests.scratch import Project

ROLE = "arn:aws:iam::123456789012:role/opschecks"
DEVICE = "arn:aws:iam::123456789012:mfa/somebody"
ENVIRONMENT = {key.upper(): value for key, value in CREDENTIALS.items()}


class Sts:
    """STS as the credentials' machinery of botocore sees it."""

    def __init__(self, minutes: float = 60) -> None:
        self.minutes = minutes
        self.asked: list[Raw] = []
        self.source: list[str] = []

    def assume_role(self, **parameters: Any) -> Raw:
        self.asked.append(parameters)
        key, ends = f"AKIA{len(self.asked)}", datetime.now(UTC) + timedelta(minutes=self.minutes)
        return {"Credentials": {"AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Sts:
    """In place of the client that assumes a stack's role."""
    made = Sts()

    def client(_: Clients, **keys: str) -> Sts:
        made.source.append(keys["aws_access_key_id"])
        return made

    monkeypatch.setattr(Clients, "_sts", client)
    return made


def key_of(live: Aws) -> str:
    return live.handed_on()["aws_access_key_id"]


def test_the_role_is_assumed_once_for_a_run(tmp_path: Path) -> None:
    with bench(tmp_path / "sandbox") as on:
        facts = on.sandbox.facts
        project = Project.of_the_checks(
            tmp_path / "live",
            f'default = "live"\n[stacks.live]\nregion = "us-west-2"\nendpoint_url = "{facts["endpoint_url"]}"\n'
            f'role_arn = "{ROLE}"\nalarm_prefix = "incident-commander"\naccount_id = "123456789012"\n',
        )
        ended = project.run("checks/daily", "-k", "alarm", **ENVIRONMENT)
        assert ended.code == 0, ended.all
        assert on.sandbox.server.wire.calls["sts"] == 2  # AssumeRole, and who am I


def test_everything_that_the_stack_says_of_its_role_is_sent(sts: Sts) -> None:
    told = stack(role_arn=ROLE, external_id="abc-123", role_session_name="on-call", duration="4h", mfa_serial=DEVICE)
    told = told.model_copy(update={"session_policy": "{}"})
    assert key_of(Aws(told, CREDENTIALS, ask=lambda _: "123456")) == "AKIA1"
    assert sts.asked == [
        {
            "RoleArn": ROLE,
            "ExternalId": "abc-123",
            "RoleSessionName": "on-call",
            "DurationSeconds": 14_400,
            "SerialNumber": DEVICE,
            "TokenCode": "123456",
            "Policy": "{}",
        }
    ]


def test_without_more_a_role_is_assumed_under_the_stacks_name(sts: Sts) -> None:
    key_of(Aws(stack(role_arn=ROLE), CREDENTIALS))
    assert sts.asked == [{"RoleArn": ROLE, "RoleSessionName": "opschecks-here"}]


def test_the_stacks_profile_is_the_source_of_its_role(sts: Sts, tmp_path: Path) -> None:
    with machine(tmp_path, BASE, AWS_ACCESS_KEY_ID="OTHER", AWS_SECRET_ACCESS_KEY="s"):
        key_of(Aws(stack(role_arn=ROLE, profile="base")))
    assert sts.source == ["AKIAIOSFODNN7EXAMPLE"]


def test_nothing_is_asked_before_the_first_call(sts: Sts) -> None:
    live = Aws(stack(role_arn=ROLE, mfa_serial=DEVICE), CREDENTIALS)
    live.warm(["sts", "ecs"])
    assert sts.asked == []


@cases([(60, "AKIA1"), (5, "AKIA2")])
def test_keys_that_are_about_to_expire_are_fetched_again(minutes: float, key: str, sts: Sts) -> None:
    sts.minutes = minutes
    live = Aws(stack(role_arn=ROLE), CREDENTIALS)
    key_of(live)
    sts.minutes = 60
    assert key_of(live) == key


def test_a_role_that_may_not_be_assumed_is_told_with_what_to_allow(
    sts: Sts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from botocore.exceptions import ClientError

    def denied(**_: Any) -> Raw:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    monkeypatch.setattr(sts, "assume_role", denied)
    live = Aws(stack(role_arn=ROLE), CREDENTIALS)
    with pytest.raises(CouldNotLook, match="sts:AssumeRole: AccessDenied: no – allow sts:AssumeRole"):
        live.call("ecs", "DescribeServices", services=["a"])
    with pytest.raises(Refused, match="sts:AssumeRole: AccessDenied"):
        live.send("ecs", "UpdateService", service="a")
    assert "Traceback" not in capsys.readouterr().err


def test_a_profiles_code_is_asked_for_where_a_person_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        raise CouldNotLook("", "no more of it")

    monkeypatch.setattr(getpass, "getpass", lambda _: pytest.fail("it was asked in another way"))
    with machine(tmp_path, SECOND_FACTOR):
        live = Aws(stack(profile="on-call"), ask=ask)
        assert "AWS profile on-call asks for an MFA code" in live.asks
        with pytest.raises(CouldNotLook, match="no more of it"):
            live.call("sts", "GetCallerIdentity")
    assert asked == [f"Enter MFA code for {DEVICE}: "]


@cases({
    "read": lambda live: live.call("sts", "GetCallerIdentity"),
    "change": lambda live: live.send("ecs", "UpdateService", service="a"),
})  # fmt: skip
def test_without_a_terminal_a_code_is_refused_and_nothing_is_sent(act: Callable[[Aws], Any], tmp_path: Path) -> None:
    with machine(tmp_path, SECOND_FACTOR):
        live = Aws(stack(profile="on-call"))
        with pytest.raises((CouldNotLook, Refused), match=f"on-call asks for an MFA code of {DEVICE}.* no terminal"):
            act(live)


@cases({
    "the profile itself": (SECOND_FACTOR, {"profile": "on-call"}, {}, True),
    "the profile of the environment": (SECOND_FACTOR, {}, {"AWS_PROFILE": "on-call"}, True),
    "keys of the environment come first": (
        SECOND_FACTOR, {}, {"AWS_PROFILE": "on-call", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}, False,
    ),
    "a profile further on in the chain": (
        f"{SECOND_FACTOR}[profile far]\nrole_arn = {ROLE}\nsource_profile = on-call\n", {"profile": "far"}, {}, True,
    ),
    "a chain that meets itself": (
        f"[profile a]\nrole_arn = {ROLE}\nsource_profile = b\n[profile b]\nrole_arn = {ROLE}\nsource_profile = a\n",
        {"profile": "a"}, {}, False,
    ),
    "mfa_serial of a profile without a role": (f"{BASE}mfa_serial = {DEVICE}\n", {"profile": "base"}, {}, False),
    "the stack's own role": (BASE, {"profile": "base", "role_arn": ROLE, "mfa_serial": DEVICE}, {}, True),
    "single sign-on": (SSO, {"profile": "on-call"}, {}, False),
})  # fmt: skip
def test_who_asks_for_a_code_is_known_beforehand(
    config: Any, keys: Any, variables: Any, asks: bool, tmp_path: Path
) -> None:
    with machine(tmp_path, config, **variables):
        assert bool(Aws(stack(**keys)).asks) == asks


def test_a_code_is_asked_for_once_and_handed_on(sts: Sts) -> None:
    """As to the workers of xdist, which can ask nobody."""
    told = stack(role_arn=ROLE, mfa_serial=DEVICE)
    handed = json.loads(json.dumps(Aws(told, CREDENTIALS, ask=lambda _: "123456").handed_on()))
    worker = Aws(told, signed=handed)
    assert not worker.asks
    assert key_of(worker) == "AKIA1"
    assert len(sts.asked) == 1


def test_a_session_of_a_code_that_ends_says_so(sts: Sts) -> None:
    sts.minutes = 5
    live = Aws(stack(role_arn=ROLE, mfa_serial=DEVICE), CREDENTIALS, ask=lambda _: "123456")
    key_of(live)
    with pytest.raises(CouldNotLook, match="took an MFA code has ended: begin again"):
        live.call("ecs", "ListClusters")


def test_workers_of_a_run_use_what_the_controller_was_given(project: Project) -> None:
    """End to end, without a terminal: the run is refused in one line, by the controller."""
    project.write("aws-config", SECOND_FACTOR)
    project.write("stacks.toml", 'default = "here"\n[stacks.here]\nregion = "us-west-2"\nprofile = "on-call"\n')
    project.checks('@promise("a")\ndef test_a(things, examine):\n    """Why."""\n')
    for more in ([], ["-n1"]):
        ended = project.run("checks/daily", *more)
        assert ended.code == 4, ended.all
        assert f"the AWS profile on-call asks for an MFA code of {DEVICE}" in ended.err
        assert "Traceback" not in ended.all


def test_a_command_without_a_terminal_refuses_in_one_line(project: Project) -> None:
    project.write("aws-config", SECOND_FACTOR)
    project.write(
        "stacks.toml",
        'default = "here"\n[stacks.here]\nregion = "us-west-2"\nprofile = "on-call"\n'
        'account_id = "210987654321"\nstate = "s3://ops/state"\n',
    )
    for command in (("fix", "scale-service"), ("undo", "70a3542d")):
        ended = project.opschecks(*command, "--stack", "here")
        assert ended.code == 1
        assert "there is no terminal to type it on" in ended.err
        assert len(ended.err.strip().splitlines()) == 1, ended.err


def test_words_of_credentials_are_not_secrets() -> None:
    from opschecks.core.redaction import redact_text

    for asks in (f"stacks.here: the AWS profile on-call asks for an MFA code of {DEVICE} to assume {ROLE}",):
        text = str(credentials.nobody_to_ask(asks))
        assert redact_text(text) == text
