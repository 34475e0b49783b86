"""Pages of a list: to the last one, within the budget, by botocore's tokens and those that it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.paging import Paging, paging
from opschecks.core.observation import CouldNotLook
from tests.aws.test_session_parts import _aws
from tests.canned import pages_of


def _pages(*tables: list[str], token: str | None = None, **keys: Any) -> Any:
    told = pages_of("TableNames", *tables, token="LastEvaluatedTableName")
    if token:
        told[-1]["LastEvaluatedTableName"] = token
    return _aws(*told, **keys)


def test_pages_are_read_to_the_last_one_within_the_budget() -> None:
    aws, shared = _pages(["a"], [], ["b"])
    assert aws.items("dynamodb", "ListTables", "TableNames", Limit=1) == ["a", "b"]
    asked = [parameters for _, parameters in shared.asked]
    assert asked == [
        {"Limit": 1},
        {"Limit": 1, "ExclusiveStartTableName": "2"},
        {"Limit": 1, "ExclusiveStartTableName": "3"},
    ]
    aws, _ = _pages(["a"], ["b"], limits={"pages": 2})
    assert aws.items("dynamodb", "ListTables", "TableNames") == ["a", "b"]
    aws, _ = _pages(["a"], ["b"], token="3", limits={"pages": 2})
    cut = r"dynamodb:ListTables: cut short after 2 pages \(limit pages\); later pages were not read"
    with pytest.raises(CouldNotLook, match=cut):
        aws.items("dynamodb", "ListTables", "TableNames")
    aws, _ = _pages(["a"], ["b"], token="2")
    with pytest.raises(CouldNotLook, match="dynamodb:ListTables: the same next page was named twice"):
        aws.items("dynamodb", "ListTables", "TableNames")
    assert len(aws.calls) == 2
    aws, _ = _aws({})
    with pytest.raises(CouldNotLook, match="no 'TableNames'"):
        aws.items("dynamodb", "ListTables", "TableNames")
    aws, _ = _aws({"Buckets": [], "IsTruncated": True})
    with pytest.raises(CouldNotLook, match=r"is true, but .* is missing"):
        list(aws.pages("s3", "ListObjectsV2", Bucket="b"))


def test_a_part_of_a_token_that_a_page_does_not_give_again_is_asked_no_more() -> None:
    first = {"IsTruncated": True, "NextRecordName": "a", "NextRecordType": "A", "NextRecordIdentifier": "i"}
    second = {"IsTruncated": True, "NextRecordName": "b", "NextRecordType": "A"}
    aws, shared = _aws(first, second, {"IsTruncated": False})
    assert len(list(aws.pages("route53", "ListResourceRecordSets"))) == 3
    assert [parameters for _, parameters in shared.asked] == [
        {},
        {"StartRecordName": "a", "StartRecordType": "A", "StartRecordIdentifier": "i"},
        {"StartRecordName": "b", "StartRecordType": "A"},
    ]


def test_pages_are_asked_for_by_botocores_tables_and_by_those_that_it_lacks() -> None:
    assert paging("dynamodb", "ListTables") == Paging(("ExclusiveStartTableName",), ("LastEvaluatedTableName",))
    several = paging("route53", "ListResourceRecordSets")
    assert len(several.asked) == len(several.answered) == 3
    assert several.more == "IsTruncated"
    assert paging("ecs", "ListServiceDeployments") == Paging(("nextToken",), ("nextToken",))
    for service, operation in (("ecs", "DescribeServices"), ("nobody", "ListThings")):
        with pytest.raises(TypeError, match=f"{service} {operation}: botocore has no paginator"):
            paging(service, operation)


def test_what_follows_a_page_is_in_its_tokens_unless_it_says_that_nothing_does() -> None:
    how = Paging(("A", "B"), ("a", "inner.b"), "more")
    assert how.following({"more": True, "a": "1", "inner": {"b": "2"}}) == {"A": "1", "B": "2"}
    assert how.following({"more": True, "inner": {"b": "2"}}) == {"B": "2"}
    assert how.following({"more": False, "a": "1"}) == {}
    assert how.following({"a": "1"}) == {"A": "1"}
    assert how.following({}) == {}
    with pytest.raises(ValueError, match="more is true, but a is missing"):
        how.following({"more": True})
    assert Paging(("A",), ("a",)).following({"more": False, "a": "1"}) == {"A": "1"}
