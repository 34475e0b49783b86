"""A restored table's items beside those of its source: what time explains, and what is lost."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from opschecks.core.observation import CouldNotLook
from opschecks.drills.table_items import ATTEMPTS, ItemDigest, TablePart, compare, fetch, read_part
from tests.canned import NOW, Aws

BACKUP = NOW - timedelta(days=2)


def item(key: str, digest: str = "d", days: float | None = None) -> ItemDigest:
    return ItemDigest({"id": {"S": key}}, digest, None if days is None else NOW - timedelta(days=days))


def part(*items: ItemDigest, whole: bool = True) -> TablePart:
    return TablePart({str(one.key): one for one in items}, whole)


ITEMS: dict[str, tuple[list[ItemDigest], list[ItemDigest], dict[str, int]]] = {
    "the same": ([item("a")], [item("a")], {"same": 1}),
    "changed since": ([item("a", "new")], [item("a", "old")], {"changed": 1}),
    "deleted since": ([], [item("a")], {"gone": 1}),
    "made since": ([item("a", days=1)], [], {"newer": 1}),
    "older, and lost": ([item("a", days=3)], [], {"lost": 1}),
    "made as the backup was, give or take a clock": ([item("a", days=2.001)], [], {"newer": 1}),
    "of no known age": ([item("a")], [], {"unexplained": 1}),
    "nothing at all": ([], [], {}),
}


@pytest.mark.parametrize(("source", "restored", "counts"), ITEMS.values(), ids=ITEMS)
def test_items(source: list[ItemDigest], restored: list[ItemDigest], counts: dict[str, int]) -> None:
    told = compare(part(*source), part(*restored), BACKUP, in_source={}, in_restored={})
    kinds = ("same", "changed", "gone", "newer", "lost", "unexplained")
    assert {kind: getattr(told, kind) for kind in kinds if getattr(told, kind)} == counts
    assert told.total == sum(counts.values())


def test_what_a_sample_lacks_is_looked_up_on_the_other_side() -> None:
    there = {str(item("a").key): item("a")}
    told = compare(part(item("a"), whole=False), part(whole=False), BACKUP, in_source={}, in_restored=there)
    assert (told.same, told.unexplained, told.whole) == (1, 0, False)


def test_sets_have_no_order_and_no_content_is_kept() -> None:
    one = {"id": {"S": "a"}, "tags": {"SS": ["x", "y"]}, "blob": {"B": b"secret"}}
    other = {"id": {"S": "a"}, "tags": {"SS": ["y", "x"]}, "blob": {"B": b"secret"}}
    pages: list[dict[str, Any]] = [{"Items": [one], "Count": 1}, {"Items": [other], "Count": 1}]
    aws = Aws({("dynamodb", "Scan"): pages})
    first = read_part(aws, "t-1", ["id"], "", most=9, whole=True)
    second = read_part(aws, "t-1", ["id"], "", most=9, whole=True)
    assert first == second
    assert "secret" not in repr(first)


def test_a_scan_that_is_cut_is_not_all_of_it_and_one_that_says_nothing_is_not_seen() -> None:
    more = {"Items": [{"id": {"S": "a"}}], "LastEvaluatedKey": {"id": {"S": "a"}}}
    assert not read_part(Aws({("dynamodb", "Scan"): more}), "t-1", ["id"], "", most=1, whole=False).whole
    with pytest.raises(CouldNotLook, match="the answer has no 'Items'"):
        read_part(Aws({("dynamodb", "Scan"): {}}), "t-1", ["id"], "", most=1, whole=False)


def test_keys_left_unprocessed_are_asked_again_and_never_taken_for_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    left = {"t-1": {"Keys": [{"id": {"S": "a"}}]}}
    found = {"Responses": {"t-1": [{"id": {"S": "a"}}]}, "UnprocessedKeys": {}}
    aws = Aws({("dynamodb", "BatchGetItem"): [{"Responses": {}, "UnprocessedKeys": left}, found]})
    assert len(fetch(aws, "t-1", [item("a")], "")) == 1
    never = Aws({("dynamodb", "BatchGetItem"): {"Responses": {}, "UnprocessedKeys": left}})
    with pytest.raises(CouldNotLook, match=f"1 key of t-1 left unprocessed {ATTEMPTS} times"):
        fetch(never, "t-1", [item("a")], "")
    empty = Aws({("dynamodb", "BatchGetItem"): {}})
    with pytest.raises(CouldNotLook, match="the answer has no 'Responses'"):
        fetch(empty, "t-1", [item("a")], "")
