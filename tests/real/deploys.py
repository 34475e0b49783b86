"""Deployments of ECS services as real accounts have them: every strategy, every controller, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.ecs import Service, Task, services, tasks
from opschecks.aws.elbv2 import TargetHealth
from opschecks.aws.gate_snapshot import SinceTheGate, since_the_gate
from opschecks.aws.releases import Release, releases
from opschecks.aws.rollouts import Rollout
from opschecks.aws.traffic import Traffic
from opschecks.core.model import Expected, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, ago, checks_of, daily, names, stack
from tests.canned_ecs import deployment, event, record, rolled, service, task_set
from tests.real.rows import Row

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
ecs, after = daily("ecs"), checks_of("deploy/after", "deployment")
worse, before = checks_of("deploy/after", "nothing_got_worse"), checks_of("deploy/before", "readiness")
GROUP = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/"
BLUE, GREEN = f"{GROUP}blue/73e2d6bc24d8a067", f"{GROUP}green/6d0ecf831eec9f09"

TWINS: Raw = {
    "targetGroupArn": BLUE,
    "containerName": "app",
    "containerPort": 8000,
    "advancedConfiguration": {"alternateTargetGroupArn": GREEN},
}


def of_two_colours(**changes: Any) -> Raw:
    """A blue/green service while both colours run; ECS gives no rolloutState for it."""
    told = {"runningCount": 4, "loadBalancers": [TWINS], **changes}
    both = deployment(8, rolloutState=None, createdAt=ago(hours=9)), deployment(7, status="ACTIVE", rolloutState=None)
    return service(*both, **told)


def blue_green(stage: str, bake_minutes: int = 1440, **changes: Any) -> Raw:
    """Its record: a bake of up to 24 hours."""
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": bake_minutes}
    times: Raw = {"createdAt": ago(hours=9), "startedAt": ago(hours=9)}
    return record(lifecycleStage=stage, deploymentConfiguration=configuration, **{**times, **changes})


def stepwise(strategy: str, **how: Any) -> Raw:
    """The record of a deployment that shifts traffic for two hours now."""
    configuration = {"strategy": strategy, "bakeTimeInMinutes": 10, **how}
    times: Raw = {"createdAt": ago(hours=2), "startedAt": ago(hours=2)}
    return record(lifecycleStage="PRODUCTION_TRAFFIC_SHIFT", deploymentConfiguration=configuration, **times)


def described(*raw: Raw) -> list[Service]:
    aws = Aws({("ecs", "DescribeServices"): {"services": list(raw)}})
    return services(aws, names(services=tuple(one["serviceName"] for one in raw)), NOW)


def seen(raw: Raw, *records: Raw, dead: Sequence[Raw] = (), **answers: Any) -> dict[str, list[Rollout]]:
    """The service with its records and its dead tasks, where ECS answers so."""
    refused = {("ecs", name): answer for name, answer in answers.items()}
    return {"rollouts": rolled(described(raw), *records, tasks=listed(*dead), answers=refused)}


def listed(*raw: Raw) -> list[Task]:
    known = {("ecs", "ListTasks"): {"taskArns": [one["taskArn"] for one in raw]}}
    aws = Aws({**known, ("ecs", "DescribeTasks"): {"tasks": list(raw)}})
    return tasks(aws, names(services=("backend",)))


def expected(revision: str, raw: Raw, *records: Raw, **answers: Any) -> dict[str, list[Release]]:
    """What the gate after a deploy sees of the service, by an expected revision."""
    return {"releases": releases(Expected(revisions=(revision,)), seen(raw, *records, **answers)["rollouts"], [])}


def died(reason: str, *containers: Raw, code: str = "TaskFailedToStart") -> Raw:
    return {
        "taskArn": f"arn:aws:ecs:{ACCOUNT}:task/prod/{'1f' * 16}",
        "group": "service:backend",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": code,
        "stoppedReason": reason,
        "stoppedAt": ago(minutes=3),
        "containers": list(containers),
    }


DENIED = CouldNotLook(
    "ecs:ListServiceDeployments",
    "AccessDeniedException: User is not authorized",
    action="ecs:ListServiceDeployments",
)
NOT_OFFERED = CouldNotLook("ecs:ListServiceDeployments", "UnsupportedFeatureException: not supported in this Region")
THROTTLED = CouldNotLook("ecs:ListServiceDeployments", "ThrottlingException: Rate exceeded")
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
CODE_DEPLOY: Raw = {"deploymentController": {"type": "CODE_DEPLOY"}, "deployments": None}
OLD_SET = task_set(7, id="ecs-svc/0000000000000000007", status="ACTIVE", runningCount=2)
LOOP = [event("has started 1 tasks: (task 1f).", minutes=n) for n in range(1, 80, 4)]
CANNOT_START = event("is unable to consistently start tasks successfully. For more information, see …", minutes=6)
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


def target(number: int, state: str = "healthy") -> Raw:
    return {"Target": {"Id": f"10.0.0.{number}", "Port": 8000}, "TargetHealth": {"State": state}}


def health(arn: str, *targets: Raw) -> TargetHealth:
    return TargetHealth(arn=arn, name=arn.split("/")[1], evidence={"TargetHealthDescriptions": list(targets)})


def points(*minutes_ago: float, value: float = 40, period_s: int = 300) -> Series:
    told = sorted(NOW - timedelta(minutes=one) for one in minutes_ago)
    return Series("requests", "in 5 minutes", tuple((one, value) for one in told), period_s)


def since_then(
    raw: Raw,
    groups: Mapping[str, tuple[Sequence[Raw], Sequence[Raw]]],
    requests: Series | None = None,
    errors: Series | None = None,
    records: Sequence[Raw] = (),
    answers: Mapping[tuple[str, str], Any] = {},
    whose: Mapping[str, str] = {},
    p95: Series | None = None,
) -> dict[str, list[SinceTheGate]]:
    """Groups by ARN: their targets when the gate before the deploy looked, an hour ago, and now."""
    findings = [
        {"resource": arn, "evidence": {"TargetHealthDescriptions": list(was)}} for arn, (was, _) in groups.items()
    ]

    def filed(suite: str) -> Iterator[Mapping[str, Any]]:
        yield {"started": (NOW - timedelta(hours=1)).isoformat(), "findings": findings}

    traffic = []
    if requests:
        none = Series("5xx", "per minute", (), 60)
        answers = {("web", "requests"): requests, ("web", "target 5xx"): errors or none}
        answers[("web", "p95 response time")] = p95 or Series("p95 response time", "ms", (), 300)
        metrics = Metrics({**answers, ("web", "load balancer 5xx"): none})
        traffic = [Traffic(arn="arn:web", name="web", metrics=metrics, now=NOW, balancer="lb", alone=True)]
    now = [replace(health(arn, *targets), foreign=whose.get(arn, "")) for arn, (_, targets) in groups.items()]
    told = rolled(described(raw), *records, answers=dict(answers))
    return {"since_the_gate": since_the_gate(stack(), filed, NOW, [], now, traffic, told, [])}


ONE_GROUP: Raw = {"loadBalancers": [{"targetGroupArn": BLUE, "containerName": "app", "containerPort": 8000}]}
TWO, FOUR = [target(1), target(2)], [target(n) for n in range(1, 5)]
FRESH = deployment(8, createdAt=ago(minutes=4))
EARLIER = deployment(8, createdAt=ago(minutes=20))

ROWS = [
    Row(
        "blue/green, nine hours into a bake of a day: both colours run, rolloutState is absent",
        ecs.test_deployments_are_settled,
        lambda: seen(of_two_colours(), blue_green("BAKE_TIME")),
        "passed",
        GUIDE + "deployment-type-blue-green.html",
        says="stage BAKE_TIME",
    ),
    Row(
        "blue/green, nine hours into a bake of ten minutes",
        ecs.test_deployments_are_settled,
        lambda: seen(of_two_colours(), blue_green("BAKE_TIME", 10)),
        "failed",
        GUIDE + "deployment-type-blue-green.html",
        says="limit 40 minutes",
    ),
    Row(
        "blue/green in its bake: green has all production traffic",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", of_two_colours(), blue_green("BAKE_TIME")),
        "passed",
        API + "API_ServiceDeployment.html",
        says="ECS may still roll it back",
    ),
    Row(
        "blue/green before the shift: blue has all production traffic",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", of_two_colours(), blue_green("POST_TEST_TRAFFIC_SHIFT")),
        "failed",
        API + "API_ServiceDeployment.html",
        says="the deployment is IN_PROGRESS, stage POST_TEST_TRAFFIC_SHIFT",
    ),
    Row(
        "rolling, and ECS names a stage of it: old tasks still run",
        after.test_what_was_deployed_serves,
        lambda: expected(
            "backend:8",
            service(
                deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=10)), deployment(7, status="ACTIVE")
            ),
            record(lifecycleStage="CLEAN_UP"),
        ),
        "failed",
        API + "API_ServiceDeployment.html",
        says="the deployment is IN_PROGRESS",
    ),
    Row(
        "a task is being started while the records are throttled",
        ecs.test_services_run_the_tasks_they_want,
        lambda: seen(
            service(runningCount=1, pendingCount=1, events=[event("has started 1 tasks: (task 1f).", minutes=2)]),
            ListServiceDeployments=THROTTLED,
        ),
        "passed",
        API + "CommonErrors.html",
    ),
    Row(
        "blue/green, over: one deployment without rolloutState, nothing recorded",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", service(deployment(8, rolloutState=None))),
        "passed",
        API + "API_Deployment.html",
    ),
    Row(
        "blue/green, over, and the records are denied: a message tells of its end",
        after.test_what_was_deployed_serves,
        lambda: expected(
            "backend:8",
            service(
                deployment(8, rolloutState=None),
                events=[event("(deployment ecs-svc/0000000000000000008) deployment completed.", minutes=9)],
            ),
            ListServiceDeployments=DENIED,
        ),
        "passed",
        GUIDE + "service-event-messages-list.html",
    ),
    Row(
        "blue/green, the records are denied and no message tells",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", service(deployment(8, rolloutState=None)), ListServiceDeployments=DENIED),
        "blind",
        API + "API_Deployment.html",
        says="allow ecs:ListServiceDeployments",
    ),
    Row(
        "a deployment under way before another one: a bake",
        before.test_no_deployment_is_under_way,
        lambda: seen(of_two_colours(), blue_green("BAKE_TIME")),
        "failed",
        GUIDE + "deployment-type-blue-green.html",
        says="backend:8 has been under way for 9 hours, stage BAKE_TIME",
    ),
    Row(
        "linear, two hours into ten steps of twenty minutes",
        ecs.test_deployments_are_settled,
        lambda: seen(
            of_two_colours(),
            stepwise("LINEAR", linearConfiguration={"stepPercent": 10.0, "stepBakeTimeInMinutes": 20}),
        ),
        "passed",
        API + "API_LinearConfiguration.html",
    ),
    Row(
        "canary, two hours into a canary of ten minutes",
        ecs.test_deployments_are_settled,
        lambda: seen(
            of_two_colours(),
            stepwise("CANARY", canaryConfiguration={"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}),
        ),
        "failed",
        API + "API_CanaryConfiguration.html",
        says="limit 50 minutes",
    ),
    Row(
        "a deployment that waits for a person's word since two hours",
        ecs.test_deployments_are_settled,
        lambda: seen(
            of_two_colours(),
            stepwise(
                "BLUE_GREEN", lifecycleHooks=[{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]
            ),
        ),
        "passed",
        API + "API_DeploymentLifecycleHookTimeoutConfiguration.html",
    ),
    Row(
        "an alarm rolled the deployment back last night; counts, states and the newest messages are those of a success",
        ecs.test_deployments_are_settled,
        lambda: seen(service(), ROLLED_BACK),
        "failed",
        API + "API_ServiceDeployment.html",
        says="backend:9: rollback successful: Service deployment rolled back because of alarm(s) in ALARM state; alarm",
    ),
    Row(
        "an alarm rolled the deployment back, and the next one was good",
        ecs.test_deployments_are_settled,
        lambda: seen(service(deployment(10, createdAt=ago(hours=6))), ROLLED_BACK),
        "passed",
        API + "API_ServiceDeployment.html",
    ),
    Row(
        "an alarm took the deployment back 20 minutes ago, and only messages tell, behind those of a success",
        ecs.test_deployments_are_settled,
        lambda: seen(service(events=TAKEN_BACK)),
        "failed",
        GUIDE + "service-event-messages-list.html",
        says="(deployment ecs-svc/0000000000000000009) deployment failed: alarm detected.",
    ),
    Row(
        "an alarm took the deployment back 20 minutes ago: what was expected does not run",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:9", service(events=TAKEN_BACK)),
        "failed",
        GUIDE + "service-event-messages-list.html",
        says="expected backend:9, running backend:8 (2026-11-24 06:37 UTC: (service backend) (deployment ecs-svc/0",
    ),
    Row(
        "the gate says which alarm took back what was deployed, by ECS's record",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:9", service(), ROLLED_BACK),
        "failed",
        API + "API_ServiceDeployment.html",
        says="expected backend:9, running backend:8 (2026-11-23 23:00 UTC: backend:9: rollback successful",
    ),
    Row(
        "a deployment is being rolled back",
        ecs.test_deployments_are_settled,
        lambda: seen(
            service(
                deployment(7, rolloutState="IN_PROGRESS", createdAt=ago(minutes=4)), deployment(8, status="ACTIVE")
            ),
            record("ROLLBACK_IN_PROGRESS", statusReason="Circuit breaker threshold exceeded"),
        ),
        "failed",
        GUIDE + "service-deployment.html",
        says="backend:8: rollback in progress: Circuit breaker threshold exceeded",
    ),
    Row(
        "a newer deployment stopped the one before it",
        ecs.test_deployments_are_settled,
        lambda: seen(
            service(deployment(10, createdAt=ago(hours=2))),
            record("STOPPED", 9, finishedAt=ago(hours=2), stoppedAt=ago(hours=2), startedAt=ago(hours=3)),
        ),
        "passed",
        GUIDE + "service-deployment.html",
    ),
    Row(
        "a circuit breaker without roll-back stopped the deployment",
        ecs.test_deployments_are_settled,
        lambda: seen(
            service(deployment(8, rolloutState=None)),
            record(
                "STOPPED",
                9,
                finishedAt=ago(hours=2),
                stoppedAt=ago(hours=2),
                deploymentCircuitBreaker={"status": "TRIGGERED", "failureCount": 3, "threshold": 3},
            ),
        ),
        "failed",
        API + "API_ServiceDeployment.html",
        says="backend:9: stopped",
    ),
    Row(
        "the records are denied: messages tell as before",
        ecs.test_deployments_are_settled,
        lambda: seen(service(), ListServiceDeployments=DENIED),
        "passed",
        GUIDE + "service-deployment-permissions.html",
        says="judged by the service's messages alone: ecs:ListServiceDeployments: AccessDenied",
    ),
    Row(
        "a region without the records: messages tell as before",
        ecs.test_deployments_are_settled,
        lambda: seen(service(events=TAKEN_BACK), ListServiceDeployments=NOT_OFFERED),
        "failed",
        API + "API_ListServiceDeployments.html",
        says="deployment failed: alarm detected.",
    ),
    Row(
        "the records are throttled",
        ecs.test_deployments_are_settled,
        lambda: seen(service(), ListServiceDeployments=THROTTLED),
        "blind",
        API + "CommonErrors.html",
        says="ThrottlingException",
    ),
    Row(
        "a record that the second answer lacks",
        ecs.test_deployments_are_settled,
        lambda: seen(
            service(),
            ROLLED_BACK,
            DescribeServiceDeployments={
                "serviceDeployments": [],
                "failures": [{"arn": ROLLED_BACK["serviceDeploymentArn"], "reason": "MISSING"}],
            },
        ),
        "blind",
        API + "API_DescribeServiceDeployments.html",
        says="MISSING",
    ),
    Row(
        "deployed by CodeDeploy: task sets, `deployments` absent",
        ecs.test_deployments_are_settled,
        lambda: seen(service(**CODE_DEPLOY, taskSets=[task_set()]), ListServiceDeployments=THROTTLED),
        "passed",
        API + "API_TaskSet.html",
    ),
    Row(
        "deployed by CodeDeploy, and the old tasks wait for their termination",
        after.test_what_was_deployed_serves,
        lambda: expected("backend:8", service(**CODE_DEPLOY, taskSets=[task_set(), OLD_SET], runningCount=4)),
        "passed",
        GUIDE + "deployment-type-bluegreen.html",
    ),
    Row(
        "deployed by CodeDeploy, and another deployment is to begin while the old tasks wait",
        before.test_no_deployment_is_under_way,
        lambda: seen(service(**CODE_DEPLOY, taskSets=[task_set(), OLD_SET], runningCount=4)),
        "failed",
        GUIDE + "deployment-type-bluegreen.html",
        says="backend:7 is not replaced yet",
    ),
    Row(
        "a daemon on a cluster that has no instance at night",
        ecs.test_services_run_the_tasks_they_want,
        lambda: seen(service(schedulingStrategy="DAEMON", desiredCount=0, runningCount=0)),
        "passed",
        GUIDE + "ecs_service-options.html",
    ),
    Row(
        "an active service that ECS deploys, without any deployment",
        ecs.test_deployments_are_settled,
        lambda: seen(service(deployments=[])),
        "blind",
        API + "API_Service.html",
        says="the answer has no deployment of backend",
    ),
    Row(
        "one of two tasks restarts for ever: the newest attempt is a minute old",
        ecs.test_services_run_the_tasks_they_want,
        lambda: seen(service(runningCount=1, pendingCount=1, events=LOOP), dead=[IN_MEMORY]),
        "failed",
        GUIDE + "service-event-messages-list.html",
        says="tried for 77 minutes; limit 30 minutes; task 1f1f1f1f stopped: Essential container in task exited; "
        "app exited with 137 (OutOfMemoryError",
    ),
    Row(
        "an image that is not there: a container's reason without an exit code",
        ecs.test_services_run_the_tasks_they_want,
        lambda: seen(service(runningCount=1, events=[CANNOT_START, *LOOP]), dead=[NO_IMAGE]),
        "failed",
        GUIDE + "task_cannot_pull_image.html",
        says="app: CannotPullContainerError: pull image manifest",
    ),
    Row(
        "scaling out after a crash loop of the morning",
        ecs.test_services_run_the_tasks_they_want,
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
        GUIDE + "service-event-messages-list.html",
    ),
    Row(
        "no capacity for Spot tasks, behind newer messages of the load balancer",
        ecs.test_services_run_the_tasks_they_want,
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
        GUIDE + "service-event-messages-list.html",
        says="Capacity is unavailable at this time",
    ),
    Row(
        "one more task than desired runs while scaling in",
        before.test_no_deployment_is_under_way,
        lambda: seen(service(runningCount=3)),
        "passed",
        API + "API_Service.html",
    ),
    Row(
        "a target drains after scaling in",
        before.test_targets_can_take_a_deploy,
        lambda: {"served_groups": [health(BLUE, *TWO, target(3, "draining"))]},
        "passed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        says="2 of 2 targets are healthy",
    ),
    Row(
        "since the gate, the tasks moved from blue to green",
        worse.test_nothing_got_worse,
        lambda: since_then(
            service(deployment(8, rolloutState=None), loadBalancers=[TWINS]),
            {BLUE: (TWO, []), GREEN: ([], [target(3), target(4)])},
        ),
        "passed",
        API + "API_AdvancedConfiguration.html",
        says="before: 2 healthy, now: 2 of 2 desired are healthy",
    ),
    Row(
        "since the gate, one of the moved tasks is unhealthy",
        worse.test_nothing_got_worse,
        lambda: since_then(
            service(deployment(8, rolloutState=None), loadBalancers=[TWINS]),
            {BLUE: (TWO, []), GREEN: ([], [target(3), target(4, "unhealthy")])},
        ),
        {"blue and green": "failed"},
        API + "API_AdvancedConfiguration.html",
        says="1 healthy target, 2 before the deploy, 2 desired",
    ),
    Row(
        "since the gate, CodeDeploy moved the tasks to the group of its other task set",
        worse.test_nothing_got_worse,
        lambda: since_then(
            service(
                **CODE_DEPLOY,
                **ONE_GROUP,
                taskSets=[
                    task_set(
                        8, loadBalancers=[{"targetGroupArn": GREEN, "containerName": "app", "containerPort": 8000}]
                    )
                ],
            ),
            {BLUE: (TWO, []), GREEN: ([], [target(3), target(4)])},
        ),
        {"blue and green": "passed"},
        API + "API_TaskSet.html",
    ),
    Row(
        "since the gate, the service was scaled in",
        worse.test_nothing_got_worse,
        lambda: since_then(service(**ONE_GROUP), {BLUE: (FOUR, [*TWO, target(3, "draining")])}),
        "passed",
        "https://docs.aws.amazon.com/autoscaling/application/userguide/services-that-can-integrate-ecs.html",
        says="before: 4 healthy, now: 2 of 2 desired are healthy",
    ),
    Row(
        "since the gate, the service is scaling out",
        worse.test_nothing_got_worse,
        lambda: since_then(
            service(**ONE_GROUP, desiredCount=4, runningCount=3, pendingCount=1),
            {BLUE: (TWO, [*TWO, target(3, "initial")])},
        ),
        "passed",
        API + "API_Service.html",
    ),
    Row(
        "since the gate, a task was lost and is being started again",
        worse.test_nothing_got_worse,
        lambda: since_then(
            service(**ONE_GROUP, runningCount=1, pendingCount=1), {BLUE: (TWO, [target(1), target(2, "draining")])}
        ),
        "failed",
        API + "API_Service.html",
    ),
    Row(
        "deployed four minutes ago, and no point of the balancer is newer",
        worse.test_nothing_got_worse,
        lambda: since_then(service(FRESH), {}, requests=points(60, 55, 20, 10)),
        "blind",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        says="points of web come up to 5 minutes late, and there are none since the deploy",
    ),
    Row(
        "deployed four minutes ago, and errors are there already",
        worse.test_nothing_got_worse,
        lambda: since_then(service(FRESH), {}, requests=points(60, 55, 5), errors=points(3, value=70, period_s=60)),
        "failed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        says="70 5xx in a minute since the deploy began",
    ),
    Row(
        "deployed twenty minutes ago at night, without a request since",
        worse.test_nothing_got_worse,
        lambda: since_then(service(EARLIER), {}, requests=points(180, 90)),
        "passed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    ),
    Row(
        "since the gate, nothing was deployed",
        worse.test_nothing_got_worse,
        lambda: since_then(service(), {}, requests=points(60, 30)),
        "passed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
    ),
]
