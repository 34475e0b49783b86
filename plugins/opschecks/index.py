"""The history of a stack as an SQLite file: a copy of what its run files say, which they can make again at any time."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from .history import began
from .index_rows import TABLES, VERSION, DamagedError, forget, indexed, rows_of, write
from .index_rows import Bad as Bad
from .index_rows import Indexed as Indexed
from .observe import fan_out
from .store import Store

LATELY = 60
"""So many runs are read by themselves; `opschecks history rebuild` reads every one."""
WAIT_S = 30.0
"""How long one writer waits for another."""
ATTEMPTS = 10
"""So often a damaged file is made anew before somebody is told: others may be making it at the same time."""
_BUSY = (5, 6)
_UNUSABLE = (3, 7, 8, 9, 10, 13, 14, 23)
"""SQLite's primary result codes that say nothing of the file's content: permission, memory, disk, full, cannot open."""
T = TypeVar("T")


class IndexFileError(OSError):
    """The index can neither be read nor made anew; the message says what to do."""


class Index:
    """The index of one stack. Safe for several processes: each run is written whole, and writing it twice is once.

    A file that is damaged, or of another version, is made anew, and `say` is told; what this index has followed is
    followed again, also where another process has made the file anew in between.
    """

    def __init__(self, path: Path, say: Callable[[str], None] | None = None) -> None:
        self.path = path
        self._say = say
        self._followed: dict[str, tuple[Store, list[str], list[str]]] = {}

    def follow(self, store: Store, suite: str, *, most: int = LATELY, say: Callable[[str], None] | None = None) -> int:
        """Read the newest `most` run files of the suite that it lacks, and forget those that are gone; how many."""
        there = [key for key in store.keys(suite) if began(key)]
        self._followed[suite] = (store, there, there[-most:])

        def drop(database: sqlite3.Connection) -> None:
            for key in {row.key for row in rows_of(database, suite)} - set(there):
                forget(database, key)

        return self._do(drop, say)[1]

    def runs(self, suite: str, *, before: datetime | None = None, most: int = LATELY) -> list[Indexed]:
        """The suite's runs that began before the moment, the newest first; without files that were no run files."""

        def read(database: sqlite3.Connection) -> list[Indexed]:
            moment = before.isoformat() if before else "9"
            rows = [row for row in rows_of(database, suite) if row.started < moment and row.is_run]
            rows.sort(key=lambda row: row.started, reverse=True)
            return [indexed(database, row) for row in rows[:most]]

        return self._do(read)[0]

    def suites(self) -> list[str]:
        """The suites that it knows runs of."""
        return self._do(lambda database: sorted({row.suite for row in rows_of(database)}))[0]

    def unread(self, suite: str) -> int:
        """How many run files of the suite, which was followed, it has not read."""
        _, there, _ = self._followed[suite]
        return self._do(lambda database: len(set(there) - {row.key for row in rows_of(database, suite)}))[0]

    def empty(self) -> None:
        """Delete it; the next use makes it anew."""
        try:
            for suffix in ("", "-journal", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(str(error.strerror)) from None

    def _do(self, work: Callable[[sqlite3.Connection], T], say: Callable[[str], None] | None = None) -> tuple[T, int]:
        """Do the work in one transaction that has all that is to be followed; how many run files were read for it."""
        told, read = "", 0
        for _ in range(ATTEMPTS):
            seen = self._identity()
            try:
                with self._open() as database:
                    missing = self._missing(database)
                    if not missing:
                        return work(database), read
                read += self._read(missing, say)
                continue
            except (sqlite3.Error, DamagedError) as error:
                code = getattr(error, "sqlite_errorcode", 1) & 0xFF
                if code in _BUSY:
                    raise IndexFileError(
                        f"{self.path}: another process has held it for {WAIT_S:.0f} s; try again"
                    ) from None
                if code in _UNUSABLE:
                    raise self._unusable(str(error)) from None
                if not told and self._say:
                    self._say(f"{self.path}: {error}; it is made anew from the newest run files, which it is a copy of")
                told = str(error)
            if self._identity() == seen:  # unless somebody else has made it anew
                self.empty()
        raise self._unusable(told or "others make it anew again and again")

    def _unusable(self, why: str) -> IndexFileError:
        return IndexFileError(
            f"{self.path}: the index cannot be used: {why}; it is only a copy of the run files: move away what lies "
            "there, or give this user the right to write it, and it is made anew"
        )

    def _identity(self) -> tuple[int, int, int] | None:
        with contextlib.suppress(OSError):
            facts = self.path.stat()
            return facts.st_ino, facts.st_mtime_ns, facts.st_size
        return None

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Its journal is kept in memory: one on disk could be played into a file made anew."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unusable(str(error)) from None
        database = sqlite3.connect(self.path, timeout=WAIT_S, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = MEMORY")
            database.execute("PRAGMA synchronous = OFF")
            database.execute("BEGIN IMMEDIATE")  # two that begin at once make the tables once
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                for statement in filter(str.strip, TABLES.split(";")):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise DamagedError(f"its version is {version}, not {VERSION}")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()

    def _missing(self, database: sqlite3.Connection) -> dict[str, list[str]]:
        """What is to be known of each suite, and is not."""
        missing = {}
        for suite, (_, _, wanted) in self._followed.items():
            known = {row.key for row in rows_of(database, suite)}
            missing[suite] = [key for key in wanted if key not in known]
        return {suite: keys for suite, keys in missing.items() if keys}

    def _read(self, missing: Mapping[str, Sequence[str]], say: Callable[[str], None] | None) -> int:
        """Read it; nobody waits for the file meanwhile."""
        for suite, keys in missing.items():
            store = self._followed[suite][0]
            for begin in range(0, len(keys), LATELY):
                some = keys[begin : begin + LATELY]
                told = dict(zip(some, fan_out(partial(_told, store), some), strict=True))
                with self._open() as database:
                    for key in told.keys() - {row.key for row in rows_of(database, suite)}:
                        write(database, key, suite, told[key])
                if say:
                    say(f"{suite}: {begin + len(some)} of {len(keys)} run files read")
        return sum(len(keys) for keys in missing.values())


def _told(store: Store, key: str) -> Mapping[str, Any]:
    try:
        told = json.loads(store.read(key) or "{}")
    except (ValueError, RecursionError, IsADirectoryError):
        return {}
    return told if isinstance(told, dict) else {}
