"""The history of a stack as an SQLite file: a copy of what its run files say, which they can make again at any time."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .model import NOT_APPLICABLE, Outcome
from .observe import fan_out
from .store import Store

VERSION = 2
FORMAT = 1
"""Of the run files that are understood."""
LATELY = 60
"""So many runs are read by themselves; `opschecks history rebuild` reads every one."""
WAIT_S = 30.0
"""How long one writer waits for another."""
_TABLES = """
CREATE TABLE runs (key TEXT PRIMARY KEY, suite TEXT, started TEXT, state TEXT, exit_code INTEGER, word TEXT);
CREATE TABLE checks (key TEXT, "check" TEXT, area TEXT, severity TEXT, outcome TEXT);
CREATE TABLE findings (key TEXT, "check" TEXT, resource TEXT, name TEXT, outcome TEXT, message TEXT);
CREATE TABLE numbers (key TEXT, label TEXT, value REAL);
CREATE INDEX runs_by_time ON runs (suite, started);
CREATE INDEX checks_by_run ON checks (key);
CREATE INDEX findings_by_run ON findings (key);
CREATE INDEX numbers_by_run ON numbers (key);
"""


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


class Index:
    """The index of one stack. Safe for several processes: each run is written whole, and writing it twice is once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def follow(self, store: Store, suite: str, *, most: int = LATELY, say: Callable[[str], None] | None = None) -> int:
        """Read the newest `most` run files of the suite that it lacks, and forget those that are gone; how many."""
        there = store.keys(suite)
        with self._open() as database:
            known = {key for (key,) in database.execute("SELECT key FROM runs WHERE suite = ?", (suite,))}
            gone = known - set(there)
            for key in gone:
                _forget(database, key)
            missing = [key for key in there[-most:] if key not in known]
            for begin in range(0, len(missing), LATELY):
                some = missing[begin : begin + LATELY]
                for key, told in zip(some, fan_out(lambda key: _read(store, key), some), strict=True):
                    _write(database, key, suite, told)
                if say:
                    say(f"{suite}: {begin + len(some)} of {len(missing)} run files read")
        return len(missing)

    def runs(self, suite: str, *, before: datetime | None = None, most: int = LATELY) -> list[Indexed]:
        """The suite's runs that began before the moment, the newest first; without files that were no run files."""
        moment = before.isoformat() if before else "9"
        with self._open() as database:
            rows = database.execute(
                "SELECT key, started, state, exit_code, word FROM runs "
                "WHERE suite = ? AND started < ? AND state != '' ORDER BY started DESC LIMIT ?",
                (suite, moment, most),
            ).fetchall()
            return [_indexed(database, row) for row in rows]

    def suites(self) -> list[str]:
        """The suites that it knows runs of."""
        with self._open() as database:
            return [suite for (suite,) in database.execute("SELECT DISTINCT suite FROM runs ORDER BY suite")]

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction; a file that is damaged, or of another version, is made anew."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        database = self._connected()
        try:
            with database:
                yield database
        finally:
            database.close()

    def _connected(self) -> sqlite3.Connection:
        for attempt in (1, 2):
            database = sqlite3.connect(self.path, timeout=WAIT_S)
            try:
                database.execute("BEGIN IMMEDIATE")  # two that begin at once make the tables once
                (version,) = database.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    for statement in filter(str.strip, _TABLES.split(";")):
                        database.execute(statement)
                    database.execute(f"PRAGMA user_version = {VERSION}")
                database.commit()
            except sqlite3.OperationalError:
                database.close()
                raise
            except sqlite3.DatabaseError:
                version = -1
            if version in (0, VERSION):
                return database
            database.close()
            if attempt == 1:
                self.path.unlink()
        raise sqlite3.DatabaseError(f"{self.path}: it cannot be made anew")


def _read(store: Store, key: str) -> Mapping[str, Any]:
    try:
        told = json.loads(store.read(key) or "{}")
    except (ValueError, RecursionError, IsADirectoryError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(database: sqlite3.Connection, key: str, suite: str, told: Mapping[str, Any]) -> None:
    """What is no run file is kept as that, so that it is not read again and again."""
    _forget(database, key)
    try:
        rows = _rows(key, suite, told)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        rows = None
    if rows is None:
        database.execute("INSERT INTO runs VALUES (?, ?, '', '', NULL, '')", (key, suite))
        return
    row, checks, bad, numbers = rows
    database.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)", row)
    database.executemany("INSERT INTO checks VALUES (?, ?, ?, ?, ?)", checks)
    database.executemany("INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?)", bad)
    database.executemany("INSERT INTO numbers VALUES (?, ?, ?)", numbers)


Rows = tuple[tuple[Any, ...], list[Any], list[Any], list[Any]]


def _rows(key: str, suite: str, told: Mapping[str, Any]) -> Rows | None:
    """The rows of a run file, for each table; None, or what indexing into it raises, where it is none of the suite."""
    if (told["format"], told["suite"], told["partial"]) != (FORMAT, suite, ""):
        return None
    checks = [(key, one["check"], one["area"], one["severity"], one["outcome"]) for one in told["checks"]]
    bad = [
        (key, one["check"], one["resource"], one["name"], one["outcome"], one["message"][:300])
        for one in told["findings"]
        if one["outcome"] not in ("passed", "not_run")
    ]
    if not all(isinstance(one, str) for row in (*checks, *bad) for one in row):
        return None
    if {outcome for *_, outcome in checks} - {*Outcome, NOT_APPLICABLE}:
        return None
    began, code = datetime.fromisoformat(told["started"]).isoformat(), told["exit_code"]
    row = (
        key,
        suite,
        began,
        str(told["state"]),
        code if code is None or 0 <= code < 256 else None,
        str(told["verdict"]["word"]),
    )
    return row, checks, bad, [(key, label, float(value)) for label, value in told.get("numbers", {}).items()]


def _forget(database: sqlite3.Connection, key: str) -> None:
    for table in ("runs", "checks", "findings", "numbers"):
        database.execute(f"DELETE FROM {table} WHERE key = ?", (key,))  # noqa: S608 - our own names


def _indexed(database: sqlite3.Connection, row: Sequence[Any]) -> Indexed:
    key, started, state, exit_code, word = row
    checks = database.execute('SELECT "check", area, outcome FROM checks WHERE key = ?', (key,)).fetchall()
    bad = database.execute('SELECT "check", resource, name, outcome, message FROM findings WHERE key = ?', (key,))
    numbers = database.execute("SELECT label, value FROM numbers WHERE key = ?", (key,))
    return Indexed(
        key=key,
        started=datetime.fromisoformat(started),
        state=state,
        exit_code=exit_code,
        word=word,
        outcomes={check: outcome for check, _, outcome in checks},
        areas={check: area for check, area, _ in checks},
        bad=tuple(Bad(*one) for one in bad),
        numbers=dict(numbers.fetchall()),
    )
