"""The gate after a deploy: whether users wait longer than before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from opschecks.aws.gate_snapshot import SinceTheGate
from opschecks.core.model import Series
from tests.canned_ecs import service
from tests.real.deploys import EARLIER, METRICS, WORSE, points, since_then
from tests.real.rows import rows_by

COUNTS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Percentiles"


def slow(*minutes_ago_and_ms: tuple[float, float]) -> Series:
    told = [(at, ms) for one, ms in minutes_ago_and_ms for at, _ in points(one).points]
    return Series("p95 response time", "ms", tuple(sorted(told)), 300)


def deployed(
    p95: Sequence[tuple[float, float]], requests: float = 40, minutes_ago: Sequence[float] = (90, 75, 15, 10, 5)
) -> Mapping[str, list[SinceTheGate]]:
    """The gate looked an hour ago, and the deploy was made 20 minutes ago."""
    return since_then(service(EARLIER), {}, requests=points(*minutes_ago, value=requests), p95=slow(*p95))


row = partial(rows_by(deployed), WORSE)
ROWS = {
    "ten times slower since the deploy, and no error": row(
        "failed",
        METRICS,
        [(90, 210), (75, 240), (15, 2300), (10, 2500), (5, 2400)],
        says="a p95 of 2400 ms in the newest five minutes, limit 1000 ms; 240 ms before the deploy",
    ),
    "slow in the first five minutes, while new tasks warm up": row(
        "passed", METRICS, [(90, 210), (75, 240), (15, 2300), (10, 700), (5, 260)]
    ),
    "slower than before, within the limit": row(
        "passed", METRICS, [(90, 210), (75, 240), (15, 800), (10, 900), (5, 1000)]
    ),
    "as slow as before the deploy, which the daily check tells": row(
        "passed", METRICS, [(90, 2600), (75, 2400), (15, 2300), (10, 2500), (5, 2400)]
    ),
    "one slow request of three: too few for a p95": row(
        "passed", COUNTS, [(90, 210), (75, 240), (15, 2300), (10, 2500), (5, 2400)], requests=3
    ),
    "slow where nobody asked before the deploy": row(
        "failed",
        METRICS,
        [(15, 2300), (10, 2500), (5, 2400)],
        says="too few requests before the deploy",
        minutes_ago=(15, 10, 5),
    ),
    "slow between the gate and the deploy, which is over": row(
        "passed", METRICS, [(40, 3000), (5, 260)], minutes_ago=(40, 5)
    ),
}
