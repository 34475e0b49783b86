"""Services, deployments and tasks as ECS returns them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opschecks.aws.ecs import Service, Task
from opschecks.aws.rollouts import Rollout, rollouts, task_counts
from opschecks.aws.service_deployments import Recorded, service_deployments
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Answers, Aws, Raw, ago, given, names

CLUSTER = f"arn:aws:ecs:{ACCOUNT}:cluster/prod"


def event(message: str, **how_long_ago: float) -> Raw:
    return {"id": "0c1f", "createdAt": ago(**how_long_ago), "message": f"(service backend) {message}"}


def definition(number: int, of: str = "backend") -> str:
    return f"arn:aws:ecs:{ACCOUNT}:task-definition/{of}:{number}"


def deployment(number: int = 8, of: str = "backend", **changes: Any) -> Raw:
    raw = {
        "id": f"ecs-svc/{number:019}",
        "status": "PRIMARY",
        "taskDefinition": definition(number, of),
        "createdAt": ago(days=3),
        "rolloutState": "COMPLETED",
    }
    return given(raw, changes)


def task_set(number: int = 8, **changes: Any) -> Raw:
    raw = {
        "id": "ecs-svc/1",
        "status": "PRIMARY",
        "taskDefinition": definition(number),
        "createdAt": ago(hours=5),
        "stabilityStatus": "STEADY_STATE",
    }
    return given(raw, changes)


def service(*deployments: Raw, of: str = "backend", **changes: Any) -> Raw:
    """A service of two tasks; a change to None takes a key away."""
    told = list(deployments or [deployment(of=of)])
    raw = {
        "serviceArn": f"arn:aws:ecs:{ACCOUNT}:service/prod/{of}",
        "serviceName": of,
        "clusterArn": CLUSTER,
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": 2,
        "pendingCount": 0,
        "taskDefinition": told[0]["taskDefinition"],
        "deployments": told,
        "events": [event("has reached a steady state.", hours=6 * n + 1) for n in range(20)],
    }
    return given(raw, changes)


BY_CODE_DEPLOY = {**service(), "deployments": [], "taskSets": [task_set()]}


def record(status: str = "IN_PROGRESS", number: int = 8, **changes: Any) -> Raw:
    """A service deployment as DescribeServiceDeployments returns it; it began 10 minutes ago."""
    raw = {
        "serviceDeploymentArn": f"arn:aws:ecs:{ACCOUNT}:service-deployment/prod/backend/{number:021}",
        "serviceArn": f"arn:aws:ecs:{ACCOUNT}:service/prod/backend",
        "clusterArn": CLUSTER,
        "createdAt": ago(minutes=10),
        "startedAt": ago(minutes=10),
        "updatedAt": ago(minutes=1),
        "sourceServiceRevisions": [{"arn": service_revision(number - 1), "requestedTaskCount": 2}],
        "targetServiceRevision": {"arn": service_revision(number), "requestedTaskCount": 2},
        "status": status,
        "deploymentConfiguration": {"strategy": "ROLLING", "maximumPercent": 200, "minimumHealthyPercent": 100},
    }
    return given(raw, changes)


def service_revision(number: int) -> str:
    return f"arn:aws:ecs:{ACCOUNT}:service-revision/prod/backend/{number:019}"


def scalable(target: str, low: int, high: int) -> Raw:
    """What auto-scaling knows of the number of tasks of a service."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": target,
        "ScalableDimension": "ecs:service:DesiredCount",
        "RoleARN": "arn:aws:iam::123456789012:role/scaling",
        "CreationTime": ago(days=9),
        "MinCapacity": low,
        "MaxCapacity": high,
    }


def recorded(*records: Raw) -> dict[tuple[str, str], Answers]:
    """What ECS answers of a service that has these service deployments."""
    kept = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status")
    briefs = [
        {
            **{key: one[key] for key in (*kept, "statusReason") if key in one},
            "targetServiceRevisionArn": one["targetServiceRevision"]["arn"],
        }
        for one in records
    ]

    def listed(cluster: str, service: str, status: Sequence[str], **_: Any) -> Raw:
        return {"serviceDeployments": [one for one in briefs if one["status"] in status]}

    def described(serviceDeploymentArns: Sequence[str]) -> Raw:  # noqa: N803 - AWS's names
        return {"serviceDeployments": [one for one in records if one["serviceDeploymentArn"] in serviceDeploymentArns]}

    def revisions(serviceRevisionArns: Sequence[str]) -> Raw:  # noqa: N803 - AWS's names
        told = [
            {"serviceRevisionArn": arn, "taskDefinition": definition(int(arn.rsplit("/", 1)[-1]))}
            for arn in serviceRevisionArns
        ]
        return {"serviceRevisions": told}

    return {
        ("ecs", "ListServiceDeployments"): listed,
        ("ecs", "DescribeServiceDeployments"): described,
        ("ecs", "DescribeServiceRevisions"): revisions,
    }


def counted(
    services: Sequence[Service], *records: Raw, tasks: Sequence[Task] = (), **answers: Answers
) -> list[Rollout]:
    """The services as the check of their tasks gets them."""
    inventory = names(services=tuple(one.name for one in services))
    refused = {("ecs", name): answer for name, answer in answers.items()}
    aws = Aws({**recorded(*records), **refused})
    return task_counts(list(services), lambda: service_deployments(aws, inventory, NOW), lambda: list(tasks), NOW)


def rolled(
    seen: Sequence[Service],
    *records: Raw,
    tasks: Sequence[Task] = (),
    answers: dict[tuple[str, str], Answers] | None = None,
) -> list[Rollout]:
    """The services with what ECS records of them, `answers` in place of some of its answers."""
    inventory = names(services=tuple(one.name for one in seen))
    known: dict[str, Recorded] | CouldNotLook
    known = service_deployments(Aws({**recorded(*records), **(answers or {})}), inventory, NOW)
    return rollouts(list(seen), known, list(tasks), NOW)
