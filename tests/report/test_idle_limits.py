"""Limits of a resource that is not there are told at the end of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.core.run import Run
from opschecks.report.idle_limits import idle_limits
from tests.canned import stack
from tests.exported import made, of, ran

CHECK = made("a", "passed", stack="here")
WORKER = replace(of(CHECK), resource="arn:aws:ecs:us-west-2:123456789012:service/prod/worker", name="worker")
RUN = ran(CHECK, findings=(WORKER,))


def _told(place: str, run: Run = RUN) -> list[str]:
    return list(idle_limits(run, [stack(limits={place: {"errors_5xx_per_minute": 5}})]))


@pytest.mark.parametrize("place", ["worker", "prod/worker", "prod/*", WORKER.resource])
def test_a_limit_that_fits_is_not_told(place: str) -> None:
    assert _told(place) == []


def test_a_limit_that_fits_nothing_is_told_with_the_nearest_name() -> None:
    assert _told("prod/wroker") == [
        "limits.\"prod/wroker\" of here fits no resource of this run; did you mean 'prod/worker'?"
    ]


@pytest.mark.parametrize(
    "change",
    [{"suite": "weekly"}, {"partial": "-k"}, {"checks": (replace(CHECK, outcome="blind"),)}],
    ids=["another suite", "a part of it", "could not look at all"],
)
def test_where_not_everything_was_seen_nothing_is_told(change: dict[str, Any]) -> None:
    assert _told("prod/wroker", replace(RUN, **change)) == []
