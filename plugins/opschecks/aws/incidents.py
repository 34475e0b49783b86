"""DynamoDB: the active incidents, and those opened since yesterday."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ..core.observation import CouldNotLook, observation
from .dynamodb import Incident, Table, incident_of, incidents_table_of, plain_item
from .incident_reads import Budget, Reading, read_opened
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack


@observation(allow=["dynamodb:Query"])
def active_incidents(stack: Stack, aws: Aws) -> list[Incident]:
    """The active incidents, by status through the table's status index (runbook: query incidents)."""
    pages = Budget(stack, {}).pages(
        aws,
        "Query",
        TableName=incidents_table_of(stack),
        IndexName=stack.status_index,
        KeyConditionExpression="#status = :active",
        ExpressionAttributeNames={"#status": stack.incident_fields.status},  # status is a reserved word
        ExpressionAttributeValues={":active": {"S": stack.active_status}},
    )
    return [incident_of(stack, plain_item(item, page.call)) for page in pages for item in page["Items"]]


@observation(allow=["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan"], soft=["tables"])
def overnight_reading(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, now: datetime) -> Reading:
    """What was read of the incidents table for those opened since the start of yesterday in the stack's time zone."""
    today = now.astimezone(stack.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return read_opened(stack, aws, tables, (today - timedelta(days=1)).astimezone(UTC))


@observation()
def overnight_incidents(overnight_reading: Reading) -> list[Incident]:
    """The incidents opened since the start of yesterday in the stack's time zone, whatever their status."""
    return list(overnight_reading.incidents)
