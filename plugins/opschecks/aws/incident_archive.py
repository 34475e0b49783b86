"""DynamoDB: resolved incidents that are old enough to be archived, counted through the status index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..model import Figure, Resource
from ..observe import CouldNotLook, need, observation
from .dynamodb import Table, incidents_table_of
from .session import Aws

if TYPE_CHECKING:
    from ..stack import Stack

_TABLE = "dynamodb:DescribeTable"
_QUERY = "dynamodb:Query"


@dataclass(frozen=True, kw_only=True)
class OldIncidents(Resource):
    """How many resolved incidents of the table were opened before `before`."""

    count: int
    before: datetime


@observation(allow=[_TABLE, _QUERY], soft=["tables"])
def old_incidents(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, now: datetime) -> OldIncidents:
    """The resolved incidents that are older than incident_archive_days, counted by DynamoDB."""
    name = incidents_table_of(stack)
    seen = [] if isinstance(tables, CouldNotLook) else tables
    known = next((one.evidence for one in seen if one.name == name), None)
    if known is None:
        known = need(aws.call("dynamodb", "DescribeTable", TableName=name), "Table", call=_TABLE)
    before = now - timedelta(days=stack.limits.incident_archive_days)
    fields = stack.incident_fields
    older = "#created < :before"
    asked: dict[str, Any] = {
        "TableName": name,
        "IndexName": stack.status_index,
        "Select": "COUNT",
        "KeyConditionExpression": "#status = :resolved",
        "ExpressionAttributeNames": {"#status": fields.status, "#created": fields.created_at},
        "ExpressionAttributeValues": {
            ":resolved": {"S": stack.resolved_status},
            ":before": {"S": f"{before:%Y-%m-%dT%H:%M:%S}"},
        },
    }
    # DynamoDB refuses a filter over a key of the index, and a key condition over what is none
    if fields.created_at in _keys(known, stack.status_index):
        asked["KeyConditionExpression"] += f" AND {older}"
    else:
        asked["FilterExpression"] = older
    pages = aws.pages("dynamodb", "Query", asked_as="ExclusiveStartKey", answered_as="LastEvaluatedKey", **asked)
    count = sum(int(need(page, "Count", call=_QUERY)) for page in pages)
    told = {"status": stack.resolved_status, "opened before": before, "items": count}
    return OldIncidents(
        arn=str(known.get("TableArn", name)),
        name=name,
        evidence=told,
        figures=(Figure("old resolved incidents", count),),
        count=count,
        before=before,
    )


def _keys(table: Mapping[str, Any], index: str) -> list[str]:
    """The attributes that are the index's key."""
    for one in table.get("GlobalSecondaryIndexes") or []:
        if one.get("IndexName") == index:
            return [str(need(key, "AttributeName", call=_TABLE)) for key in need(one, "KeySchema", call=_TABLE)]
    # MISSING tables have no indexes either
    need(table, "KeySchema", call=_TABLE)
    raise CouldNotLook(_TABLE, f"the incidents table has no index {index} (status_index in stacks.toml)")
