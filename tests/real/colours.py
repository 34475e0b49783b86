"""Blue/green, linear, canary and CodeDeploy while both colours run: each that users reach is judged by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from opschecks.aws.gate_snapshot import SinceTheGate
from tests.canned import Raw
from tests.canned_ecs import definition, record, service, task_set
from tests.real.deploys import (
    API,
    BLUE,
    CODE_DEPLOYS,
    DENIED,
    DEPLOYMENT,
    GREEN,
    GUIDE,
    LINEAR,
    PERMISSIONS,
    RECORD,
    TWO,
    WORSE,
    blue_green,
    of_two_colours,
    since_then,
    stepwise,
    target,
)
from tests.real.one_of_many import denied
from tests.real.rows import rows_by

SICK = [target(3, "unhealthy"), target(4, "unhealthy")]
FRESH = [target(3), target(4)]
SHIFTING: Raw = {"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440}}


def revision_has(group: str | None) -> dict[tuple[str, str], Any]:
    """What DescribeServiceRevisions says of the group that the new revision has; None: nothing."""

    def told(serviceRevisionArns: Sequence[str]) -> Raw:  # noqa: N803 - AWS's name
        resolved = {"resolvedConfiguration": {"loadBalancers": [{"targetGroupArn": group}]}} if group else {}
        return {
            "serviceRevisions": [
                {"serviceRevisionArn": arn, "taskDefinition": definition(8), **resolved} for arn in serviceRevisionArns
            ]
        }

    return {("ecs", "DescribeServiceRevisions"): told}


def both(
    blue: Sequence[Raw], green: Sequence[Raw], *records: Raw, new: str | None = GREEN, **more: Any
) -> Mapping[str, list[SinceTheGate]]:
    """Blue had two healthy targets before the deploy; what both have now, and what ECS records of the deployment."""
    raw = more.pop("raw", None) or of_two_colours(**SHIFTING)
    answers = more.pop("answers", None) or revision_has(new)
    return since_then(raw, {BLUE: (TWO, blue), GREEN: ([], green)}, records=records, answers=answers)


def sets(primary: str, other: str) -> Raw:
    """A CodeDeploy service that keeps the replaced task set for an hour."""

    def of(number: int, group: str, status: str) -> Raw:
        return task_set(number, id=f"ecs-svc/{number:019}", status=status, loadBalancers=[{"targetGroupArn": group}])

    told = [of(8, primary, "PRIMARY"), of(7, other, "ACTIVE")]
    balanced = [{"targetGroupArn": primary, "containerName": "app", "containerPort": 8000}]
    return service(
        deploymentController={"type": "CODE_DEPLOY"},
        deployments=None,
        taskSets=told,
        loadBalancers=balanced,
        runningCount=4,
    )


ROLLING = record(deploymentConfiguration={"strategy": "ROLLING"})
DENY: dict[tuple[str, str], Any] = {("ecs", "ListServiceDeployments"): DENIED}
NO_REVISIONS = {("ecs", "DescribeServiceRevisions"): denied("ecs:DescribeServiceRevisions")}
HOW = GUIDE + "blue-green-deployment-how-it-works.html"
REVISION = API + "API_ServiceRevision.html"
row = partial(rows_by(both), WORSE)
ROWS = {
    "the new colour has all traffic and is sick; the old one, which nobody reaches, is healthy": row(
        "failed",
        HOW,
        TWO,
        SICK,
        blue_green("BAKE_TIME"),
        says="green, which gets production traffic: 0 healthy targets, 2 before the deploy, 2 desired",
    ),
    "the new colour is the one that ECS calls the primary group: it goes back and forth": row(
        "failed",
        API + "API_ServiceRevisionLoadBalancer.html",
        SICK,
        FRESH,
        blue_green("BAKE_TIME"),
        says="blue, which gets production traffic",
        new=BLUE,
    ),
    "the new colour has all traffic and is healthy; the old one is sick, and nobody reaches it": row(
        "passed", HOW, SICK, FRESH, blue_green("BAKE_TIME")
    ),
    "one of the new colour's two targets is sick in the bake": row(
        "failed", HOW, TWO, [target(3), target(4, "unhealthy")], blue_green("BAKE_TIME"), says="1 healthy target"
    ),
    "a task of the new colour died in the bake: half of what there was, until its replacement is healthy": row(
        "failed", HOW, TWO, [target(3), target(4, "initial")], blue_green("BAKE_TIME")
    ),
    "the new colour starts, before any traffic": row(
        "passed", RECORD, TWO, [target(3, "unhealthy")], blue_green("SCALE_UP")
    ),
    "a linear shift: both colours have traffic, and the old one is sick": row(
        "failed", LINEAR, SICK, FRESH, stepwise("LINEAR"), says="blue, which gets production traffic"
    ),
    "a canary gets a twentieth of the traffic, and is sick": row(
        "failed",
        API + "API_CanaryConfiguration.html",
        TWO,
        SICK,
        stepwise("CANARY"),
        says="green, which gets production traffic",
    ),
    "a linear shift with both colours healthy": row("passed", LINEAR, TWO, FRESH, stepwise("LINEAR")),
    "the deployment is over: the old colour's targets are gone": row(
        "passed", DEPLOYMENT, [], FRESH, raw=service(**{"loadBalancers": of_two_colours()["loadBalancers"], **SHIFTING})
    ),
    "one colour is sick, and the revision's target group is not told": row(
        "blind",
        REVISION,
        TWO,
        SICK,
        blue_green("BAKE_TIME"),
        says="which target group backend:8 has is not known",
        new=None,
    ),
    "the new colour is sick, and the revisions are denied": row(
        "blind",
        PERMISSIONS,
        TWO,
        SICK,
        blue_green("BAKE_TIME"),
        says="allow ecs:DescribeServiceRevisions",
        answers=NO_REVISIONS,
    ),
    "the revision's target group is not told, and both colours are healthy": row(
        "passed", REVISION, TWO, FRESH, blue_green("BAKE_TIME"), new=None
    ),
    "one colour is sick, and the records are denied": row(
        "blind",
        PERMISSIONS,
        TWO,
        SICK,
        says="which colour serves is not known: ecs:ListServiceDeployments",
        answers=DENY,
    ),
    "the records are denied, and nothing is under way": row(
        "passed",
        PERMISSIONS,
        [],
        FRESH,
        answers=DENY,
        raw=service(**{"loadBalancers": of_two_colours()["loadBalancers"], **SHIFTING}),
    ),
    "a rolling update of a service that once was blue/green: one group is empty": row(
        "passed", API + "API_AdvancedConfiguration.html", TWO, [], ROLLING, raw=of_two_colours(runningCount=2)
    ),
    "CodeDeploy: the replacement has the traffic and is sick, the original waits to be terminated": row(
        "failed", CODE_DEPLOYS, TWO, SICK, says="green, which gets production traffic", raw=sets(GREEN, BLUE)
    ),
    "CodeDeploy: the replacement starts, and the original has the traffic": row(
        "passed", CODE_DEPLOYS, TWO, [target(3, "unhealthy")], raw=sets(BLUE, GREEN)
    ),
}
