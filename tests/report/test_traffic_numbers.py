"""Requests and 5xx of a day: those of the stack's target groups, and the errors of a load balancer of its own."""

from __future__ import annotations

from datetime import UTC, datetime

from opschecks.core.model import Figure, ObservationResult, SeenResource
from opschecks.core.run import Run, StackFacts
from opschecks.history.week import ERRORS, REQUESTS
from opschecks.report.numbers import numbers

GROUPS = tuple(
    SeenResource(name, name, (Figure("requests a day", requests), Figure("5xx a day", errors)))
    for name, requests, errors in (("blue", 900, 3), ("green", 0, 0))
)


def _numbers(*balancers: SeenResource, error: str = "") -> dict[str, float]:
    seen = (
        ObservationResult("here", "traffic", 0.1, (), "", GROUPS),
        ObservationResult("here", "balancer_errors", 0.1, (), error, balancers),
    )
    facts = StackFacts(name="here", sandbox=False, account_id="123456789012", region="us-west-2")
    return numbers(Run("daily", datetime(2026, 11, 27, tzinfo=UTC), (facts,), observations=seen))


def test_the_errors_of_a_load_balancer_of_its_own_count() -> None:
    told = _numbers(SeenResource("web", "web", (Figure("5xx a day", 7),)), SeenResource("edge", "edge"))
    assert (told[REQUESTS], told[ERRORS]) == (900, 10)


def test_those_of_a_shared_one_do_not() -> None:
    assert _numbers(SeenResource("web", "web", (Figure("5xx of every stack a day", 7000),)))[ERRORS] == 3


def test_errors_that_are_known_by_halves_are_not_kept() -> None:
    assert not {REQUESTS, ERRORS} & _numbers(error="cloudwatch:GetMetricData: denied").keys()
