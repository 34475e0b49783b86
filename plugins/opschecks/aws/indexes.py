"""DynamoDB: the indexes that searches need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, names_no, observation
from .dynamodb import Table

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import WantedIndex

_CALL = "dynamodb:DescribeTable"


@dataclass(frozen=True, kw_only=True)
class Index(Resource):
    """A required global secondary index, whether it exists or not."""

    wanted: WantedIndex
    table: Table

    @property
    def table_exists(self) -> bool:
        """Whether its table exists; CouldNotLook where the table could not be described."""
        return self.table.status != "MISSING"

    @property
    def exists(self) -> bool:
        """Whether the table has an index of that name."""
        return "IndexName" in self.evidence

    @property
    def status(self) -> str:
        """ACTIVE, CREATING, UPDATING or DELETING; with a note while it is backfilling."""
        status = str(self.evidence["IndexStatus"])
        return f"{status} (backfilling)" if self.evidence.get("Backfilling") else status

    @property
    def keys(self) -> dict[str, str]:
        """Attribute by HASH and, where there is one, RANGE."""
        return index_keys(self.evidence)

    @property
    def key_type(self) -> str:
        """S, N or B: the type that an item's attribute needs to be indexed."""
        return type_of(self.evidence["AttributeDefinitions"], self.keys["HASH"])


def index_keys(index: Mapping[str, Any]) -> dict[str, str]:
    """Attribute by HASH and RANGE; CouldNotLook where the answer has no hash key."""
    found = Answer(((str(key["KeyType"]), str(key["AttributeName"])) for key in index["KeySchema"]), _CALL)
    found["HASH"]  # no index is without one
    return found


def type_of(definitions: list[Mapping[str, Any]], attribute: str) -> str:
    """The type of an attribute, of a table's definitions."""
    types = Answer(((one["AttributeName"], one["AttributeType"]) for one in definitions), _CALL)
    return str(types[attribute])


@observation()
def indexes(stack: Stack, tables: list[Table]) -> list[Index]:
    """The indexes that searches need, missing ones included."""
    wanted = stack.indexes
    if not wanted:
        raise names_no(stack.name, "index", "incidents_table or wanted_indexes")
    known = {table.name: table for table in tables}
    for one in wanted:
        if one.table not in known:
            of = f"is for {one.table}, which is not one of its tables" if one.table else "names no table"
            raise CouldNotLook("", f"stack {stack.name}: index {one.name} {of}: set tables or wanted_indexes")
    return [_index(one, known[one.table]) for one in wanted]


def _index(wanted: WantedIndex, table: Table) -> Index:
    raw = Answer({}, _CALL) if table.unread else _raw(wanted, table)
    return Index(
        arn=f"{table.arn}/index/{wanted.name}",
        name=f"{table.name}/{wanted.name}",
        evidence=raw,
        figures=(Figure("entries", raw["ItemCount"]),) if raw.get("ItemCount") is not None else (),
        wanted=wanted,
        table=table,
    )


def _raw(wanted: WantedIndex, table: Table) -> Answer:
    """The index, or what there is instead."""
    # a table without indexes lacks the key; a missing table is recognized by its status
    listed = table.evidence.get("GlobalSecondaryIndexes") or []
    if found := [raw for raw in listed if raw.get("IndexName") == wanted.name]:
        return found[0] | {"AttributeDefinitions": table.evidence.get("AttributeDefinitions")}  # type: ignore[no-any-return]
    return Answer({"TableStatus": table.status, "GlobalSecondaryIndexes": table.index_names}, _CALL)
