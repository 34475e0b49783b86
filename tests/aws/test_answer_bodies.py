"""An answer without a body was no answer, also where everything in it may be absent."""

from __future__ import annotations

import pytest

from opschecks.core.observation import CouldNotLook
from tests.aws.test_clock_skew import answering
from tests.cases import cases

S3 = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def status(body: str) -> object:
    return answering("s3", 200, {}, body.encode()).call("s3", "GetBucketVersioning", Bucket="b").get("Status")


def test_a_bucket_that_never_had_versions_is_answered_with_an_empty_element() -> None:
    assert status(f"<VersioningConfiguration {S3}/>") is None
    assert (
        status(f'<?xml version="1.0" encoding="UTF-8"?>\n<VersioningConfiguration {S3}></VersioningConfiguration>')
        is None
    )
    assert status(f"<VersioningConfiguration {S3}><Status>Enabled</Status></VersioningConfiguration>") == "Enabled"


def test_nothing_is_no_versioning_configuration() -> None:
    with pytest.raises(CouldNotLook, match="s3:GetBucketVersioning: the answer has no body"):
        status("")


@cases([
    ("s3", "ListObjectsV2", {"Bucket": "b"}), ("cloudwatch", "DescribeAlarms", {}), ("ecs", "ListTasks", {}),
    ("ec2", "DescribeVpcs", {}), ("iam", "ListUsers", {}), ("cloudfront", "ListDistributions", {}),
])  # fmt: skip
def test_an_empty_body_is_none_in_every_protocol(service: str, operation: str, given: dict[str, str]) -> None:
    with pytest.raises(CouldNotLook, match="the answer has no body"):
        answering(service, 200, {}, b"").call(service, operation, **given)


def test_what_is_told_in_headers_alone_has_no_body() -> None:
    headers = {"Content-Length": "7", "ETag": '"e"'}
    assert answering("s3", 200, headers, b"").call("s3", "HeadObject", Bucket="b", Key="k")["ContentLength"] == 7
