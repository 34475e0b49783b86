"""Reads of the incidents table at their limits: the budget, the pace, what an index lacks, what the stack's day is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opschecks.aws import incident_reads
from opschecks.aws.dynamodb import Incident, Table, incident_of
from opschecks.aws.incident_archive import OldIncidents, archived_before, old_incident_keys, old_incidents
from opschecks.aws.incident_reads import Budget, OverBudget, Reading, read_opened
from opschecks.aws.incident_weeks import Opened, incident_weeks, opened_incidents, week_incidents
from opschecks.aws.incidents import active_incidents, overnight_incidents, overnight_reading
from opschecks.aws.unread import Unread
from opschecks.core.answer import Answer
from opschecks.core.model import Figure, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, given, stack

HERE = stack(incidents_table="incidents")
ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
REFUSED = CouldNotLook("dynamodb:DescribeTable", "AccessDeniedException: no")
MORE = {"LastEvaluatedKey": {"incident_id": {"S": "x"}}}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without waiting."""
    made: list[float] = []
    monkeypatch.setattr(incident_reads, "pause", made.append)
    return made


def index(name: str = "status-index", hash_key: str = "status", range_key: str = "created_at", **changes: Any) -> Raw:
    raw: Raw = {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": hash_key, "KeyType": "HASH"},
            *([{"AttributeName": range_key, "KeyType": "RANGE"}] if range_key else []),
        ],
        "IndexStatus": "ACTIVE",
        "Projection": {"ProjectionType": "ALL"},
        "ItemCount": 1000,
    }
    return given(raw, changes)


def raw_table(*indexes: Raw, **changes: Any) -> Answer:
    raw: Raw = {
        "TableName": "incidents",
        "TableArn": ARN,
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "TableSizeBytes": 8192,
        "ItemCount": 1000,
        "GlobalSecondaryIndexes": list(indexes),
    }
    return Answer(given(raw, changes), "dynamodb:DescribeTable")


def table(*indexes: Raw, **changes: Any) -> list[Table]:
    return [Table(arn=ARN, name="incidents", evidence=raw_table(*indexes, **changes))]


def item(name: str = "a", **changes: str | None) -> Raw:
    told: dict[str, Any] = {
        "incident_id": name, "status": "active", "severity": "low", "created_at": "2026-11-24T01:00:00Z",
    }  # fmt: skip
    return {key: {"S": value} for key, value in {**told, **changes}.items() if value is not None}


def units(read_units: float) -> Raw:
    return {"ConsumedCapacity": {"TableName": "incidents", "CapacityUnits": read_units}}


def limited(**limits: Any) -> Any:
    return stack(incidents_table="incidents", limits=limits)


PROVISIONED: dict[str, tuple[Any, float, float]] = {
    "on demand": (None, 200, 2000),
    "told as nothing": ({"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, 200, 2000),
    "a quarter of much is more than the stack allows": ({"ReadCapacityUnits": 2000}, 200, 2000),
    "a quarter of some": ({"ReadCapacityUnits": 40}, 10, 600),
    "at least one": ({"ReadCapacityUnits": 2}, 1, 60),
    "a quarter of five": ({"ReadCapacityUnits": 5}, 1.25, 75),
}


@pytest.mark.parametrize("case", PROVISIONED)
def test_how_many_read_units_a_second_and_in_all(case: str) -> None:
    provisioned, a_second, in_all = PROVISIONED[case]
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


@pytest.mark.parametrize(("consumed", "ends"), [(9.5, False), (10, True), (11, True)])
def test_a_budget_ends_when_it_is_used_up_and_more_follows(consumed: float, ends: bool) -> None:
    pages = {"Items": [], **units(consumed), **MORE}, {"Items": [], **units(50)}
    budget = Budget(limited(incident_read_units=10), raw_table())
    if not ends:
        assert len(read(budget, *pages)[0]) == 2
        return
    says = rf"Scan: cut short after {consumed:.0f} read units \(limit incident_read_units\); later items were not read"
    with pytest.raises(OverBudget, match=says):
        read(budget, *pages)


LIMITS: dict[str, tuple[Raw, float, int | None]] = {
    "items of half a unit": ({"ItemCount": 10, "TableSizeBytes": 40960}, 3, 6),
    "items of a unit": ({"ItemCount": 10, "TableSizeBytes": 81920}, 3, 3),
    "items of more than a second's units": ({"ItemCount": 1, "TableSizeBytes": 400_000}, 3, 1),
    "as fast as a full page": ({"ItemCount": 10, "TableSizeBytes": 40960}, 128, None),
    "a little slower": ({"ItemCount": 10, "TableSizeBytes": 40960}, 127, 254),
    "no items": ({"ItemCount": 0, "TableSizeBytes": 0}, 3, None),
    "no count": ({"ItemCount": None}, 3, None),
    "no size": ({"TableSizeBytes": None}, 3, None),
    "no size of items": ({"TableSizeBytes": 0}, 3, None),
}


@pytest.mark.parametrize("case", LIMITS)
def test_a_page_takes_no_more_than_a_seconds_units(case: str) -> None:
    changes, a_second, limit = LIMITS[case]
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


@pytest.mark.parametrize(
    ("size", "words"),
    [(999_999_999, "1000 MB"), (1_000_000_000, "1.0 GB"), (2_540_000_000, "2.5 GB"), (16_400_000, "16 MB")],
)
def test_the_size_of_a_table_that_is_searched(size: int, words: str) -> None:
    found, _ = seen(table(index(), TableSizeBytes=size), lambda **_: {"Items": [], **units(0.5)})
    assert found.through.startswith(f"incidents has {words} and was searched")


HELD = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title", "severity"]}
USABLE: dict[str, tuple[Raw, bool]] = {
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
}


@pytest.mark.parametrize("case", USABLE)
def test_which_index_will_do(case: str) -> None:
    one, usable = USABLE[case]
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


COUNTS: dict[str, tuple[Raw, int | None]] = {
    "all are in it": (index(ItemCount=1000), 0),
    "more than all are in it": (index(ItemCount=1001), 0),
    "ten are not": (index(ItemCount=990), 10),
    "none is counted": (index(ItemCount=None), None),
}


@pytest.mark.parametrize("case", COUNTS)
def test_how_many_items_are_in_no_index(case: str) -> None:
    one, unindexed = COUNTS[case]
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


ARCHIVE: dict[str, tuple[datetime, str]] = {
    "at midnight": (datetime(2026, 11, 24, tzinfo=UTC), "2026-08-26T00:00:00"),
    "in the last moment of the day": (datetime(2026, 11, 24, 23, 59, 59, 999999, tzinfo=UTC), "2026-08-26T00:00:00"),
    "in another zone": (datetime(2026, 11, 24, 5, tzinfo=ZoneInfo("Asia/Tokyo")), "2026-08-25T00:00:00"),
}


@pytest.mark.parametrize("case", ARCHIVE)
def test_what_is_old_is_so_by_whole_days(case: str) -> None:
    now, before = ARCHIVE[case]
    assert archived_before(HERE, now).isoformat() == f"{before}+00:00"


def counted(*pages: Raw, of: Any = None, checked: Any = HERE) -> tuple[OldIncidents, Aws]:
    aws = Aws({("dynamodb", "Query"): list(pages)}, checked)
    return old_incidents(checked, aws, table(index()) if of is None else of, NOW), aws


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


ASKED: dict[str, tuple[Answer, str | None]] = {
    "age is a key of the index": (raw_table(index()), "#status = :resolved AND #created < :before"),
    "the index holds it": (raw_table(index(range_key="")), None),
    "the index includes it": (
        raw_table(index(range_key="", Projection={"ProjectionType": "INCLUDE", "NonKeyAttributes": ["created_at"]})),
        None),
    "it is a key of the table": (
        raw_table(index(range_key="", Projection={"ProjectionType": "KEYS_ONLY"}),
                  KeySchema=[{"AttributeName": "incident_id"}, {"AttributeName": "created_at"}]), None),
    "the right index of two": (
        raw_table(index("other", range_key=""), index()), "#status = :resolved AND #created < :before"),
}  # fmt: skip


@pytest.mark.parametrize("case", ASKED)
def test_age_is_asked_for_by_key_or_by_filter(case: str) -> None:
    raw, condition = ASKED[case]
    of = [Table(arn=ARN, name="incidents", evidence=raw)]
    _, aws = counted({"Count": 0, **units(1)}, of=of)
    [asked] = aws.parameters_of("Query")
    assert asked["IndexName"] == "status-index"
    assert asked["KeyConditionExpression"] == (condition or "#status = :resolved")
    assert asked.get("FilterExpression") == (None if condition else "#created < :before")


NOT_ASKED: dict[str, tuple[Answer, str]] = {
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
    "the table is missing": (Answer({"TableStatus": "MISSING"}, "dynamodb:DescribeTable"), "no 'KeySchema'"),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_ASKED)
def test_age_that_no_index_knows_is_not_guessed(case: str) -> None:
    raw, says = NOT_ASKED[case]
    with pytest.raises(CouldNotLook, match=says):
        counted(of=[Table(arn=ARN, name="incidents", evidence=raw)])


TODAY = date(2026, 11, 24)


def incident(opened: datetime | None, title: str = "", severity: str | None = "low") -> Incident:
    plain = {"incident_id": "a", "status": "active", "severity": severity, "title": title}
    told = {key: value for key, value in plain.items() if value is not None}
    return incident_of(HERE, Answer({**told, **({"created_at": opened.isoformat()} if opened else {})}))


def on(days_ago: int, hour: int = 12, **more: Any) -> Incident:
    return incident(datetime.combine(TODAY - timedelta(days=days_ago), time(hour), UTC), **more)


def weeks_of(*incidents: Incident, undated: int = 0) -> Opened:
    told = Reading(arn=ARN, name="incidents", evidence={"items": 9}, incidents=incidents, through="", unindexed=0)
    return Opened(incidents, undated, TODAY, UTC, told)


def test_a_week_is_seven_days_the_last_of_which_is_today() -> None:
    every = weeks_of(*(on(days) for days in (0, 6, 7, 13, 14)), on(-1))
    assert [every.day_of(one) for one in every.of_week(0)] == [TODAY, TODAY - timedelta(days=6), TODAY]
    assert [(TODAY - every.day_of(one)).days for one in every.of_week(1)] == [7, 13]
    assert [(TODAY - every.day_of(one)).days for one in every.of_week(2)] == [14]
    assert week_incidents(every) == every.of_week(0)


def test_the_weeks_as_they_are_told() -> None:
    told = incident_weeks(HERE, weeks_of(
        on(0, title="disk"), on(1, title="disk", severity="high"), on(2, title="web"), on(3, title="disk"),
        on(4, severity=None), on(7, title="disk"), on(8), undated=2,
    ))  # fmt: skip
    assert (told.arn, told.name) == ("incidents/weeks", "incidents")
    assert (told.opened, told.opened_before, told.undated) == (5, 2, 2)
    assert list(told.times.items()) == [("disk", 3), ("web", 1)]
    assert (told.repeated(2), told.repeated(3), told.repeated(0)) == ({"disk": 3}, {}, {"disk": 3, "web": 1})
    assert told.evidence == {
        "opened this week": 5,
        "opened the week before": 2,
        "by severity": {"low": 3, "high": 1, "unknown": 1},
        "read": {"items": 9},
    }
    assert told.figures == (
        Figure("opened", 5, "in 7 days"), Figure("opened before", 2, "in 7 days"), Figure("high", 1, "in 7 days"),
        Figure("low", 3, "in 7 days"), Figure("unknown", 1, "in 7 days"),
    )  # fmt: skip


def test_every_day_of_eight_weeks_has_a_point_at_noon() -> None:
    [line] = incident_weeks(HERE, weeks_of(on(0), on(0), on(55), on(56))).series
    first = datetime(2026, 9, 30, 12, tzinfo=UTC)
    counts = {0: 1.0, 55: 2.0}
    points = tuple((first + timedelta(days=day), counts.get(day, 0.0)) for day in range(56))
    assert line == Series("opened", "a day", points, 86400)


def test_eight_weeks_begin_at_midnight_of_the_stacks_zone_and_what_has_no_time_is_counted() -> None:
    tokyo = stack(incidents_table="incidents", time_zone="Asia/Tokyo")
    items = [item("old", created_at="2026-11-01T00:00:00Z"), item("new"), item("none", created_at=None)]
    aws = Aws({("dynamodb", "Scan"): {"Items": items, **units(1)}}, tokyo)
    now = datetime(2026, 11, 24, 16, tzinfo=UTC)  # the 25th in Tokyo
    found = opened_incidents(tokyo, aws, table(), now)
    [asked] = aws.parameters_of("Scan")
    assert asked["ExpressionAttributeValues"][":since"] == {"S": "2026-09-30T15:00:00"}
    assert ([one.name for one in found.incidents], found.undated) == (["new", "old"], 1)
    assert (found.today, found.reading.arn) == (date(2026, 11, 25), ARN)
    assert found.day_of(found.incidents[0]) == date(2026, 11, 24)
    assert replace(found, undated=0).zone == tokyo.zone


def test_an_incident_whose_moment_is_ago(pauses: list[float]) -> None:
    assert incident(ago(hours=1)).created_at == NOW - timedelta(hours=1)
    assert pauses == []
