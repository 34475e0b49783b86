"""Two weeks of scaling: out in the morning, in at night, and one failed attempt long ago."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from ..seed import scalable
from . import Sandbox

DAYS = 14
A_DAY = ((9, 3), (12, 4), (18, 3), (21, 2))
"""Hour (UTC) and the number of tasks that is set at that time."""


def sow(sandbox: Sandbox) -> None:
    """Add the activities of each service."""
    midnight = sandbox.now.replace(hour=0, minute=0, second=0, microsecond=0)
    told: list[dict[str, Any]] = []
    for service in sandbox.stack.services:
        for day in range(DAYS, 0, -1):
            begin = midnight - timedelta(days=day)
            told += [scaled(sandbox, service, begin + timedelta(hours=hour), count) for hour, count in A_DAY]
            told.append(not_scaled(sandbox, service, begin + timedelta(hours=23), "AlreadyAtMinCapacity"))
        long_ago = sandbox.now - timedelta(days=10)
        told.append({**scaled(sandbox, service, long_ago, 5), "StatusCode": "Failed", "StatusMessage": "Failed."})
    activities_of(sandbox).extend(told)


def activities_of(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The list of scaling activities."""
    scaling = sandbox.backend("application-autoscaling")
    told: list[dict[str, Any]] = vars(scaling).setdefault("activities", [])
    return told


def scaled(sandbox: Sandbox, service: str, at: datetime, count: int) -> dict[str, Any]:
    """An activity that set the number of tasks."""
    return {
        **_activity(sandbox, service, at),
        "Description": f"Setting desired count to {count}.",
        "Cause": f"monitor alarm TargetTracking-service/{sandbox.stack.cluster}/{service}-AlarmHigh in state ALARM "
        f"triggered policy {service}-cpu",
        "EndTime": (at + timedelta(seconds=40)).timestamp(),
        "StatusCode": "Successful",
        "StatusMessage": f"Successfully set desired count to {count}. Change successfully fulfilled by ecs.",
    }


def not_scaled(sandbox: Sandbox, service: str, at: datetime, code: str) -> dict[str, Any]:
    """An activity without effect, because the service is at its limit."""
    return {
        **_activity(sandbox, service, at),
        "Description": "Attempting to scale due to alarm triggered",
        "Cause": f"monitor alarm TargetTracking-service/{sandbox.stack.cluster}/{service} in state ALARM "
        f"triggered policy {service}-cpu",
        "StatusCode": "Failed",
        "NotScaledReasons": [{"Code": code, "MaxCapacity": sandbox.stack.limits.max_tasks}],
    }


def _activity(sandbox: Sandbox, service: str, at: datetime) -> dict[str, Any]:
    return {
        "ActivityId": str(uuid.uuid4()),
        **scalable(sandbox.stack, service),
        "StartTime": at.timestamp(),
    }
