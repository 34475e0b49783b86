"""Tasks that keep failing to start: what the checks of a deployment make of ECS's message."""

from __future__ import annotations

from tests.canned_ecs import event, service
from tests.real.deploys import MESSAGES, serves, settled
from tests.real.running_tasks import CANNOT_START, LOOP

SAYS = "unable to consistently start tasks successfully"

ROWS = {
    "the deployment was completed, and its tasks have kept failing to start since": settled(
        "failed", MESSAGES, service(runningCount=1, events=[CANNOT_START, *LOOP]), says=SAYS
    ),
    "what was deployed keeps failing to start, and enough tasks run just now": serves(
        "failed", MESSAGES, "backend:8", service(events=[CANNOT_START, *LOOP]), says=SAYS
    ),
    "tasks failed to start in the morning, and the service has been steady since": settled(
        "passed", MESSAGES, service(events=[event("has reached a steady state.", minutes=2), CANNOT_START, *LOOP])
    ),
}
