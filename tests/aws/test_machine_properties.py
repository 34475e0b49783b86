"""This machine's AWS configuration: which profiles, credentials and endpoints are used, by whom, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import NoCredentialsError

from opschecks.aws.configuration import (
    UnusableProfile,
    configuration_files,
    configured_session,
    isolated_session,
    profiles_in_use,
)
from opschecks.aws.credentials import NobodyToAsk, frozen, nobody_to_ask, second_factor, sign_in
from opschecks.aws.usual_chain import usual_s3
from opschecks.config.stack import Stack
from tests.canned import Raw, stack
from tests.cases import cases
from tests.machine import BASE, SECOND_FACTOR, machine

ROLE, DEVICE = "arn:aws:iam::210987654321:role/checks", "arn:aws:iam::123456789012:mfa/somebody"
KEYS = {"aws_access_key_id": "AKIAGIVEN", "aws_secret_access_key": "s", "aws_session_token": "t"}
VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIAVARIABLE", "AWS_SECRET_ACCESS_KEY": "s"}


def session_of(**variables: str) -> Any:
    made: Any = botocore.session.Session()
    for name, value in variables.items():
        made.set_config_variable(name, value)
    return made


HOPS = f"""\
{BASE}[profile one]
role_arn = r1
source_profile = two
[profile two]
role_arn = r2
source_profile = three
[profile three]
role_arn = r3
[profile lost]
role_arn = r
source_profile = nowhere
[profile circle]
role_arn = r
source_profile = around
[profile around]
role_arn = r
source_profile = circle
[profile web]
role_arn = r
web_identity_token_file = /t
source_profile = two
[profile keyed]
role_arn = r
source_profile = base
[profile plain]
source_profile = two
[default]
role_arn = r
source_profile = two
"""


@cases({
    "a chain": ("one", {}, ["one", "two", "three"]),
    "no role": ("base", {}, ["base"]),
    "a source without a role": ("plain", {}, ["plain"]),
    "a source that is not there": ("lost", {}, ["lost"]),
    "a circle": ("circle", {}, ["circle", "around"]),
    "a web identity": ("web", {}, ["web"]),
    "a source with keys of its own": ("keyed", {}, ["keyed"]),
    "the default": (None, {}, ["default", "two", "three"]),
    "the environment's": (None, {"AWS_PROFILE": "two"}, ["two", "three"]),
    "keys in variables": (None, VARIABLES, []),
    "keys in variables, and the stack names a profile": ("two", VARIABLES, ["two", "three"]),
    "keys in variables, and the environment names a profile": (None, {**VARIABLES, "AWS_PROFILE": "two"}, []),
})  # fmt: skip
def test_the_profiles_that_credentials_are_taken_from(
    profile: str | None, variables: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    with machine(tmp_path, HOPS, **variables):
        session = session_of(**({"profile": profile} if profile else {}))
        found = dict(profiles_in_use(session))
    assert list(found) == expected
    roles = [settings.get("role_arn", "") for name, settings in found.items() if name not in ("base", "plain")]
    assert all(one.startswith("r") for one in roles)


def test_without_any_profile_none_is_used(tmp_path: Path) -> None:
    with machine(tmp_path):
        assert list(profiles_in_use(session_of())) == []


@cases({
    "of the stack's role": (
        "", {"role_arn": ROLE, "mfa_serial": DEVICE}, {},
        f"stacks.here.mfa_serial: the role {ROLE} asks for a code of {DEVICE}"),
    "of the stack's role, with keys that are given": (
        "", {"role_arn": ROLE, "mfa_serial": DEVICE}, KEYS,
        f"stacks.here.mfa_serial: the role {ROLE} asks for a code of {DEVICE}"),
    "of the profile": (
        SECOND_FACTOR, {"profile": "on-call"}, {},
        (f"stacks.here: the AWS profile on-call asks for an MFA code of {DEVICE} to assume "
        "arn:aws:iam::210987654321:role/oncall")),
    "of the profile, with keys that are given": (SECOND_FACTOR, {"profile": "on-call"}, KEYS, ""),
    "of the profile behind the stack's role": (
        SECOND_FACTOR, {"profile": "on-call", "role_arn": ROLE}, {},
        (f"stacks.here: the AWS profile on-call asks for an MFA code of {DEVICE} to assume "
        "arn:aws:iam::210987654321:role/oncall")),
    "none, by a role": ("", {"role_arn": ROLE}, {}, ""),
    "none, by a device without a role": (
        f"{BASE}mfa_serial = {DEVICE}\n", {"profile": "base"}, {}, ""),
    "of the source of the profile": (
        f"{SECOND_FACTOR}[profile far]\nrole_arn = far\nsource_profile = on-call\n", {"profile": "far"}, {},
        (f"stacks.here: the AWS profile on-call asks for an MFA code of {DEVICE} to assume "
        "arn:aws:iam::210987654321:role/oncall")),
})  # fmt: skip
def test_what_asks_for_a_second_factor(
    config: str, keys: Raw, given: Mapping[str, str], expected: str, tmp_path: Path
) -> None:
    with machine(tmp_path, config):
        session = session_of(**({"profile": keys["profile"]} if "profile" in keys else {}))
        assert second_factor(session, stack(**keys), given) == expected


def test_without_a_terminal_nobody_can_be_asked() -> None:
    refusal = nobody_to_ask("it asks")
    assert (type(refusal), refusal.call, refusal.action) == (NobodyToAsk, "", "")
    assert str(refusal).startswith("it asks, and there is no terminal to type it on: run it in a terminal, or give it")


class Sts:
    """In the place of a client of STS: keeps with which keys it was made, and what it was asked for."""

    def __init__(self) -> None:
        self.made: list[Raw] = []
        self.asked: list[Raw] = []

    def __call__(self, **keys: Any) -> Any:
        self.made.append(keys)
        return SimpleNamespace(assume_role=self._assume)

    def _assume(self, **asked: Any) -> Raw:
        self.asked.append(asked)
        keys = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "x", "SessionToken": "y"}
        keys["Expiration"] = "2099-01-01T00:00:00Z"
        return {"Credentials": keys, "AssumedRoleUser": {"AssumedRoleId": "A", "Arn": ROLE}}


def signed(checked: Stack, given: Mapping[str, str], sts: Sts | None, ask: Any = None) -> dict[str, str]:
    session = session_of(**({"profile": checked.profile} if checked.profile else {}))
    sign_in(session, checked, given, ask, sts)
    return frozen(session)


OF_ROLE = {"aws_access_key_id": "ASIAROLE", "aws_secret_access_key": "x", "aws_session_token": "y"}


def test_given_keys_sign_themselves_and_else_the_usual_chain(tmp_path: Path) -> None:
    with machine(tmp_path, BASE, **VARIABLES):
        assert signed(stack(), KEYS, None) == KEYS
        assert signed(stack(role_arn=ROLE), KEYS, None) == KEYS
        sts = Sts()
        assert signed(stack(), KEYS, sts) == KEYS
        assert signed(stack(), {}, sts) == {
            "aws_access_key_id": "AKIAVARIABLE", "aws_secret_access_key": "s", "aws_session_token": "",
        }  # fmt: skip
        assert signed(stack(profile="base"), {}, sts)["aws_access_key_id"] == "AKIAIOSFODNN7EXAMPLE"
        assert sts.made == []


def test_the_role_is_assumed_with_the_keys_that_are_given_or_those_of_the_chain(tmp_path: Path) -> None:
    with machine(tmp_path, BASE):
        sts = Sts()
        assert signed(stack(role_arn=ROLE), KEYS, sts) == OF_ROLE
        assert signed(stack(role_arn=ROLE, profile="base"), {}, sts) == OF_ROLE
        of_given, of_chain = sts.made
    assert {key: of_given[key] for key in KEYS} == KEYS
    assert (of_chain["aws_access_key_id"], of_chain["aws_session_token"]) == ("AKIAIOSFODNN7EXAMPLE", None)
    assert sts.asked == [{"RoleArn": ROLE, "RoleSessionName": "opschecks-here"}] * 2


def test_the_role_is_assumed_as_the_stack_says(tmp_path: Path) -> None:
    sts, typed = Sts(), []

    def ask(prompt: str) -> str:
        typed.append(prompt)
        return "123456"

    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecs:*","Resource":"*"}]}'
    checked = stack(
        role_arn=ROLE, role_session_name="on-call", external_id="shop", duration="2h", mfa_serial=DEVICE,
        session_policy=policy,
    )  # fmt: skip
    with machine(tmp_path):
        assert signed(checked, KEYS, sts, ask) == OF_ROLE
    assert sts.asked == [{
        "RoleArn": ROLE, "RoleSessionName": "on-call", "ExternalId": "shop", "DurationSeconds": 7200,
        "SerialNumber": DEVICE, "TokenCode": "123456", "Policy": checked.session_policy,
    }]  # fmt: skip
    assert len(typed) == 1


def test_the_name_of_a_session_is_no_longer_than_sts_allows(tmp_path: Path) -> None:
    sts = Sts()
    long = stack(role_arn=ROLE).model_copy(update={"name": "x" * 80})
    with machine(tmp_path):
        signed(long, KEYS, sts)
    assert sts.asked[0]["RoleSessionName"] == f"opschecks-{'x' * 54}"


def test_where_nobody_can_be_asked_for_a_code_it_is_said_who_asks(tmp_path: Path) -> None:
    checked = stack(role_arn=ROLE, mfa_serial=DEVICE)
    with machine(tmp_path), pytest.raises(NobodyToAsk, match=f"the role {ROLE} asks for a code of {DEVICE}, and there"):
        signed(checked, KEYS, Sts())


def test_a_role_without_credentials_to_assume_it_with(tmp_path: Path) -> None:
    with machine(tmp_path), pytest.raises(NoCredentialsError):
        signed(stack(role_arn=ROLE), {}, Sts())


def test_an_isolated_session_reads_nothing_of_the_machine(tmp_path: Path) -> None:
    hostile = {
        "AWS_REGION": "eu-west-1",
        "AWS_PROFILE": "nosuch",
        "AWS_ENDPOINT_URL": "http://h",
        "AWS_CA_BUNDLE": "/x",
    }
    with machine(tmp_path, "[default]\nregion = eu-west-1\n", REQUESTS_CA_BUNDLE="/no.pem", **hostile):
        session = configured_session(stack(), isolated=True)
        assert session.get_config_variable("region") == "us-west-2"
        assert session.get_scoped_config() == {}
        assert session.full_config["profiles"] == {}
        with pytest.raises(UnusableProfile, match=r"stacks\.here\.region: not set"):
            configured_session(stack().model_copy(update={"region": None}), isolated=True)
        assert isolated_session().get_config_variable("ca_bundle") is None


def test_bundles_of_certificates_that_are_there(tmp_path: Path) -> None:
    with machine(tmp_path, AWS_CA_BUNDLE="~/own.pem", REQUESTS_CA_BUNDLE=""):
        with pytest.raises(
            UnusableProfile, match=r"AWS_CA_BUNDLE \(or ca_bundle of the profile\) names ~/own\.pem, which"
        ):
            configured_session(stack())
        (tmp_path / "own.pem").write_text("", encoding="utf-8")
        assert configured_session(stack()).get_config_variable("ca_bundle") == "~/own.pem"


def test_the_files_that_are_read_are_named_as_a_person_would(tmp_path: Path) -> None:
    with machine(tmp_path):
        assert configuration_files() == str(tmp_path / "config")
    with machine(tmp_path, AWS_CONFIG_FILE=""):
        assert configuration_files() == "~/.aws/config"


@cases({
    "a profile of the stack": (
        BASE, {}, {"profile": "bass"},
        "stacks.here.profile: the AWS configuration has no profile 'bass'; did you mean 'base'?"),
    "a profile of the environment": (
        BASE, {"AWS_PROFILE": "bass"}, {},
        ("AWS_PROFILE=bass: the AWS configuration ({config}) has no such profile; did you mean 'base'?; or unset it, "
        "or set profile for stacks.here")),
    "the older variable before the newer one": (
        BASE, {"AWS_PROFILE": "x", "AWS_DEFAULT_PROFILE": "bass"}, {},
        ("AWS_DEFAULT_PROFILE=bass: the AWS configuration ({config}) has no such profile; did you mean 'base'?; or "
        "unset it, or set profile for stacks.here")),
    "an empty variable": (
        BASE, {"AWS_DEFAULT_PROFILE": ""}, {},
        "AWS_DEFAULT_PROFILE is set to nothing, and no profile has that name; unset it"),
    "a file": (
        "[default]\nregion\n", {}, {},
        "{config}, line 2: not a valid AWS configuration file (ParsingError); correct it"),
    "a value of a variable": (
        "", {"AWS_MAX_ATTEMPTS": "many", "AWS_OTHER": ""}, {},
        "stacks.here: AWS_MAX_ATTEMPTS: the AWS configuration is wrong: "),
    "a value of two variables": (
        "", {"AWS_DEFAULTS_MODE": "fast", "AWS_OTHER": "fast"}, {},
        "stacks.here: the AWS configuration is wrong: "),
    "a region": ("", {}, {"region": "us west"}, "stacks.here: the AWS configuration is wrong: Provided region_name"),
})  # fmt: skip
def test_what_is_wrong_with_the_configuration(
    config: str, variables: dict[str, str], keys: Raw, says: str, tmp_path: Path
) -> None:
    with machine(tmp_path, config, **variables), pytest.raises(UnusableProfile) as it:
        configured_session(stack().model_copy(update=keys))
    assert str(it.value).startswith(says.replace("{config}", str(tmp_path / "config")))


def test_a_file_that_is_no_text_is_named_without_a_line(tmp_path: Path) -> None:
    with machine(tmp_path):
        (tmp_path / "config").write_bytes(b"[default]\nregion = \xff\n")
        with pytest.raises(UnusableProfile) as it:
            configured_session(stack())
    said = f"{tmp_path / 'config'}: not a valid AWS configuration file (UnicodeDecodeError); correct it"
    assert str(it.value) == said


def test_regions_of_stack_variable_and_profile(tmp_path: Path) -> None:
    bare = stack().model_copy(update={"region": None})
    with machine(tmp_path, "[default]\nregion = eu-north-1\n", AWS_REGION="eu-west-1"):
        assert configured_session(stack()).get_config_variable("region") == "us-west-2"
        assert configured_session(bare).get_config_variable("region") == "eu-west-1"


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
