"""Old incidents: counted through an index whose keys may be one or two, in pages, by the stack's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opschecks.aws.dynamodb import Table
from opschecks.aws.incident_archive import OldIncidents, archived_before, old_incident_keys, old_incidents
from opschecks.aws.incident_reads import OverBudget
from opschecks.core.answer import Answer
from opschecks.core.model import Figure
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Answers, Aws, Raw, stack, verdict, weekly
from tests.canned_incidents import ARN, HERE, MORE, index, limited, pauses, raw_table, table, units
from tests.cases import cases

__all__ = ["pauses"]

check = weekly("incident_archive").test_old_incidents_are_archived


def counted(*pages: Raw, of: Any = None, checked: Any = HERE) -> tuple[OldIncidents, Aws]:
    aws = Aws({("dynamodb", "Query"): list(pages)}, checked)
    return old_incidents(checked, aws, table(index()) if of is None else of, NOW), aws


def seen(*counts: int, of: Any = None, checked: Any = HERE) -> tuple[OldIncidents, Aws]:
    """What is seen of pages that count so many."""
    following = [{"LastEvaluatedKey": {"incident_id": {"S": str(n)}}} for n in range(1, len(counts))]
    pages = [{"Count": n, "ScannedCount": 900, **more} for n, more in zip(counts, [*following, {}], strict=True)]
    return counted(*pages, of=of, checked=checked)


@cases([((100,), "passed"), ((0,), "passed"), ((101,), "failed"), ((60, 0, 41), "failed")])
def test_old_incidents_are_archived(counts: tuple[int, ...], outcome: str) -> None:
    found, _ = seen(*counts)
    assert verdict(check, old_incidents=found)[0] == outcome


def test_words_and_age_are_the_stacks() -> None:
    own = stack(
        incidents_table="incidents",
        resolved_status="closed",
        incident_fields={"status": "state", "created_at": "opened"},
        limits={"incident_archive_days": 10},
    )
    found, aws = seen(3, of=table(index(hash_key="state", range_key="opened")), checked=own)
    (asked,) = aws.parameters_of("Query")
    assert asked["ExpressionAttributeNames"] == {"#status": "state", "#created": "opened"}
    assert asked["ExpressionAttributeValues"][":resolved"] == {"S": "closed"}
    assert asked["ExpressionAttributeValues"][":before"] == {"S": f"{NOW - timedelta(days=10):%Y-%m-%dT00:00:00}"}
    assert asked["Select"] == "COUNT"
    assert (found.count, found.arn) == (3, ARN)


def test_the_table_is_asked_for_only_where_nobody_has_looked_at_it() -> None:
    answers: dict[tuple[str, str], Answers] = {
        ("dynamodb", "DescribeTable"): {"Table": dict(raw_table(index()))},
        ("dynamodb", "Query"): {"Count": 0, "ScannedCount": 0},
    }
    for tables in ([], [Table(arn="other", name="other", evidence={})], CouldNotLook("dynamodb:DescribeTable", "no")):
        aws = Aws(answers, HERE)
        old_incidents(HERE, aws, tables, NOW)
        assert aws.calls == ["dynamodb:DescribeTable", "dynamodb:Query"]
    _, aws = seen(0)
    assert aws.calls == ["dynamodb:Query"]


def test_a_page_without_its_count_is_not_seen() -> None:
    with pytest.raises(CouldNotLook, match="the answer has no 'Count'"):
        counted({"ScannedCount": 3})


def test_without_an_incidents_table_the_stack_is_told_to_name_one() -> None:
    with pytest.raises(CouldNotLook, match=r"set incidents_table in stacks\.toml"):
        old_incidents(stack(), Aws({}), [], NOW)


@cases({
    "at midnight": (datetime(2026, 11, 24, tzinfo=UTC), "2026-08-26T00:00:00"),
    "in the last moment of the day": (datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC), "2026-08-26T00:00:00"),
    "in another zone": (datetime(2026, 11, 24, 5, tzinfo=ZoneInfo("Asia/Tokyo")), "2026-08-25T00:00:00"),
})  # fmt: skip
def test_what_is_old_is_so_by_whole_days(now: datetime, before: str) -> None:
    assert archived_before(HERE, now).isoformat() == f"{before}+00:00"


def test_old_incidents_as_they_are_counted() -> None:
    found, aws = counted({"Count": 3, **units(1.26), **MORE}, {"Count": 4, **units(1)})
    before = archived_before(HERE, NOW)
    assert (found.count, found.before, found.whole) == (7, before, True)
    assert (found.arn, found.name) == (ARN, "incidents")
    assert found.evidence == {"status": "resolved", "opened before": before, "items": 7, "read units": 2.26}
    assert found.figures == (Figure("old resolved incidents", 7), Figure("read units", 2.3))
    assert [one["Select"] for one in aws.parameters_of("Query")] == ["COUNT"] * 2
    nameless, _ = counted({"Count": 0, **units(1)}, of=table(index(), TableArn=None))
    assert nameless.arn == "incidents"


def test_where_the_budget_ends_there_are_at_least_so_many_or_it_is_not_known() -> None:
    short = limited(incident_read_units=10, old_incidents=5)
    found, _ = counted({"Count": 6, **units(10), **MORE}, checked=short)
    assert (found.count, found.whole) == (6, False)
    with pytest.raises(OverBudget, match=r"dynamodb:Query: cut short after 10 read units"):
        counted({"Count": 5, **units(10), **MORE}, checked=short)


def test_the_keys_of_old_incidents_are_told_once_the_oldest_first() -> None:
    raw = raw_table(index(), KeySchema=[{"AttributeName": "incident_id"}, {"AttributeName": "created_at"}])
    items = [
        {"incident_id": {"S": name}, "created_at": {"S": opened}}
        for name, opened in (("b", "2026-01-02"), ("c", "2026-01-01"), ("b", "2026-01-02"), ("a", "2026-01-02"))
    ]
    aws = Aws({("dynamodb", "Query"): {"Items": items, "Count": 4}}, HERE)
    found = old_incident_keys(HERE, aws, raw, datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC))
    assert [one["incident_id"]["S"] for one in found] == ["c", "a", "b"]
    assert all(set(one) == {"incident_id", "created_at"} for one in found)
    [asked] = aws.parameters_of("Query")
    assert asked["ProjectionExpression"] == "#created, #k0"
    assert asked["Select"] == "SPECIFIC_ATTRIBUTES"
    assert asked["ExpressionAttributeNames"] == {"#status": "status", "#created": "created_at", "#k0": "incident_id"}
    assert asked["ExpressionAttributeValues"] == {
        ":resolved": {"S": "resolved"},
        ":before": {"S": "2026-02-03T04:05:06"},
    }
    timeless = Aws({("dynamodb", "Query"): {"Items": [
        {"incident_id": {"S": "b"}, "created_at": {"S": "2026"}}, {"incident_id": {"S": "a"}, "created_at": {"N": "1"}},
    ], "Count": 2}}, HERE)  # fmt: skip
    told = old_incident_keys(HERE, timeless, raw_table(index()), NOW)
    assert told == [{"incident_id": {"S": "a"}}, {"incident_id": {"S": "b"}}]


@cases({
    "age is a key of the index": (raw_table(index()), "#status = :resolved AND #created < :before"),
    "age is a key of an index of keys": (
        raw_table(index(Projection={"ProjectionType": "KEYS_ONLY"})), "#status = :resolved AND #created < :before"),
    "the index holds it": (raw_table(index(range_key="")), None),
    "the index includes it": (
        raw_table(index(range_key="", Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["created_at"]})),
        None),
    "it is a key of the table": (
        raw_table(index(range_key="", Projection={"ProjectionType": "KEYS_ONLY"}),
                  KeySchema=[{"AttributeName": "incident_id"}, {"AttributeName": "created_at"}]), None),
    "the right index of two": (
        raw_table(index("other", range_key=""), index()), "#status = :resolved AND #created < :before"),
})  # fmt: skip
def test_age_is_asked_for_by_key_or_by_filter(raw: Answer, condition: str | None) -> None:
    """AWS refuses either where the other is due, and a filter passes over what the index does not hold."""
    of = [Table(arn=ARN, name="incidents", evidence=raw)]
    _, aws = counted({"Count": 0, **units(1)}, of=of)
    [asked] = aws.parameters_of("Query")
    assert asked["IndexName"] == "status-index"
    assert asked["KeyConditionExpression"] == (condition or "#status = :resolved")
    assert asked.get("FilterExpression") == (None if condition else "#created < :before")


@cases({
    "it is in no index": (
        raw_table(index(range_key="", Projection={"ProjectionType": "KEYS_ONLY"})),
        "the index status-index does not hold created_at: the age of incidents is unknown"),
    "the index includes something else": (
        raw_table(index(range_key="", Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]})),
        "does not hold created_at"),
    "nothing is said of what it holds": (
        raw_table(index(range_key="", Projection=None)), "the answer has no 'Projection'"),
    "no index": (raw_table(GlobalSecondaryIndexes=None), r"has no index status-index \(status_index in stacks\.toml\)"),
    "another index": (raw_table(index("other")), "has no index status-index"),
    "an index without keys": (raw_table({"IndexName": "status-index"}), "the answer has no 'KeySchema'"),
    "the table is missing": (Answer({"TableStatus": "MISSING"}, "dynamodb:DescribeTable"), "no 'KeySchema'"),
})  # fmt: skip
def test_age_that_no_index_knows_is_not_guessed(raw: Answer, says: str) -> None:
    with pytest.raises(CouldNotLook, match=says):
        counted(of=[Table(arn=ARN, name="incidents", evidence=raw)])
