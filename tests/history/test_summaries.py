"""Summaries of run files: made once, made again where they are damaged; what cannot be read is reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.model import Outcome
from opschecks.history.comparison import past_of
from opschecks.history.storage import FolderStorage
from opschecks.history.summaries import Summaries, Summary
from opschecks.report.runfile import to_json
from tests.history.filed import GOOD, NOW, B, F, Memory, loaded, mornings, ran, standings
from tests.mornings import earlier, ending, file_all

YESTERDAY = "daily/2026-11-23T07-00-00.000000Z.json"


def read(store: Any, folder: Path, suite: str = "daily") -> tuple[list[Summary], list[str]]:
    """The runs, and what was reported."""
    said: list[str] = []
    return Summaries(store, folder, said.append).runs(suite), said


def test_a_run_file_is_read_once(folder: Path) -> None:
    store = Memory()
    file_all(store, mornings("PFF")[:2])
    first, _ = read(store, folder)
    (newest,) = file_all(store, [GOOD])
    store.read_keys.clear()
    assert read(store, folder)[0][1:] == first
    assert len(read(store, folder)[0]) == 3
    assert store.read_keys == [newest]


def test_a_summary_has_what_its_run_file_says(folder: Path) -> None:
    run = replace(loaded(1, 71.5), checks=GOOD.checks)
    bad = ending(ending(run, {"test_a": F}), {"test_z": B})
    not_run = replace(bad.findings[0], resource="N", outcome=Outcome.NOT_RUN)
    store = Memory()
    file_all(store, [replace(bad, exit_code=1, findings=(*bad.findings, not_run))])
    for _ in ("from the run file", "from the summary"):
        (known,), said = read(store, folder)
        assert said == []
        assert (known.started, known.exit_code, known.word) == (run.started, 1, "Action needed")
        assert known.outcomes == {"test_a": "failed", "test_z": "blind"}
        assert known.areas == {"test_a": "ecs", "test_z": "ecs"}
        assert {(one.check, one.resource, one.name, one.outcome) for one in known.bad} == {
            ("test_a", "A", "the A", "failed"),
            ("test_a", "Z", "the Z", "failed"),
            ("test_z", "Z", "the Z", "blind"),
        }
        assert known.numbers == {"CPU, service": 71.5, "passed": 0.0}


def test_what_was_deleted_is_not_listed(store: FolderStorage, folder: Path) -> None:
    keys = file_all(store, mornings("FPF"))
    read(store, folder)
    store.delete(keys[1])
    assert [run.key for run in read(store, folder)[0]] == [keys[2], keys[0]]


RUN = json.loads(to_json(earlier(ran({"test_a": {"A": F}}), 1)))
WHOLE_FILE = json.dumps(RUN)
STRAY: dict[str, bytes] = {
    "nothing": b"",
    "a NUL": b"\0",
    "binary": b"\xff\xfe\x80",
    "a page": b"<html></html>",
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "an empty object": b"{}",
    "brackets without end": b"[" * 100_000,
    "half a run file": WHOLE_FILE.encode()[: len(WHOLE_FILE) // 2],
    "CTRF": b'{"reportFormat": "CTRF", "results": {"tests": []}}',
    "another format": json.dumps({**RUN, "format": 99}).encode(),
    "another suite": json.dumps({**RUN, "suite": "weekly"}).encode(),
    "a part of a suite": json.dumps({**RUN, "partial": "-k"}).encode(),
    "no checks": json.dumps({**RUN, "checks": None}).encode(),
    "checks that are texts": json.dumps({**RUN, "checks": ["x"]}).encode(),
    "an unknown outcome": json.dumps({**RUN, "checks": [{**RUN["checks"][0], "outcome": "good"}]}).encode(),
    "findings that are numbers": json.dumps({**RUN, "findings": [1]}).encode(),
    "text for a number": json.dumps({**RUN, "numbers": {"CPU": "much"}}).encode(),
    "a number longer than a line": json.dumps({**RUN, "numbers": {"CPU": 10**400}}).encode(),
    "no time": json.dumps({**RUN, "started": "yesterday"}).encode(),
    "a time of nowhere": json.dumps({**RUN, "started": "2026-11-23T07:00:00"}).encode(),
    "no verdict": json.dumps({**RUN, "verdict": "good"}).encode(),
    "no state": json.dumps({**RUN, "state": ""}).encode(),
    "half a character": json.dumps({**RUN, "verdict": {"word": "\ud800"}}).encode(),
}


@pytest.mark.parametrize("stray", STRAY.values(), ids=STRAY)
def test_a_file_that_is_not_a_run_file_costs_one_run_and_a_line(
    store: FolderStorage, folder: Path, stray: bytes
) -> None:
    file_all(store, [earlier(ran({"test_a": {"A": F}}), 2)])
    before, _ = read(store, folder)
    for name in (YESTERDAY, "daily/notes.txt"):
        (store.root / name).write_bytes(stray)
    for _ in range(2):
        runs, (line,) = read(store, folder)
        assert runs == before
        assert line == (
            f"{store}/{YESTERDAY}: not a run file that this version can read; it is left out of every comparison"
        )
    assert standings(past_of(ran({"test_a": {"A": F}}), "here", runs)) == {"A": ("still", 3)}


@pytest.mark.parametrize(
    "odd",
    [
        {"numbers": {"CPU": float("nan"), "5xx": 1.0, "p95": float("inf"), "zero": -0.0}},
        {"verdict": {"word": "a\0b"}},
        {"exit_code": None},
    ],
    ids=["numbers that are none", "a NUL in a text", "no exit code"],
)
def test_an_odd_run_file_says_the_same_whenever_it_is_read(
    store: FolderStorage, folder: Path, odd: dict[str, Any]
) -> None:
    store.create(YESTERDAY, json.dumps({**RUN, **odd}))
    first, said = read(store, folder)
    assert len(first) == 1
    assert said == []
    assert read(store, folder) == (first, [])


def _without(*names: str) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps({key: value for key, value in json.loads(raw).items() if key not in names}).encode()


def _with(**other: Any) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps({**json.loads(raw), **other}).encode()


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "other text": lambda raw: b"hello",
    "nothing": lambda raw: b"",
    "zeros": lambda raw: bytes(len(raw)),
    "a half": lambda raw: raw[: len(raw) // 2],
    "a run file": lambda raw: WHOLE_FILE.encode(),
    "another outcome": lambda raw: raw.replace(b"failed", b"fa1led"),
    "of another version": _without("areas"),
    "a number as text": lambda raw: raw.replace(b'"exit_code":1', b'"exit_code":"1"'),
    "a text as a number": _with(word=7),
    "no outcomes": _with(outcomes={}),
    "of another run": _with(key="daily/2026-01-01T00-00-00Z.json"),
    "of other checks": _with(areas={}),
    "without what was bad": _without("bad"),
    "no text": lambda raw: raw.replace(b"test_a", b"\xff\xfe_a"),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_summary_is_made_again(store: FolderStorage, folder: Path, damage: Callable[[bytes], bytes]) -> None:
    keys = file_all(store, mornings("PFWB.NxF"))
    told, _ = read(store, folder)
    assert len(told) == 8
    (path,) = [folder / key for key in keys if key == told[0].key]
    right = path.read_bytes()
    path.write_bytes(damage(right))
    assert read(store, folder) == (told, [])
    assert path.read_bytes() == right


def _file_in_place_of_the_folder(folder: Path) -> None:
    folder.write_text("mine")


def _folder_in_place_of_a_summary(folder: Path) -> None:
    (folder / YESTERDAY).mkdir(parents=True)


@pytest.mark.parametrize("broken", [_file_in_place_of_the_folder, _folder_in_place_of_a_summary])
def test_summaries_that_cannot_be_kept_cost_time_and_a_line(
    store: FolderStorage, folder: Path, broken: Callable[[Path], None]
) -> None:
    file_all(store, mornings("PFF"))
    broken(folder)
    for _ in range(2):
        runs, (line,) = read(store, folder)
        assert len(runs) == 3
        assert line.startswith(f"{folder}: ")
        assert line.endswith(": until it can be written, each command reads the run files again")


class Refusing(FolderStorage):
    """A folder that refuses to read these days with such an error."""

    def __init__(self, root: Path, error: OSError, *days: str) -> None:
        super().__init__(root)
        self._error, self._days = error, days

    def read(self, key: str) -> str | None:
        if key.startswith(tuple(f"daily/2026-11-{day}" for day in self._days)):
            raise self._error
        return super().read(key)


DENIED = PermissionError(13, "Permission denied")


def test_a_run_file_that_may_not_be_read_costs_one_run(store: FolderStorage, folder: Path) -> None:
    file_all(store, mornings("PFF"))
    runs, (line,) = read(Refusing(store.root, DENIED, "23"), folder)
    assert [run.started.day for run in runs] == [24, 22]
    assert line == f"{store}/{YESTERDAY}: Permission denied; it is left out of every comparison"
    runs, (line,) = read(Refusing(store.root, DENIED, "23", "22"), folder / "other")
    assert [run.started.day for run in runs] == [24]
    assert line.endswith("; it is left out of every comparison, as are 1 more")


@pytest.mark.parametrize(
    ("error", "days"), [(DENIED, ("22", "23", "24")), (OSError("s3:GetObject: SlowDown"), ("23",))]
)
def test_a_store_that_cannot_be_read_is_an_error_and_not_an_empty_history(
    store: FolderStorage, folder: Path, error: OSError, days: tuple[str, ...]
) -> None:
    file_all(store, mornings("PFF"))
    with pytest.raises(OSError, match=r"Permission denied|SlowDown"):
        read(Refusing(store.root, error, *days), folder)


def test_a_run_file_that_is_deleted_meanwhile_is_no_error(folder: Path) -> None:
    store = Memory()
    file_all(store, mornings("PF"))
    listed = store.keys("daily")
    store.keys = lambda folder: listed  # type: ignore[method-assign]
    store.delete(YESTERDAY)
    runs, said = read(store, folder)
    assert ([run.started for run in runs], said) == ([NOW], [])


def test_two_runs_of_one_moment_have_one_order(store: FolderStorage, folder: Path) -> None:
    file_all(store, [GOOD])
    read(store, folder)
    file_all(store, [GOOD])
    assert read(store, folder) == read(store, folder / "fresh")
