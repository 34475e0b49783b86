"""On a healthy production stack unlike the plain sandbox nothing fails and nothing is planned.

On each twin with one thing wrong just that fails, and only what answers to it is planned.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.programs import told_by
from tests.twins import SUITES, TWINS, UNDER_WAY

PLANNED = {
    "the bake hangs": {"roll-back-service on web"},
    "the new colour is ill": {"roll-back-after-errors on web"},
    "the new colour answers errors": {"roll-back-after-errors on web"},
}
"""What is planned, by twin; nothing on the others."""
OLD, BOTH = "incident-commander-backend", "incident-commander-backend and web-green"
NOT = "roll-back-service on {}: {} is deployed and stable: nothing to roll back"
CODE_DEPLOY = "AWS CodeDeploy deploys it: stop its deployment there and let it roll back"
REFUSED = {
    "the bake was rolled back": [NOT.format("web", "shop-web:2")],
    "both colours are ill": [
        f"roll-back-after-errors on {BOTH}: {OLD}, to which a roll-back would send all traffic, has 0 healthy of 2",
        "roll-back-after-errors on jobs: shop-jobs:1 was deployed on",
        f"roll-back-after-errors on checkout-green: {CODE_DEPLOY}",
    ],
    "its own group answers errors": [
        f"roll-back-after-errors on {OLD}: {OLD} belongs to what the deployment replaces: a roll-back would send"
    ],
    "the network load balancer has no target": ["roll-back-after-errors on jobs: shop-jobs:1 was deployed on "],
    "the worker is short of a task": [NOT.format("worker", "shop-worker:1")],
    "a task set is not steady": [f"roll-back-service on checkout: {CODE_DEPLOY}"],
    "the limits are not the schedule's": ["set-scaling-limits on jobs: scheduled actions set these limits: jobs-night"],
}
"""How each change begins that is not planned though a remedy answers to the finding, and why."""


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


@pytest.mark.parametrize("name", TWINS)
def test_only_what_answers_to_the_fault_is_planned(name: str) -> None:
    suites = _every_run()[name].values()
    assert all(told["code"] in (0, 1) for told in suites), [told["printed"] for told in suites]
    assert {one for told in suites for one in told["planned"]} == PLANNED.get(name, set())
    refused = sorted({one for told in suites for one in told["refused"]})
    expected = sorted(REFUSED.get(name, []))
    assert len(refused) == len(expected), refused
    assert all(one.startswith(begin) for one, begin in zip(refused, expected, strict=True)), refused


def test_every_twin_that_is_named_exists() -> None:
    assert {*PLANNED, *REFUSED} <= TWINS.keys()
