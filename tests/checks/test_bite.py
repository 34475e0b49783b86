"""Every fault fails exactly the checks that it names, and every check is failed by some fault.

Faults that have nothing in common share a sandbox (tests/fault_groups.py says which, and why none hides another). Every
group, and no fault at all, goes through all suites; drills only run for the faults that they show.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from opschecks.sandbox.faults import EVERYTHING_OF_AWS, known_faults
from tests.fault_groups import Group, groups, seen
from tests.programs import told_by

FAULTS = known_faults()
GROUP_OF = {fault.name: group for group in groups() for fault in group.faults}
WITHOUT_AWS = {
    "test_backend_is_healthy",
    "test_backend_keeps_its_pace_under_load",
    "test_dashboards_show_their_pages",
    "test_no_change_is_frozen",
    "test_websocket_sessions_open_and_answer",
}

CLOCK = "clock_is_an_hour_behind"
"""AWS's answers are right then, and no call is to blame."""
BITTEN_ELSEWHERE = {"test_no_change_is_frozen"}
"""Only stacks.toml can break these; tests/hooks/test_gate.py does."""

Outcomes = Mapping[str, tuple[str, str]]
"""Outcome and message of each check."""


@cache
def _every_run() -> dict[str, dict[str, Any]]:
    """Every suite's run, healthy and with each group, from one process: most of a run's time is its start."""
    return {told["faults"]: told["suites"] for told in told_by("every_fault")}


def _outcomes(faults: str) -> dict[str, tuple[str, str]]:
    """Of all suites."""
    return {check: told for suite in _every_run()[faults].values() for check, told in suite["outcomes"].items()}


def _wrong(group: Group, outcomes: Outcomes) -> list[str]:
    """What differs from what the group's faults name, and which fault may be the cause."""
    blinds = group.blinds
    if EVERYTHING_OF_AWS in blinds:
        blinds = dict.fromkeys(set(outcomes) - WITHOUT_AWS, group.name)
    said = []
    for check, (outcome, message) in outcomes.items():
        expected = "failed" if check in group.caught_by else "blind" if check in blinds else "passed"
        whose = group.caught_by.get(check) or blinds.get(check) or f"one of {group.name}"
        if outcome != expected:
            said.append(f"{whose}: {check} is {outcome}, not {expected}: {message}")
    missing = (group.caught_by.keys() | blinds.keys()) - outcomes.keys()
    return said + [f"{group.name}: {check} did not run" for check in sorted(missing)]


def test_all_is_well_without_a_fault() -> None:
    assert {outcome for outcome, _ in _outcomes("").values()} == {"passed"}, _every_run()[""]
    assert {suite["code"] for suite in _every_run()[""].values()} == {0}


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught_by_exactly_the_checks_it_names(name: str) -> None:
    fault, group = FAULTS[name], GROUP_OF[name]
    outcomes = _outcomes(group.name)
    others = {check for one in group.faults if one is not fault for check in (*one.caught_by, *one.blinds)}
    own = {check: told for check, told in outcomes.items() if check not in others}
    assert _wrong(Group((fault,)), own) == []


@pytest.mark.parametrize("group", groups(), ids=lambda group: f"{group.name[:60]} ({len(group.faults)})")
def test_runs_under_faults_end_as_their_checks_do(group: Group) -> None:
    outcomes = _outcomes(group.name)
    assert _wrong(group, outcomes) == []
    for suite in _every_run()[group.name].values():
        found = {outcome for outcome, _ in suite["outcomes"].values()}
        assert suite["code"] == (1 if "failed" in found else 10 if "blind" in found else 0)
    blind = {check: message for check, (outcome, message) in outcomes.items() if outcome == "blind"}
    for message in blind.values():
        assert re.search(r"[a-z-]+:[A-Z]\w+: |: |(GET|HEAD) http|WebSocket ws", message), blind
    if EVERYTHING_OF_AWS in group.blinds and group.name != CLOCK:
        calls = {message.split(" ")[1] for message in blind.values()}
        assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+:", call) for call in calls), calls


def test_each_failed_check_of_a_group_belongs_to_one_fault() -> None:
    assert sorted(fault.name for group in groups() for fault in group.faults) == sorted(FAULTS)
    for group in groups():
        for one, other in itertools.combinations(group.faults, 2):
            assert not {*one.caught_by, *one.blinds} & {*other.caught_by, *other.blinds}, (one, other)
    assert len(groups()) < len(FAULTS) / 2.5
    assert all(len(group.faults) == 1 for group in groups() if EVERYTHING_OF_AWS in group.blinds)


def test_a_fault_that_fails_more_or_less_than_it_names_is_reported_by_name() -> None:
    group = next(one for one in groups() if len(one.faults) > 2)
    first, second, *_ = [fault for fault in group.faults if fault.caught_by]
    good = {
        check: ("failed" if check in group.caught_by else "blind" if check in group.blinds else "passed", "said")
        for check in seen()
    }
    assert _wrong(group, good) == []
    spared = next(check for check, (outcome, _) in good.items() if outcome == "passed")
    more, less = {**good, spared: ("failed", "said")}, {**good, first.caught_by[0]: ("passed", "")}
    assert _wrong(group, more) == [f"one of {group.name}: {spared} is failed, not passed: said"]
    assert _wrong(group, less) == [f"{first.name}: {first.caught_by[0]} is passed, not failed: "]
    gone = {check: told for check, told in good.items() if check != second.caught_by[0]}
    assert _wrong(group, gone) == [f"{group.name}: {second.caught_by[0]} did not run"]


def test_every_check_bites() -> None:
    bitten = {check for fault in FAULTS.values() for check in fault.caught_by}
    assert bitten | BITTEN_ELSEWHERE == set(_outcomes(""))


def test_every_fault_names_real_checks_and_says_what_it_is() -> None:
    known = {*_outcomes(""), EVERYTHING_OF_AWS}
    for fault in FAULTS.values():
        assert {*fault.caught_by, *fault.blinds} <= known, fault
        assert fault.caught_by or fault.blinds, fault
        assert fault.what.endswith("."), fault
