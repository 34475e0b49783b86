"""An answer of AWS knows its call, whatever is taken out of it; and how its lists go on."""

from __future__ import annotations

import ast
import copy
import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from opschecks.aws.paging import _LEFT_OUT, Paging, _tables, paging
from opschecks.core.answer import Answer
from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from opschecks.core.redaction import plain
from tests.canned import Aws, stack
from tests.scratch import ROOT

RAW: dict[str, Any] = {
    "services": [{"name": "web", "status": None, "deployments": [{"id": "1", "tags": [[{"Key": "a"}]]}]}],
    "next": {"token": {"value": "2"}},
    "empty": [],
    "nothing": None,
}
CALL = "ecs:DescribeServices"


def told() -> Answer:
    return Answer(copy.deepcopy(RAW), CALL)


LACKING: dict[str, tuple[Callable[[Answer], Any], str]] = {
    "a key": (lambda answer: answer["failures"], r"'failures' \(it has empty, next, nothing, services\)"),
    "null": (lambda answer: answer["nothing"], "'nothing'"),
    "of a mapping": (lambda answer: answer["next"]["token"]["key"], "'key' .it has value"),
    "of a mapping that may be absent": (lambda answer: answer.get("next")["key"], "'key' .it has token"),
    "of a list": (lambda answer: answer["services"][0]["status"], "'status'"),
    "of each": (lambda answer: [one["arn"] for one in answer.get("services")], "'arn'"),
    "of a list of lists": (lambda answer: answer["services"][0]["deployments"][0]["tags"][0][0]["Value"], "'Value'"),
    "of a value": (lambda answer: [one["key"] for one in answer.values() if isinstance(one, Mapping)], "'key'"),
    "of a pair": (lambda answer: dict(answer.items())["next"]["key"], "'key'"),
    "of one that got more": (lambda answer: (answer | {"more": 1})["none"], "'none' .it has empty, more"),
    "of nothing": (lambda _: Answer(call=CALL)["key"], "'key' .it is empty"),
}


@pytest.mark.parametrize(("read", "lacks"), LACKING.values(), ids=LACKING)
def test_what_an_answer_lacks_could_not_be_looked_at(read: Callable[[Answer], Any], lacks: str) -> None:
    with pytest.raises(CouldNotLook, match=f"{CALL}: the answer has no {lacks}"):
        read(told())


def test_what_may_be_absent_is_asked_for_as_of_any_mapping() -> None:
    answer = told()
    assert (answer.get("failures"), answer.get("failures", []), answer.get("nothing", 1)) == (None, [], None)
    assert "nothing" in answer
    assert "failures" not in answer
    assert answer["empty"] == []
    assert list(answer) == list(RAW)
    default: dict[str, Any] = {}
    assert answer.get("failures", default) is default
    assert answer == RAW, "asking changes nothing"


def test_code_that_knows_nothing_of_answers_takes_what_is_lacking_for_a_missing_key() -> None:
    with pytest.raises(KeyError) as caught:
        _ = told()["failures"]
    assert isinstance(caught.value, CouldNotLook)
    assert str(caught.value) == str(caught.value.again()).removesuffix(" (needed for b)")
    assert str(caught.value.again("b")).endswith("(needed for b)")
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), CouldNotLook)


def test_the_same_thing_is_taken_out_again() -> None:
    answer = told()
    assert answer["services"] is answer["services"]
    assert answer["next"]["token"] is answer.get("next")["token"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, dict, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("taken", [True, False], ids=["looked at", "untouched"])
def test_a_copy_is_plain(copied: Callable[[Answer], Any], taken: bool) -> None:
    answer = told()
    if taken:
        _ = answer["services"][0]["deployments"][0]["tags"]
    made = copied(answer)
    assert type(made) is dict
    assert made == RAW


def test_a_deep_copy_is_plain_all_the_way_down() -> None:
    answer = told()
    _ = answer["services"][0]["deployments"][0], answer["next"]["token"]
    made = copy.deepcopy(answer)
    assert {type(one) for one in (made["services"], made["empty"])} == {list}
    assert {type(one) for one in (made["services"][0], made["next"], made["next"]["token"])} == {dict}
    made["next"]["token"]["value"] = "3"
    assert answer == RAW


def test_an_answer_is_evidence_as_any_mapping_is() -> None:
    answer = told()
    _ = answer["services"][0]["deployments"]
    assert json.loads(json.dumps(answer)) == RAW
    assert type(plain(answer)) is dict
    assert plain(answer) == plain(RAW)

    @dataclass
    class Kept:
        evidence: Mapping[str, Any]

    assert asdict(Kept(answer)) == {"evidence": RAW}


def test_evidence_that_got_more_still_knows_its_call() -> None:
    aws = Aws({("elbv2", "DescribeTargetGroups"): {"TargetGroups": [{"TargetGroupName": "web"}]}})
    [raw] = aws.items("elbv2", "DescribeTargetGroups", "TargetGroups")
    seen = Resource(arn="web", name="web", evidence=raw | {"Attributes": []})
    assert seen.evidence["Attributes"] == []
    with pytest.raises(CouldNotLook, match="elasticloadbalancing:DescribeTargetGroups: the answer has no 'Port'"):
        _ = seen.evidence["Port"]


def _asked() -> set[tuple[str, str]]:
    """Service and operation of every list that the package reads."""
    found = set()
    for path in (ROOT / "plugins" / "opschecks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and len(node.args) >= 2:
                named = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
                if node.func.attr in ("pages", "items") and len(named) == 2:
                    found.add((str(named[0]), str(named[1])))
    return found


def test_every_list_that_is_read_has_pages() -> None:
    asked = _asked()
    assert len(asked) > 25
    for service, operation in sorted(asked):
        assert paging(service, operation).asked
    assert set(_LEFT_OUT) <= asked


@pytest.mark.parametrize(("service", "operation"), _LEFT_OUT)
def test_what_is_told_by_hand_botocore_does_not_know(service: str, operation: str) -> None:
    assert operation not in _tables(service)


def test_what_has_no_pages_is_not_asked_for_them() -> None:
    aws = Aws({})
    for service, operation in (("sts", "GetCallerIdentity"), ("nosuchservice", "List")):
        with pytest.raises(TypeError, match=f"{service} {operation}: botocore has no paginator"):
            aws.items(service, operation, "Things")
    assert not aws.calls


VERSIONS = {"Versions": [{"Key": "a", "VersionId": "1"}]}


def test_a_next_page_may_have_two_names() -> None:
    pages: list[Any] = [{**VERSIONS, "IsTruncated": True, "NextKeyMarker": "a", "NextVersionIdMarker": "1"}, VERSIONS]
    aws = Aws({("s3", "ListObjectVersions"): pages})
    assert len(aws.items("s3", "ListObjectVersions", "Versions", Bucket="b")) == 2
    assert aws.parameters_of("ListObjectVersions") == [
        {"Bucket": "b"},
        {"Bucket": "b", "KeyMarker": "a", "VersionIdMarker": "1"},
    ]


def test_a_service_that_says_that_it_is_the_last_page_is_believed() -> None:
    aws = Aws({("s3", "ListObjectVersions"): {**VERSIONS, "IsTruncated": False, "NextKeyMarker": "a"}})
    assert len(aws.items("s3", "ListObjectVersions", "Versions", Bucket="b")) == 1


def test_more_pages_without_the_name_of_the_next_are_not_the_end() -> None:
    aws = Aws({("s3", "ListObjectVersions"): {**VERSIONS, "IsTruncated": True}})
    with pytest.raises(CouldNotLook, match=r"s3:ListBucketVersions: IsTruncated is true, but NextKeyMarker is missing"):
        aws.items("s3", "ListObjectVersions", "Versions", Bucket="b")


def test_a_name_may_lie_deeper_in_the_answer() -> None:
    how = paging("cloudfront", "ListInvalidations")
    assert how.following({"InvalidationList": {"IsTruncated": True, "NextMarker": "m"}}) == {"Marker": "m"}
    assert how.following({"InvalidationList": {"IsTruncated": False}}) == {}
    assert Paging(("Marker",), ("NextMarker",)).following({}) == {}


def test_a_page_that_lacks_its_list_is_not_an_empty_one() -> None:
    aws = Aws({("ecs", "ListTasks"): [{"taskArns": ["a"], "nextToken": "2"}, {}]}, stack())
    with pytest.raises(CouldNotLook, match="ecs:ListTasks: the answer has no 'taskArns'"):
        aws.items("ecs", "ListTasks", "taskArns", cluster="prod")


def test_a_next_page_with_one_name_does_not_keep_the_last_ones_second() -> None:
    """S3 continues after the last version of a key, or after a key: then there is no version to continue after."""
    told = {"Name": "b", "IsTruncated": True, "Versions": []}
    pages = [
        {**told, "NextKeyMarker": "a", "NextVersionIdMarker": "1"},
        {**told, "NextKeyMarker": "b"},
        {**told, "IsTruncated": False},
    ]
    aws = Aws({("s3", "ListObjectVersions"): pages})
    assert len(list(aws.pages("s3", "ListObjectVersions", Bucket="b", Prefix="p"))) == 3
    assert aws.parameters_of("ListObjectVersions") == [
        {"Bucket": "b", "Prefix": "p"},
        {"Bucket": "b", "Prefix": "p", "KeyMarker": "a", "VersionIdMarker": "1"},
        {"Bucket": "b", "Prefix": "p", "KeyMarker": "b"},
    ]
