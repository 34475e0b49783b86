"""DynamoDB: the indexes that searches need, as DescribeTable tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, names_no, observation
from .dynamodb import Table

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import WantedIndex

_CALL = "dynamodb:DescribeTable"


@dataclass(frozen=True, kw_only=True)
class Index(Resource):
    """A wanted global secondary index, whether it is there or not."""

    wanted: WantedIndex
    table_exists: bool

    @property
    def exists(self) -> bool:
        """Whether the table has an index of that name."""
        return "IndexName" in self.evidence

    @property
    def status(self) -> str:
        """ACTIVE, CREATING, UPDATING or DELETING; whether it is being filled while it is CREATING."""
        status = str(self.evidence["IndexStatus"])
        return f"{status}, and being filled" if self.evidence.get("Backfilling") else status

    @property
    def keys(self) -> dict[str, str]:
        """Attribute by HASH and, where there is one, RANGE."""
        return index_keys(self.evidence)

    @property
    def key_type(self) -> str:
        """S, N or B: what the hash key must be to get into the index."""
        return type_of(self.evidence["AttributeDefinitions"], self.keys["HASH"])


def index_keys(index: Mapping[str, Any]) -> dict[str, str]:
    """Attribute by HASH and RANGE; CouldNotLook where the answer does not tell the hash key."""
    listed = index["KeySchema"]
    found = Answer(((str(key["KeyType"]), str(key["AttributeName"])) for key in listed), _CALL)
    found["HASH"]  # no index is without one
    return found


def type_of(definitions: list[Mapping[str, Any]], attribute: str) -> str:
    """The type of an attribute, of a table's definitions."""
    types = Answer(((one["AttributeName"], one["AttributeType"]) for one in definitions), _CALL)
    return str(types[attribute])


@observation()
def indexes(stack: Stack, tables: list[Table]) -> list[Index]:
    """The indexes that searches need, those that are missing among them."""
    wanted = stack.indexes
    if not wanted:
        raise names_no(stack.name, "index", "incidents_table or wanted_indexes")
    known = {table.name: table for table in tables}
    for one in wanted:
        if one.table not in known:
            of = f"is wanted of {one.table}, which is none of its tables" if one.table else "is wanted of no table"
            raise CouldNotLook("", f"stack {stack.name}: index {one.name} {of}: set tables or wanted_indexes")
    return [_index(one, known[one.table]) for one in wanted]


def _index(wanted: WantedIndex, table: Table) -> Index:
    # a table without indexes has no such key; whether it is a table at all, its status tells
    there = table.status != "MISSING"
    found = [raw for raw in table.evidence.get("GlobalSecondaryIndexes", []) if raw.get("IndexName") == wanted.name]
    raw = found[0] | {"AttributeDefinitions": table.evidence.get("AttributeDefinitions")} if found else {}
    return Index(
        arn=f"{table.arn}/index/{wanted.name}",
        name=f"{table.name}/{wanted.name}",
        evidence=raw or Answer({"TableStatus": table.status, "GlobalSecondaryIndexes": table.index_names}, _CALL),
        figures=(Figure("entries", raw["ItemCount"]),) if "ItemCount" in raw else (),
        wanted=wanted,
        table_exists=there,
    )
