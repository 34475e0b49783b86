"""A disk that is full, or may only be read: an error that says so, nothing by halves, and all that was there stays.

Files may not grow beyond so many bytes: by the limit of the process, which the kernel keeps, also for root.
"""

from __future__ import annotations

import contextlib
import json
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from opschecks.history.journal import Journal
from opschecks.history.lock import Lock
from opschecks.history.storage import FolderStorage
from opschecks.recording.file import Recording, read_recording, write_recording
from tests.changes import change
from tests.history.filed import mornings
from tests.history.test_summaries import read
from tests.mornings import file_all

FULL = 16
"""Bytes of a file for which there is room: less than anything is long."""
NOWHERE = Path("/proc/self/opschecks")
"""A folder that nobody can make, as on a file system that may only be read."""
ABOUT = {"suite": "daily", "started": "2026-11-24T07:00:00+00:00", "partial": "", "versions": {}, "stacks": [],
         "waivers": [], "expected": {}}  # fmt: skip


@contextlib.contextmanager
def full_disk(room: int = FULL) -> Iterator[None]:
    """In it no file becomes longer than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def test_what_was_filed_stays_whole_and_nothing_is_filed_by_halves(store: FolderStorage) -> None:
    assert store.create("daily/1.json", "the first")
    store.replace("journal-head.json", "the head of the journal")
    before = files(store.root)
    with full_disk():
        for write in (store.replace, store.create):
            with pytest.raises(OSError, match="File too large"):
                write("journal-head.json" if write == store.replace else "daily/2.json", "x" * 1000)
    assert files(store.root) == before
    assert store.create("daily/2.json", "once there is room")


def test_a_change_that_cannot_be_written_down_leaves_the_journal_as_it_was(store: FolderStorage) -> None:
    journal = Journal(store)
    entry = journal.begin(change(1))
    with full_disk():
        with pytest.raises(OSError, match="File too large"):
            journal.begin(change(2))
        with pytest.raises(OSError, match="File too large"):
            journal.add(entry, "done")
    assert [(one.change.target, one.is_open) for one in journal.entries()] == [("t1", True)]
    journal.add(entry, "done")
    journal.begin(change(2))
    assert len(journal.entries()) == 2


@pytest.mark.parametrize("room", [700, 900, 1100])
def test_room_for_a_line_and_none_for_the_head_is_no_damage(store: FolderStorage, room: int) -> None:
    journal = Journal(store)
    journal.begin(change(1))
    with full_disk(room), contextlib.suppress(OSError):
        journal.begin(replace(change(2), name="b" * 400))
    journal.begin(change(3))
    assert len(journal.entries()) >= 2


def test_nobody_holds_a_lock_that_could_not_be_written(store: FolderStorage) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large"):
        Lock(store).acquire()
    with Lock(store):
        pass


def test_summaries_cost_time_and_a_line(store: FolderStorage, folder: Path) -> None:
    file_all(store, mornings("PFF"))
    with full_disk():
        runs, (line,) = read(store, folder)
    assert len(runs) == 3
    assert line.startswith(f"{folder}: File too large: until it can be written")
    assert files(folder) == {}
    assert read(store, folder) == (runs, [])


def test_a_summary_of_a_newer_version_is_read_and_left_to_it(store: FolderStorage, folder: Path) -> None:
    """Two versions that take turns, as before an update of every machine, do not rewrite each other's."""
    file_all(store, mornings("PFF"))
    told, _ = read(store, folder)
    for path in (one for one in folder.rglob("*.json") if one.is_file()):
        path.write_text(json.dumps({**json.loads(path.read_text()), "of_next_year": {"a": [1]}}))
    newer = files(folder)
    assert newer
    assert read(store, folder) == (told, [])
    assert files(folder) == newer


def test_a_recording_is_whole_or_not_there(tmp_path: Path) -> None:
    write_recording(tmp_path / "it.rec", Recording(ABOUT, ()))
    before = files(tmp_path)
    with full_disk():
        for name in ("it.rec", "new.rec"):
            with pytest.raises(OSError, match="File too large"):
                write_recording(tmp_path / name, Recording(ABOUT, ()))
    assert files(tmp_path) == before
    assert read_recording(tmp_path / "it.rec").suite == "daily"


def test_a_folder_that_may_only_be_read_is_an_error_that_names_it(tmp_path: Path) -> None:
    store = FolderStorage(NOWHERE)
    for write in (store.create, store.replace):
        with pytest.raises(OSError, match=str(NOWHERE)):
            write("daily/1.json", "x")
    with pytest.raises(OSError, match=str(NOWHERE)):
        Lock(store).acquire()
    with pytest.raises(OSError, match=str(NOWHERE)):
        write_recording(NOWHERE / "it.rec", Recording(ABOUT, ()))
    assert store.keys("daily") == []
    file_all(FolderStorage(tmp_path), mornings("PF"))
    runs, (line,) = read(FolderStorage(tmp_path), NOWHERE)
    assert len(runs) == 2
    assert str(NOWHERE) in line
