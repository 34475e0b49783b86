"""DynamoDB items as lines of text and back, without loss; and consistent reads of whole items."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..core.answer import Answer
from ..core.observation import CouldNotLook, batches
from ..core.wording import plural

Item = Mapping[str, Mapping[str, Any]]
"""Attributes in DynamoDB's own notation: each a value under the name of its type."""
_GET = "dynamodb:BatchGetItem"
KEYS_A_CALL = 100
"""Most keys of one BatchGetItem or TransactWriteItems."""
ATTEMPTS = 8


def to_line(item: Item) -> str:
    """One line of JSON, in the format of DynamoDB's exports to S3; equal items give equal lines."""
    return _json({"Item": {name: _told(value) for name, value in dict(item).items()}})


def from_line(line: str) -> Answer:
    """The item of a line; ValueError where the line is not one."""
    read = json.loads(line)
    if not (isinstance(read, dict) and set(read) == {"Item"} and isinstance(read["Item"], dict)):
        raise ValueError("not a line of a DynamoDB export")
    try:
        return Answer({name: _read(value) for name, value in read["Item"].items()}, "s3:GetObject")
    except (AttributeError, TypeError) as error:
        raise ValueError(f"not an attribute of DynamoDB: {error}") from None


def _told(value: Mapping[str, Any]) -> dict[str, Any]:
    [(kind, held)] = value.items()
    match kind:
        case "S" | "N" | "BOOL" | "NULL":
            return {kind: held}
        case "B":
            return {kind: base64.b64encode(held).decode()}
        case "SS" | "NS":
            return {kind: sorted(held)}
        case "BS":
            return {kind: sorted(base64.b64encode(one).decode() for one in held)}
        case "L":
            return {kind: [_told(one) for one in held]}
        case "M":
            return {kind: {name: _told(one) for name, one in held.items()}}
    raise ValueError(f"unknown attribute type {kind}: an item with one cannot be copied")


def _read(value: Mapping[str, Any]) -> dict[str, Any]:
    [(kind, held)] = value.items()
    match kind:
        case "B":
            return {kind: base64.b64decode(held, validate=True)}
        case "BS":
            return {kind: [base64.b64decode(one, validate=True) for one in held]}
        case "L":
            return {kind: [_read(one) for one in held]}
        case "M":
            return {kind: {name: _read(one) for name, one in held.items()}}
        case "S" | "N" | "BOOL" | "NULL" | "SS" | "NS":
            return {kind: held}
    raise ValueError(f"unknown attribute type {kind}")


def _json(told: object) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def key_names(of: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes that are the key of a table or an index: one, or two."""
    return tuple(str(key["AttributeName"]) for key in of["KeySchema"])


def key_line(item: Item, keys: Sequence[str]) -> str:
    """The item's key as text; CouldNotLook where an answer's item lacks one."""
    return _json({name: _told(item[name]) for name in keys})


def digest_of(lines: Iterable[str]) -> str:
    """A short digest of these lines, independent of their order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def read_items(aws: Any, table: str, keys: Sequence[str], of: Sequence[Item]) -> dict[str, dict[str, Any]]:
    """The table's items with these keys, by their key lines, read consistently with every attribute.

    CouldNotLook where DynamoDB leaves some unprocessed: an item that was not read may still exist.
    """
    found: dict[str, dict[str, Any]] = {}
    for batch in batches(of, KEYS_A_CALL):
        todo: Any = [{name: item[name] for name in keys} for item in batch]
        for attempt in range(ATTEMPTS):
            answer = aws.call("dynamodb", "BatchGetItem", RequestItems={table: {"Keys": todo, "ConsistentRead": True}})
            # large items come in several answers, and where capacity lacks some are left for later
            todo = (answer["UnprocessedKeys"].get(table) or {}).get("Keys")
            read = answer["Responses"]
            for item in read.get(table, []) if todo else read[table]:
                found[key_line(item, keys)] = item
            if not todo:
                break
            time.sleep(0.05 * 2**attempt)
        else:
            why = f"{plural(len(todo), 'item')} left unread {ATTEMPTS} times: the table is throttled"
            raise CouldNotLook(_GET, why)
    return found
