"""Answers are read by our quicker parsers as botocore's own read them: whole ones, odd ones, and what is not JSON."""

from __future__ import annotations

import functools
import json
from typing import Any

import botocore.session
import pytest
from botocore.model import ServiceModel, ShapeResolver
from botocore.parsers import PROTOCOL_PARSERS, ResponseParserError
from requests.structures import CaseInsensitiveDict

from opschecks.aws.endpoints import SERVICES
from opschecks.aws.service_models import models
from opschecks.aws.shared_classes import new_session
from tests.cases import cases


@cases([
    ("cloudwatch", {"MetricDataResults": [{"Id": "m", "Timestamps": [1.5, None], "Values": [1.0, None, 2]}]}),
    ("ecs", {"serviceArns": ["a", None], "nextToken": None}),
    ("ecs", {"serviceArns": None}),
    ("ecs", {"serviceArns": []}),
])  # fmt: skip
def test_lists_in_json_are_read_as_botocore_reads_them(service: str, told: dict[str, Any]) -> None:
    plain, ours = botocore.session.Session(), new_session()
    operation = {"cloudwatch": "GetMetricData", "ecs": "ListServices"}[service]
    answers = []
    for session in (plain, ours):
        shape = session.get_service_model(service).operation_model(operation).output_shape
        parser = session.get_component("response_parser_factory").create_parser("json")
        answers.append(parser.parse({"status_code": 200, "headers": {}, "body": json.dumps(told).encode()}, shape))
    assert answers[0] == answers[1]


def read_by_both(service: str, operation: str, body: bytes) -> list[Any]:
    """The answer as botocore's own parser reads it, and as ours does; the error where neither can."""
    model = models_of(service)
    protocol = model.metadata["protocol"]
    answers: list[Any] = []
    for parser in (PROTOCOL_PARSERS[protocol](), _OURS.create_parser(protocol)):
        answer = {"status_code": 200, "headers": CaseInsensitiveDict(), "body": body, "context": {}}
        try:
            answers.append(parser.parse(answer, model.operation_model(operation).output_shape))
        except (ValueError, TypeError, AttributeError, ResponseParserError) as error:
            answers.append((type(error), str(error)))
    return answers


_OURS = new_session().get_component("response_parser_factory")


@functools.cache
def models_of(service: str) -> ServiceModel:
    return ServiceModel(models().load_service_model(service, "service-2"), service)


def filled(shape: Any, left: int = 8) -> Any:
    """An answer with each member, one that is null, and one that the model does not know."""
    kind = shape.type_name
    if kind == "structure":
        members = [*shape.members.items()][: 1 if shape.is_tagged_union else None] if left else []
        written = {one.serialization.get("name", name): filled(one, left - 1) for name, one in members}
        return written if shape.is_tagged_union else {**written, "OfNextYear": {"a": [1]}, "gone": None}
    if kind == "list":
        return [filled(shape.member, left - 1), None] if left else []
    if kind == "map":
        return {"one": filled(shape.value, left - 1)} if left else {}
    scalars = {"timestamp": 1764400000.5, "blob": "aGk=", "boolean": True, "string": "ü", "double": 0.1}
    return scalars.get(kind, 12345678901234567890)


JSON_SERVICES = sorted(one for one in SERVICES if "json" in models_of(one).metadata["protocol"])


@pytest.mark.parametrize("service", JSON_SERVICES)
def test_every_answer_in_json_is_read_as_botocore_reads_it(service: str) -> None:
    model = models_of(service)
    for operation in model.operation_names:
        shape = model.operation_model(operation).output_shape
        if shape is not None and not (shape.serialization.get("payload") or shape.event_stream_name):
            its, ours = read_by_both(service, operation, json.dumps(filled(shape)).encode())
            assert ours == its, operation
            assert isinstance(its, dict), its


@pytest.mark.parametrize("body", [
    b"", b"{}", b"null", b"[]", b"7", b"{", b'{"serviceArns": 5}', b'{"serviceArns": "abc"}',
    b'{"nextToken": "\\ud800"}', b'{"nextToken": NaN}', b'{"nextToken": 1e999}', b'{"nextToken": "\xff"}',
    b'{"nextToken": "a", "nextToken": "b"}', b'{"nextToken": "a", "nextToken": null}', b"\xef\xbb\xbf{}",
    b'{"serviceArns": ' + b"[" * 300 + b"]" * 300 + b"}", b'<html>503</html>', b'{"nextToken": "a"} and more',
])  # fmt: skip
def test_a_body_that_is_not_json_is_reported_as_botocore_reports_it(body: bytes) -> None:
    its, ours = read_by_both("ecs", "ListServices", body)
    assert repr(ours) == repr(its)


def test_members_are_in_the_order_of_the_model() -> None:
    """Evidence is read, and cut, from its beginning; AWS writes members in any order."""
    body = b'{"failures": [], "services": [{"events": [], "status": "ACTIVE", "serviceName": "a", "serviceArn": "b"}]}'
    its, ours = read_by_both("ecs", "DescribeServices", body)
    assert json.dumps(ours, default=str) == json.dumps(its, default=str)
    assert list(ours["services"][0]) == ["serviceArn", "serviceName", "status", "events"]


def test_an_answer_without_a_body_at_all_is_empty() -> None:
    parser: Any = _OURS.create_parser("json")
    assert parser._parse_body_as_json(None) == {}


def test_a_member_may_be_called_otherwise_in_json() -> None:
    shapes = {"Answer": {"type": "structure", "members": {"name": {"shape": "Text", "locationName": "theName"}}}}
    shape = ShapeResolver({**shapes, "Text": {"type": "string"}}).get_shape_by_name("Answer")
    answer = {"status_code": 200, "headers": {}, "body": b'{"theName": "a", "name": "b"}'}
    its, ours = (one.parse(answer, shape) for one in (PROTOCOL_PARSERS["json"](), _OURS.create_parser("json")))
    assert ours == its
    assert ours["name"] == "a"


@pytest.mark.parametrize(
    "told", [{"nextYear": {}}, {}, {"openSearchIntegrationDetails": {}, "nextYear": {}}, {"nextYear": None}, None]
)
def test_a_union_is_read_as_botocore_reads_it(told: Any) -> None:
    """Of one member; what it is called may be of next year."""
    its, ours = read_by_both("logs", "GetIntegration", json.dumps({"integrationDetails": told}).encode())
    assert ours == its


@pytest.mark.parametrize("protocol", ["query", "ec2", "rest-xml"])
def test_answers_in_xml_are_read_by_botocores_own(protocol: str) -> None:
    assert (
        type(new_session().get_component("response_parser_factory").create_parser(protocol))
        is (PROTOCOL_PARSERS[protocol])
    )
