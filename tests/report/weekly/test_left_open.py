"""What a week leaves open, and what of it was not seen: changes of its daily runs, and a week without a weekly run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.run import Run
from opschecks.history.storage import FolderStorage
from opschecks.history.summaries import Summaries
from opschecks.report.decisions import decisions
from opschecks.report.from_history import week_facts, week_without_run
from tests.exported import NOW, changed, made, of, ran
from tests.mornings import earlier, file_all
from tests.report.sentences import section
from tests.report.weeks import story

RUN = story()
(WEEK,) = RUN.weeks
QUIET = {**WEEK, "recurring": [], "areas": [], "measures": [], "failures": [], "deadlines": []}


def test_a_week_that_no_weekly_run_looked_at_says_what_was_not_seen() -> None:
    run = week_without_run(RUN, QUIET, NOW)
    told = section(run, "Decisions wanted")
    assert "No decision is waiting" not in told
    assert "No decision is known to be waiting." in told
    assert "not seen waivers, backups and costs: no weekly run of this week has looked at them" in told
    due = section(run, "Coming up")
    assert "of: waivers" not in due
    assert "not seen waivers: no run that looks at them is on record" in due


def test_what_is_known_of_such_a_week_stands_beside_what_was_not_seen() -> None:
    told = section(week_without_run(RUN, dict(WEEK), NOW), "Decisions wanted")
    assert "Find a lasting fix" in told
    assert "not seen waivers, backups and costs" in told
    assert "not seen" not in section(RUN, "Decisions wanted").partition("Error budget")[0].replace("them not seen", "")


def _day(outcome: str, *results: str) -> Run:
    check = made("severe", outcome)
    return replace(ran(check, findings=(of(check),)), exit_code=0, changes=tuple(changed(result) for result in results))


DAYS: dict[str, tuple[tuple[tuple[float, Run], ...], list[str]]] = {
    "refused": (((2, _day("failed", "refused")),), ["refused"]),
    "handed over": (((2, _day("failed", "handed over")), (1, _day("failed"))), ["handed over"]),
    "only planned since": (((2, _day("failed", "refused")), (1, _day("failed", "planned"))), ["refused"]),
    "made since": (((2, _day("failed", "refused")), (1, _day("failed", "fixed"))), []),
    "passed since": (((2, _day("failed", "refused")), (1, _day("passed"))), []),
    "of the week before": (((8, _day("failed", "refused")), (1, _day("failed"))), []),
}


@pytest.mark.parametrize(("days", "left"), DAYS.values(), ids=DAYS)
def test_a_change_that_a_daily_run_did_not_make_reaches_the_week(
    tmp_path: Path, days: tuple[tuple[float, Run], ...], left: list[str]
) -> None:
    store = FolderStorage(tmp_path / "state")
    file_all(store, [earlier(run, back) for back, run in days])
    history = Summaries(store, tmp_path / "summaries", pytest.fail)
    week: dict[str, Any] = week_facts(history, Stack(name="production"), NOW)
    assert [one["result"] for one in week["not_made"]] == left
    assert all(one["at"] == (NOW - timedelta(days=2)).isoformat() for one in week["not_made"])


def test_it_is_a_decision_and_told_once() -> None:
    left = {"at": NOW.isoformat(), "remedy": "roll-back", "name": "backend", "check": "test_server_errors_are_rare",
            "resource": "arn:x", "result": "refused", "said": "a freeze"}  # fmt: skip
    asked = "Make this change by hand, or leave it: roll-back on backend – refused: a freeze (team edge)"
    own = {**left, "stack": "production", "entry": "", "undo": "", "differs": []}
    week = {**WEEK, "not_made": [left]}
    for changes in ((), (own,), ({**own, "result": "planned"},)):
        lines = [one.line for one in decisions(replace(RUN, changes=changes), week)]
        assert lines.count(asked) == 1
    fixed = decisions(replace(RUN, changes=({**own, "result": "fixed"},)), week)
    assert not any("roll-back" in one.line for one in fixed)
