"""Whose endpoint each client calls: AWS's in every partition and variant, or another one that must be named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.configuration import configured_session, isolated_session
from opschecks.aws.endpoints import SERVICES, VARIABLE, foreign_client
from opschecks.aws.session import Aws, UnusableProfile
from opschecks.core.observation import CouldNotLook
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
})  # fmt: skip
def test_what_diverts_nothing_is_left_alone(config: str, variables: Any, keys: Any, tmp_path: Path) -> None:
    with machine(tmp_path, config, AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="s", **variables):
        Aws(told(keys)).warm(["sts", "dynamodb"])


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
