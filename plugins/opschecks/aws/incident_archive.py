"""DynamoDB: resolved incidents that are old enough to archive, found through the status index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation
from .dynamodb import Table, incidents_table_of
from .dynamodb_items import key_line, key_names
from .incident_reads import Budget, OverBudget
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

_TABLE = "dynamodb:DescribeTable"


@dataclass(frozen=True, kw_only=True)
class OldIncidents(Resource):
    """Number of resolved incidents of the table that were opened before `before`; at least so many if not `whole`."""

    count: int
    before: datetime
    whole: bool


@observation(allow=[_TABLE, "dynamodb:Query"], soft=["tables"])
def old_incidents(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, now: datetime) -> OldIncidents:
    """The resolved incidents that are older than incident_archive_days, counted by DynamoDB."""
    name = incidents_table_of(stack)
    seen = [] if isinstance(tables, CouldNotLook) else tables
    known = next((one.evidence for one in seen if one.name == name), None)
    if known is None:
        known = aws.call("dynamodb", "DescribeTable", TableName=name)["Table"]
    before = archived_before(stack, now)
    asked = {**_asked(stack, known, before), "Select": "COUNT"}
    budget = Budget(stack, known)
    count, whole = _counted(budget.pages(aws, "Query", **asked), stack.limits.old_incidents)
    told = {"status": stack.resolved_status, "opened before": before, "items": count, "read units": budget.used}
    figures = (Figure("old resolved incidents", count), Figure("read units", round(budget.used, 1)))
    arn = str(known.get("TableArn", name))
    return OldIncidents(arn=arn, name=name, evidence=told, figures=figures, count=count, before=before, whole=whole)


def _counted(pages: Iterator[Answer], enough: int) -> tuple[int, bool]:
    """How many there are, and True; or where the budget ended, that there are at least so many and too many, and False.

    CouldNotLook where it ended before it was known that there are too many.
    """
    count = 0
    try:
        for page in pages:
            count += int(page["Count"])
    except OverBudget:
        if count <= enough:
            raise
        return count, False
    return count, True


def archived_before(stack: Stack, now: datetime) -> datetime:
    """The midnight (UTC) before which a resolved incident must have been opened to be archived.

    A whole day, so that counting, planning and archiving on one day concern the same incidents.
    """
    then = now.astimezone(UTC) - timedelta(days=stack.limits.incident_archive_days)
    return then.replace(hour=0, minute=0, second=0, microsecond=0)


def old_incident_keys(stack: Stack, aws: Any, table: Mapping[str, Any], before: datetime) -> list[dict[str, Any]]:
    """The table keys of those incidents, without duplicates, the oldest first.

    An index lags behind its table: such an incident may have been reopened or deleted.
    """
    created, keys = stack.incident_fields.created_at, key_names(table)
    asked = _asked(stack, table, before)
    aliases = {f"#k{number}": name for number, name in enumerate(keys) if name != created}
    asked["ExpressionAttributeNames"] |= aliases
    asked |= {"Select": "SPECIFIC_ATTRIBUTES", "ProjectionExpression": ", ".join(["#created", *aliases])}
    found = aws.items("dynamodb", "Query", "Items", **asked)
    opened = {key_line(one, keys): str(one[created].get("S", "")) for one in found}
    by_line = {key_line(one, keys): {name: one[name] for name in keys} for one in found}
    return [by_line[line] for line in sorted(by_line, key=lambda line: (opened[line], line))]


def _asked(stack: Stack, table: Mapping[str, Any], before: datetime) -> dict[str, Any]:
    """Parameters of a Query of the status index for what is resolved and was opened before a moment."""
    fields, older = stack.incident_fields, "#created < :before"
    values = {":resolved": {"S": stack.resolved_status}, ":before": {"S": f"{before:%Y-%m-%dT%H:%M:%S}"}}
    asked: dict[str, Any] = {
        "TableName": incidents_table_of(stack),
        "IndexName": stack.status_index,
        "KeyConditionExpression": "#status = :resolved",
        "ExpressionAttributeNames": {"#status": fields.status, "#created": fields.created_at},
        "ExpressionAttributeValues": values,
    }
    index = _index(table, stack.status_index)
    # DynamoDB refuses a filter on a key of the index, and a key condition on another attribute
    if fields.created_at in key_names(index):
        asked["KeyConditionExpression"] += f" AND {older}"
        return asked
    if not _has(index, fields.created_at) and fields.created_at not in key_names(table):
        why = f"the index {stack.status_index} does not hold {fields.created_at}: the age of incidents is unknown"
        raise CouldNotLook(_TABLE, why)
    return {**asked, "FilterExpression": older}


def _index(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    for one in table.get("GlobalSecondaryIndexes") or []:
        if one.get("IndexName") == name:
            found: Mapping[str, Any] = one
            return found
    table["KeySchema"]  # a table that is MISSING has no indexes either
    raise CouldNotLook(_TABLE, f"the incidents table has no index {name} (status_index in stacks.toml)")


def _has(index: Mapping[str, Any], attribute: str) -> bool:
    """Whether the index holds a non-key attribute: a filter silently skips items without it."""
    told = index["Projection"]
    return told["ProjectionType"] == "ALL" or attribute in (told.get("NonKeyAttributes") or [])
