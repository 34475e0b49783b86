"""Services, deployments and tasks as ECS returns them."""

from __future__ import annotations

from typing import Any

from tests.canned import ACCOUNT, Raw, ago, given

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
