"""Which incidents may be archived: named by the status index, read in full from the table, the oldest first."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from ...aws.dynamodb_items import Item, key_line, key_names, read_items, to_line
from ...aws.incident_archive import old_incident_keys
from ...core.change import CannotFix
from ...core.dataclass import dataclass
from ...core.observation import batches
from ...fixing.remedy import BaseRemedy
from .archived_items import can_be_told
from .restore_points import known_table

RUN_BYTES = 16 * 2**20
"""Of incidents that one run archives: they are held in memory."""
_BEFORE = " before "


@dataclass(frozen=True)
class Span:
    """The incidents of a table that were opened before a day (UTC): what is archived together."""

    table: str
    day: date

    def __str__(self) -> str:
        return f"{self.table}{_BEFORE}{self.day}"

    @staticmethod
    def of(target: str, latest: date | None = None) -> Span:
        """Of TABLE before DAY; of TABLE alone where the latest day is known. CannotFix where there is no such day."""
        table, _, day = target.partition(_BEFORE)
        if latest and not day:
            return Span(table, latest)
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise CannotFix(f"{day or 'nothing'} is not a day such as 2026-01-01")
        try:
            return Span(table, date.fromisoformat(day))
        except ValueError as error:
            raise CannotFix(f"{day} is not a day: {error}") from None


@dataclass(frozen=True)
class Named:
    """What the index names: the keys of the incidents in the table, and the attributes that make a key."""

    keys: tuple[str, ...]
    found: tuple[Item, ...]

    @property
    def lines(self) -> list[str]:
        return [key_line(one, self.keys) for one in self.found]


@dataclass(frozen=True)
class Chosen:
    """The oldest incidents that may go: their lines, the keys that the index names besides, and who is left alone."""

    lines: tuple[str, ...]
    rest: tuple[str, ...]
    left_alone: tuple[str, ...]


def incidents_table(remedy: BaseRemedy) -> str:
    """The stack's table of incidents; CannotFix where it names none."""
    if not remedy.stack.incidents_table:
        raise CannotFix(f"stack {remedy.stack.name} names no incidents table: set incidents_table in stacks.toml")
    return remedy.stack.incidents_table


def table_keys(remedy: BaseRemedy, table: str) -> tuple[str, ...]:
    """The attributes that make a key of the table; CannotFix where there is no such table."""
    return key_names(known_table(remedy.aws, table))


def named(remedy: BaseRemedy, span: Span) -> Named:
    """What the status index names of this span, the first that was opened first."""
    told = known_table(remedy.aws, span.table)
    before = datetime.combine(span.day, time(), UTC)
    return Named(key_names(told), tuple(old_incident_keys(remedy.stack, remedy.aws, told, before)))


def choose_incidents(remedy: BaseRemedy, span: Span, most: int) -> Chosen:
    """The oldest that still are what the index says of them, and as many as that: the index lags behind its table."""
    there = named(remedy, span)
    lines: list[str] = []
    going: set[str] = set()
    alone: list[str] = []
    size = 0
    for key, item in _in_full(remedy, span, there):
        if why := _why_not(remedy, span, item, there.keys):
            alone.append(f"{shown_key(key)} {why}")
            continue
        line = to_line(item or {})
        if len(lines) == most or (lines and size + len(line) > RUN_BYTES):
            break
        lines.append(line)
        going.add(key)
        size += len(line)
    return Chosen(tuple(lines), tuple(key for key in there.lines if key not in going), tuple(alone))


def _in_full(remedy: BaseRemedy, span: Span, there: Named) -> Any:
    for some in batches(there.found, 100):
        items = read_items(remedy.aws, span.table, there.keys, some)
        for one in some:
            key = key_line(one, there.keys)
            yield key, items.get(key)


def _why_not(remedy: BaseRemedy, span: Span, item: Item | None, keys: Sequence[str]) -> str:
    """Why an incident that the index names is left alone; nothing where it may go."""
    fields, resolved = remedy.stack.incident_fields, remedy.stack.resolved_status
    if item is None:
        return "is no longer in the table"
    if item.get(fields.status) != {"S": resolved}:
        return f"is no longer {resolved}"
    opened = item.get(fields.created_at, {}).get("S")
    if not isinstance(opened, str) or not opened < f"{span.day}T00:00:00":
        return f"was not opened before {span.day}"
    return "" if can_be_told(item, keys) else "has more attributes than a condition can name"


def shown_key(line: str) -> str:
    """The key as people call it."""
    told: dict[str, dict[str, Any]] = json.loads(line)
    return "/".join(str(value) for attribute in told.values() for value in attribute.values())
