"""Tasks that keep failing to start: what the checks of a deployment make of ECS's message."""

from __future__ import annotations

from tests.canned_ecs import event, service
from tests.real.deploys import CANNOT_START, GUIDE, LOOP, after, ecs, expected, seen
from tests.real.rows import Row

MESSAGES = GUIDE + "service-event-messages-list.html"
SAYS = "unable to consistently start tasks successfully"

ROWS = [
    Row(
        "the deployment was completed, and its tasks have kept failing to start since",
        ecs.test_deployments_are_settled,
        lambda: seen(service(runningCount=1, events=[CANNOT_START, *LOOP])),
        "failed",
        MESSAGES,
        says=SAYS,
    ),
    Row(
        "what was deployed keeps failing to start, and enough tasks run just now",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", service(events=[CANNOT_START, *LOOP])),
        "failed",
        MESSAGES,
        says=SAYS,
    ),
    Row(
        "tasks failed to start in the morning, and the service has been steady since",
        ecs.test_deployments_are_settled,
        lambda: seen(service(events=[event("has reached a steady state.", minutes=2), CANNOT_START, *LOOP])),
        "passed",
        MESSAGES,
    ),
]
