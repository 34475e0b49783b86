"""The incidents table is read by its size: whole within the budget, through its indexes beyond it, at a pace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws.dynamodb import Table
from opschecks.aws.incident_archive import old_incidents
from opschecks.aws.incident_reads import OverBudget, Reading, read_opened
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, ago, stack, verdict, weekly
from tests.canned_incidents import MORE, index, item, pauses, table
from tests.canned_incidents import units as consumed
from tests.cases import cases

__all__ = ["pauses"]

HERE = stack(incidents_table="incidents", incident_statuses=["investigating"])
GB = 10**9


def sized(size: int, *indexes: Raw, **changes: Any) -> list[Table]:
    return table(*indexes, TableSizeBytes=size, **changes)


BOTH = (index(), index("severity-index", "severity"))


def page(*items: Raw, units: float | None = 0.5, more: bool = False) -> Raw:
    return {"Items": list(items), **({} if units is None else consumed(units)), **(MORE if more else {})}


def read(of: list[Table] | CouldNotLook, answers: Any, checked: Stack = HERE) -> tuple[Reading, Aws]:
    aws = Aws({("dynamodb", "Scan"): answers, ("dynamodb", "Query"): answers}, checked)
    return read_opened(checked, aws, of, ago(days=1)), aws


def test_a_small_table_is_read_whole_and_what_that_took_is_told() -> None:
    found, aws = read(sized(9_000_000, *BOTH), [page(item("a"), units=128.5, more=True), page(item("b"), units=3)])
    assert aws.calls == ["dynamodb:Scan"] * 2
    assert all(asked["ReturnConsumedCapacity"] == "TOTAL" for asked in aws.parameters_of("Scan"))
    assert [one.name for one in found.incidents] == ["a", "b"]
    assert (found.through, found.unindexed) == ("", 0)
    assert {figure.label: figure.value for figure in found.figures} == {"read units": 131.5, "items": 1000}
    found.require_indexed()


def test_a_table_of_2_gb_gives_the_same_incidents_through_its_indexes() -> None:
    items = [item("a", severity="high"), item("b", status="resolved"), item("c", status="waiting"),
             item("d", status="investigating", severity="sev0")]  # fmt: skip

    def answer(**asked: Any) -> Raw:
        [key], value = (asked["ExpressionAttributeNames"]["#key"],), asked["ExpressionAttributeValues"][":value"]
        return page(*(one for one in items if one[key] == value))

    found, aws = read(sized(2 * GB, *BOTH), answer)
    assert "dynamodb:Scan" not in aws.calls
    assert {one.name for one in found.incidents} == {"a", "b", "c", "d"}
    asked = {asked["ExpressionAttributeValues"][":value"]["S"] for asked in aws.parameters_of("Query")}
    assert asked == {"active", "resolved", "investigating", "critical", "high", "medium", "low"}
    assert "incidents has 2.0 GB and was searched through status-index (active, resolved, inv" in found.through
    found.require_indexed()


UNUSABLE = {
    "sorted by something else": index(range_key="title"),
    "by something else": index("by-team", "team"),
    "without what checks read": index(Projection={"ProjectionType": "KEYS_ONLY"}),
    "being built": index(IndexStatus="CREATING"),
    "being filled": index(Backfilling=True),
}


@pytest.mark.parametrize("only", UNUSABLE.values(), ids=UNUSABLE)
def test_a_large_table_without_an_index_by_time_is_not_read(only: Raw) -> None:
    with pytest.raises(CouldNotLook, match=r"has 2\.0 GB: reading it costs 244,141 read units, more than incident_rea"):
        read(sized(2 * GB, only), [])


def test_an_index_that_holds_just_what_is_read_will_do() -> None:
    held = index(Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title", "severity"]})
    found, _ = read(sized(2 * GB, held), lambda **_: page(item("a")))
    assert [one.name for one in found.incidents] == ["a"]


@cases([(3_399_990, ""), (3_300_000, "about 100,000 items are in no index"), (None, "AWS does not count the items")])
def test_items_that_are_in_no_index_are_told_from_the_counts(count: int | None, says: str) -> None:
    found, _ = read(sized(2 * GB, index(ItemCount=count), ItemCount=3_400_000), lambda **_: page())
    if says:
        with pytest.raises(CouldNotLook, match=says):
            found.require_indexed()
    else:
        found.require_indexed()


def test_a_budget_that_is_used_up_is_told_and_nothing_more_is_read() -> None:
    small = stack(incidents_table="incidents", limits={"incident_read_units": 200})
    with pytest.raises(OverBudget, match=r"Scan: cut short after 257 read units \(limit incident_read_units\)"):
        read(sized(0), [page(item("a"), units=128.5, more=True)] * 2, small)


def test_an_answer_that_does_not_say_what_it_took_counts_as_a_full_page(pauses: list[float]) -> None:
    found, _ = read(sized(9000), [page(units=None, more=True), page(units=None)])
    assert found.figures[0].value == 256
    assert pauses == [128 / 200]


def test_reads_take_no_more_than_a_quarter_of_provisioned_capacity(pauses: list[float]) -> None:
    own = sized(4_000_000, ItemCount=4000, ProvisionedThroughput={"ReadCapacityUnits": 40, "WriteCapacityUnits": 5})
    _, aws = read(own, [page(units=10, more=True), page(units=5)])
    assert aws.parameters_of("Scan")[0]["Limit"] == 81  # of 1,000 bytes each, as many as 10 units read
    assert pauses == [1.0]
    tiny = sized(4_000_000, *BOTH, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    _, aws = read(tiny, lambda **_: page())
    assert "dynamodb:Scan" not in aws.calls


def test_a_large_table_that_is_not_listed_is_searched_through_its_indexes_all_the_same() -> None:
    [described] = sized(2 * GB, *BOTH)
    other = replace(described, name="state", arn="arn:state")
    answers: dict[tuple[str, str], Any] = {
        ("dynamodb", "Query"): [page(item("a"))] * 9,
        ("dynamodb", "DescribeTable"): {"Table": described.evidence},
    }
    aws = Aws(answers, HERE)
    found = read_opened(HERE, aws, [other], ago(days=1))
    assert "dynamodb:Scan" not in aws.calls
    assert {one.name for one in found.incidents} == {"a"}
    assert found.through


def test_where_the_table_could_not_be_described_the_budget_holds_all_the_same() -> None:
    refused = CouldNotLook("dynamodb:DescribeTable", "AccessDeniedException: no", action="dynamodb:DescribeTable")
    found, _ = read(refused, [page(item("a"))])
    assert [one.name for one in found.incidents] == ["a"]
    with pytest.raises(OverBudget):
        read(refused, [page(units=2000, more=True)] * 2)


@cases([((60, 50), "failed"), ((60, 10), "blind")])
def test_old_incidents_are_counted_until_the_budget_ends(counts: tuple[int, ...], outcome: str) -> None:
    pages = [
        {"Count": count, "ConsumedCapacity": {"CapacityUnits": 1500.0}, "LastEvaluatedKey": {"i": {"S": str(n)}}}
        for n, count in enumerate(counts)
    ]
    aws = Aws({("dynamodb", "Query"): pages}, HERE)
    own = sized(2 * GB, *BOTH)
    check = weekly("incident_archive").test_old_incidents_are_archived
    if outcome == "blind":
        with pytest.raises(OverBudget):
            old_incidents(HERE, aws, own, NOW)
    else:
        told = verdict(check, old_incidents=old_incidents(HERE, aws, own, NOW))
        assert told[0] == "failed"
        assert "at least 110 resolved ones" in told[1]
