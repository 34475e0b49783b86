"""The changes that a run's past shows, from the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from opschecks.core import clock
from opschecks.core.change import DRILLED
from opschecks.history.comparison import past_of
from opschecks.history.journal import Entry, Journal
from opschecks.hooks.earlier_runs import with_past
from opschecks.report.runfile import from_json, to_json
from tests.changes import change
from tests.history.filed import GOOD, NOW, F, Memory, P, ran, session, summed
from tests.mornings import earlier, file_all


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """A change a day for five days, the newest a day ago, each of two steps, an hour apart."""
    made = Journal(Memory())
    entries: list[Entry] = []
    for days in (5, 4, 3, 2, 1):
        begun = NOW - timedelta(days=days)
        monkeypatch.setattr(clock, "_read", lambda at=begun: at)
        undoes = entries[0].id if days == 1 else ""
        entries.append(made.begin(change(days), undoes=undoes))
        monkeypatch.setattr(clock, "_read", lambda at=begun + timedelta(hours=1): at)
        made.add(entries[-1], "cured", f"change {days} helped")
    return made


@pytest.mark.parametrize(
    ("ago", "wanted"),
    [
        (timedelta(days=9), [5, 4, 3, 2, 1]),
        (timedelta(days=3), [3, 2, 1]),
        (timedelta(days=3, microseconds=-1), [2, 1]),
        (timedelta(0), []),
    ],
)
def test_only_the_newer_part_of_the_journal_is_read(journal: Journal, ago: timedelta, wanted: list[int]) -> None:
    store = cast("Memory", journal.store)
    moment = NOW - ago
    told = journal.entries(since=moment)
    assert [entry.change.target for entry in told] == [f"t{number}" for number in wanted]
    assert all(len(entry.lines) == 2 for entry in told)
    begun = [key for key in store.read_keys if key.endswith("begun.json")]
    assert len(begun) == len(wanted)
    lines = [key for key in store.read_keys if key.startswith("journal/")]
    assert len(lines) <= 2 * len(wanted) + 1, "but for the step of one that began before"
    assert [entry for entry in journal.entries() if entry.begun >= moment] == told


@pytest.mark.parametrize("filed", [(), (9,), (3,), (2.5, 9)])
def test_a_past_has_the_changes_since_the_previous_run(folder: Path, journal: Journal, filed: Sequence[float]) -> None:
    before = summed(folder, Memory(), [earlier(GOOD, days) for days in filed])
    since = min(filed, default=1)
    changes = past_of(GOOD, "here", before, journal.entries()).changes
    assert [one["target"] for one in changes] == [f"t{days}" for days in (5, 4, 3, 2, 1) if days <= since]
    newest = changes[-1]
    assert (newest["remedy"], newest["name"], newest["state"], newest["said"], newest["one_way"]) == (
        "switch", "t1", "cured", "change 1 helped", False,
    )  # fmt: skip
    assert newest["differs"] == ["v: 0 → 1"]
    assert newest["begun"] == (NOW - timedelta(days=1)).isoformat()
    assert newest["undoes"] == journal.entries()[0].id
    assert newest["by"] == journal.entries()[-1].by


def test_the_newest_change_of_what_is_bad_is_shown_whatever_its_age(folder: Path, journal: Journal) -> None:
    run = ran({"test_a": {"t5": F, "t1": P, "else": F}, "test_z": {"t5": F}})
    past = past_of(run, "here", summed(folder, Memory(), [earlier(run, 1.5)]), journal.entries())
    assert [(one["target"], one["said"]) for one in past.touched] == [("t5", "change 5 helped")]
    assert past.journal_days == 30
    again = from_json(to_json(replace(run, past=(past,))))
    assert again.past == (past,)
    nothing_bad = past_of(GOOD, "here", [], journal.entries())
    assert (nothing_bad.touched, nothing_bad.journal_days) == ((), 0)


def test_what_a_drill_changed_only_the_drills_show(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Journal(Memory())
    monkeypatch.setattr(clock, "_read", lambda: NOW - timedelta(hours=1))
    made.add(made.begin(replace(change(1), finding=DRILLED)), "cured")
    for suite, told in (("daily", []), ("weekly", []), ("drills", ["t1"])):
        past = past_of(replace(GOOD, suite=suite), "here", [], made.entries())
        assert [one["target"] for one in past.changes] == told, suite


def test_a_week_shows_a_week_of_changes_though_the_run_before_was_later(folder: Path, journal: Journal) -> None:
    before = summed(folder, Memory(), [replace(earlier(GOOD, 2), suite="weekly")], "weekly")
    past = past_of(replace(GOOD, suite="weekly"), "here", before, journal.entries())
    assert [one["target"] for one in past.changes] == ["t5", "t4", "t3", "t2", "t1"]


def test_a_run_reads_of_the_journal_what_its_past_shows(tmp_path: Path, journal: Journal) -> None:
    store = cast("Memory", journal.store)
    file_all(store, [earlier(GOOD, 1.5)])
    told = with_past(session(tmp_path, store), GOOD)
    assert [one["target"] for one in told.past[0].changes] == ["t1"]
    assert len([key for key in store.read_keys if key.startswith("journal/")]) == 2
