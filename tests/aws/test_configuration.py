"""A wrong AWS configuration is one line that names variable or file, and the sandbox knows none of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.configuration import configured_session, isolated_session
from opschecks.aws.proxies import OURS, reach_directly
from opschecks.aws.session import Aws, UnusableProfile
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import redact_text
from tests.canned import stack
from tests.cases import cases
from tests.forks import TIMEOUT_S
from tests.machine import BASE, SSO, STATIC, machine
from tests.scratch import Project


@cases({
    "AWS_PROFILE of another machine": (BASE, {"AWS_PROFILE": "bass"}, {}, ["AWS_PROFILE=bass", "'base'", "unset it"]),
    "the older variable": (BASE, {"AWS_DEFAULT_PROFILE": "x"}, {}, ["AWS_DEFAULT_PROFILE=x: the AWS configuration ("]),
    "an empty AWS_PROFILE": (BASE, {"AWS_PROFILE": ""}, {}, ["AWS_PROFILE is set to nothing", "unset it"]),
    "the stack's profile": (BASE, {}, {"profile": "bass"}, ["stacks.here.profile", "'bass'", "'base'"]),
    "a line that is none": ("[default]\nregion\n", {}, {}, ["config, line 2", "not a valid AWS configuration file"]),
    "a line outside of any section": (f"{STATIC}\n", {}, {}, ["config, line 1", "MissingSectionHeaderError"]),
    "a key told twice": ("[default]\nregion=a\nregion=b\n", {}, {}, ["config, line 3", "DuplicateOptionError"]),
    "a services section that is not there": (
        "[default]\nservices = nowhere\n", {}, {}, ['the "nowhere" services configuration does not exist'],
    ),
    "a number that is none": ("", {"AWS_MAX_ATTEMPTS": "many"}, {}, ["stacks.here: AWS_MAX_ATTEMPTS: ", "'many'"]),
    "another number that is none": (
        "", {"AWS_METADATA_SERVICE_TIMEOUT": "soon"}, {}, ["stacks.here", "AWS configuration is wrong", "'soon'"],
    ),
    "a mode that is none": ("", {"AWS_DEFAULTS_MODE": "fast"}, {}, ["AWS configuration is wrong", "fast"]),
    "certificates that are not there": (
        "", {"AWS_CA_BUNDLE": "/nowhere.pem"}, {}, ["AWS_CA_BUNDLE", "/nowhere.pem, which does not exist"],
    ),
    "certificates of another tool": ("", {"REQUESTS_CA_BUNDLE": "/no.pem"}, {}, ["REQUESTS_CA_BUNDLE names /no.pem"]),
    "a region that is none": ("", {}, {"region": "us west 2"}, ["stacks.here", "us west 2"]),
    "no region": ("", {}, {"region": None}, ["stacks.here.region", "set region = ", "AWS_REGION"]),
    "a region of the environment that is none": ("", {"AWS_REGION": "us west 2"}, {"region": None}, ["us west 2"]),
})  # fmt: skip
def test_what_is_wrong_is_one_line(
    config: str, variables: dict[str, str], keys: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    told = stack().model_copy(update=keys)
    with machine(tmp_path, config, **variables), pytest.raises(UnusableProfile) as refused:
        Aws(told)
    text = str(refused.value)
    assert "\n" not in text
    assert [one for one in words if one not in text] == [], text
    assert "wJalrXUtnFEMI" not in text


REGIONS = {
    "the stack's": ("", {"AWS_REGION": "eu-west-1"}, "us-west-2"),
    "AWS_REGION": ("", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
    "as the AWS CLI, before AWS_DEFAULT_REGION": (
        "",
        {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "a"},
        "eu-west-1",
    ),
    "before the profile's": ("[default]\nregion = eu-north-1\n", {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
    "the profile's, where it is empty": ("[default]\nregion = eu-north-1\n", {"AWS_REGION": ""}, "eu-north-1"),
}


@pytest.mark.parametrize("name", REGIONS)
def test_the_region_is_the_stacks_else_that_of_the_environment(name: str, tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html"""
    config, variables, region = REGIONS[name]
    told = stack() if name == "the stack's" else stack().model_copy(update={"region": None})
    with machine(tmp_path, config, **variables):
        assert configured_session(told).get_config_variable("region") == region


def test_the_credentials_file_is_named_too(tmp_path: Path) -> None:
    with machine(tmp_path):
        (tmp_path / "credentials").write_text("[default\n", encoding="utf-8")
        with pytest.raises(UnusableProfile, match=f"{tmp_path}/credentials, line 1"):
            Aws(stack())


OLD_SSO = """\
[profile old]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-central-1
sso_account_id = 210987654321
sso_role_name = ReadOnly
"""


@cases({
    "nothing at all": ("", {}, {}, ["Unable to locate credentials", "set profile for stacks.here or AWS_PROFILE"]),
    "profiles, and none is named": (f"{BASE}[profile other]\n{STATIC}", {}, {}, ["(there are base, other)"]),
    "a profile without any": (
        "[profile bare]\nregion = us-west-2\n", {}, {"profile": "bare"},
        ["the profile bare of stacks.here has none: aws configure --profile bare"],
    ),
    "single sign-on without a login": (SSO, {}, {"profile": "on-call"}, ["aws sso login --profile on-call"]),
    "single sign-on of AWS_PROFILE": (SSO, {"AWS_PROFILE": "on-call"}, {}, ["aws sso login --profile on-call"]),
    "single sign-on in the older form": (
        OLD_SSO, {}, {"profile": "old"}, ["aws sso login --profile old"],
    ),
    "single sign-on further on in the chain": (
        f"{SSO}[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = on-call\n", {},
        {"profile": "far"}, ["aws sso login --profile on-call"],
    ),
    "single sign-on, then the stack's role": (
        SSO, {}, {"profile": "on-call", "role_arn": "arn:aws:iam::123456789012:role/far"},
        ["aws sso login --profile on-call"],
    ),
    "a token of web identity that is not there": (
        "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/far"}, {},
        ["AWS_WEB_IDENTITY_TOKEN_FILE: /nowhere/token: No such file or directory"],
    ),
    "half a key": ("", {"AWS_ACCESS_KEY_ID": "A"}, {}, ["PartialCredentialsError", "AWS_SECRET_ACCESS_KEY"]),
    "a program that fails": (
        "[profile tool]\ncredential_process = false\n", {}, {"profile": "tool"}, ["CredentialRetrievalError"],
    ),
    "a program that is not there": (
        "[profile tool]\ncredential_process = /no/tool\n", {}, {"profile": "tool"}, ["/no/tool: No such file"],
    ),
    "a source that is not there": (
        "[profile far]\nrole_arn = arn:aws:iam::123456789012:role/far\nsource_profile = nowhere\n", {},
        {"profile": "far"}, ['The source_profile "nowhere" referenced in the profile "far" does not exist'],
    ),
})  # fmt: skip
def test_a_call_that_nobody_signs_says_the_next_step(
    config: str, variables: dict[str, str], keys: dict[str, Any], words: list[str], tmp_path: Path
) -> None:
    with machine(tmp_path, config, **variables), pytest.raises(CouldNotLook) as blind:
        Aws(stack(**keys)).call("sts", "GetCallerIdentity")
    text = redact_text(str(blind.value))
    assert text.startswith("sts:GetCallerIdentity: ")
    assert [one for one in words if one not in text] == [], text


def test_the_login_is_named_on_the_page(project: Project) -> None:
    """End to end: blind, with the command to type, of which redaction takes nothing away."""
    project = Project.of_the_checks(
        project.folder,
        'default = "live"\n[stacks.live]\nregion = "us-west-2"\nprofile = "on-call"\nalarm_prefix = "a"\n',
    )
    project.write("aws-config", SSO)
    ended = project.run("checks/daily", "-k", "no_alarm_is_ringing")
    assert ended.code == 10, ended.all
    assert "aws sso login --profile on-call" in ended.out
    assert "Traceback" not in ended.all


HOSTILE = {
    "AWS_PROFILE": "nosuch",
    "AWS_DEFAULT_REGION": "us west 2",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_ECS": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_DEFAULTS_MODE": "fast",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_DATA_PATH": "/nowhere",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/far",
    "AWS_SDK_UA_APP_ID": "x" * 60,
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "NO_PROXY": "corp.example",
}


def test_the_sandbox_knows_nothing_of_the_machine(tmp_path: Path) -> None:
    """In a new process: moto makes sessions of its own while it is imported."""
    project = Project.of_the_checks(tmp_path)
    project.write("aws-config", "[default]\nregion = us-west-2\nno key and no value\n")
    ended = project.run_fresh("checks/daily", "-q", **HOSTILE)
    assert ended.code == 0, ended.all


@pytest.mark.parametrize("option", ["-n1", "-n0"])
def test_nor_do_the_workers_of_a_run(tmp_path: Path, option: str) -> None:
    project = Project.of_the_checks(tmp_path)
    ended = project.run("checks/daily", "-k", "alarm", option, **HOSTILE)
    assert ended.code == 0, ended.all


def test_nor_does_the_command_that_keeps_one(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    command = [sys.executable, "-m", "opschecks.cli", "sandbox", "--format", "json"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=project.environment(**HOSTILE),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        running.terminate()
        _, errors = running.communicate(timeout=TIMEOUT_S)
    assert first.strip() == "{", errors


def test_laying_out_a_check_needs_no_configuration(project: Project) -> None:
    ended = project.opschecks(
        "new", "observation", "clusters", "--service", "ecs", "--operation", "ListClusters", "--dry-run", **HOSTILE
    )
    assert "nosuch" not in ended.all
    assert "Traceback" not in ended.all


def test_an_isolated_session_has_only_defaults(tmp_path: Path) -> None:
    with machine(
        tmp_path, "[default]\nregion = eu-west-1\n", **{k: v for k, v in HOSTILE.items() if "roxy" not in k.lower()}
    ):
        session = isolated_session()
        assert session.get_scoped_config() == {}
        assert session.get_config_variable("region") is None
        session.set_config_variable("region", "us-west-2")
        client = session.create_client("ecs", aws_access_key_id="a", aws_secret_access_key="b", endpoint_url="http://h")
        assert client.meta.region_name == "us-west-2"


@cases({
    "no proxy": ({}, None),
    "an upper case one": ({"HTTPS_PROXY": "http://p"}, ",".join(OURS)),
    "what counted before stays": ({"http_proxy": "http://p", "NO_PROXY": "corp"}, ",".join(["corp", *OURS])),
    "the lower case one counted": (
        {"http_proxy": "http://p", "NO_PROXY": "corp", "no_proxy": "own, 127.0.0.1"},
        ",".join(["own", "127.0.0.1", *OURS[1:]]),
    ),
    "nothing goes through it": ({"http_proxy": "http://p", "no_proxy": "*"}, "*"),
})  # fmt: skip
def test_no_proxy_comes_between_us_and_this_machine(variables: dict[str, str], wanted: str | None) -> None:
    environment = dict(variables)
    reach_directly(environment)
    assert environment.get("no_proxy") == wanted


def test_instance_credentials_are_fetched_past_a_proxy(tmp_path: Path) -> None:
    from botocore.utils import get_environ_proxies

    with machine(tmp_path, HTTP_PROXY="http://127.0.0.1:9", AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="s"):
        Aws(stack())
        assert get_environ_proxies("http://169.254.169.254/latest/api/token") == {}
        assert get_environ_proxies("http://169.254.170.2/v2/credentials") == {}
        assert get_environ_proxies("https://sts.us-west-2.amazonaws.com")
