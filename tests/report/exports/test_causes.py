"""One cause is told once, also in messages: what it hides is counted and named beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from opschecks.core.run import Run
from opschecks.report.exports.annotations import to_annotations
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.notes import notes
from tests.exported import Read, made, of, ran, texts_of
from tests.report.situations import denied


def _markdown(run: Run) -> str:
    read = Read(to_markdown(run))
    return read.loose + " ".join(read.code)


TOLD: Mapping[str, Callable[[Run], str]] = {
    "markdown": _markdown,
    "mail": lambda run: Read(to_email(run).removeprefix("<!DOCTYPE html>")).loose,
    "slack": lambda run: "\n".join(texts_of(to_slack(run)["blocks"])),
    "annotations": lambda run: "\n".join(to_annotations(run)).replace("%3A", ":"),
}


@pytest.mark.parametrize("where", TOLD)
def test_one_denied_action_behind_13_checks_is_told_once(where: str) -> None:
    told = TOLD[where](denied())
    assert told.count("AccessDenied") == 1 + (where != "annotations")  # what to do says it, too
    assert "13 checks" in told
    assert (
        "not known: health is as it should be 0, ECS is as it should be 0, ECS is as it should be 1 and 10 more" in told
    )
    assert "needed for" not in told
    assert "is_as_it_should_be_1" not in told


def test_two_causes_are_two_entries_and_what_failed_comes_first() -> None:
    checks = [made(f"b{n}", "blind", message=f"no answer of {n % 2}") for n in range(5)]
    bad = made("a", "failed")
    told = notes(ran(*checks, bad, findings=(of(bad),)))
    assert [one.title for one in told.causes] == [
        "The a is bad",
        "could not look: 3 checks",
        "could not look: 2 checks",
    ]
    assert len(told.bad) == 6


def test_a_single_check_is_named() -> None:
    (one,) = notes(ran(made("b", "blind", message="no answer (needed for test_b)"))).causes
    assert (one.title, one.said) == ("could not look: b", "no answer")


def test_sentences_begin_with_a_capital() -> None:
    assert notes(denied()).verdict.sentence.startswith("No check is known to have failed")
    assert notes(replace(denied(), checks=())).verdict.sentence.startswith("No check was collected")
