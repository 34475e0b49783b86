"""What the index keeps of a run file: rows of its tables, with a checksum, and back."""

from __future__ import annotations

import json
import math
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .model import NOT_APPLICABLE, Outcome

VERSION = 3
FORMAT = 1
"""Of the run files that are understood."""
TABLES = """
CREATE TABLE runs (key TEXT PRIMARY KEY, suite TEXT, started TEXT, state TEXT, exit_code INTEGER, word TEXT,
                   sum INTEGER);
CREATE TABLE checks (key TEXT, "check" TEXT, area TEXT, severity TEXT, outcome TEXT);
CREATE TABLE findings (key TEXT, "check" TEXT, resource TEXT, name TEXT, outcome TEXT, message TEXT);
CREATE TABLE numbers (key TEXT, label TEXT, value REAL);
CREATE INDEX checks_by_run ON checks (key);
CREATE INDEX findings_by_run ON findings (key);
CREATE INDEX numbers_by_run ON numbers (key);
"""


class DamagedError(Exception):
    """What was read is not what was written."""


@dataclass(frozen=True)
class Bad:
    """A finding that was not good: failed, blind or waived."""

    check: str
    resource: str
    name: str
    outcome: str
    message: str = ""


@dataclass(frozen=True)
class Indexed:
    """One earlier run: outcome and area of each check by name, what was bad, and its numbers by label."""

    key: str
    started: datetime
    state: str
    exit_code: int | None
    word: str
    outcomes: Mapping[str, str]
    areas: Mapping[str, str]
    bad: tuple[Bad, ...]
    numbers: Mapping[str, float]


def write(database: sqlite3.Connection, key: str, suite: str, told: Mapping[str, Any]) -> None:
    """What is no run file is kept as that, so that it is not read again and again."""
    try:
        rows = _rows(suite, told)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        rows = None
    row, checks, bad, numbers = rows or ((suite, "", "", None, ""), [], [], [])
    total = _sum([key, *row], checks, bad, numbers)
    database.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?)", (key, *row, total))
    database.executemany("INSERT INTO checks VALUES (?, ?, ?, ?, ?)", [(key, *one) for one in checks])
    database.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?)", [(key, *one) for one in bad])
    database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", [(key, *one) for one in numbers])


Rows = tuple[tuple[Any, ...], list[Any], list[Any], list[Any]]


def _rows(suite: str, told: Mapping[str, Any]) -> Rows | None:
    """The rows of a run file, for each table; None, or what indexing into it raises, where it is none of the suite."""
    if (told["format"], told["suite"], told["partial"]) != (FORMAT, suite, "") or not told["state"]:
        return None
    checks = [(one["check"], one["area"], one["severity"], one["outcome"]) for one in told["checks"]]
    bad = [
        (one["check"], one["resource"], one["name"], one["outcome"], one["message"][:300])
        for one in told["findings"]
        if one["outcome"] not in ("passed", "not_run")
    ]
    if not all(isinstance(one, str) for row in (*checks, *bad) for one in row):
        return None
    if {outcome for *_, outcome in checks} - {*Outcome, NOT_APPLICABLE}:
        return None
    code = told["exit_code"]
    row = (
        suite,
        datetime.fromisoformat(told["started"]).isoformat(),
        str(told["state"]),
        int(code) if isinstance(code, int) and 0 <= code < 256 else None,
        str(told["verdict"]["word"]),
    )
    numbers = [(label, float(value) + 0.0) for label, value in told.get("numbers", {}).items()]  # SQLite has no -0.0
    numbers = [pair for pair in numbers if math.isfinite(pair[1])]
    _sum([*row], checks, bad, numbers)  # what is no UTF-8 raises
    return row, checks, bad, numbers


def _sum(*parts: Sequence[Any]) -> int:
    """A checksum of what is kept of a run: a bit that turned on a disk must not tell of a failure that never was."""
    return zlib.crc32(json.dumps(parts, ensure_ascii=False).encode())


def forget(database: sqlite3.Connection, key: str) -> None:
    """Delete what is kept of the run."""
    for table in ("runs", "checks", "findings", "numbers"):
        database.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608 - our own names


class Row(NamedTuple):
    """A row of the table of runs; what was no run file has no state."""

    key: str
    suite: str
    started: str
    state: str
    exit_code: int | None
    word: str
    sum: int

    @property
    def is_run(self) -> bool:
        """Whether it is one."""
        return self.state != "" or self.sum != _sum(self[:-1], [], [], [])


def rows_of(database: sqlite3.Connection, suite: str = "") -> list[Row]:
    """The runs, in no order. It reads the table itself and not its index, so that all who ask see the same."""
    rows = [Row(*row) for row in database.execute("SELECT * FROM runs NOT INDEXED")]
    if not all(isinstance(one, str) for row in rows for one in row[:3]):
        raise DamagedError("it has runs without a name")
    return [row for row in rows if suite in ("", row.suite)]


def indexed(database: sqlite3.Connection, row: Row) -> Indexed:
    """The run with all that is kept of it."""

    def of(table: str, columns: str) -> list[Any]:
        asked = f"SELECT {columns} FROM {table} WHERE key = ? ORDER BY rowid"  # noqa: S608 - our own names
        return database.execute(asked, (row.key,)).fetchall()

    checks = of("checks", '"check", area, severity, outcome')
    bad = of("findings", '"check", resource, name, outcome, message')
    numbers = of("numbers", "label, value")
    try:
        true = row.sum == _sum(row[:-1], checks, bad, numbers)
    except (TypeError, ValueError):  # bytes, or halves of characters
        true = False
    if not true:
        raise DamagedError(f"what it says of {row.key} is not what was written")
    return Indexed(
        key=row.key,
        started=datetime.fromisoformat(row.started),
        state=row.state,
        exit_code=row.exit_code,
        word=row.word,
        outcomes={check: outcome for check, _, _, outcome in checks},
        areas={check: area for check, area, _, _ in checks},
        bad=tuple(Bad(*one) for one in bad),
        numbers=dict(numbers),
    )
