"""The exit code of a run, made of what its checks and changes came to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opschecks.core.model import Severity
from opschecks.core.run import Run
from opschecks.hooks.account import exit_code
from opschecks.report.verdict import verdict
from tests.exported import changed, made, not_made, ran

GOOD = replace(ran(made("a", "passed"), made("b", "waived"), made("c", "not_applicable")), state="finished")


RUNS: dict[str, tuple[Run, int]] = {
    "good": (GOOD, 0),
    "failed": (replace(GOOD, checks=(*GOOD.checks, made("d", "failed"), made("e", "blind"))), 1),
    "blind": (replace(GOOD, checks=(*GOOD.checks, made("d", "blind"))), 10),
    "not run": (replace(GOOD, checks=(*GOOD.checks, made("d", "not_run"))), 10),
    "stopped": (replace(GOOD, state="stopped"), 10),
    "a gate of which only a part ran": (replace(GOOD, suite="deploy-after", partial="-k"), 10),
    "a part of a suite": (replace(GOOD, partial="-k"), 0),
    "fixed": (replace(GOOD, changes=(changed("fixed"),)), 0),
    "a change needs a person": (replace(GOOD, changes=(changed("handed over"),)), 1),
    "never begun": (replace(GOOD, changes=(not_made("handed over"),)), 0),
    "could not be rolled back": (replace(GOOD, changes=(changed("roll-back failed"),)), 1),
}


@pytest.mark.parametrize(("run", "code"), RUNS.values(), ids=RUNS)
def test_exit_code(run: Run, code: int) -> None:
    assert exit_code(run, Severity.LOW) == code


def test_what_is_below_the_threshold_passes() -> None:
    low = replace(GOOD, checks=(made("a", "failed", Severity.LOW), made("b", "blind", Severity.MEDIUM)))
    assert [exit_code(low, severity) for severity in Severity] == [1, 10, 0, 0]


def test_a_part_of_a_run_of_several_stacks_has_the_verdict_of_its_own() -> None:
    """A run fails for what failed on one stack; what is filed for the other one is good."""
    assert verdict(replace(GOOD, exit_code=1)).tone == "good"


@pytest.mark.parametrize("result", ["refused", "handed over", "roll-back failed"])
def test_a_change_that_was_not_made_or_not_undone_is_not_good(result: str) -> None:
    told = verdict(replace(GOOD, changes=(changed(result),), exit_code=1))
    assert (told.word, told.tone) == ("Action needed", "bad")


def test_a_refused_change_that_nobody_had_reviewed_leaves_the_verdict_to_the_checks() -> None:
    refused = (not_made("refused"),)
    assert verdict(replace(GOOD, changes=refused, exit_code=0)).tone == "good"
    drill = replace(GOOD, checks=(made("a", "blind"),), changes=refused, exit_code=10)
    assert verdict(drill).tone == "unsure"
