"""Run files of a fleet at one place: which of them count, and which stacks are missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.core.model import Outcome
from opschecks.core.run import FleetPart, Run
from opschecks.history.fleets import Deal, Ended, agreed, write_ended
from opschecks.history.storage import FolderStorage
from opschecks.report.fleet.page import render_fleet
from opschecks.report.fleet.reading import Wanted, read_fleet
from opschecks.report.fleet.rows import State
from tests.exported import NOW
from tests.fleets import file, run_of

F, P = Outcome.FAILED, Outcome.PASSED


def part(shard: int, of: int = 2, fleet: str = "job-1") -> FleetPart:
    return FleetPart(fleet, shard, of)


@pytest.fixture
def place(tmp_path: Path) -> FolderStorage:
    return FolderStorage(tmp_path)


def begin(place: FolderStorage, *stacks: str, name: str = "job-1", of: int = 2) -> Deal:
    return agreed(place, "daily", name, stacks, of, NOW)


def wanted(**more: object) -> Wanted:
    return Wanted("daily", NOW + timedelta(hours=1), **more)  # type: ignore[arg-type]


def test_a_killed_shard_is_missing_until_it_is_run_again(place: FolderStorage) -> None:
    deal = begin(place, "a", "b", "c", "d")
    for stack in deal.shards[0]:
        file(place.root, run_of(stack, {"test_cpu": P}, part=part(1)))
    write_ended(place, deal, Ended(1, NOW, 0, dict.fromkeys(deal.shards[0], 2.0)))
    half, *rest = deal.shards[1]
    file(place.root, run_of(half, {"test_cpu": P}, part=part(2)))
    told = read_fleet(place, wanted())
    assert (told.word, told.late, told.shards) == ("The fleet is incomplete", (2,), 2)
    assert [(one.stack, one.why) for one in told.rows if one.state is State.MISSING] == [
        (rest[0], "no run of this fleet (shard 2 of 2); it has no run at all")
    ]
    assert "1 stack again: " + rest[0] + "; shard 2 has not ended" in told.actions[0]
    for stack in deal.shards[1]:
        file(place.root, run_of(stack, {"test_cpu": P}, part=part(2), minutes=5))
    write_ended(place, begin(place, "a", "b", "c", "d"), Ended(2, NOW, 0, {}))
    whole = read_fleet(place, wanted())
    assert (whole.word, whole.exit_code, len(whole.rows), whole.late) == ("All good", 0, 4, ())


def test_two_fleets_at_one_place_do_not_mix(place: FolderStorage) -> None:
    begin(place, "a", "b", name="first", of=1)
    agreed(place, "daily", "second", ["a", "b"], 1, NOW + timedelta(minutes=1))
    file(place.root, run_of("a", {"test_cpu": P}, part=part(1, 1, "first"), minutes=3))
    file(place.root, run_of("b", {"test_cpu": F}, part=part(1, 1, "second"), minutes=3))
    first, second = (read_fleet(place, wanted(fleet=name)) for name in ("first", "second"))
    assert {one.stack: one.state for one in first.rows} == {"a": State.GOOD, "b": State.MISSING}
    assert {one.stack: one.state for one in second.rows} == {"a": State.MISSING, "b": State.FAILED}
    assert read_fleet(place, wanted()).name == "second"


def test_a_run_by_hand_after_the_fleet_does_not_replace_the_fleets(place: FolderStorage) -> None:
    begin(place, "a", of=1)
    file(place.root, run_of("a", {"test_cpu": F}, part=part(1, 1)), run_of("a", {"test_cpu": P}, minutes=20))
    assert read_fleet(place, wanted()).rows[0].state is State.FAILED


def test_without_a_fleet_old_runs_and_absent_stacks_are_missing(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}), run_of("b", {"test_cpu": P}, minutes=-3 * 24 * 60))
    told = read_fleet(place, wanted(expected=["a", "b", "c"]))
    assert {one.stack: one.why for one in told.rows if one.state is State.MISSING} == {
        "b": "no daily run since 2026-11-23 06:00 UTC; its newest run began 2026-11-21 07:00 UTC",
        "c": "no daily run since 2026-11-23 06:00 UTC; it has no run at all",
    }
    assert read_fleet(place, wanted(expected=["a"])).exit_code == 0
    assert read_fleet(place, wanted(expected=["a", "b"], oldest=timedelta(days=9))).exit_code == 0
    assert read_fleet(place, wanted(oldest=timedelta(days=9))).word == "Not known to be complete"


def test_a_fleet_of_another_day_is_not_todays(place: FolderStorage) -> None:
    begin(place, "a", of=1)
    file(place.root, run_of("a", {"test_cpu": P}, part=part(1, 1)))
    later = Wanted("daily", NOW + timedelta(days=2))
    told = read_fleet(place, later)
    assert (told.word, told.exit_code) == ("Not known to be complete", 10)
    assert told.actions == ("Start a fleet: the newest one began 2026-11-24 07:00 UTC, and none since",)
    assert read_fleet(place, replace(later, fleet="job-1")).exit_code == 0
    assert read_fleet(place, replace(later, oldest=timedelta(days=3))).exit_code == 0


def test_a_run_file_that_cannot_be_read_is_one_row_and_not_an_older_run(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}, minutes=-60), run_of("b", {"test_cpu": P}))
    (place.root / "a" / "daily" / "2026-11-24T07-10-00.000000Z.json").write_text("{", encoding="utf-8")
    rows = read_fleet(place, wanted(expected=["a", "b"])).rows
    assert [(one.stack, one.state) for one in rows] == [("a", State.MISSING), ("b", State.GOOD)]
    assert rows[0].why.startswith("the run file a/daily/2026-11-24T07-10-00.000000Z.json cannot be read: not a run")


def test_each_stacks_page_is_written_once(place: FolderStorage) -> None:
    file(place.root, run_of("a", {"test_cpu": P}), run_of("a", {"test_cpu": P}, minutes=1))
    written: list[Run] = []

    def page(run: Run) -> str:
        written.append(run)
        return "fleet/a.html"

    told = read_fleet(place, wanted(expected=["a"]), page)
    assert len(written) == 1
    assert 'href="fleet/a.html"' in render_fleet(told)


# what it looks like
