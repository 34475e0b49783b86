"""What every export has in common: nothing hostile or secret, nothing unproven, one cause once, the same ids."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.report.exports.annotations import to_annotations
from opschecks.report.exports.csv_findings import to_csv
from opschecks.report.exports.ctrf import to_ctrf
from opschecks.report.exports.email_body import to_email
from opschecks.report.exports.markdown import to_markdown
from opschecks.report.exports.slack import to_slack
from opschecks.report.notes import brief, notes
from tests.exported import CONTROLS, KEY, RUNS, Read, each_text, made, of, page_of, ran, texts_of, told_in, understood
from tests.report.situations import FAULTS, denied, morning, on_three_stacks


@each_text
def test_no_control_character_is_told(run: Run) -> None:
    for where, text in told_in(run).items():
        assert not CONTROLS.search(text), where


def test_a_control_character_is_spelled_out() -> None:
    for where, text in told_in(RUNS["hostile"]).items():
        assert "\\x1b" in text, where


def test_no_secret_is_told() -> None:
    run = RUNS["injection"]
    for where, text in {**told_in(run), "all of CTRF": to_ctrf(run)}.items():
        assert KEY not in text, where
        assert "hunter2" not in text, where
        assert "(redacted)" in text, where


def test_every_export_says_sandbox() -> None:
    run = RUNS["sandbox"]
    told = told_in(replace(run, state="stopped", stopped_by="Ctrl-C"))
    for where in ("markdown", "annotations", "slack", "email"):
        assert "SANDBOX" in told[where], where
    assert "<title>SANDBOX – " in told["email"]
    [line] = to_annotations(ran(made("a", "failed"), sandbox=True))
    assert understood(line)[1]["title"] == "SANDBOX: high: The a is bad"
    assert json.loads(to_ctrf(run))["results"]["environment"]["testEnvironment"] == "SANDBOX"
    for where, text in told_in(RUNS["every outcome"]).items():
        assert "SANDBOX" not in text, where


def test_a_secret_is_masked_before_a_text_is_cut() -> None:
    assert KEY[:8] not in brief("x" * 90 + " " + KEY, 100)
    assert brief("é" * 300, 100) == "é" * 99 + "…"
    assert brief("a\r\n\tb\u2028c", 100) == "a b c"
    assert len(brief("\x1b" * 300, 100)) == 100


def test_the_worst_stands_first_and_failed_before_blind() -> None:
    checks = (
        made("blind", "blind", Severity.CRITICAL),
        made("low", "failed", Severity.LOW),
        made("good", "passed", Severity.CRITICAL),
        made("high", "failed", Severity.CRITICAL),
    )
    assert [bad.check.check for bad in notes(ran(*checks)).bad] == ["test_high", "test_low", "test_blind"]


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


URL = "https://pages.example/production/daily/latest.html"
MADE = {"four faults": morning(FAULTS), "denied": denied(), "three stacks": on_three_stacks()}


@pytest.mark.parametrize("run", MADE.values(), ids=MADE)
def test_every_way_to_the_page_ends_at_something_on_it(run: Run) -> None:
    page = page_of(run)
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    told = {
        "markdown": to_markdown(run), "mail": to_email(run), "annotations": "\n".join(to_annotations(run)),
        "slack": "\n".join(texts_of(to_slack(run))), "csv": to_csv(run),
    }  # fmt: skip
    for where, text in told.items():
        found = set(re.findall(r"\bdaily\.html#([\w-]+)", text))
        assert found, where
        assert found <= ids, where


def test_slack_links_each_card_where_the_page_has_an_address() -> None:
    run = MADE["four faults"]
    blocks = to_slack(run, page_url=f"{URL}#old")["blocks"]
    links = [one["text"] for block in blocks if block["type"] == "context" for one in block["elements"]]
    assert links[0] == f"<{URL}#production-cpu_is_not_saturated|Show on the page>"
    assert len(links) == 5  # the last one counts the checks
    assert not any("daily.html#" in text for text in texts_of(to_slack(run, page_url=URL)) if "|" not in text)


def test_a_part_of_a_suite_has_a_page_of_its_own() -> None:
    assert "daily-partial.html#production-" in to_email(replace(MADE["four faults"], partial="-k alarms"))


def test_ids_are_the_same_on_another_day() -> None:
    def ids(run: Run) -> list[str]:
        return [row["id"] for row in csv.DictReader(io.StringIO(to_csv(run)))]

    today, later = MADE["four faults"], morning(FAULTS[:1])
    assert len(set(ids(today))) == len(ids(today)) == len(today.findings)
    assert ids(later)[0] == ids(today)[0]
