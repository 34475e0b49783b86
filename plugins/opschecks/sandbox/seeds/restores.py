"""CloudTrail's events of restores: a rehearsal some days ago, one that was denied, one of another team's table."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from . import Sandbox

REHEARSED = timedelta(days=12)


def sow(sandbox: Sandbox) -> None:
    """Add them to the event history."""
    own = sandbox.stack.tables[0]
    sandbox.backend("cloudtrail").history = [
        restored(sandbox, own, REHEARSED),
        restored(sandbox, own, timedelta(days=3), errorCode="AccessDenied"),
        restored(sandbox, "another-team-orders", timedelta(days=1)),
    ]


def restored(sandbox: Sandbox, table: str, ago: timedelta, **more: Any) -> dict[str, Any]:
    """An event as LookupEvents returns it: the details are JSON in a string."""
    account = f"{sandbox.region}:{sandbox.stack.account_id}"
    at, source = sandbox.now - ago, f"arn:{sandbox.partition}:dynamodb:{account}:table/{table}"
    event = {
        "eventVersion": "1.11",
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "RestoreTableFromBackup",
        "awsRegion": sandbox.region,
        "requestParameters": {
            "targetTableName": f"{table}-restored",
            "backupArn": f"{source}/backup/01489602797149-73d8d5bc",
        },
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "eventCategory": "Management",
        **more,
    }
    return {
        "EventId": str(uuid.uuid4()),
        "EventName": "RestoreTableFromBackup",
        "ReadOnly": "false",
        "EventTime": at,
        "EventSource": "dynamodb.amazonaws.com",
        "Username": "on-call",
        "Resources": [],
        "CloudTrailEvent": json.dumps(event),
    }
