"""A memory of what was there, on canned histories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from opschecks.core.model import ObservationResult, SeenResource
from opschecks.core.run import Run
from opschecks.history.memory import idle, last_seen, shrunk, vanished
from opschecks.history.summaries import Saw, Summary
from tests.history.filed import GOOD, Memory, summed
from tests.mornings import earlier

NONE_NOW = "there is none, and the run of 2026-11-"


def morning(days: int, **seen: int | str) -> Run:
    """The run of so many days ago, and how much each observation saw; or why it saw nothing."""
    told = tuple(
        ObservationResult("here", name, 0.1, (), many)
        if isinstance(many, str)
        else ObservationResult(
            "here", name, 0.1, (), "", tuple(SeenResource(f"arn:{n}", f"{name[:-1]}-{n}") for n in range(many))
        )
        for name, many in seen.items()
    )
    return earlier(replace(GOOD, observations=told), days)


def history(tmp_path: Path, *mornings: Run) -> list[Summary]:
    """The newest first, as read from run files."""
    store = Memory()
    runs = summed(tmp_path, store, mornings)
    assert summed(tmp_path, store) == runs
    return runs


def test_a_summary_has_how_many_each_observation_saw_and_the_first_names(tmp_path: Path) -> None:
    [run] = history(tmp_path, morning(1, alarms=12, tables=0, vpcs="ec2:DescribeVpcs: AccessDenied"))
    assert run.saw == {"alarms": Saw(12, ("alarm-0", "alarm-1", "alarm-2")), "tables": Saw(0, ())}


def test_the_first_run_compares_nothing() -> None:
    assert vanished("alarms", []) == ""
    assert shrunk("alarms", 1, []) == ""


def test_what_is_gone_is_named_with_what_to_do(tmp_path: Path) -> None:
    before = history(tmp_path, morning(1, alarms=12), morning(2, alarms=4))
    assert vanished("alarms", before) == (
        f"{NONE_NOW}23 07:00 UTC saw 12 alarms (alarm-0, alarm-1, alarm-2 and 9 more) – restore what was deleted, or "
        'accept it by gone = ["alarms"] for this stack in stacks.toml for one run'
    )


def test_one_that_is_gone_is_one(tmp_path: Path) -> None:
    assert "saw 1 alarm (alarm-0)" in vanished("alarms", history(tmp_path, morning(1, alarms=1)))


def test_what_never_was_is_not_missed(tmp_path: Path) -> None:
    before = history(tmp_path, morning(1, alarms=0), morning(2, alarms=12))
    assert vanished("alarms", before) == ""  # it was accepted, or the run is of an earlier version
    assert vanished("vpcs", before) == ""


def test_a_blind_morning_hides_no_deletion(tmp_path: Path) -> None:
    gone = f"{NONE_NOW}21 07:00 UTC saw 12 alarms"
    before = history(tmp_path, morning(1, alarms=gone), morning(2, alarms="throttled"), morning(3, alarms=12))
    assert vanished("alarms", before).startswith(gone)


def test_a_run_without_the_check_is_no_memory(tmp_path: Path) -> None:
    before = history(tmp_path, morning(1, tables=2), morning(2, alarms=12))
    found = last_seen("alarms", before)
    assert found
    assert found[1].count == 12


def test_less_than_half_is_told() -> None:
    def said(was: int, now: int) -> str:
        run = Summary("k", GOOD.started, 0, "", {}, {}, (), {}, {"alarms": Saw(was, ("a",))})
        return shrunk("alarms", now, [run])

    told = {
        (was, now): bool(said(was, now)) for was, now in ((12, 5), (12, 6), (5, 2), (3, 1), (4, 1), (12, 0), (2, 9))
    }
    assert told == {
        (12, 5): True,
        (12, 6): False,
        (5, 2): True,
        (3, 1): False,
        (4, 1): True,
        (12, 0): False,
        (2, 9): False,
    }
    assert (
        said(12, 1) == "1 alarm where the run of 2026-11-24 07:00 UTC saw 12: look whether the others were meant to go"
    )


def stale(counts: Mapping[str, int], **was: int) -> list[str]:
    saw = {name: Saw(many, ()) for name, many in was.items()}
    return list(idle(["alarms"], counts, [Summary("k", GOOD.started, 0, "", {}, {}, (), {}, saw)]))


def test_an_acceptance_is_to_be_removed_when_it_has_done_its_work() -> None:
    line = 'gone = ["alarms"] in stacks.toml has nothing to accept any more: remove it'
    assert stale({"alarms": 0}, alarms=12) == []  # it does its work now
    assert stale({"alarms": 0}, alarms=0) == [line]
    assert stale({"alarms": 3}, alarms=3) == [line]
    assert stale({}, alarms=3) == []  # it could not be read
