"""DynamoDB: tables, and the incidents kept in one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotThere, fan_out, names_no, observation
from .evidence import Read
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import IncidentFields

_CALL = "dynamodb:DescribeTable"


@dataclass(frozen=True, kw_only=True)
class Table(Resource):
    """A table. One that does not exist has the status MISSING and nothing else."""

    status = Read(str, "TableStatus")
    """ACTIVE, CREATING, UPDATING, DELETING, …, or MISSING."""

    @property
    def billing_mode(self) -> str:
        """PAY_PER_REQUEST or PROVISIONED; AWS omits the block for tables that were never on demand."""
        summary = self.evidence.get("BillingModeSummary")
        if summary is None:
            self.evidence["ProvisionedThroughput"]  # which an empty answer lacks
            return "PROVISIONED"
        return str(summary["BillingMode"])

    @property
    def indexes(self) -> dict[str, str]:
        """Status of each global secondary index by name."""
        return {
            str(index["IndexName"]): str(index["IndexStatus"])
            for index in self.evidence.get("GlobalSecondaryIndexes", [])
        }

    @property
    def index_names(self) -> list[str]:
        """Names of the global secondary indexes."""
        return list(self.indexes)


@dataclass(frozen=True, kw_only=True)
class Incident(Resource):
    """One item of the incidents table; `evidence` is the item as plain values."""

    evidence: Answer = field(repr=False)
    fields: IncidentFields

    def _get(self, field: str) -> str:
        return str(self.evidence[getattr(self.fields, field)])

    @property
    def status(self) -> str:
        """Its status, such as active or resolved."""
        return self._get("status")

    @property
    def severity(self) -> str:
        """Its severity in the table's own words."""
        return self._get("severity")

    @property
    def title(self) -> str:
        """What happened, or nothing."""
        return str(self.evidence.get(self.fields.title, ""))

    @property
    def created_at(self) -> datetime:
        """When it was opened, in UTC; CouldNotLook where the text is not a time."""
        text = self._get("created_at")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise CouldNotLook(
                self.evidence.call, f"{self.fields.created_at} {text!r} of {self.name} is not a time"
            ) from None
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)

    @property
    def gaps(self) -> list[str]:
        """The attributes that searches need and this item lacks, or has with a type other than text."""
        needed = [self.fields.status, self.fields.severity, self.fields.created_at]
        return [name for name in needed if not (self.evidence.get(name) and isinstance(self.evidence[name], str))]


@observation(allow=["dynamodb:DescribeTable"])
def tables(aws: Aws, inventory: Inventory) -> list[Table]:
    """The stack's tables with their indexes."""
    return fan_out(lambda name: _table(aws, name), inventory.some("tables"))


def _table(aws: Aws, name: str) -> Table:
    try:
        answer = aws.call("dynamodb", "DescribeTable", TableName=name)
    except NotThere as missing:
        # a definite answer: the table does not exist, which checks must report as failed
        told = {"TableStatus": "MISSING", "Error": missing.reason}
        return Table(arn=name, name=name, evidence=Answer(told, missing.call))
    raw: dict[str, Any] = answer["Table"]
    items = [Figure("items", raw["ItemCount"])] if "ItemCount" in raw else []
    return Table(arn=raw["TableArn"], name=name, evidence=raw, figures=tuple(items))


@observation(allow=["dynamodb:Query"])
def active_incidents(stack: Stack, aws: Aws, now: datetime) -> list[Incident]:
    """The active incidents, by status through the table's status index (runbook: query incidents)."""
    items = _items(
        aws,
        "Query",
        TableName=incidents_table_of(stack),
        IndexName=stack.status_index,
        KeyConditionExpression="#status = :active",
        ExpressionAttributeNames={"#status": stack.incident_fields.status},  # status is a reserved word
        ExpressionAttributeValues={":active": {"S": stack.active_status}},
    )
    return [_incident(stack, item, now) for item in items]


@observation(allow=["dynamodb:Scan"])
def overnight_incidents(stack: Stack, aws: Aws, now: datetime) -> list[Incident]:
    """The incidents opened since the start of yesterday in the stack's time zone, whatever their status."""
    today = now.astimezone(stack.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    since = (today - timedelta(days=1)).astimezone(UTC)
    return scanned_incidents(stack, aws, since, now)


def scanned_incidents(stack: Stack, aws: Aws, since: datetime, now: datetime) -> list[Incident]:
    """The incidents opened since then, and those without an opening time, by reading the whole table."""
    created = stack.incident_fields.created_at
    items = _items(
        aws,
        "Scan",
        TableName=incidents_table_of(stack),
        # a missing or non-text time compares with nothing: such items would never be found
        FilterExpression="#created >= :since OR NOT attribute_type(#created, :text)",
        ExpressionAttributeNames={"#created": created},
        ExpressionAttributeValues={":since": {"S": f"{since:%Y-%m-%dT%H:%M:%S}"}, ":text": {"S": "S"}},
    )
    return [_incident(stack, item, now) for item in items]


def incidents_table_of(stack: Stack) -> str:
    """The table of incidents; CouldNotLook where the stack names none."""
    if not stack.incidents_table:
        raise names_no(stack.name, "incidents table", "incidents_table")
    return stack.incidents_table


def _items(aws: Aws, operation: str, **parameters: Any) -> Iterator[Answer]:
    from boto3.dynamodb.types import TypeDeserializer

    plain = TypeDeserializer()
    for page in aws.pages("dynamodb", operation, **parameters):
        for item in page["Items"]:
            # a plain copy: the many attributes need not carry the name of the call
            yield Answer({key: plain.deserialize(value) for key, value in dict(item).items()}, page.call)


def _incident(stack: Stack, item: Answer, now: datetime) -> Incident:
    fields = stack.incident_fields
    name = str(item.get(fields.id) or "incident without an id")
    shown = {
        "severity": item.get(fields.severity, "unknown"),
        "status": item.get(fields.status, "unknown"),
        "opened": item.get(fields.created_at, "unknown"),
        "title": item.get(fields.title, ""),
    }
    return Incident(
        arn=f"{stack.incidents_table}/{name}",
        name=name,
        evidence=item,
        fields=fields,
        figures=tuple(Figure(label, str(value)) for label, value in shown.items()),
    )
