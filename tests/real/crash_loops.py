"""Tasks that keep failing to start: what the checks of a deployment make of ECS's message."""

from __future__ import annotations

from tests.canned_ecs import event, service
from tests.real.deploys import MESSAGES, SERVES, SETTLED, expected, seen
from tests.real.rows import Row
from tests.real.running_tasks import CANNOT_START, LOOP

SAYS = "unable to consistently start tasks successfully"

ROWS = {
    "the deployment was completed, and its tasks have kept failing to start since": Row(
        SETTLED, lambda: seen(service(runningCount=1, events=[CANNOT_START, *LOOP])), "failed", MESSAGES, SAYS
    ),
    "what was deployed keeps failing to start, and enough tasks run just now": Row(
        SERVES, lambda: expected("backend:8", service(events=[CANNOT_START, *LOOP])), "failed", MESSAGES, SAYS
    ),
    "tasks failed to start in the morning, and the service has been steady since": Row(
        SETTLED,
        lambda: seen(service(events=[event("has reached a steady state.", minutes=2), CANNOT_START, *LOOP])),
        "passed",
        MESSAGES,
    ),
}
