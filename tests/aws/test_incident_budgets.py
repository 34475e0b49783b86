"""Reads of the incidents table at their limits: the budget, the pace, what an index lacks, what the stack's day is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from opschecks.aws.dynamodb import Incident, Table
from opschecks.aws.incident_reads import (
    Budget,
    OverBudget,
    Reading,
    active_incidents,
    overnight_incidents,
    overnight_reading,
    read_opened,
)
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, stack
from tests.canned_incidents import ARN, HERE, MORE, index, item, limited, pauses, raw_table, table, units
from tests.cases import cases

__all__ = ["pauses"]

REFUSED = CouldNotLook("dynamodb:DescribeTable", "AccessDeniedException: no")


@cases({
    "on demand": (None, 200, 2000),
    "told as nothing": ({"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, 200, 2000),
    "a quarter of much is more than the stack allows": ({"ReadCapacityUnits": 2000}, 200, 2000),
    "a quarter of some": ({"ReadCapacityUnits": 40}, 10, 600),
    "at least one": ({"ReadCapacityUnits": 2}, 1, 60),
    "a quarter of five": ({"ReadCapacityUnits": 5}, 1.25, 75),
})  # fmt: skip
def test_how_many_read_units_a_second_and_in_all(provisioned: Any, a_second: float, in_all: float) -> None:
    budget = Budget(HERE, raw_table(ProvisionedThroughput=provisioned))
    assert (budget.a_second, budget.units, budget.used) == (a_second, in_all, 0)


def test_the_stack_allows_less() -> None:
    budget = Budget(limited(incident_read_units=30, incident_read_units_per_second=3), raw_table())
    assert (budget.a_second, budget.units) == (3, 30)
    budget = Budget(limited(incident_read_units=500, incident_read_units_per_second=3), raw_table())
    assert budget.units == 180


def read(budget: Budget, *pages: Mapping[str, Any]) -> tuple[list[Answer], Aws]:
    aws = Aws({("dynamodb", "Scan"): list(pages)}, budget.stack)
    return list(budget.pages(aws, "Scan", TableName="incidents")), aws


def test_a_pause_follows_each_page_but_the_last_for_what_it_consumed(pauses: list[float]) -> None:
    budget = Budget(limited(incident_read_units_per_second=2, incident_read_units=99), raw_table(ItemCount=None))
    another = {"LastEvaluatedKey": {"incident_id": {"S": "y"}}}
    told, _ = read(budget, {"Items": [], **units(3), **MORE}, {"Items": [], **units(5), **another}, {"Items": []})
    assert (len(told), budget.used, pauses) == (3, 3 + 5 + 128, [1.5, 2.5])


def test_a_page_that_does_not_say_what_it_consumed_is_a_full_one(pauses: list[float]) -> None:
    for consumed in ({}, {"ConsumedCapacity": {"TableName": "incidents"}}):
        budget = Budget(limited(incident_read_units=999), raw_table())
        read(budget, {"Items": [], **consumed, **MORE}, {"Items": [], **units(1)})
        assert budget.used == 129
    assert pauses == [128 / 200] * 2


@cases([(9.5, False), (10, True), (11, True)])
def test_a_budget_ends_when_it_is_used_up_and_more_follows(consumed: float, ends: bool) -> None:
    pages = {"Items": [], **units(consumed), **MORE}, {"Items": [], **units(50)}
    budget = Budget(limited(incident_read_units=10), raw_table())
    if not ends:
        assert len(read(budget, *pages)[0]) == 2
        return
    says = rf"Scan: cut short after {consumed:.0f} read units \(limit incident_read_units\); later items were not read"
    with pytest.raises(OverBudget, match=says):
        read(budget, *pages)


@cases({
    "items of half a unit": ({"ItemCount": 10, "TableSizeBytes": 40960}, 3, 6),
    "items of a unit": ({"ItemCount": 10, "TableSizeBytes": 81920}, 3, 3),
    "items of more than a second's units": ({"ItemCount": 1, "TableSizeBytes": 400_000}, 3, 1),
    "as fast as a full page": ({"ItemCount": 10, "TableSizeBytes": 40960}, 128, None),
    "a little slower": ({"ItemCount": 10, "TableSizeBytes": 40960}, 127, 254),
    "no items": ({"ItemCount": 0, "TableSizeBytes": 0}, 3, None),
    "no count": ({"ItemCount": None}, 3, None),
    "no size": ({"TableSizeBytes": None}, 3, None),
    "no size of items": ({"TableSizeBytes": 0}, 3, None),
})  # fmt: skip
def test_a_page_takes_no_more_than_a_seconds_units(changes: Raw, a_second: float, limit: int | None) -> None:
    budget = Budget(limited(incident_read_units_per_second=a_second), raw_table(**changes))
    _, aws = read(budget, {"Items": [], **units(1)})
    [asked] = aws.parameters_of("Scan")
    assert asked.get("Limit") == limit
    assert asked["ReturnConsumedCapacity"] == "TOTAL"


def seen(of: Any, answers: Any, checked: Any = HERE) -> tuple[Reading, Aws]:
    aws = Aws({("dynamodb", "Scan"): answers, ("dynamodb", "Query"): answers}, checked)
    return read_opened(checked, aws, of, datetime(2026, 11, 23, 5, 6, 7, tzinfo=UTC)), aws


def test_a_table_within_the_budget_is_read_whole() -> None:
    page = {"Items": [item("a"), item("b")], **units(12.34)}
    found, aws = seen(table(index(), TableSizeBytes=2000 * 8192), [page])
    [asked] = aws.parameters_of("Scan")
    assert asked["FilterExpression"] == "#created >= :since OR NOT attribute_type(#created, :text)"
    assert asked["ExpressionAttributeNames"] == {"#created": "created_at"}
    assert asked["ExpressionAttributeValues"] == {":since": {"S": "2026-11-23T05:06:07"}, ":text": {"S": "S"}}
    assert [one.name for one in found.incidents] == ["a", "b"]
    assert (found.arn, found.name, found.through, found.unindexed) == (ARN, "incidents", "", 0)
    assert found.figures == (Figure("read units", 12.3), Figure("items", 1000))
    assert found.evidence == {"bytes": 2000 * 8192, "items": 1000, "read units": 12.34, "read through": "all"}
    found.require_indexed()


def test_a_byte_more_is_searched_through_the_indexes_that_are_sorted_by_time() -> None:
    of = table(index(), index("severity-index", "severity"), TableSizeBytes=2000 * 8192 + 1)
    found, aws = seen(of, lambda **_: {"Items": [item("a"), item("b")], **units(0.5)})
    values = [one["ExpressionAttributeValues"] for one in aws.parameters_of("Query")]
    assert [one[":value"]["S"] for one in values] == ["active", "resolved", "critical", "high", "medium", "low"]
    assert {one[":since"]["S"] for one in values} == {"2026-11-23T05:06:07"}
    first, *_, last = aws.parameters_of("Query")
    assert (first["IndexName"], last["IndexName"]) == ("status-index", "severity-index")
    assert first["KeyConditionExpression"] == "#key = :value AND #created >= :since"
    assert first["ExpressionAttributeNames"] == {"#key": "status", "#created": "created_at"}
    through = (
        "incidents has 16 MB and was searched through status-index (active, resolved) and severity-index "
        "(critical, high, medium, low), not read whole"
    )
    assert (found.through, found.unindexed, found.evidence["read through"]) == (through, 0, through)
    assert sorted(one.name for one in found.incidents) == ["a", "b"]


@cases([(999_999_999, "1000 MB"), (1_000_000_000, "1.0 GB"), (2_540_000_000, "2.5 GB"), (16_400_000, "16 MB")])
def test_the_size_of_a_table_that_is_searched(size: int, words: str) -> None:
    found, _ = seen(table(index(), TableSizeBytes=size), lambda **_: {"Items": [], **units(0.5)})
    assert found.through.startswith(f"incidents has {words} and was searched")


HELD = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title", "severity"]}


@cases({
    "all of an incident": (index(), True),
    "by severity": (index(hash_key="severity"), True),
    "by title": (index(hash_key="title"), False),
    "not sorted": (index(range_key=""), False),
    "sorted by severity": (index(range_key="severity"), False),
    "just what is read": (index(Projection=HELD), True),
    "without the title": (index(Projection={**HELD, "NonKeyAttributes": ["severity"]}), False),
    "without the severity": (index(Projection={**HELD, "NonKeyAttributes": ["title"]}), False),
    "by severity, without the status": (index(hash_key="severity", Projection=HELD), False),
    "keys alone": (index(Projection={"ProjectionType": "KEYS_ONLY"}), False),
    "nothing said of what it holds": (index(Projection=None), False),
    "being changed": (index(IndexStatus="UPDATING"), True),
    "being made": (index(IndexStatus="CREATING"), False),
    "being deleted": (index(IndexStatus="DELETING"), False),
    "being filled": (index(Backfilling=True), False),
    "filled": (index(Backfilling=False), True),
    "without keys": (index(KeySchema=None), False),
})  # fmt: skip
def test_which_index_will_do(one: Raw, usable: bool) -> None:
    of = table(one, TableSizeBytes=99_999_999)
    if usable:
        found, _ = seen(of, lambda **_: {"Items": [], **units(0.5)})
        assert "status-index" in found.through
        return
    says = (
        r"^dynamodb:Scan: incidents has 100 MB: reading it costs 12,207 read units, more than incident_read_units "
        r"\(2,000\), and no ready index with the key status or severity is sorted by created_at$"
    )
    with pytest.raises(CouldNotLook, match=says):
        seen(of, [])


def test_without_indexes_or_keys_of_the_table_a_large_one_is_not_read() -> None:
    for changes in ({"GlobalSecondaryIndexes": None}, {}):
        with pytest.raises(CouldNotLook, match="no ready index"):
            seen(table(TableSizeBytes=99_999_999, **changes), [])
    keyless = index(Projection={**HELD, "NonKeyAttributes": ["title", "severity", "incident_id"]})
    found, _ = seen(table(keyless, TableSizeBytes=99_999_999, KeySchema=None), lambda **_: {"Items": [], **units(1)})
    assert found.incidents == ()


@cases({
    "all are in it": (index(ItemCount=1000), 0),
    "more than all are in it": (index(ItemCount=1001), 0),
    "ten are not": (index(ItemCount=990), 10),
    "none is counted": (index(ItemCount=None), None),
})  # fmt: skip
def test_how_many_items_are_in_no_index(one: Raw, unindexed: int | None) -> None:
    big = {"TableSizeBytes": 99_999_999}
    found, _ = seen(table(one, **big), lambda **_: {"Items": [], **units(1)})
    assert found.unindexed == unindexed
    both, _ = seen(table(index("other", "severity"), one, **big), lambda **_: {"Items": [], **units(1)})
    assert both.unindexed == unindexed
    uncounted, _ = seen(table(one, ItemCount=None, **big), lambda **_: {"Items": [], **units(1)})
    assert uncounted.unindexed is None


def reading(count: int, unindexed: int | None) -> Reading:
    made = tuple(
        Incident(arn=str(n), name=str(n), evidence=Answer({}), fields=HERE.incident_fields) for n in range(count)
    )
    return Reading(arn=ARN, name="incidents", incidents=made, through="through it", unindexed=unindexed)


def test_a_hundred_items_or_as_many_as_were_found_may_be_in_no_index() -> None:
    for count, unindexed in ((0, 0), (0, 100), (99, 100), (101, 101), (150, 150)):
        reading(count, unindexed).require_indexed()
    for count, lacking in ((0, 101), (101, 102), (150, 1151)):
        says = (
            f"^dynamodb:Query: about {lacking:,} items are in no index by AWS's count, and were not read: through it; "
        )
        with pytest.raises(CouldNotLook, match=says + "raise incident_read_units to read all of the table$"):
            reading(count, lacking).require_indexed()
    with pytest.raises(CouldNotLook, match=r"AWS does not count the items of incidents and its indexes: through it$"):
        reading(0, None).require_indexed()


def test_of_a_table_that_could_not_be_described_only_what_was_read_is_known() -> None:
    undescribed = Table(arn="incidents", name="incidents", evidence=Unread(REFUSED), unread=REFUSED)
    for of in (REFUSED, [undescribed]):
        found, _ = seen(of, [{"Items": [item()], **units(7.25)}])
        assert (found.arn, found.figures) == ("incidents", (Figure("read units", 7.2),))
        assert found.evidence == {"bytes": 0, "items": None, "read units": 7.25, "read through": "all"}


def test_another_table_of_the_stack_is_not_the_incidents() -> None:
    other = Table(arn="other", name="other", evidence=raw_table(TableSizeBytes=99_999_999))
    found, aws = seen([other, *table()], [{"Items": [], **units(1)}])
    assert (found.arn, aws.calls) == (ARN, ["dynamodb:Scan"])
    aws = Aws({
        ("dynamodb", "DescribeTable"): {"Table": dict(raw_table(TableArn=None))},
        ("dynamodb", "Scan"): {"Items": [], **units(1)},
    }, HERE)  # fmt: skip
    found = read_opened(HERE, aws, [other], NOW)
    assert (found.arn, aws.calls) == ("incidents", ["dynamodb:DescribeTable", "dynamodb:Scan"])
    assert aws.parameters_of("DescribeTable") == [{"TableName": "incidents"}]


def test_the_active_incidents_are_asked_for_by_status() -> None:
    checked = stack(incidents_table="incidents", active_status="open", status_index="by-status")
    pages = [{"Items": [item("a")], **units(1), **MORE}, {"Items": [item("b")], **units(1)}]
    aws = Aws({("dynamodb", "Query"): pages}, checked)
    assert [one.name for one in active_incidents(checked, aws)] == ["a", "b"]
    asked = aws.parameters_of("Query")[0]
    assert (asked["TableName"], asked["IndexName"]) == ("incidents", "by-status")
    assert asked["KeyConditionExpression"] == "#status = :active"
    assert asked["ExpressionAttributeNames"] == {"#status": "status"}
    assert asked["ExpressionAttributeValues"] == {":active": {"S": "open"}}


def test_the_night_begins_with_yesterday_in_the_stacks_zone() -> None:
    tokyo = stack(incidents_table="incidents", time_zone="Asia/Tokyo")
    aws = Aws({("dynamodb", "Scan"): {"Items": [item("a")], **units(1)}}, tokyo)
    now = datetime(2026, 11, 24, 16, 17, 18, 19, tzinfo=UTC)  # the 25th, a quarter past one, in Tokyo
    found = overnight_reading(tokyo, aws, table(), now)
    [asked] = aws.parameters_of("Scan")
    assert asked["ExpressionAttributeValues"][":since"] == {"S": "2026-11-23T15:00:00"}
    assert [one.name for one in overnight_incidents(found)] == ["a"]
