"""Nothing is only true of AWS's commercial partition: names of China, GovCloud and the EU are names too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opschecks.aws.cdn_caching import _is_bucket
from opschecks.aws.cloudfront import _BUCKET
from opschecks.aws.ecr import reference
from opschecks.aws.image_scans import _arn
from opschecks.config.stack import Stack
from tests.scratch import ROOT

SOURCES = [path for room in ("plugins", "checks") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_names_one_partition_in_an_arn(path: Path) -> None:
    assert re.findall(r"arn:aws[\w-]*:", path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso-b"])
def test_a_role_of_any_partition_can_be_assumed(partition: str) -> None:
    role = f"arn:{partition}:iam::123456789012:role/path/opschecks"
    assert Stack(name="here", role_arn=role, flow_log_role=role).role_arn == role


@pytest.mark.parametrize(
    ("image", "known_as"),
    [
        ("1.dkr.ecr.us-west-2.amazonaws.com", "1.dkr.ecr.us-west-2.amazonaws.com"),
        ("1.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "1.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("1.dkr-ecr.us-west-2.on.aws", "1.dkr.ecr.us-west-2.amazonaws.com"),
        ("1.dkr.ecr.cn-north-1.amazonaws.com.cn", "1.dkr.ecr.cn-north-1.amazonaws.com.cn"),
        ("1.dkr.ecr.eusc-de-east-1.amazonaws.eu", "1.dkr.ecr.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_an_image_keeps_its_partition(image: str, known_as: str) -> None:
    found = reference(f"123456789012{image[1:]}/web:v1")
    assert found is not None
    assert _arn(found, "sha256:1f") == f"123456789012{known_as[1:]}/web@sha256:1f"


@pytest.mark.parametrize("domain", ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"])
def test_a_bucket_behind_a_distribution_is_one(domain: str) -> None:
    assert _is_bucket(f"site.s3.region-1.{domain}")
    assert _BUCKET.fullmatch(f"site.s3.region-1.{domain}")
