"""What every export has in common: nothing hostile, nothing secret, nothing that the run cannot prove."""

from __future__ import annotations

import json
from dataclasses import replace

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.report.exports.annotations import to_annotations
from opschecks.report.exports.ctrf import to_ctrf
from opschecks.report.notes import brief, notes
from tests.exported import CONTROLS, KEY, RUNS, each_text, made, ran, told_in, understood


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
