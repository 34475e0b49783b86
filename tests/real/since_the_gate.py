"""Rows of the gate after a deploy: what has changed since the gate before it looked."""

from __future__ import annotations

from tests.canned import ago
from tests.canned_ecs import deployment, service, task_set
from tests.real.deploys import (
    API,
    BLUE,
    CODE_DEPLOY,
    EARLIER,
    FOUR,
    GREEN,
    METRICS,
    ONE_GROUP,
    SERVICE,
    TWINS,
    TWO,
    points,
    target,
    worse,
)

FRESH = deployment(8, createdAt=ago(minutes=4))
MOVED = API + "API_AdvancedConfiguration.html"
ROWS = {
    "since the gate, the tasks moved from blue to green": worse(
        "passed",
        MOVED,
        service(deployment(8, rolloutState=None), loadBalancers=[TWINS]),
        {BLUE: (TWO, []), GREEN: ([], [target(3), target(4)])},
        says="before: 2 healthy, now: 2 of 2 desired are healthy",
    ),
    "since the gate, one of the moved tasks is unhealthy": worse(
        {"blue and green": "failed"},
        MOVED,
        service(deployment(8, rolloutState=None), loadBalancers=[TWINS]),
        {BLUE: (TWO, []), GREEN: ([], [target(3), target(4, "unhealthy")])},
        says="1 healthy target, 2 before the deploy, 2 desired",
    ),
    "since the gate, CodeDeploy moved the tasks to the group of its other task set": worse(
        {"blue and green": "passed"},
        API + "API_TaskSet.html",
        service(
            **CODE_DEPLOY,
            **ONE_GROUP,
            taskSets=[
                task_set(8, loadBalancers=[{"targetGroupArn": GREEN, "containerName": "app", "containerPort": 8000}])
            ],
        ),
        {BLUE: (TWO, []), GREEN: ([], [target(3), target(4)])},
    ),
    "since the gate, the service was scaled in": worse(
        "passed",
        "https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-ecs.html",
        service(**ONE_GROUP),
        {BLUE: (FOUR, [*TWO, target(3, "draining")])},
        says="before: 4 healthy, now: 2 of 2 desired are healthy",
    ),
    "since the gate, the service is scaling out": worse(
        "passed",
        SERVICE,
        service(**ONE_GROUP, desiredCount=4, runningCount=3, pendingCount=1),
        {BLUE: (TWO, [*TWO, target(3, "initial")])},
    ),
    "since the gate, a task was lost and is being started again": worse(
        "failed",
        SERVICE,
        service(**ONE_GROUP, runningCount=1, pendingCount=1),
        {BLUE: (TWO, [target(1), target(2, "draining")])},
    ),
    "deployed four minutes ago, and no point of the balancer is newer": worse(
        "blind",
        METRICS,
        service(FRESH),
        {},
        says="points of web come up to 5 minutes late, and there are none since the deploy",
        requests=points(60, 55, 20, 10),
    ),
    "deployed four minutes ago, and errors are there already": worse(
        "failed",
        METRICS,
        service(FRESH),
        {},
        says="70 5xx in a minute since the deploy began",
        requests=points(60, 55, 5),
        errors=points(3, value=70, period_s=60),
    ),
    "deployed twenty minutes ago at night, without a request since": worse(
        "passed", METRICS, service(EARLIER), {}, requests=points(180, 90)
    ),
    "since the gate, nothing was deployed": worse("passed", METRICS, service(), {}, requests=points(60, 30)),
}
