"""What is sent of incidents that an archive object holds: deletes of what is as archived, puts of what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...aws.dynamodb_items import Item, from_line, key_line, read_items, to_line
from ...core.change import CannotFix, Request
from ...core.dataclass import dataclass
from ...core.observation import CouldNotLook
from .archive_objects import batches

EXPRESSION_BYTES = 4096
OPERATORS = 300
"""What DynamoDB takes in one expression: comparisons, functions, AND and OR all count."""


@dataclass(frozen=True)
class PutBack(Request):
    """A transaction of puts; IAM allows it by dynamodb:PutItem."""

    @property
    def call(self) -> str:
        """There is no IAM action for transactions."""
        return "dynamodb:PutItem"


def items_of(lines: Iterable[str], keys: Sequence[str], where: str) -> dict[str, dict[str, Any]]:
    """The items of an object's lines by their key lines; CouldNotLook where a line is not an item, or comes twice."""
    found: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, 1):
        try:
            item = from_line(line)
        except ValueError as error:
            raise CouldNotLook("s3:GetObject", f"line {number} of {where}: {error}") from None
        key = key_line(item, keys)
        if key in found:
            raise CouldNotLook("s3:GetObject", f"line {number} of {where}: an item of the same key came before")
        found[key] = item
    return found


def is_as_archived(now: Item, archived: Item) -> bool:
    """Whether the table's item is the archive's, to the last attribute."""
    return to_line(now) == to_line(archived)


def delete_of(table: str, item: Item, keys: Sequence[str], known: Iterable[str]) -> dict[str, Any]:
    """Delete the item if it is as it was read, or gone already.

    DynamoDB can ask for attributes by name only. `known` are names of attributes that incidents have: none
    that this one had not may have been added. What has a name that no incident had would not be noticed.
    """
    own = [name for name in sorted(item) if name not in keys]
    names, values = {"#key": keys[0]}, {}
    told = [] if own else ["attribute_exists(#key)"]
    for number, name in enumerate(own):
        names[f"#{number}"], values[f":{number}"] = name, item[name]
        told.append(f"#{number} = :{number}")
    for number, name in enumerate(sorted(set(known) - set(item)), len(own)):
        more = f"attribute_not_exists(#{number})"
        if not _fits([*told, more]):
            break
        names[f"#{number}"] = name
        told.append(more)
    delete = {
        "TableName": table,
        "Key": {name: item[name] for name in keys},
        "ConditionExpression": _expression(told),
        "ExpressionAttributeNames": names,
    }
    return {"Delete": {**delete, **({"ExpressionAttributeValues": values} if values else {})}}


def _expression(told: Sequence[str]) -> str:
    return f"attribute_not_exists(#key) OR ({' AND '.join(told)})"


def _fits(told: Sequence[str]) -> bool:
    return len(_expression(told)) <= EXPRESSION_BYTES and 2 * len(told) + 1 <= OPERATORS


def can_be_told(item: Item, keys: Sequence[str]) -> bool:
    """Whether a condition can name every attribute of the item."""
    own = len(item) - len(keys)
    return _fits([f"#{number} = :{number}" for number in range(own)])


def puts_of(
    aws: Any, table: str, keys: Sequence[str], items: Mapping[str, dict[str, Any]]
) -> tuple[Request, tuple[str, ...]]:
    """Put what the table has nothing of; and the keys of what it has, which stays. CannotFix where it lacks none."""
    there = read_items(aws, table, keys, list(items.values()))
    puts = [
        {
            "Put": {
                "TableName": table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": keys[0]},
            }
        }
        for key, item in items.items()
        if key not in there
    ]
    if not puts:
        raise CannotFix(f"all of {len(items)} incidents are in the table already, and stay as they are")
    return Request("dynamodb", "TransactWriteItems", {"TransactItems": puts}), tuple(sorted(there))


def transactions(what: str, table: str, name: str, lines: Sequence[str], condition: str) -> Iterator[Request]:
    """A transaction for each slice of an object's lines, as plan and journal show it: none holds an incident."""
    kind = PutBack if what == "Put" else Request
    for first, count in batches(lines):
        told = {"TableName": table, "Object": name, "First": first, "Count": count, "ConditionExpression": condition}
        yield kind("dynamodb", "TransactWriteItems", {"TransactItems": {what: told}})


def slice_of(request: Request) -> tuple[str, int, int]:
    """Object, first line and number of lines of such a request."""
    [told] = request.parameters["TransactItems"].values()
    asked: Mapping[str, Any] = told
    return str(asked["Object"]), int(asked["First"]), int(asked["Count"])
