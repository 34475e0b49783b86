"""Rows of services that run fewer or more tasks than they want, or cannot start them."""

from __future__ import annotations

from tests.canned_ecs import event, service
from tests.real.deploys import API, GUIDE, MESSAGES, THROTTLED, died, runs

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
    "a task is being started while the records are throttled": runs(
        "passed",
        API + "CommonErrors.html",
        service(runningCount=1, pendingCount=1, events=[event("has started 1 tasks: (task 1f).", minutes=2)]),
        ListServiceDeployments=THROTTLED,
    ),
    "a daemon on a cluster that has no instance at night": runs(
        "passed",
        GUIDE + "ecs_service-options.html",
        service(schedulingStrategy="DAEMON", desiredCount=0, runningCount=0),
    ),
    "one of two tasks restarts for ever: the newest attempt is a minute old": runs(
        "failed",
        MESSAGES,
        service(runningCount=1, pendingCount=1, events=LOOP),
        says="tried for 77 minutes; limit 30 minutes; task 1f1f1f1f stopped: Essential container in task exited; "
        "app exited with 137 (OutOfMemoryError",
        dead=[IN_MEMORY],
    ),
    "an image that is not there: a container's reason without an exit code": runs(
        "failed",
        GUIDE + "task_cannot_pull_image.html",
        service(runningCount=1, events=[CANNOT_START, *LOOP]),
        says="app: CannotPullContainerError: pull image manifest",
        dead=[NO_IMAGE],
    ),
    "scaling out after a crash loop of the morning": runs(
        "passed",
        MESSAGES,
        service(
            desiredCount=4,
            pendingCount=2,
            events=[
                event("has started 2 tasks: (task 3f) (task 4f).", minutes=2),
                event("has reached a steady state.", hours=4),
                event("is unable to consistently start tasks successfully.", hours=5),
            ],
        ),
    ),
    "no capacity for Spot tasks, behind newer messages of the load balancer": runs(
        "failed",
        MESSAGES,
        service(
            runningCount=1,
            events=[
                event("has begun draining connections on 1 tasks.", minutes=1),
                event("was unable to place a task. Reason: Capacity is unavailable at this time.", minutes=2),
                event("has reached a steady state.", hours=1),
            ],
        ),
        says="Capacity is unavailable at this time",
    ),
}
