"""A run among those filed before it: what reading them costs, and several processes at once."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.run import Past
from opschecks.history.runs import file_run, filed_runs
from opschecks.history.storage import FolderStorage
from opschecks.history.summaries import COMPARED, Summaries
from opschecks.hooks.earlier_runs import earlier_run, forget_old, with_past
from opschecks.report.runfile import to_json
from tests.changes import change
from tests.history.filed import GOOD, NOW, F, Memory, P, mornings, ran, session, standings, summed
from tests.mornings import earlier, ending, file_all

# a year of mornings


def _year(days: int) -> Memory:
    """A store with that many mornings, and a change on each."""
    store = Memory()
    text = to_json(ending(GOOD, {"test_a": F}))
    for day in range(days, 0, -1):
        started = NOW - timedelta(days=day)
        file_run(store, "daily", started, text.replace(NOW.isoformat(), started.isoformat()))
        at = started + timedelta(hours=1)
        told = {"entry": f"{day:08x}", "event": "begun", "at": at.isoformat(), "by": "me", "undoes": ""}
        store.create(
            f"journal/{at:%Y-%m-%dT%H-%M-%S.%f}-{day:08x}-begun.json",
            json.dumps({**told, "change": change().to_plain()}),
        )
    return store


def test_the_newest_run_files_of_a_year_are_read_once_and_no_more(folder: Path) -> None:
    store = _year(365)
    assert len(summed(folder, store)) == COMPARED
    assert sorted(store.read_keys) == store.keys("daily")[-COMPARED:]
    every = Summaries(store, folder, pytest.fail).runs("daily", most=None)
    assert sorted(store.read_keys) == store.keys("daily")
    assert every == Summaries(store, folder, pytest.fail).runs("daily", most=None)
    assert len(every) == len(store.read_keys) == 365


def test_what_a_morning_costs_does_not_grow_with_the_mornings_filed(tmp_path: Path) -> None:
    costs = {}
    for days in (COMPARED + 5, 365):
        store = _year(days)
        run = session(tmp_path / str(days), store)
        with_past(run, earlier(GOOD, 0.5))
        file_all(store, [earlier(GOOD, 0.25)])
        store.read_keys.clear()
        store.listed = 0
        told = with_past(run, GOOD)
        assert earlier_run(run, told)
        forget_old(run, told)
        costs[days] = (sorted(key.split("/")[0] for key in store.read_keys), store.listed, told.past[0].runs)
    few, many = costs.values()
    assert few == many
    assert len(many[0]) <= 5, many
    assert many[2] == COMPARED


# the session's side


def test_a_run_stands_beside_its_past(tmp_path: Path) -> None:
    store = Memory()
    file_all(store, mornings("FFP")[:2])
    told = with_past(session(tmp_path, store), GOOD)
    assert standings(told.past_of("here")) == {"A": ("recovered", 3)}
    assert replace(told, past=()) == GOOD
    assert len(list((tmp_path / "history" / "here" / "summaries" / "daily").iterdir())) == 2


def test_a_run_that_began_later_and_ended_before_is_no_earlier_one(tmp_path: Path) -> None:
    store = Memory()
    file_all(store, [earlier(GOOD, 1), earlier(ending(GOOD, {"test_a": F}), -0.001)])
    (past,) = with_past(session(tmp_path, store), ending(GOOD, {"test_z": F})).past
    assert (past.runs, past.previous) == (1, NOW - timedelta(days=1))
    assert standings(past) == {"Z": ("new", 1)}


def test_a_history_that_cannot_be_read_costs_the_comparison_only(tmp_path: Path) -> None:
    store = Memory()
    file_all(store, mornings("FF")[:1])
    store.broken = PermissionError("s3:ListObjectsV2: AccessDenied")
    told = with_past(session(tmp_path, store), GOOD)
    assert told.past == (Past("here", error="s3:ListObjectsV2: AccessDenied"),)
    assert earlier_run(session(tmp_path, store), GOOD) is None


# several processes at once


def _files_and_reads(barrier: Any, folder: Path, number: int, moments: int) -> None:
    """In a process of its own: file a run of each moment as the others do, and read what they have filed."""
    store, said = FolderStorage(folder / "state"), list[str]()
    text = to_json(ran({"test_a": {"A": F if number % 2 else P}, f"test_{number}": {"Z": P}}))
    for day in range(moments, 0, -1):
        started = NOW - timedelta(days=day)
        barrier.wait(600)
        Summaries(store, folder / f"{day}", said.append).runs("daily")
        file_run(store, "daily", started, text.replace(NOW.isoformat(), started.isoformat()))
        Summaries(store, folder / "every", said.append).runs("daily")
    assert said == []


def test_processes_that_file_and_read_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes, moments = 4, 12
    barrier = context.Barrier(processes)
    started = [
        context.Process(target=_files_and_reads, args=(barrier, tmp_path, number, moments))
        for number in range(processes)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join(600)
    assert [process.exitcode for process in started] == [0] * processes
    store = FolderStorage(tmp_path / "state")
    filers = [{check["check"] for check in told["checks"]} - {"test_a"} for told in filed_runs(store, ["daily"])]
    assert sorted(name for names in filers for name in names) == sorted(
        f"test_{number}" for number in range(processes) for _ in range(moments)
    )
    fresh = summed(tmp_path / "fresh", store)
    assert len(fresh) == processes * moments
    for folder in ("every", *map(str, range(1, moments + 1))):
        assert summed(tmp_path / folder, store) == fresh, folder
        assert len(list((tmp_path / folder).rglob("*.json"))) == processes * moments
