"""The first week of a stack: what its first run found failing did not begin then, as far as anybody knows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.report.measures import measures
from opschecks.report.verdict import verdict
from opschecks.report.week_words import week_words
from tests.history.test_week import measure, mornings, ran, week
from tests.report.weeks import story

RUN = story()
(WEEK,) = RUN.weeks


def _told(letters: str, **others: str) -> dict[str, Any]:
    """The week of those mornings, the last one today; further checks by name."""
    last = len(letters) - 1
    runs = [
        ran(last - day, {"a": letters[day], **{name: theirs[day] for name, theirs in others.items()}})
        for day in range(len(letters))
    ]
    return {**WEEK, **week(runs), "stack": "production"}


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
    assert measure(week(mornings(letters)), "failures_opened")["weeks"][-2:] == opened
    labels = [row.label for row in measures(RUN, _told(letters))]
    assert ("Failures opened" in labels) is (opened[-1] is not None)
