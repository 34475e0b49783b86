"""The indexes that searches need: in every state, by every key."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.dynamodb import Table
from opschecks.aws.indexes import Index, indexes
from opschecks.config.load import StackError, load_stacks
from opschecks.config.stack import Stack
from opschecks.core.answer import Answer
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Raw, given, itself, judges, stack, verdict, verdicts, weekly
from tests.cases import cases

CHECK = weekly("indexes").test_wanted_indexes_can_be_searched
ARN = f"arn:aws:dynamodb:{ACCOUNT}:table/incidents"
ONE = stack(incidents_table="incidents", tables=["incidents"], wanted_indexes=[{"name": "by-team", "hash_key": "team"}])


def index(name: str = "by-team", by: str = "team", **changes: Any) -> Raw:
    """A GSI as DescribeTable tells of it; a change to None takes a key away."""
    raw = {
        "IndexName": name,
        "KeySchema": [{"AttributeName": by, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
        "IndexStatus": "ACTIVE",
        "ItemCount": 41,
    }
    return given(raw, changes)


def raw_table(*there: Raw, types: Mapping[str, str] | None = None, **changes: Any) -> Raw:
    known = {"incident_id": "S", "team": "S", **(types or {})}
    raw = {
        "TableName": "incidents",
        "TableArn": ARN,
        "TableStatus": "ACTIVE",
        "KeySchema": [{"AttributeName": "incident_id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in known.items()],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        **({"GlobalSecondaryIndexes": list(there)} if there else {}),
    }
    return given(raw, changes)


def seen(*there: Raw, checked: Stack = ONE, **changes: Any) -> list[Index]:
    return indexes(checked, [Table(arn=ARN, name="incidents", evidence=Answer(raw_table(*there, **changes)))])


def by(*keys: str) -> list[Raw]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(keys, ("HASH", "RANGE"), strict=False)]


SORTED = by("team", "created_at")
FOUND: dict[str, tuple[list[Index], str, str]] = {
    "there": (seen(index()), "passed", "ACTIVE, by team"),
    "sorted as well": (seen(index(KeySchema=SORTED)), "passed", "by team, created_at"),
    "its capacity is being changed": (seen(index(IndexStatus="UPDATING")), "passed", "UPDATING"),
    "missing": (seen(), "failed", "there is no such index"),
    "another is there": (seen(index("by-team-old")), "failed", "there is no such index"),
    "being created": (seen(index(IndexStatus="CREATING")), "failed", "CREATING, by team; it does not show every item"),
    "being filled": (seen(index(IndexStatus="CREATING", Backfilling=True)), "failed", "CREATING (backfilling)"),
    "being deleted": (seen(index(IndexStatus="DELETING")), "failed", "DELETING"),
    "by another key": (seen(index(by="incident_id")), "failed", "expected key team"),
    "sorted by it only": (seen(index(KeySchema=by("created_at", "team"))), "failed", "expected key team"),
    "of numbers": (seen(index(), types={"team": "N"}), "failed", "its key is of type N, expected S"),
    "nothing is said of its state": (seen(index(IndexStatus=None)), "blind", "the answer has no 'IndexStatus'"),
    "nothing is said of its keys": (seen(index(KeySchema=None)), "blind", "the answer has no 'KeySchema'"),
    "nothing is said of types": (seen(index(), AttributeDefinitions=None), "blind", "no 'AttributeDefinitions'"),
    "no hash key among its keys": (seen(index(KeySchema=[SORTED[1]])), "blind", "the answer has no 'HASH'"),
}
test_wanted_indexes = judges(CHECK, FOUND, indexes=itself)


def test_a_table_that_is_gone_fails() -> None:
    gone = Table(arn="incidents", name="incidents", evidence={"TableStatus": "MISSING"})
    assert verdict(CHECK, indexes=indexes(ONE, [gone])) == ("failed", "the table does not exist")


@cases([("created_at", "passed"), ("opened", "failed")])
def test_the_sort_key_counts_where_the_stack_names_one(by: str, outcome: str) -> None:
    wanted = {"name": "by-team", "hash_key": "team", "range_key": "created_at"}
    checked = stack(incidents_table="incidents", wanted_indexes=[wanted])
    schema = [SORTED[0], {"AttributeName": by, "KeyType": "RANGE"}]
    assert verdict(CHECK, indexes=seen(index(KeySchema=schema), checked=checked))[0] == outcome


def test_by_default_the_incidents_table_is_wanted_by_status_and_severity_in_the_stacks_own_words() -> None:
    checked = stack(
        incidents_table="incidents", status_index="by-state", incident_fields={"status": "state", "severity": "level"}
    )
    types = {"state": "S", "level": "S"}
    found = seen(index("by-state", "state"), index("severity-index", "level"), checked=checked, types=types)
    assert verdicts(CHECK, indexes=found) == {"incidents/by-state": "passed", "incidents/severity-index": "passed"}


@cases({
    "none": (stack(), "names no index: set incidents_table or wanted_indexes"),
    "of no table": (stack(wanted_indexes=[{"name": "abc", "hash_key": "a"}]), "index abc names no table"),
    "of a table that is not the stack's": (
        stack(wanted_indexes=[{"name": "abc", "hash_key": "a", "table": "agents"}]),
        "index abc is for agents, which is not one of its tables: set tables or wanted_indexes",
    ),
})  # fmt: skip
def test_what_cannot_be_looked_for_is_said(checked: Stack, message: str) -> None:
    with pytest.raises(CouldNotLook, match=message):
        seen(index(), checked=checked)


def test_a_wanted_index_is_typed_and_its_keys_are_named(tmp_path: Path) -> None:
    path = tmp_path / "stacks.toml"
    for wanted, message in (
        ('{ name = "by-team", hash_key = "team", key_type = "T" }', "wanted_indexes.0.key_type"),
        ('{ name = "by-team" }', "wanted_indexes.0.hash_key: missing"),
        ('{ name = "by-team", hashkey = "team" }', "did you mean 'hash_key'?"),
    ):
        path.write_text(f"[stacks.here]\nwanted_indexes = [{wanted}]\n")
        with pytest.raises(StackError, match=message):
            load_stacks(path)
