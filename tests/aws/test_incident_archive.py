"""Old incidents: counted through an index whose keys may be one or two, in pages, by the stack's own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws import incident_reads
from opschecks.aws.dynamodb import Table
from opschecks.aws.incident_archive import OldIncidents, old_incidents
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, stack, verdict, weekly
from tests.cases import cases

check = weekly("incident_archive").test_old_incidents_are_archived
HERE = stack(incidents_table="incidents")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incident_reads, "pause", lambda seconds: None)


def described(*keys: str, index: str = "status-index", **projection: Any) -> Raw:
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)]
    return {
        "TableName": "incidents",
        "TableArn": f"arn:aws:dynamodb:{ACCOUNT}:table/incidents",
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {"IndexName": index, "KeySchema": schema, "Projection": {"ProjectionType": "ALL", **projection}}
        ],
    }


def table(raw: Raw) -> Table:
    return Table(arn="arn", name="incidents", evidence=Answer(raw))


def seen(*counts: int, raw: Raw | None = None, checked: Any = HERE) -> tuple[OldIncidents, Aws]:
    pages = [
        {
            "Count": count,
            "ScannedCount": 900,
            **({"LastEvaluatedKey": {"incident_id": {"S": str(n)}}} if n < len(counts) else {}),
        }
        for n, count in enumerate(counts, 1)
    ]
    aws = Aws({("dynamodb", "Query"): pages}, checked)
    return old_incidents(checked, aws, [table(raw or described("status", "created_at"))], NOW), aws


@cases([((100,), "passed"), ((0,), "passed"), ((101,), "failed"), ((60, 0, 41), "failed")])
def test_old_incidents_are_archived(counts: tuple[int, ...], outcome: str) -> None:
    found, _ = seen(*counts)
    assert verdict(check, old_incidents=found)[0] == outcome


def test_age_is_a_key_condition_where_it_is_a_key_and_a_filter_where_it_is_none() -> None:
    """AWS refuses either where the other is due."""
    _, aws = seen(0)
    (asked,) = aws.parameters_of("Query")
    assert asked["KeyConditionExpression"] == "#status = :resolved AND #created < :before"
    assert "FilterExpression" not in asked
    _, aws = seen(0, raw=described("status"))
    (asked,) = aws.parameters_of("Query")
    assert asked["KeyConditionExpression"] == "#status = :resolved"
    assert asked["FilterExpression"] == "#created < :before"


def test_words_and_age_are_the_stacks() -> None:
    own = stack(
        incidents_table="incidents",
        resolved_status="closed",
        incident_fields={"status": "state", "created_at": "opened"},
        limits={"incident_archive_days": 10},
    )
    found, aws = seen(3, raw=described("state", "opened"), checked=own)
    (asked,) = aws.parameters_of("Query")
    assert asked["ExpressionAttributeNames"] == {"#status": "state", "#created": "opened"}
    assert asked["ExpressionAttributeValues"][":resolved"] == {"S": "closed"}
    assert asked["ExpressionAttributeValues"][":before"] == {"S": f"{NOW - timedelta(days=10):%Y-%m-%dT00:00:00}"}
    assert asked["Select"] == "COUNT"
    assert (found.count, found.arn) == (3, f"arn:aws:dynamodb:{ACCOUNT}:table/incidents")


def test_an_index_without_the_age_says_nothing_of_it() -> None:
    """A filter passes over what the index does not hold, so that none would be found, however many there are."""
    bare = described("status", ProjectionType="KEYS_ONLY")
    with pytest.raises(CouldNotLook, match="the index status-index does not hold created_at"):
        seen(0, raw=bare)
    seen(0, raw=described("status", ProjectionType="INCLUDE", NonKeyAttributes=["created_at"]))
    seen(0, raw=described("status", "created_at", ProjectionType="KEYS_ONLY"))
    key_of_the_table = [{"AttributeName": name} for name in ("incident_id", "created_at")]
    seen(0, raw={**bare, "KeySchema": key_of_the_table})


def test_the_table_is_asked_for_only_where_nobody_has_looked_at_it() -> None:
    answers: dict[tuple[str, str], Answers] = {
        ("dynamodb", "DescribeTable"): {"Table": described("status", "created_at")},
        ("dynamodb", "Query"): {"Count": 0, "ScannedCount": 0},
    }
    for tables in ([], [Table(arn="other", name="other", evidence={})], CouldNotLook("dynamodb:DescribeTable", "no")):
        aws = Aws(answers, HERE)
        old_incidents(HERE, aws, tables, NOW)
        assert aws.calls == ["dynamodb:DescribeTable", "dynamodb:Query"]
    _, aws = seen(0)
    assert aws.calls == ["dynamodb:Query"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (described("severity", index="severity-index"), "no index status-index .status_index in stacks.toml"),
        ({"TableStatus": "MISSING"}, "the answer has no 'KeySchema'"),
        ({"GlobalSecondaryIndexes": [{"IndexName": "status-index"}]}, "the answer has no 'KeySchema'"),
    ],
    ids=["another index", "no table", "an index without keys"],
)
def test_an_index_that_is_not_known_cannot_be_asked(raw: Raw, reason: str) -> None:
    with pytest.raises(CouldNotLook, match=reason):
        seen(0, raw=raw)


def test_a_page_without_its_count_is_not_seen() -> None:
    aws = Aws({("dynamodb", "Query"): {"ScannedCount": 3}}, HERE)
    with pytest.raises(CouldNotLook, match="the answer has no 'Count'"):
        old_incidents(HERE, aws, [table(described("status", "created_at"))], NOW)


def test_without_an_incidents_table_the_stack_is_told_to_name_one() -> None:
    with pytest.raises(CouldNotLook, match=r"set incidents_table in stacks\.toml"):
        old_incidents(stack(), Aws({}), [], NOW)
