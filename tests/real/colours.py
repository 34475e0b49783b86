"""Blue/green, linear, canary and CodeDeploy while both colours run: each that users reach is judged by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opschecks.aws.gate_snapshot import SinceTheGate
from opschecks.core.observation import CouldNotLook
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
from tests.real.rows import Row

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
NO_REVISIONS: dict[tuple[str, str], Any] = {
    ("ecs", "DescribeServiceRevisions"): CouldNotLook(
        "ecs:DescribeServiceRevisions", "AccessDeniedException: no", action="ecs:DescribeServiceRevisions"
    )
}
HOW = GUIDE + "blue-green-deployment-how-it-works.html"
REVISION = API + "API_ServiceRevision.html"
ROWS = {
    "the new colour has all traffic and is sick; the old one, which nobody reaches, is healthy": Row(
        WORSE,
        lambda: both(TWO, SICK, blue_green("BAKE_TIME")),
        "failed",
        HOW,
        "green, which gets production traffic: 0 healthy targets, 2 before the deploy, 2 desired",
    ),
    "the new colour is the one that ECS calls the primary group: it goes back and forth": Row(
        WORSE,
        lambda: both(SICK, FRESH, blue_green("BAKE_TIME"), new=BLUE),
        "failed",
        API + "API_ServiceRevisionLoadBalancer.html",
        "blue, which gets production traffic",
    ),
    "the new colour has all traffic and is healthy; the old one is sick, and nobody reaches it": Row(
        WORSE, lambda: both(SICK, FRESH, blue_green("BAKE_TIME")), "passed", HOW
    ),
    "one of the new colour's two targets is sick in the bake": Row(
        WORSE,
        lambda: both(TWO, [target(3), target(4, "unhealthy")], blue_green("BAKE_TIME")),
        "failed",
        HOW,
        "1 healthy target",
    ),
    "a task of the new colour died in the bake: half of what there was, until its replacement is healthy": Row(
        WORSE, lambda: both(TWO, [target(3), target(4, "initial")], blue_green("BAKE_TIME")), "failed", HOW
    ),
    "the new colour starts, before any traffic": Row(
        WORSE, lambda: both(TWO, [target(3, "unhealthy")], blue_green("SCALE_UP")), "passed", RECORD
    ),
    "a linear shift: both colours have traffic, and the old one is sick": Row(
        WORSE, lambda: both(SICK, FRESH, stepwise("LINEAR")), "failed", LINEAR, "blue, which gets production traffic"
    ),
    "a canary gets a twentieth of the traffic, and is sick": Row(
        WORSE,
        lambda: both(TWO, SICK, stepwise("CANARY")),
        "failed",
        API + "API_CanaryConfiguration.html",
        "green, which gets production traffic",
    ),
    "a linear shift with both colours healthy": Row(
        WORSE, lambda: both(TWO, FRESH, stepwise("LINEAR")), "passed", LINEAR
    ),
    "the deployment is over: the old colour's targets are gone": Row(
        WORSE,
        lambda: both([], FRESH, raw=service(**{"loadBalancers": of_two_colours()["loadBalancers"], **SHIFTING})),
        "passed",
        DEPLOYMENT,
    ),
    "one colour is sick, and the revision's target group is not told": Row(
        WORSE,
        lambda: both(TWO, SICK, blue_green("BAKE_TIME"), new=None),
        "blind",
        REVISION,
        "which target group backend:8 has is not known",
    ),
    "the new colour is sick, and the revisions are denied": Row(
        WORSE,
        lambda: both(TWO, SICK, blue_green("BAKE_TIME"), answers=NO_REVISIONS),
        "blind",
        PERMISSIONS,
        "allow ecs:DescribeServiceRevisions",
    ),
    "the revision's target group is not told, and both colours are healthy": Row(
        WORSE, lambda: both(TWO, FRESH, blue_green("BAKE_TIME"), new=None), "passed", REVISION
    ),
    "one colour is sick, and the records are denied": Row(
        WORSE,
        lambda: both(TWO, SICK, answers=DENY),
        "blind",
        PERMISSIONS,
        "which colour serves is not known: ecs:ListServiceDeployments",
    ),
    "the records are denied, and nothing is under way": Row(
        WORSE,
        lambda: both(
            [], FRESH, answers=DENY, raw=service(**{"loadBalancers": of_two_colours()["loadBalancers"], **SHIFTING})
        ),
        "passed",
        PERMISSIONS,
    ),
    "a rolling update of a service that once was blue/green: one group is empty": Row(
        WORSE,
        lambda: both(TWO, [], ROLLING, raw=of_two_colours(runningCount=2)),
        "passed",
        API + "API_AdvancedConfiguration.html",
    ),
    "CodeDeploy: the replacement has the traffic and is sick, the original waits to be terminated": Row(
        WORSE,
        lambda: both(TWO, SICK, raw=sets(GREEN, BLUE)),
        "failed",
        CODE_DEPLOYS,
        "green, which gets production traffic",
    ),
    "CodeDeploy: the replacement starts, and the original has the traffic": Row(
        WORSE, lambda: both(TWO, [target(3, "unhealthy")], raw=sets(BLUE, GREEN)), "passed", CODE_DEPLOYS
    ),
}
