"""Rows of the gate after a deploy: the errors that it calls those of before are what the gate before it saw."""

from __future__ import annotations

from collections.abc import Sequence

from opschecks.core.model import Series
from tests.canned_ecs import service
from tests.real.deploys import EARLIER, METRICS, WORSE, points, since_then
from tests.real.rows import Row

SERVED = (100, 90, 61, 30, 5)
"""Minutes ago of points of requests; the gate before the deploy looked an hour ago."""


def errors(*minutes_ago: float, value: float) -> Series:
    return points(*minutes_ago, value=value, period_s=60)


def erred(told: Series, outcome: str, says: str, requests: Sequence[float] = SERVED) -> Row:
    """A service that was deployed since the gate looked, with requests at these times and such errors."""
    return Row(WORSE, lambda: since_then(service(EARLIER), {}, points(*requests), told), outcome, METRICS, says)


ROWS = {
    "a few errors before the gate, none since": erred(
        errors(90, value=4), "passed", "before: 4 5xx in a minute, now: 0 5xx in a minute"
    ),
    "none before the gate, which had requests, and many since": erred(
        errors(10, value=40),
        "failed",
        "before: 0 5xx in a minute, now: 40 5xx in a minute; 40 5xx in a minute since the deploy began, limit 10",
    ),
    "no request in the hour before the gate": erred(
        errors(10, value=3), "passed", "before: no requests, now: 3 5xx in a minute", (30, 5)
    ),
    "errors of three hours ago are not those that the gate judged": erred(
        errors(180, value=70), "passed", "before: 0 5xx in a minute, now: 0 5xx in a minute", (180, *SERVED)
    ),
}
