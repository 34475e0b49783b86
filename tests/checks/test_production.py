"""Nothing fails on a healthy production stack unlike the plain sandbox; with one thing wrong, just that does."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.programs import told_by
from tests.twins import SUITES, TWINS, UNDER_WAY


@cache
def _every_run() -> dict[str, dict[str, Any]]:
    """Every suite's run on each twin, from one process: most of a run's time is its start."""
    return {told["twin"]: told["suites"] for told in told_by("twins")}


@pytest.mark.parametrize("name", TWINS)
def test_just_what_is_wrong_fails(name: str) -> None:
    twin, wrong = TWINS[name], []
    failing = {*twin.caught_by, UNDER_WAY} - set(twin.passes)
    for suite, told in _every_run()[name].items():
        assert "outcomes" in told, told["printed"]
        for check, (outcome, message) in told["outcomes"].items():
            expected = ["failed"] if check in failing else ["passed", "not_applicable"]
            if outcome not in expected:
                wrong.append(f"{suite}: {check} is {outcome}: {message}")
    assert wrong == []


def test_all_suites_are_green_and_the_gate_refuses_for_one_reason() -> None:
    codes = {suite: told["code"] for suite, told in _every_run()["healthy"].items()}
    assert codes == {**dict.fromkeys(SUITES, 0), "deploy-before": 1}
    over = {suite: told["code"] for suite, told in _every_run()["the bake is over"].items()}
    assert set(over.values()) == {0}


def test_every_check_that_a_twin_names_exists() -> None:
    known = {check for told in _every_run()["healthy"].values() for check in told["outcomes"]}
    for twin in TWINS.values():
        assert {*twin.caught_by, *twin.passes} <= known, twin
