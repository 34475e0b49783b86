"""Rows of deployments that were rolled back or stopped: how ECS says so, by its records or by messages alone."""

from __future__ import annotations

from tests.canned import ago
from tests.canned_ecs import deployment, event, record, service
from tests.real.deploys import (
    API,
    DENIED,
    GUIDE,
    MESSAGES,
    NOT_OFFERED,
    PERMISSIONS,
    RECORD,
    SERVICE,
    THROTTLED,
    runs,
    serves,
    settled,
)
from tests.real.one_of_many import denied

NO_DETAILS = denied("ecs:DescribeServiceDeployments")
ROLLED_BACK = record(
    "ROLLBACK_SUCCESSFUL",
    9,
    createdAt=ago(hours=8),
    startedAt=ago(hours=8),
    finishedAt=ago(hours=7.5),
    alarms={"status": "TRIGGERED", "alarmNames": ["5xx", "slow"], "triggeredAlarmNames": ["5xx"]},
    rollback={
        "reason": "Service deployment rolled back because of alarm(s) in ALARM state",
        "startedAt": ago(hours=7.8),
    },
)
TAKEN_BACK = [
    event("has reached a steady state.", minutes=20),
    event("(deployment ecs-svc/0000000000000000008) deployment completed.", minutes=21),
    event("rolling back to deployment ecs-svc/0000000000000000008.", minutes=22),
    event("(deployment ecs-svc/0000000000000000009) deployment failed: alarm detected.", minutes=23),
]
STATES = GUIDE + "service-deployment.html"
ROWS = {
    (
        "an alarm rolled the deployment back last night; counts, states and the newest messages are those of a success"
    ): settled(
        "failed",
        RECORD,
        service(),
        ROLLED_BACK,
        says="backend:9: rollback successful: Service deployment rolled back because of alarm(s) in ALARM state; alarm",
    ),
    "an alarm rolled the deployment back, and the next one was good": settled(
        "passed", RECORD, service(deployment(10, createdAt=ago(hours=6))), ROLLED_BACK
    ),
    "an alarm took the deployment back 20 minutes ago, and only messages tell, behind those of a success": settled(
        "failed",
        MESSAGES,
        service(events=TAKEN_BACK),
        says="(deployment ecs-svc/0000000000000000009) deployment failed: alarm detected.",
    ),
    "an alarm took the deployment back 20 minutes ago: what was expected does not run": serves(
        "failed",
        MESSAGES,
        "backend:9",
        service(events=TAKEN_BACK),
        says="expected backend:9, running backend:8 (2026-11-24 06:37 UTC: (service backend) (deployment ecs-svc/0",
    ),
    "the gate says which alarm took back what was deployed, by ECS's record": serves(
        "failed",
        RECORD,
        "backend:9",
        service(),
        ROLLED_BACK,
        says="expected backend:9, running backend:8 (2026-11-23 23:00 UTC: backend:9: rollback successful",
    ),
    "a deployment is being rolled back": settled(
        "failed",
        STATES,
        service(deployment(7, rolloutState="IN_PROGRESS", createdAt=ago(minutes=4)), deployment(8, status="ACTIVE")),
        record("ROLLBACK_IN_PROGRESS", statusReason="Circuit breaker threshold exceeded"),
        says="backend:8: rollback in progress: Circuit breaker threshold exceeded",
    ),
    "a newer deployment stopped the one before it": settled(
        "passed",
        STATES,
        service(deployment(10, createdAt=ago(hours=2))),
        record("STOPPED", 9, finishedAt=ago(hours=2), stoppedAt=ago(hours=2), startedAt=ago(hours=3)),
    ),
    "a circuit breaker without roll-back stopped the deployment": settled(
        "failed",
        RECORD,
        service(deployment(8, rolloutState=None)),
        record(
            "STOPPED",
            9,
            finishedAt=ago(hours=2),
            stoppedAt=ago(hours=2),
            deploymentCircuitBreaker={"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
        ),
        says="backend:9: stopped",
    ),
    "the records are denied: a bake that does not end would not be seen": settled(
        "blind", PERMISSIONS, service(), says="allow ecs:ListServiceDeployments", ListServiceDeployments=DENIED
    ),
    "the records are denied, and a message tells of a roll-back": settled(
        "failed",
        MESSAGES,
        service(events=TAKEN_BACK),
        says="deployment failed: alarm detected",
        ListServiceDeployments=DENIED,
    ),
    "the details of a deployment are denied": settled(
        "blind",
        PERMISSIONS,
        service(),
        record("IN_PROGRESS", 9),
        says="allow ecs:DescribeServiceDeployments",
        DescribeServiceDeployments=NO_DETAILS,
    ),
    "all tasks run, and the records are denied: they are not needed for that": runs(
        "passed", SERVICE, service(), ListServiceDeployments=DENIED
    ),
    "a region without the records: messages tell as before": settled(
        "failed",
        API + "API_ListServiceDeployments.html",
        service(events=TAKEN_BACK),
        says="deployment failed: alarm detected.",
        ListServiceDeployments=NOT_OFFERED,
    ),
    "the records are throttled": settled(
        "blind", API + "CommonErrors.html", service(), says="ThrottlingException", ListServiceDeployments=THROTTLED
    ),
    "a record that the second answer lacks": settled(
        "blind",
        API + "API_DescribeServiceDeployments.html",
        service(),
        ROLLED_BACK,
        says="MISSING",
        DescribeServiceDeployments={
            "serviceDeployments": [],
            "failures": [{"arn": ROLLED_BACK["serviceDeploymentArn"], "reason": "MISSING"}],
        },
    ),
}
