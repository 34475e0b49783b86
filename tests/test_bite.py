"""Every fault fails exactly the checks that it names, and every check is failed by some fault."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from opschecks.sandbox.faults import EVERYTHING_OF_AWS, known_faults
from tests.scratch import ROOT, Project

FAULTS = known_faults()
WITHOUT_AWS = {
    "test_backend_is_healthy",
    "test_backend_keeps_its_pace_under_load",
    "test_dashboards_show_their_pages",
    "test_no_change_is_frozen",
    "test_websocket_sessions_open_and_answer",
}

BITTEN_ELSEWHERE = {"test_no_change_is_frozen"}
"""What only stacks.toml can break; tests/test_gate.py does."""


@cache
def _every_run() -> dict[str, dict[str, Any]]:
    """Every suite's run, healthy and with each fault, all in one process: most of a run's time is its start."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "every_fault.py")],
        cwd=ROOT,
        env=Project(ROOT).environment(),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {told["fault"]: told["suites"] for told in map(json.loads, done.stdout.splitlines())}


def _outcomes(fault: str) -> dict[str, tuple[str, str]]:
    """Outcome and message of each check of all suites."""
    return {check: told for suite in _every_run()[fault].values() for check, told in suite["outcomes"].items()}


def _checks(outcomes: dict[str, tuple[str, str]], outcome: str) -> set[str]:
    return {check for check, (found, _) in outcomes.items() if found == outcome}


def test_all_is_well_without_a_fault() -> None:
    assert {outcome for outcome, _ in _outcomes("").values()} == {"passed"}, _every_run()[""]
    assert {suite["code"] for suite in _every_run()[""].values()} == {0}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught_by_exactly_the_checks_it_names(name: str) -> None:
    fault, outcomes = FAULTS[name], _outcomes(name)
    blinds = set(fault.blinds)
    if EVERYTHING_OF_AWS in blinds:
        blinds = set(outcomes) - WITHOUT_AWS
    assert _checks(outcomes, "failed") == set(fault.caught_by), outcomes
    assert _checks(outcomes, "blind") == blinds, outcomes
    for suite in _every_run()[name].values():
        found = {outcome for outcome, _ in suite["outcomes"].values()}
        assert suite["code"] == (1 if "failed" in found else 10 if "blind" in found else 0)
    for check in blinds:
        assert re.search(r"[a-z-]+:[A-Z]\w+: |: |(GET|HEAD) http|WebSocket ws", outcomes[check][1]), outcomes
    if EVERYTHING_OF_AWS in fault.blinds:
        calls = {message.split(" ")[1] for check in blinds for _, message in [outcomes[check]]}
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+:", call) for call in calls), calls


def test_every_check_bites() -> None:
    bitten = {check for fault in FAULTS.values() for check in fault.caught_by}
    assert bitten | BITTEN_ELSEWHERE == set(_outcomes(""))


def test_every_fault_names_real_checks_and_says_what_it_is() -> None:
    known = {*_outcomes(""), EVERYTHING_OF_AWS}
    for fault in FAULTS.values():
        assert {*fault.caught_by, *fault.blinds} <= known, fault
        assert fault.caught_by or fault.blinds, fault
        assert fault.what.endswith("."), fault
