"""What a week leaves open, and what of it was not seen: changes, a week without a weekly run, a stack's first week."""

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
from opschecks.report.measures import measures
from opschecks.report.verdict import verdict
from opschecks.report.week_words import week_words
from tests.exported import NOW, changed, made, of, ran
from tests.history import test_week as daily
from tests.mornings import earlier, file_all
from tests.report.runs import section
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


def _told(letters: str, **others: str) -> dict[str, Any]:
    """The week of those mornings, the last one today; further checks by name."""
    last = len(letters) - 1
    runs = [
        daily.ran(last - day, {"a": letters[day], **{name: theirs[day] for name, theirs in others.items()}})
        for day in range(len(letters))
    ]
    return {**WEEK, **daily.week(runs), "stack": "production"}


SENTENCES = {
    "first run only": (_told("F", b="F", c="F"), "3 were open when records began; 3 are open"),
    "one, and it ended": (_told("FP"), "1 was open when records began; 1 ended, the longest after at least 24 h"),
    "and one more": (_told("FF", b="PF"), "1 was open when records began; 1 failure began since then; 2 are open"),
    "nothing failed": (_told("PP"), "no failures began; none is open"),
    "later weeks": (_told("F" * 9), "no failures began; 1 is open"),
    "later weeks, one more": (_told("P" * 8 + "F"), "1 failure began; 1 is open"),
}  # fmt: skip


@pytest.mark.parametrize(("told", "sentence"), SENTENCES.values(), ids=SENTENCES)
def test_what_the_first_run_found_was_open_when_records_began(told: dict[str, Any], sentence: str) -> None:
    assert sentence in week_words(RUN, told).sentence


def test_it_is_open_since_that_day_or_before() -> None:
    assert "open since Wed 25 Nov or before: " in week_words(RUN, _told("F")).actions[0]
    assert "open since Wed 25 Nov: " in week_words(RUN, _told("PF")).actions[0]
    assert verdict(replace(RUN, weeks=(_told("F"),))).sentence.count("when records began") == 1


@pytest.mark.parametrize(
    ("letters", "opened"),
    [("F", [None, None]), ("PFPFPFP", [None, None]), ("P" + "FPFPFPF", [None, 4]), ("P" * 14 + "F", [0, 1])],
)
def test_failures_opened_are_not_known_while_no_run_is_older(letters: str, opened: list[int | None]) -> None:
    assert daily.measure(daily.week(daily.mornings(letters)), "failures_opened")["weeks"][-2:] == opened
    labels = [row.label for row in measures(RUN, _told(letters))]
    assert ("Failures opened" in labels) is (opened[-1] is not None)
