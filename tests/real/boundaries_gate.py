"""What got worse since the gate, at its limits: points as it looked, healthy targets to the one, tasks that start."""

from __future__ import annotations

from typing import Any

from opschecks.core.model import Series
from tests.canned_ecs import service
from tests.real.before_the_gate import SERVED, erred, errors
from tests.real.deploys import BLUE, EARLIER, FOUR, GREEN, ONE_GROUP, TWO, WORSE, since_then, target
from tests.real.readiness import HEALTH, ill
from tests.real.rows import Row

THREE = [*TWO, target(3)]
STARTING = ill(4, "initial", "Elb.RegistrationInProgress", "Target registration is in progress")
SICK = ill(4, "unhealthy", "Target.Timeout", "Request timed out")


def several(**of: float) -> Series:
    """Errors: so many in the minute that began so long ago, such as m90=4."""
    parts = [errors(float(key[1:]), value=value) for key, value in of.items()]
    told = sorted(point for part in parts for point in part.points)
    return Series("5xx", "per minute", tuple(told), 60)


def filled(was: Any, now: Any, outcome: str, says: str, **changes: Any) -> Row:
    """A service that desires four tasks, unless said otherwise, and the targets of its group before and now."""
    told = service(EARLIER, **{"desiredCount": 4, "runningCount": 4, **ONE_GROUP, **changes})
    return Row(WORSE, lambda: since_then(told, {BLUE: (was, now)}), outcome, HEALTH, says)


def unfilled(was: Any, now: Any, outcome: str, says: str) -> Row:
    """A group that no service fills."""
    return Row(WORSE, lambda: since_then(service(EARLIER), {GREEN: (was, now)}), outcome, HEALTH, says)


ROWS = {
    "the worst of several minutes before the gate is told": erred(several(m90=2, m80=6, m70=1), "passed",
          "before: 6 5xx in a minute, now: 0 5xx in a minute"),
    "the worst of several minutes since the gate is told": erred(several(m50=2, m40=9, m10=1), "passed",
          "now: 9 5xx in a minute"),
    "ten errors in a minute since the deploy, the limit": erred(several(m10=10), "passed", "now: 10 5xx in a minute"),
    "eleven errors in a minute since the deploy": erred(several(m10=11), "failed",
          "11 5xx in a minute since the deploy began, limit 10"),
    "eleven errors in the minute in which the gate looked": erred(several(m60=11), "failed",
          "before: 0 5xx in a minute, now: 11 5xx in a minute"),
    "eleven errors in the minute before the gate looked": erred(several(m61=11), "passed",
          "before: 11 5xx in a minute, now: 0 5xx in a minute"),
    "eleven errors in the first minute of the hour that the gate judged": erred(several(m120=11), "passed",
          "before: 11 5xx in a minute, now: 0"),
    "eleven errors a minute before the hour that the gate judged": erred(several(m121=11), "passed",
          "before: 0 5xx in a minute, now: 0", (130, *SERVED)),
    "all targets are healthy, as before": filled(FOUR, FOUR, "passed", "before: 4 healthy, now: 4 of 4 desired"),
    "one target is missing": filled(FOUR, THREE, "failed", "3 healthy targets, 4 before the deploy, 4 desired"),
    "one target is missing, whose task starts": filled(FOUR, THREE, "failed",
           "3 healthy targets, 4 before the deploy, 4 desired", runningCount=3, pendingCount=1),
    "one target is starting": filled(FOUR, [*THREE, STARTING], "failed", "3 healthy targets, 4 before"),
    "one target is unhealthy": filled(FOUR, [*THREE, SICK], "failed", "3 healthy targets, 4 before the deploy"),
    "scaling out has not brought all yet": filled(THREE, [*THREE, STARTING], "passed", "now: 3 of 4 desired"),
    "scaling out has brought none, and none starts": filled(THREE, THREE, "failed", "3 healthy targets, 3 before"),
    "scaling in took two away": filled(FOUR, TWO, "passed", "before: 4 healthy, now: 2 of 2 desired",
           desiredCount=2, runningCount=2),
    "scaling in took one too many away": filled(FOUR, TWO[:1], "failed", "1 healthy target, 4 before the deploy",
           desiredCount=2, runningCount=2),
    "a group without a service lost one, and all that are left are healthy": unfilled(THREE, TWO, "passed",
             "before: 3 healthy, now: 2 healthy"),
    "a group without a service lost one, and another is ill": unfilled(THREE, [*TWO, SICK], "failed",
             "2 healthy targets, 3 before the deploy"),
    "a group without a service has an ill one more than before": unfilled(TWO, [*TWO, SICK], "passed",
             "before: 2 healthy, now: 2 healthy"),
    "a group without a service lost one, and another drains": unfilled(THREE, [*TWO, target(3, "draining")], "passed",
             "before: 3 healthy, now: 2 healthy"),
    "a group without a service lost all": unfilled(TWO, [], "failed", "0 healthy targets, 2 before the deploy"),
    "a group without a service never had any": unfilled([], [], "passed", "before: 0 healthy, now: 0 healthy"),
}  # fmt: skip
