"""Rows of services that run fewer or more tasks than they want, or cannot start them."""

from __future__ import annotations

from tests.canned_ecs import event, service
from tests.real.deploys import API, GUIDE, MESSAGES, RUN, THROTTLED, died, seen
from tests.real.rows import Row

NO_IMAGE = died(
    "Task failed to start",
    {"name": "app", "reason": "CannotPullContainerError: pull image manifest has been retried 7 time(s): not found"},
)
IN_MEMORY = died(
    "Essential container in task exited",
    {"name": "app", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
    {"name": "agent", "exitCode": 0},
    code="EssentialContainerExited",
)
LOOP = [event("has started 1 tasks: (task 1f).", minutes=n) for n in range(1, 80, 4)]
CANNOT_START = event("is unable to consistently start tasks successfully. For more information, see …", minutes=6)

ROWS = {
    "a task is being started while the records are throttled": Row(
        RUN,
        lambda: seen(
            service(runningCount=1, pendingCount=1, events=[event("has started 1 tasks: (task 1f).", minutes=2)]),
            ListServiceDeployments=THROTTLED,
        ),
        "passed",
        API + "CommonErrors.html",
    ),
    "a daemon on a cluster that has no instance at night": Row(
        RUN,
        lambda: seen(service(schedulingStrategy="DAEMON", desiredCount=0, runningCount=0)),
        "passed",
        GUIDE + "ecs_service-options.html",
    ),
    "one of two tasks restarts for ever: the newest attempt is a minute old": Row(
        RUN,
        lambda: seen(service(runningCount=1, pendingCount=1, events=LOOP), dead=[IN_MEMORY]),
        "failed",
        MESSAGES,
        "tried for 77 minutes; limit 30 minutes; task 1f1f1f1f stopped: Essential container in task exited; "
        "app exited with 137 (OutOfMemoryError",
    ),
    "an image that is not there: a container's reason without an exit code": Row(
        RUN,
        lambda: seen(service(runningCount=1, events=[CANNOT_START, *LOOP]), dead=[NO_IMAGE]),
        "failed",
        GUIDE + "task_cannot_pull_image.html",
        "app: CannotPullContainerError: pull image manifest",
    ),
    "scaling out after a crash loop of the morning": Row(
        RUN,
        lambda: seen(
            service(
                desiredCount=4,
                pendingCount=2,
                events=[
                    event("has started 2 tasks: (task 3f) (task 4f).", minutes=2),
                    event("has reached a steady state.", hours=4),
                    event("is unable to consistently start tasks successfully.", hours=5),
                ],
            )
        ),
        "passed",
        MESSAGES,
    ),
    "no capacity for Spot tasks, behind newer messages of the load balancer": Row(
        RUN,
        lambda: seen(
            service(
                runningCount=1,
                events=[
                    event("has begun draining connections on 1 tasks.", minutes=1),
                    event("was unable to place a task. Reason: Capacity is unavailable at this time.", minutes=2),
                    event("has reached a steady state.", hours=1),
                ],
            )
        ),
        "failed",
        MESSAGES,
        "Capacity is unavailable at this time",
    ),
}
