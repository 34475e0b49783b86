"""AWS Health: nothing is broken; AWS will replace a task of a service on its own, which needs nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ..health import health
from . import Sandbox


def sow(sandbox: Sandbox) -> None:
    """One upcoming change."""
    event = announced(sandbox, "AWS_ECS_TASK_PATCHING_RETIREMENT", "scheduledChange", "upcoming", timedelta(days=-9))
    stack = sandbox.stack
    entities = [affects(event, f"{stack.cluster}|{stack.services[0]}", "PENDING")]
    sandbox.server.wire.beside["health"] = health([event], entities)


def announced(sandbox: Sandbox, code: str, category: str, status: str, ago: timedelta) -> dict[str, Any]:
    """An event of ECS in the stack's region that began so long ago."""
    began: datetime = sandbox.now - ago
    return {
        "arn": f"arn:{sandbox.partition}:health:{sandbox.stack.region}::event/ECS/{code}/{code}_1",
        "service": "ECS",
        "eventTypeCode": code,
        "eventTypeCategory": category,
        "region": sandbox.stack.region,
        "startTime": began.timestamp(),
        "lastUpdatedTime": began.timestamp(),
        "statusCode": status,
        "eventScopeCode": "ACCOUNT_SPECIFIC",
    }


def affects(event: dict[str, Any], value: str, status: str) -> dict[str, Any]:
    """An entity that the event affects."""
    return {"eventArn": event["arn"], "entityValue": value, "statusCode": status}
