"""Whose endpoint a client calls: what would divert it, and which hosts are AWS's own."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws.configuration import (
    isolated_session,
)
from opschecks.aws.endpoints import SERVICES, diversion, foreign_client, is_of_aws
from tests.aws.test_machine_properties import session_of
from tests.canned import stack
from tests.cases import cases
from tests.machine import BASE, machine

HERE, THERE = "http://127.0.0.1:5000", "http://127.0.0.1:6000"
S3, EVERY = "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"
LOCAL = f"[services local]\ns3 =\n  endpoint_url = {HERE}\n"
VPC = "https://vpce-1.s3.us-west-2.vpce.amazonaws.com"
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
        f"{LOCAL}[default]\nservices = local\n", {}, "",
        WORDS.format("[services local] of the AWS profile default would divert", "s3", HERE, REMOVE)),
    "services of a profile, and its endpoint_url to the same place": (
        f"[services local]\nsts =\n  endpoint_url = {HERE}\n{BASE}services = local\nendpoint_url = {HERE}\n", {},
        "base", WORDS.format("[services local] of the AWS profile base would divert", "sts", HERE, REMOVE)),
    "endpoint_url of a profile beside its services": (
        f"{LOCAL}{BASE}services = local\nendpoint_url = {THERE}\n", {}, "base",
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


@cases({
    "nothing is set": ("", {}),
    "a VPC endpoint": ("", {S3: VPC}),
    "a VPC endpoint of the profile": (f"[default]\nendpoint_url = {VPC}\n", {}),
    "another service": ("", {"AWS_ENDPOINT_URL_BEDROCK": HERE}),
    "ignored": (f"[default]\nendpoint_url = {HERE}\n", {S3: HERE, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}),
    "an empty variable": ("", {S3: ""}),
})  # fmt: skip
def test_what_diverts_nothing(config: str, variables: dict[str, str], tmp_path: Path) -> None:
    with machine(tmp_path, config, **variables):
        assert diversion(session_of(region="us-west-2"), stack()) == ""
    assert len(SERVICES) == len(set(SERVICES))


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
    (VPC, "us-west-2"): True,
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
    ("no url", "us-west-2"): False,
}


@pytest.mark.parametrize("case", HOSTS, ids=str)
def test_which_hosts_are_aws_own(case: tuple[str, str]) -> None:
    url, region = case
    assert is_of_aws(isolated_session(), url, region) is HOSTS[case]
