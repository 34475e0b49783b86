"""Run files: filed by their moment, and deleted only when their age is certain."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from opschecks.core.observation import CouldNotLook
from opschecks.history.runs import KEPT_AT_LEAST, began, file_run, filed_runs
from opschecks.history.runs import forget_old as forget_old_runs
from opschecks.history.storage import FolderStorage
from opschecks.hooks.earlier_runs import forget_old
from tests.clock import NOW
from tests.history.filed import GOOD, session, summed
from tests.mornings import earlier, file_all


def test_two_runs_of_the_same_moment_are_both_kept(store: FolderStorage) -> None:
    keys = [file_run(store, "daily", NOW, text) for text in ("one", "two", "three")]
    assert keys == [f"daily/2026-11-24T07-00-00.000000Z{more}.json" for more in ("", "-1", "-2")]
    assert [store.read(key) for key in keys] == ["one", "two", "three"]
    assert {began(key) for key in keys} == {NOW}


@pytest.mark.parametrize(
    "key",
    [
        "daily/notes.txt",
        "daily/2026-11-24.json",
        "daily/2026-99-99T00-00-00.000000Z.json",
        "2026-11-24T07-00-00.000000Z.json",
        "x/",
    ],
)
def test_what_is_no_run_file_has_no_moment(key: str) -> None:
    assert began(key) is None


def placed(store: FolderStorage, at: datetime, *keys: str) -> None:
    """As if these were written at that moment by the clock of the folder."""
    for key in keys:
        os.utime(store.root / key, (at.timestamp(), at.timestamp()))


def mornings_filed(store: FolderStorage, days: Iterable[float]) -> list[str]:
    """A run of so many days ago each, filed then."""
    keys = []
    for one in days:
        keys += file_all(store, [earlier(GOOD, one)])
        placed(store, NOW - timedelta(days=one), keys[-1])
    return keys


def test_only_old_run_files_of_the_suite_are_deleted(tmp_path: Path) -> None:
    store = FolderStorage(tmp_path / "state")
    recent = mornings_filed(store, range(1, 1 + KEPT_AT_LEAST))
    old, edge, new = mornings_filed(store, (400.01, 400, 399))
    (weekly,) = file_all(store, [replace(earlier(GOOD, 500), suite="weekly")])
    foreign = [
        "journal/2020-01-01T00-00-00.000000-01234567-begun.json",
        "journal/2020-01-01T00-00-00.000000Z.json",
        "lock/2020-01-01T00-00-00.000000Z.json",
        "daily/2020-01-01.json",
        "daily/2020-01-01T00-00-00Z.json",
        "daily/2020-01-01T00-00-00.000000Z.json.bak",
        "daily/copy of 2020-01-01T00-00-00.000000Z.json",
        "daily/README.md",
        "2020-01-01T00-00-00.000000Z.json",
    ]
    for key in foreign:
        (store.root / key).parent.mkdir(exist_ok=True)
        (store.root / key).write_text("mine")
    kept = {*recent, edge, new}
    run = session(tmp_path, store, history_days=399)
    summed(tmp_path / "history" / "here" / "summaries", store)
    file_all(store, [GOOD])
    forget_old(run, GOOD)
    summaries = tmp_path / "history" / "here" / "summaries"
    assert {str(path.relative_to(summaries)) for path in summaries.rglob("*.json")} == kept
    left = {str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file()}
    assert left - {"daily/2026-11-24T07-00-00.000000Z.json"} == {*kept, weekly, *foreign}
    assert old not in left


WRONG_CLOCKS: dict[str, tuple[float, float]] = {
    "the run's clock is ahead, once": (500, 0),
    "the clock of the folder is ahead as well": (500, 500),
    "the run's clock is behind": (-500, 0),
}


@pytest.mark.parametrize(("ahead", "folder_ahead"), WRONG_CLOCKS.values(), ids=WRONG_CLOCKS)
def test_a_clock_that_is_wrong_deletes_nothing(store: FolderStorage, ahead: float, folder_ahead: float) -> None:
    keys = mornings_filed(store, range(1, 61))
    begun = NOW + timedelta(days=ahead)
    (wrong,) = file_all(store, [replace(GOOD, started=begun)])
    placed(store, NOW + timedelta(days=folder_ahead), wrong)
    assert forget_old_runs(store, "daily", begun, timedelta(days=90)) == []
    # the next morning's clock is right again
    (right,) = file_all(store, [GOOD])
    placed(store, NOW, right)
    assert forget_old_runs(store, "daily", NOW, timedelta(days=90)) == []
    assert store.keys("daily") == sorted([*keys, wrong, right])


def test_the_newest_runs_stay_however_old_they_are(store: FolderStorage) -> None:
    keys = mornings_filed(store, range(1000, 1000 + KEPT_AT_LEAST + 5))
    mornings_filed(store, (0.1, 0))
    gone = forget_old_runs(store, "daily", NOW, timedelta(days=10))
    assert sorted(gone) == sorted(keys[-7:])


def test_a_part_of_a_suite_deletes_nothing(tmp_path: Path, store: FolderStorage) -> None:
    keys = sorted(mornings_filed(store, range(500, 500 + 2 * KEPT_AT_LEAST)))
    mornings_filed(store, (1, 0))
    keys = store.keys("daily")
    forget_old(session(tmp_path, store), replace(GOOD, partial="-k"))
    assert store.keys("daily") == keys


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b'{"a": "\xc3'])
def test_a_damaged_run_file_is_named_and_not_passed_over(store: FolderStorage, damage: bytes) -> None:
    older, newest = file_all(store, [earlier(GOOD, 1), GOOD])
    (store.root / newest).write_bytes(damage)
    with pytest.raises(CouldNotLook, match=f"run file {store}/{newest}"):
        next(filed_runs(store, ["daily"]))
    (store.root / newest).unlink()
    assert next(filed_runs(store, ["daily"]))["started"] == earlier(GOOD, 1).started.isoformat()
    assert older in store.keys("daily")
