"""Deployments of ECS services as real accounts have them: every strategy, every controller, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
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
from tests.canned_ecs import counted, deployment, event, record, rolled, service, task_set
from tests.real.rows import Row, rows_by

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/"
METRICS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
ecs, after = daily("ecs"), checks_of("deploy/after", "deployment")
before = checks_of("deploy/before", "readiness")
RECORD = API + "API_ServiceDeployment.html"
LINEAR = API + "API_LinearConfiguration.html"
SERVICE = API + "API_Service.html"
BLUE_GREEN = GUIDE + "deployment-type-blue-green.html"
CODE_DEPLOYS = GUIDE + "deployment-type-bluegreen.html"
DEPLOYMENT = API + "API_Deployment.html"
MESSAGES = GUIDE + "service-event-messages-list.html"
PERMISSIONS = GUIDE + "service-deployment-permissions.html"
WORSE = checks_of("deploy/after", "nothing_got_worse").test_nothing_got_worse
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
    found, gone = described(raw), listed(*dead)
    task_counts = counted(found, *records, tasks=gone, **answers)
    return {"rollouts": rolled(found, *records, tasks=gone, answers=refused), "task_counts": task_counts}


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
CODE_DEPLOY: Raw = {"deploymentController": {"type": "CODE_DEPLOY"}, "deployments": None}
OLD_SET = task_set(7, id="ecs-svc/0000000000000000007", status="ACTIVE", runningCount=2)


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
EARLIER = deployment(8, createdAt=ago(minutes=20))

settled = partial(rows_by(seen), ecs.test_deployments_are_settled)
runs = partial(rows_by(seen), ecs.test_services_run_the_tasks_they_want)
under_way = partial(rows_by(seen), before.test_no_deployment_is_under_way)
serves = partial(rows_by(expected), after.test_what_was_deployed_serves)
worse = partial(rows_by(since_then), WORSE)

ROWS = {
    "blue/green, nine hours into a bake of a day: both colours run, rolloutState is absent": settled(
        "passed", BLUE_GREEN, of_two_colours(), blue_green("BAKE_TIME"), says="stage BAKE_TIME"
    ),
    "blue/green, nine hours into a bake of ten minutes": settled(
        "failed", BLUE_GREEN, of_two_colours(), blue_green("BAKE_TIME", 10), says="limit 40 minutes"
    ),
    "blue/green in its bake: green has all production traffic": serves(
        "passed", RECORD, "backend:8", of_two_colours(), blue_green("BAKE_TIME"), says="ECS may still roll it back"
    ),
    "blue/green before the shift: blue has all production traffic": serves(
        "failed",
        RECORD,
        "backend:8",
        of_two_colours(),
        blue_green("POST_TEST_TRAFFIC_SHIFT"),
        says="the deployment is IN_PROGRESS, stage POST_TEST_TRAFFIC_SHIFT",
    ),
    "rolling, and ECS names a stage of it: old tasks still run": serves(
        "failed",
        RECORD,
        "backend:8",
        service(deployment(8, rolloutState="IN_PROGRESS", createdAt=ago(minutes=10)), deployment(7, status="ACTIVE")),
        record(lifecycleStage="CLEAN_UP"),
        says="the deployment is IN_PROGRESS",
    ),
    "blue/green, over: one deployment without rolloutState, nothing recorded": serves(
        "passed", DEPLOYMENT, "backend:8", service(deployment(8, rolloutState=None))
    ),
    "blue/green, over, and the region has no records: a message tells of its end": serves(
        "passed",
        MESSAGES,
        "backend:8",
        service(
            deployment(8, rolloutState=None),
            events=[event("(deployment ecs-svc/0000000000000000008) deployment completed.", minutes=9)],
        ),
        ListServiceDeployments=NOT_OFFERED,
    ),
    "a rolling update, over, and the records are denied: whether it was rolled back since is not known": serves(
        "blind",
        DEPLOYMENT,
        "backend:8",
        service(deployment(8)),
        says="allow ecs:ListServiceDeployments",
        ListServiceDeployments=DENIED,
    ),
    "blue/green, the records are denied and no message tells": serves(
        "blind",
        DEPLOYMENT,
        "backend:8",
        service(deployment(8, rolloutState=None)),
        says="allow ecs:ListServiceDeployments",
        ListServiceDeployments=DENIED,
    ),
    "a deployment under way before another one: a bake": under_way(
        "failed",
        BLUE_GREEN,
        of_two_colours(),
        blue_green("BAKE_TIME"),
        says="backend:8 has been under way for 9 hours, stage BAKE_TIME",
    ),
    "linear, two hours into ten steps of twenty minutes": settled(
        "passed",
        LINEAR,
        of_two_colours(),
        stepwise("LINEAR", linearConfiguration={"stepPercent": 10.0, "stepBakeTimeInMinutes": 20}),
    ),
    "canary, two hours into a canary of ten minutes": settled(
        "failed",
        API + "API_CanaryConfiguration.html",
        of_two_colours(),
        stepwise("CANARY", canaryConfiguration={"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}),
        says="limit 50 minutes",
    ),
    "a deployment that waits for a person's word since two hours": settled(
        "passed",
        API + "API_DeploymentLifecycleHookTimeoutConfiguration.html",
        of_two_colours(),
        stepwise(
            "BLUE_GREEN", lifecycleHooks=[{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}]
        ),
    ),
    "deployed by CodeDeploy: task sets, `deployments` absent": settled(
        "passed",
        API + "API_TaskSet.html",
        service(**CODE_DEPLOY, taskSets=[task_set()]),
        ListServiceDeployments=THROTTLED,
    ),
    "deployed by CodeDeploy, and the old tasks wait for their termination": serves(
        "passed", CODE_DEPLOYS, "backend:8", service(**CODE_DEPLOY, taskSets=[task_set(), OLD_SET], runningCount=4)
    ),
    "deployed by CodeDeploy, and another deployment is to begin while the old tasks wait": under_way(
        "failed",
        CODE_DEPLOYS,
        service(**CODE_DEPLOY, taskSets=[task_set(), OLD_SET], runningCount=4),
        says="backend:7 is not replaced yet",
    ),
    "an active service that ECS deploys, without any deployment": settled(
        "blind", SERVICE, service(deployments=[]), says="the answer has no deployment of backend"
    ),
    "one more task than desired runs while scaling in": under_way("passed", SERVICE, service(runningCount=3)),
    "a target drains after scaling in": Row(
        before.test_targets_can_take_a_deploy,
        lambda: {"served_groups": [health(BLUE, *TWO, target(3, "draining"))]},
        "passed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html",
        "2 of 2 targets are healthy",
    ),
}
