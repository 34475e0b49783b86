"""The incidents table is read by its size: whole within the budget, through its indexes beyond it, at a pace."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.aws import incident_reads
from opschecks.aws.dynamodb import Table, tables
from opschecks.aws.incident_archive import old_incidents
from opschecks.aws.incident_reads import OverBudget, Reading, read_opened
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, names, stack, verdict, weekly
from tests.cases import cases

HERE = stack(incidents_table="incidents", incident_statuses=["investigating"])
GB = 10**9


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without waiting."""
    made: list[float] = []
    monkeypatch.setattr(incident_reads, "pause", made.append)
    return made


def index(name: str, key: str, *, sort: str = "created_at", kind: str = "ALL", **changes: Any) -> Raw:
    keys = [{"AttributeName": key, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]
    raw = {"IndexName": name, "KeySchema": keys, "IndexStatus": "ACTIVE", "Projection": {"ProjectionType": kind}}
    return given({**raw, "ItemCount": 3_400_000}, changes)


def table(size: int, *indexes: Raw, **changes: Any) -> list[Table]:
    raw = {
        "TableName": "incidents",
        "TableArn": f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "TableSizeBytes": size,
        "ItemCount": 3_400_000,
        "GlobalSecondaryIndexes": list(indexes),
    }
    answer = {"Table": given(raw, changes)}
    return tables(Aws({("dynamodb", "DescribeTable"): answer}), names(tables=("incidents",)))


BOTH = (index("status-index", "status"), index("severity-index", "severity"))


def item(name: str, status: str = "resolved", severity: str = "low") -> Raw:
    told = {"incident_id": name, "status": status, "severity": severity, "created_at": "2026-11-24T01:00:00Z"}
    return {key: {"S": value} for key, value in told.items()}


def page(*items: Raw, units: float | None = 0.5, more: bool = False) -> Raw:
    consumed = {} if units is None else {"ConsumedCapacity": {"TableName": "incidents", "CapacityUnits": units}}
    return {"Items": list(items), **consumed, **({"LastEvaluatedKey": {"incident_id": {"S": "x"}}} if more else {})}


def read(of: list[Table] | CouldNotLook, answers: Any, checked: Stack = HERE) -> tuple[Reading, Aws]:
    aws = Aws({("dynamodb", "Scan"): answers, ("dynamodb", "Query"): answers}, checked)
    return read_opened(checked, aws, of, ago(days=1)), aws


def test_a_small_table_is_read_whole_and_what_that_took_is_told() -> None:
    found, aws = read(table(9_000_000, *BOTH), [page(item("a"), units=128.5, more=True), page(item("b"), units=3)])
    assert aws.calls == ["dynamodb:Scan"] * 2
    assert all(asked["ReturnConsumedCapacity"] == "TOTAL" for asked in aws.parameters_of("Scan"))
    assert [one.name for one in found.incidents] == ["a", "b"]
    assert (found.through, found.unindexed) == ("", 0)
    assert {figure.label: figure.value for figure in found.figures} == {"read units": 131.5, "items": 3_400_000}
    found.require_indexed()


def test_a_table_of_2_gb_gives_the_same_incidents_through_its_indexes() -> None:
    items = [item("a", "active", "high"), item("b"), item("c", "waiting", "low"), item("d", "investigating", "sev0")]

    def answer(**asked: Any) -> Raw:
        [key], value = (asked["ExpressionAttributeNames"]["#key"],), asked["ExpressionAttributeValues"][":value"]
        return page(*(one for one in items if one[key] == value))

    found, aws = read(table(2 * GB, *BOTH), answer)
    assert "dynamodb:Scan" not in aws.calls
    assert {one.name for one in found.incidents} == {"a", "b", "c", "d"}
    asked = {asked["ExpressionAttributeValues"][":value"]["S"] for asked in aws.parameters_of("Query")}
    assert asked == {"active", "resolved", "investigating", "critical", "high", "medium", "low"}
    assert "incidents has 2.0 GB and was searched through status-index (active, resolved, inv" in found.through
    found.require_indexed()


UNUSABLE = {
    "sorted by something else": index("status-index", "status", sort="title"),
    "by something else": index("by-team", "team"),
    "without what checks read": index("status-index", "status", kind="KEYS_ONLY"),
    "being built": index("status-index", "status", IndexStatus="CREATING"),
    "being filled": index("status-index", "status", Backfilling=True),
}


@pytest.mark.parametrize("only", UNUSABLE.values(), ids=UNUSABLE)
def test_a_large_table_without_an_index_by_time_is_not_read(only: Raw) -> None:
    with pytest.raises(CouldNotLook, match=r"has 2\.0 GB: reading it costs 244,141 read units, more than incident_rea"):
        read(table(2 * GB, only), [])


def test_an_index_that_holds_just_what_is_read_will_do() -> None:
    held = index(
        "status-index", "status", Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title", "severity"]}
    )
    found, _ = read(table(2 * GB, held), lambda **_: page(item("a")))
    assert [one.name for one in found.incidents] == ["a"]


@cases([(3_399_990, ""), (3_300_000, "about 100,000 items are in no index"), (None, "AWS does not count the items")])
def test_items_that_are_in_no_index_are_told_from_the_counts(count: int | None, says: str) -> None:
    found, _ = read(table(2 * GB, index("status-index", "status", ItemCount=count)), lambda **_: page())
    if says:
        with pytest.raises(CouldNotLook, match=says):
            found.require_indexed()
    else:
        found.require_indexed()


def test_a_budget_that_is_used_up_is_told_and_nothing_more_is_read() -> None:
    small = stack(incidents_table="incidents", limits={"incident_read_units": 200})
    with pytest.raises(OverBudget, match=r"Scan: cut short after 257 read units \(limit incident_read_units\)"):
        read(table(0), [page(item("a"), units=128.5, more=True)] * 2, small)


def test_an_answer_that_does_not_say_what_it_took_counts_as_a_full_page(pauses: list[float]) -> None:
    found, _ = read(table(9000), [page(units=None, more=True), page(units=None)])
    assert found.figures[0].value == 256
    assert pauses == [128 / 200]


def test_reads_take_no_more_than_a_quarter_of_provisioned_capacity(pauses: list[float]) -> None:
    own = table(4_000_000, ItemCount=4000, ProvisionedThroughput={"ReadCapacityUnits": 40, "WriteCapacityUnits": 5})
    _, aws = read(own, [page(units=10, more=True), page(units=5)])
    assert aws.parameters_of("Scan")[0]["Limit"] == 81  # of 1,000 bytes each, as many as 10 units read
    assert pauses == [1.0]
    tiny = table(4_000_000, *BOTH, ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1})
    _, aws = read(tiny, lambda **_: page())
    assert "dynamodb:Scan" not in aws.calls


def test_a_large_table_that_is_not_listed_is_searched_through_its_indexes_all_the_same() -> None:
    [described] = table(2 * GB, *BOTH)
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
    own = [Table(arn="arn", name="incidents", evidence=Answer(table(2 * GB, *BOTH)[0].evidence))]
    check = weekly("incident_archive").test_old_incidents_are_archived
    if outcome == "blind":
        with pytest.raises(OverBudget):
            old_incidents(HERE, aws, own, NOW)
    else:
        told = verdict(check, old_incidents=old_incidents(HERE, aws, own, NOW))
        assert told[0] == "failed"
        assert "at least 110 resolved ones" in told[1]
