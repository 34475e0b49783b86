"""On the healthy production stack no remedy plans anything; on each twin only what answers to the one thing wrong."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from tests.programs import told_by
from tests.twins import TWINS

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
def _every_plan() -> dict[str, list[dict[str, Any]]]:
    return {told["twin"]: list(told["suites"].values()) for told in told_by("twin_plans")}


@pytest.mark.parametrize("name", TWINS)
def test_only_what_answers_to_the_fault_is_planned(name: str) -> None:
    suites = _every_plan()[name]
    assert all(told["code"] in (0, 1) for told in suites), [told["printed"] for told in suites]
    assert {one for told in suites for one in told["planned"]} == PLANNED.get(name, set())
    refused = sorted({one for told in suites for one in told["refused"]})
    expected = sorted(REFUSED.get(name, []))
    assert len(refused) == len(expected), refused
    assert all(one.startswith(begin) for one, begin in zip(refused, expected, strict=True)), refused


def test_every_twin_that_is_named_exists() -> None:
    assert {*PLANNED, *REFUSED} <= TWINS.keys()
