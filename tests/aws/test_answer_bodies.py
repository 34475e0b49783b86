"""An answer without a body was no answer, also where everything in it may be absent."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest

from opschecks.aws.answer_bodies import require_bodies
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


PAGE = (
    "the answer is a page of HTML, which AWS does not send: a proxy or a sign-in page is in its place; "
    "check HTTPS_PROXY and the network"
)
NONE = "the answer has no body"


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


@cases({
    "what AWS says": ("s3", "GetBucketVersioning", 200, b"<VersioningConfiguration/>", ""),
    "nothing": ("s3", "GetBucketVersioning", 200, b"", f"s3:GetBucketVersioning: {NONE}"),
    "blanks": ("s3", "GetBucketVersioning", 200, b" \n", f"s3:GetBucketVersioning: {NONE}"),
    "nothing, of JSON": ("ecs", "ListTasks", 200, b"", f"ecs:ListTasks: {NONE}"),
    "nothing, in an error": ("ecs", "ListTasks", 500, b"", ""),
    "a page in an error": ("ecs", "ListTasks", 503, b"<html>", ""),
    "nothing, where all is told in headers": ("s3", "HeadObject", 200, b"", ""),
    "nothing, where some is told in headers": (
        "s3",
        "GetObjectAttributes",
        200,
        b"",
        f"s3:GetObjectAttributes: {NONE}",
    ),
    "nothing, of what answers nothing": ("sqs", "DeleteQueue", 200, b"", ""),
    "a page, of what answers nothing": ("sqs", "DeleteQueue", 200, b"<html>", ""),
    "a stream": ("s3", "GetObject", 200, SimpleNamespace(), ""),
    "a page": ("ec2", "DescribeVpcs", 200, b"\n <HTML lang='en'>", f"ec2:DescribeVpcs: {PAGE}"),
    "a page that says its type": ("iam", "ListUsers", 200, b"<!DOCTYPE html><p>", f"iam:ListUsers: {PAGE}"),
    "what only begins like a page": ("iam", "ListUsers", 200, b"<htmlish/>", ""),
    "a page within": ("iam", "ListUsers", 200, b"<a><html></a>", ""),
})  # fmt: skip
def test_which_bodies_are_no_answer(service: str, operation: str, status: int, body: Any, refused: str) -> None:
    model = _model(service)
    registered: list[Any] = []
    events = SimpleNamespace(register=lambda name, look, unique_id: registered.append((name, look)))
    require_bodies(SimpleNamespace(meta=SimpleNamespace(service_model=model, events=events)))
    [(name, look)] = registered
    assert name == "before-parse"
    answer = {"status_code": status, "body": body}
    if refused:
        with pytest.raises(CouldNotLook) as caught:
            look(operation_model=model.operation_model(operation), response_dict=answer, customized_response_dict={})
        assert str(caught.value) == refused
    else:
        look(operation_model=model.operation_model(operation), response_dict=answer, customized_response_dict={})
