"""The items of a restored table beside those of its source: what is the same, and what time explains or does not."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook
from ..core.wording import plural

if TYPE_CHECKING:
    from ..aws.session import Aws

_GET = "dynamodb:BatchGetItem"
KEYS_A_CALL = 100
ATTEMPTS = 8
SKEW = timedelta(minutes=5)
"""How far the clock that wrote created_at may be from that of AWS."""


@dataclass(frozen=True)
class ItemDigest:
    """What is kept of an item: its key, a digest of all of it, and when it was made, where that is told."""

    key: Mapping[str, Any]
    digest: str
    created: datetime | None


@dataclass(frozen=True)
class TablePart:
    """Items of a table by key; `whole` where they are all of them."""

    items: Mapping[str, ItemDigest]
    whole: bool


@dataclass(frozen=True)
class TablesCompared:
    """How two tables compare, in items.

    Of those that were found in both, `same` are alike and `changed` differ. The source lacks `gone`, which were
    deleted since the backup. The restored table lacks `newer`, which are younger than it; `lost`, which are older; and
    `unexplained`, where nothing shows why.
    """

    source: int
    restored: int
    whole: bool
    same: int = 0
    changed: int = 0
    gone: int = 0
    newer: int = 0
    lost: int = 0
    unexplained: int = 0

    @property
    def total(self) -> int:
        """Items that were compared, each once."""
        return self.same + self.changed + self.gone + self.newer + self.lost + self.unexplained

    @property
    def unexplained_percent(self) -> float:
        """Of the source's items, those that the restored table lacks for no reason that is known."""
        return 100 * self.unexplained / self.source if self.source else 0.0

    def __str__(self) -> str:
        parts = {
            "the same": self.same,
            "changed since": self.changed,
            "deleted since": self.gone,
            "newer than the backup": self.newer,
            "lost": self.lost,
            "not explained": self.unexplained,
        }
        told = ", ".join(f"{count} {words}" for words, count in parts.items() if count)
        items = plural(self.total, "item")
        return f"{items} compared" + ("" if self.whole else " in a sample") + (f": {told}" if told else "")


def read_part(aws: Aws, table: str, keys: Sequence[str], created: str, *, most: int, whole: bool) -> TablePart:
    """The first items of the table, in the order of a Scan, which is that of the keys' hashes; at most `most`.

    `whole` asks for every item. One page more than the stack's page budget is never asked for.
    """
    found: dict[str, ItemDigest] = {}
    limit = {} if whole else {"Limit": most}
    pages = aws.pages("dynamodb", "Scan", TableName=table, **limit)
    for number, page in enumerate(pages, start=1):
        for raw in page["Items"]:
            item = _item(raw, keys, created)
            found[_plain(item.key)] = item
        if not page.get("LastEvaluatedKey"):
            return TablePart(found, whole=True)
        if len(found) >= most or number >= aws.stack.limits.pages:
            break
    return TablePart(dict(list(found.items())[:most]), whole=False)


def fetch(aws: Aws, table: str, wanted: Iterable[ItemDigest], created: str) -> dict[str, ItemDigest]:
    """Those of the items that the table has now; CouldNotLook where DynamoDB leaves some unanswered."""
    todo = [dict(item.key) for item in wanted]
    found: dict[str, ItemDigest] = {}
    while todo:
        chunk, todo = todo[:KEYS_A_CALL], todo[KEYS_A_CALL:]
        for attempt in range(ATTEMPTS):
            asked = {table: {"Keys": chunk, "ConsistentRead": True}}
            answer = aws.call("dynamodb", "BatchGetItem", RequestItems=asked)
            for raw in answer["Responses"].get(table, []):
                item = _item(raw, list(chunk[0]), created)
                found[_plain(item.key)] = item
            chunk = (answer["UnprocessedKeys"].get(table) or {}).get("Keys", [])
            if not chunk:
                break
            time.sleep(min(2.0, 0.05 * 2**attempt))
        else:
            raise CouldNotLook(_GET, f"{plural(len(chunk), 'key')} of {table} left unprocessed {ATTEMPTS} times")
    return found


def compare(
    source: TablePart,
    restored: TablePart,
    backup: datetime,
    *,
    in_source: Mapping[str, ItemDigest],
    in_restored: Mapping[str, ItemDigest],
) -> TablesCompared:
    """`in_source` and `in_restored` are what the one table has of the other's items beyond its own part."""
    known_source, known_restored = {**in_source, **source.items}, {**in_restored, **restored.items}
    counts = dict.fromkeys(("same", "changed", "gone", "newer", "lost", "unexplained"), 0)
    for key in {*source.items, *restored.items}:
        here, there = known_source.get(key), known_restored.get(key)
        if here and there:
            counts["same" if here.digest == there.digest else "changed"] += 1
        elif there:
            counts["gone"] += 1
        elif here:
            counts[_why_lacking(here, backup)] += 1
    return TablesCompared(
        source=len(source.items), restored=len(restored.items), whole=source.whole and restored.whole, **counts
    )


def _why_lacking(item: ItemDigest, backup: datetime) -> str:
    if item.created is None:
        return "unexplained"
    return "lost" if item.created < backup - SKEW else "newer"


def _item(raw: Mapping[str, Any], keys: Sequence[str], created: str) -> ItemDigest:
    key = {name: raw[name] for name in keys}
    return ItemDigest(
        key, hashlib.sha256(_plain(raw).encode()).hexdigest(), _moment(raw.get(created)) if created else None
    )


def _plain(value: Any) -> str:
    """The same text for the same content: sets have no order, and maps keep none."""
    return json.dumps(_ordered(value), sort_keys=True, default=lambda one: one.hex())


def _ordered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: sorted(one, key=repr) if key in ("SS", "NS", "BS") and isinstance(one, list) else _ordered(one)
            for key, one in dict(value).items()
        }
    return [_ordered(one) for one in value] if isinstance(value, list) else value


def _moment(value: Mapping[str, Any] | None) -> datetime | None:
    """A time that an attribute has as text; None for anything else."""
    try:
        moment = datetime.fromisoformat(str((value or {})["S"]))
    except (KeyError, ValueError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)
