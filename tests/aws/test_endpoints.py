"""Whose endpoint each client calls: AWS's in every partition and variant, or another one that must be named."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.configuration import configured_session, isolated_session
from opschecks.aws.endpoints import SERVICES, VARIABLE, diversion, foreign_client, is_of_aws
from opschecks.aws.session import Aws, UnusableProfile
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.environment import CREDENTIALS
from tests.aws.test_machine_properties import session_of
from tests.canned import Raw, stack
from tests.cases import cases
from tests.machine import BASE, machine
from tests.scratch import ROOT, Project

HERE = "http://127.0.0.1:5000"
VPC = "https://vpce-0abc-1x2y.dynamodb.us-west-2.vpce.amazonaws.com"
LOCAL = f"[services local]\ndynamodb =\n  endpoint_url = {HERE}\n"


def told(keys: Raw) -> Any:
    """A stack with a region, unless the keys have another."""
    return stack(**keys) if "region" not in keys else stack().model_copy(update=keys)


@cases({
    "one service's variable": ("", {"AWS_ENDPOINT_URL_DYNAMODB": HERE}, {}, "AWS_ENDPOINT_URL_DYNAMODB is set"),
    "that of a service with a long name": (
        "", {"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2": HERE}, {}, "elbv2 would go to http://127.0.0.1:5000",
    ),
    "every service's variable": ("", {"AWS_ENDPOINT_URL": HERE}, {}, "AWS_ENDPOINT_URL is set and would divert"),
    "endpoint_url of the profile": (
        f"{BASE}endpoint_url = {HERE}\n", {}, {"profile": "base"}, "endpoint_url of the AWS profile base would divert",
    ),
    "endpoint_url of AWS_PROFILE's": (
        f"{BASE}endpoint_url = {HERE}\n", {"AWS_PROFILE": "base"}, {}, "endpoint_url of the AWS profile base",
    ),
    "a services section": (
        f"{LOCAL}{BASE}services = local\n", {}, {"profile": "base"},
        "[services local] of the AWS profile base would divert calls from AWS: dynamodb",
    ),
    "the variable comes before the profile": (
        f"{LOCAL}{BASE}services = local\n", {"AWS_ENDPOINT_URL": "http://localhost:1"}, {"profile": "base"},
        "AWS_ENDPOINT_URL is set and would divert calls from AWS: sts would go to http://localhost:1",
    ),
    "one service's variable comes before all others": (
        "", {"AWS_ENDPOINT_URL": VPC, "AWS_ENDPOINT_URL_EC2": HERE}, {}, "AWS_ENDPOINT_URL_EC2",
    ),
    "an emulator on a machine of AWS": (
        "", {"AWS_ENDPOINT_URL_S3": "http://ec2-1-2-3-4.us-west-2.compute.amazonaws.com:4566"}, {},
        "AWS_ENDPOINT_URL_S3",
    ),
    "a balancer of our own": (
        "", {"AWS_ENDPOINT_URL_S3": "https://proxy-123.us-west-2.elb.amazonaws.com"}, {}, "AWS_ENDPOINT_URL_S3",
    ),
    "somebody's service behind PrivateLink": (
        "", {"AWS_ENDPOINT_URL_S3": "https://vpce-1.vpce-svc-0abc.us-west-2.vpce.amazonaws.com"}, {},
        "AWS_ENDPOINT_URL_S3",
    ),
    "a name that only ends like AWS's": (
        "", {"AWS_ENDPOINT_URL_S3": "https://s3.notamazonaws.com"}, {}, "AWS_ENDPOINT_URL_S3",
    ),
    "another partition": (
        "", {"AWS_ENDPOINT_URL_S3": "https://s3.us-west-2.amazonaws.com"}, {"region": "cn-north-1"},
        "AWS_ENDPOINT_URL_S3",
    ),
    "where credentials are fetched": ("", {"AWS_ENDPOINT_URL_SSO": HERE}, {}, "AWS_ENDPOINT_URL_SSO"),
})  # fmt: skip
def test_what_diverts_calls_is_refused_by_name(
    config: str, variables: Any, keys: Any, words: str, tmp_path: Path
) -> None:
    with machine(tmp_path, config, **variables), pytest.raises(UnusableProfile, match=re.escape(words)):
        Aws(told(keys))


@cases({
    "nothing is set": ("", {}, {}),
    "a VPC endpoint": ("", {"AWS_ENDPOINT_URL_DYNAMODB": VPC}, {}),
    "a VPC endpoint of the profile": (
        f"[services vpc]\ndynamodb =\n  endpoint_url = {VPC}\n{BASE}services = vpc\n", {}, {"profile": "base"},
    ),
    "a VPC endpoint of the default profile": (f"[default]\nendpoint_url = {VPC}\n", {}, {}),
    "configured endpoints of both kinds are ignored": (
        f"[default]\nendpoint_url = {HERE}\n",
        {"AWS_ENDPOINT_URL_S3": HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, {},
    ),
    "a FIPS endpoint": ("", {"AWS_ENDPOINT_URL_STS": "https://sts-fips.us-west-2.amazonaws.com"}, {}),
    "a service that is not ours": ("", {"AWS_ENDPOINT_URL_BEDROCK": HERE}, {}),
    "configured endpoints are ignored": (
        "", {"AWS_ENDPOINT_URL_DYNAMODB": HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, {},
    ),
    "ignored by the profile": (
        f"{BASE}endpoint_url = {HERE}\nignore_configured_endpoint_urls = true\n", {}, {"profile": "base"},
    ),
    "the stack's own endpoint_url": ("", {"AWS_ENDPOINT_URL_DYNAMODB": "http://localhost:9"}, {"endpoint_url": HERE}),
    "another profile's endpoint_url": (
        f"{BASE}[profile local]\nendpoint_url = {HERE}\n", {}, {"profile": "base"},
    ),
    "an empty variable": ("", {"AWS_ENDPOINT_URL": ""}, {}),
    "an empty variable of a service": ("", {"AWS_ENDPOINT_URL_S3": ""}, {}),
})  # fmt: skip
def test_what_diverts_nothing_is_left_alone(config: str, variables: Any, keys: Any, tmp_path: Path) -> None:
    with machine(tmp_path, config, AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="s", **variables):
        Aws(told(keys)).warm(["sts", "dynamodb"])
    assert len(SERVICES) == len(set(SERVICES))


def test_a_client_of_users_own_calls_nobody_else_either(tmp_path: Path) -> None:
    """Only known once it is made: opschecks has none of that service."""
    with machine(tmp_path, AWS_ENDPOINT_URL_KINESIS=HERE, AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="s"):
        live = Aws(stack())
        with pytest.raises(CouldNotLook, match=f"AWS_ENDPOINT_URL_KINESIS is set .* kinesis would go to {HERE}"):
            live.call("kinesis", "ListStreams")


REGIONS = ["us-west-2", "us-east-1", "me-central-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1", "us-iso-east-1"]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("variant", ["", "FIPS", "DUALSTACK", "FIPS,DUALSTACK"])
def test_aws_own_endpoints_pass(region: str, variant: str, tmp_path: Path) -> None:
    variables = {f"AWS_USE_{one}_ENDPOINT": "true" for one in variant.split(",") if one}
    with machine(tmp_path, **variables):
        here = told({"region": region})
        session = configured_session(here)
        for service in ("sts", "dynamodb", "s3", "iam", "ecr"):
            client = session.create_client(service, aws_access_key_id="a", aws_secret_access_key="b")
            assert not foreign_client(session, client, here), client.meta.endpoint_url


def test_every_client_that_is_made_is_looked_at() -> None:
    """The services of all calls in the source are in the list; a new one has to be added."""
    called = re.compile(r'(?:(?:\.(?:call|pages|items|send|client)|Request)\(\s*|SERVICE = )"([a-z][a-z0-9-]+)",?')
    files = [*(ROOT / "plugins" / "opschecks").rglob("*.py"), *(ROOT / "checks").rglob("*.py")]
    source = [path.read_text(encoding="utf-8") for path in files if "sandbox" not in path.parts]
    known = set(isolated_session().get_available_services())
    assert {name for text in source for name in called.findall(text)} & known <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_the_variable_of_a_service_is_the_one_that_aws_documents(service: str, tmp_path: Path) -> None:
    """AWS_ENDPOINT_URL_ and the service's id: docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html."""
    identity = isolated_session().get_service_model(service).service_id
    name = f"{VARIABLE}_{identity.upper().replace(' ', '_').replace('-', '_')}"
    with machine(tmp_path, **{name: HERE}), pytest.raises(UnusableProfile, match=f"{name} is set"):
        Aws(stack())


@pytest.mark.parametrize("source", ["AWS_ENDPOINT_URL_ECS", "endpoint_url of the AWS profile default"])
def test_a_run_and_a_command_end_before_anything_is_called(project: Project, source: str) -> None:
    variables = {source: HERE} if source.startswith("AWS") else {}
    project.write("aws-config", "" if variables else f"[default]\nendpoint_url = {HERE}\n")
    project.checks('@promise("a")\ndef test_a(things, examine):\n    """Why."""\n')
    ended = project.run("checks/daily", **variables)
    assert ended.code == 4, ended.all
    assert f"stacks.here: {source}" in ended.err
    (project.folder / "stacks.toml").write_text(
        (project.folder / "stacks.toml").read_text(encoding="utf-8") + 'state = "s3://ops/state"\n', encoding="utf-8"
    )
    asked = project.opschecks("journal", "--stack", "here", **variables)
    assert asked.code == 1
    assert f"stacks.here: {source}" in asked.err
    assert len(asked.err.strip().splitlines()) == 1, asked.err


def test_what_cannot_be_reached_says_what_to_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCHECKS_SANDBOX", "{}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        named = Stack(name="s", sandbox=True, limits={"aws_attempts": 1})
        aws = Aws(named.model_copy(update={"region": "us-west-2", "endpoint_url": url}), CREDENTIALS)
        with pytest.raises(CouldNotLook, match="OPSCHECKS_SANDBOX names a sandbox that does not run: unset it"):
            aws.call("sts", "GetCallerIdentity")


THERE = "http://127.0.0.1:6000"
S3, EVERY = "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"
LOCAL_S3 = f"[services local]\ns3 =\n  endpoint_url = {HERE}\n"
WORDS = "stacks.here: {} calls from AWS: {} would go to {}; {}, or set endpoint_url for this stack"
UNSET, REMOVE = "unset it", "remove it, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"


@cases({
    "the variable of a service": (
        "", {S3: HERE}, "", WORDS.format(f"{S3} is set and would divert", "s3", HERE, UNSET)),
    "the variable of all": (
        "", {EVERY: HERE}, "", WORDS.format(f"{EVERY} is set and would divert", "sts", HERE, UNSET)),
    "both, to one place": (
        "", {EVERY: HERE, "AWS_ENDPOINT_URL_STS": HERE}, "",
        WORDS.format("AWS_ENDPOINT_URL_STS is set and would divert", "sts", HERE, UNSET)),
    "both, and that of the service is AWS's": (
        "", {EVERY: HERE, "AWS_ENDPOINT_URL_STS": "https://sts.us-west-2.amazonaws.com"}, "",
        WORDS.format(f"{EVERY} is set and would divert", "sso", HERE, UNSET)),
    "the default profile": (
        f"[default]\nendpoint_url = {HERE}\n", {}, "",
        WORDS.format("endpoint_url of the AWS profile default would divert", "sts", HERE, REMOVE)),
    "a named profile": (
        f"{BASE}endpoint_url = {HERE}\n", {}, "base",
        WORDS.format("endpoint_url of the AWS profile base would divert", "sts", HERE, REMOVE)),
    "services of the default profile": (
        f"{LOCAL_S3}[default]\nservices = local\n", {}, "",
        WORDS.format("[services local] of the AWS profile default would divert", "s3", HERE, REMOVE)),
    "services of a profile, and its endpoint_url to the same place": (
        f"[services local]\nsts =\n  endpoint_url = {HERE}\n{BASE}services = local\nendpoint_url = {HERE}\n", {},
        "base", WORDS.format("[services local] of the AWS profile base would divert", "sts", HERE, REMOVE)),
    "endpoint_url of a profile beside its services": (
        f"{LOCAL_S3}{BASE}services = local\nendpoint_url = {THERE}\n", {}, "base",
        WORDS.format("endpoint_url of the AWS profile base would divert", "sts", THERE, REMOVE)),
    "a variable and a profile": (
        f"{BASE}endpoint_url = {HERE}\n", {S3: THERE}, "base",
        WORDS.format("endpoint_url of the AWS profile base would divert", "sts", HERE, REMOVE)),
})  # fmt: skip
def test_what_would_divert_calls_is_named(
    config: str, variables: dict[str, str], profile: str, says: str, tmp_path: Path
) -> None:
    with machine(tmp_path, config, **variables):
        session = session_of(region="us-west-2", **({"profile": profile} if profile else {}))
        assert diversion(session, stack()) == says
        assert diversion(session, stack(endpoint_url=HERE)) == ""


def client(url: str, service: str = "s3", region: str = "us-west-2") -> Any:
    model = SimpleNamespace(service_name=service)
    return SimpleNamespace(meta=SimpleNamespace(endpoint_url=url, service_model=model, region_name=region))


def test_a_client_calls_whoever_its_endpoint_is_of(tmp_path: Path) -> None:
    with machine(tmp_path, **{S3: HERE}):
        session = session_of(region="us-west-2")
        says = WORDS.format(f"{S3} is set and would divert", "s3", HERE, UNSET)
        assert foreign_client(session, client(HERE), stack()) == says
        assert foreign_client(session, client(HERE), stack(endpoint_url=HERE)) == ""
        assert foreign_client(session, client("https://s3.us-west-2.amazonaws.com"), stack()) == ""
        china = "https://s3.cn-north-1.amazonaws.com.cn"
        assert "s3 would go to https://s3.cn-north-1" in foreign_client(session, client(china), stack())
        # what nobody configures is botocore's own, of whichever partition
        assert foreign_client(session, client(china, "sqs"), stack()) == ""
        unknown = WORDS.format("the AWS configuration would divert", "sqs", THERE, REMOVE)
        assert foreign_client(session, client(THERE, "sqs"), stack()) == unknown


HOSTS: dict[tuple[str, str], bool] = {
    ("https://s3.us-west-2.amazonaws.com", "us-west-2"): True,
    ("https://S3.US-WEST-2.AMAZONAWS.COM", "us-west-2"): True,
    ("https://s3.dualstack.us-west-2.api.aws", "us-west-2"): True,
    ("https://sts-fips.us-west-2.amazonaws.com", "us-west-2"): True,
    ("https://vpce-1.s3.us-west-2.vpce.amazonaws.com", "us-west-2"): True,
    ("https://amazonaws.com", "us-west-2"): False,
    ("https://notamazonaws.com", "us-west-2"): False,
    ("https://amazonaws.com.example", "us-west-2"): False,
    ("https://s3.cn-north-1.amazonaws.com.cn", "us-west-2"): False,
    ("https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1"): True,
    ("https://s3.us-west-2.amazonaws.com", "cn-north-1"): False,
    ("https://s3.cn-north-1.amazonaws.com.cn", ""): True,
    ("https://s3.us-west-2.amazonaws.com", ""): True,
    ("https://s3.us-future-9.amazonaws.com", "us-future-9"): True,
    ("https://s3.moon-1.amazonaws.com", "moon-1"): True,
    ("https://s3.moon-1.amazonaws.com.cn", "moon-1"): False,
    ("https://s3.cn-future-9.amazonaws.com.cn", "cn-future-9"): True,
    ("https://web-1.us-west-2.elb.amazonaws.com", "us-west-2"): False,
    ("https://ec2-1-2-3-4.us-west-2.compute.amazonaws.com", "us-west-2"): False,
    ("https://ec2-1-2-3-4.compute-1.amazonaws.com", "us-east-1"): False,
    ("https://abc.execute-api.us-west-2.amazonaws.com", "us-west-2"): False,
    ("https://abc.lambda-url.us-west-2.on.aws", "us-west-2"): False,
    ("https://vpce-1.vpce-svc-0abc.us-west-2.vpce.amazonaws.com", "us-west-2"): False,
    ("https://bucket.s3-website-us-west-2.amazonaws.com", "us-west-2"): False,
    ("https://db.abc.us-west-2.rds.amazonaws.com", "us-west-2"): False,
    ("https://db.abc.rds.cn-north-1.amazonaws.com.cn", "cn-north-1"): False,
    ("https://rds.us-west-2.amazonaws.com", "us-west-2"): True,
    ("https://rds.cn-north-1.amazonaws.com.cn", "cn-north-1"): True,
    ("https://vpce-1.rds.us-west-2.vpce.amazonaws.com", "us-west-2"): True,
    ("https://vpce-1.execute-api.us-west-2.vpce.amazonaws.com", "us-west-2"): False,
    ("no url", "us-west-2"): False,
}


@pytest.mark.parametrize("case", HOSTS, ids=str)
def test_which_hosts_are_aws_own(case: tuple[str, str]) -> None:
    url, region = case
    assert is_of_aws(isolated_session(), url, region) is HOSTS[case]
