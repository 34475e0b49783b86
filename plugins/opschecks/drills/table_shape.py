"""The form of a table: keys, indexes, billing; and what a restored one lacks of the form that its backup had."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..core.dataclass import dataclass

Keys = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class IndexShape:
    """Keys and what an index holds."""

    keys: Keys
    projection: str
    attributes: tuple[str, ...]

    def __str__(self) -> str:
        return f"({', '.join(f'{kind} {name}' for kind, name in self.keys)}; {self.projection})"


@dataclass(frozen=True)
class Shape:
    """The form of a table. `types` are those of key attributes, where they are told; `billing` is empty where not."""

    keys: Keys
    types: Mapping[str, str]
    indexes: Mapping[str, IndexShape]
    billing: str


def shape_of(table: Mapping[str, Any]) -> Shape:
    """As DescribeTable reports it."""
    mode = table.get("BillingModeSummary")
    return Shape(
        keys=_keys(table["KeySchema"]),
        types={str(one["AttributeName"]): str(one["AttributeType"]) for one in table["AttributeDefinitions"]},
        indexes=_indexes(table),
        billing=str(mode["BillingMode"]) if mode else "PROVISIONED",
    )


def shape_of_backup(backup: Mapping[str, Any]) -> Shape:
    """As DescribeBackup reports it: the form of the table when the backup was made."""
    details = backup["SourceTableDetails"]
    return Shape(
        keys=_keys(details["KeySchema"]),
        types={},
        indexes=_indexes(backup.get("SourceTableFeatureDetails") or {}),
        billing=str(details.get("BillingMode", "")),
    )


def wrong_in(restored: Shape, backup: Shape, source: Shape) -> list[str]:
    """What is not as it was in the backup."""
    found = []
    if restored.keys != backup.keys:
        found.append(f"its keys are {restored.keys}, and were {backup.keys}")
    for name, index in sorted(backup.indexes.items()):
        if name not in restored.indexes:
            found.append(f"the index {name} is not there")
        elif restored.indexes[name] != index:
            found.append(f"the index {name} is {restored.indexes[name]}, and was {index}")
    wanted = backup.billing or source.billing
    if restored.billing != wanted:
        found.append(f"it is billed {restored.billing}, and was {wanted}")
    for name, kind in sorted(restored.types.items()):
        if source.types.get(name, kind) != kind:
            found.append(f"{name} is of type {kind}, and {source.types[name]} in the source")
    return found


def changed_since(backup: Shape, source: Shape) -> Iterator[str]:
    """What the source got, or lost, after the backup: restoring goes back behind that."""
    for name in sorted({*backup.indexes, *source.indexes}):
        if name not in backup.indexes:
            yield f"the backup is older than the index {name}"
        elif name not in source.indexes:
            yield f"the index {name} was deleted since"
        elif backup.indexes[name] != source.indexes[name]:
            yield f"the index {name} was created again since"
    if backup.billing and backup.billing != source.billing:
        yield f"the table is billed {source.billing} since"


def _keys(raw: Sequence[Mapping[str, Any]]) -> Keys:
    return tuple(sorted((str(one["KeyType"]), str(one["AttributeName"])) for one in raw))


def _indexes(told: Mapping[str, Any]) -> dict[str, IndexShape]:
    return {
        str(one["IndexName"]): IndexShape(
            _keys(one["KeySchema"]),
            str(one.get("Projection", {}).get("ProjectionType", "")),
            tuple(sorted(one.get("Projection", {}).get("NonKeyAttributes", ()))),
        )
        for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes")
        for one in told.get(kind) or ()
    }
