"""DynamoDB: tables, and the incidents kept in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, NotThere, names_no, observation
from .evidence import Read
from .inventory import Inventory
from .session import Aws
from .unread import Unread, each_alone

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.toml_tables import IncidentFields


@dataclass(frozen=True, kw_only=True)
class Table(Resource):
    """A table. One that does not exist has the status MISSING and nothing else.

    `unread`: why it could not be described; each of its properties then raises that.
    """

    unread: CouldNotLook | None = None

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
        listed = self.evidence.get("GlobalSecondaryIndexes") or []
        return {str(index["IndexName"]): str(index["IndexStatus"]) for index in listed}

    @property
    def index_names(self) -> list[str]:
        """Names of the global secondary indexes; none where the table could not be described."""
        if self.unread:
            return []
        return [str(index["IndexName"]) for index in self.evidence.get("GlobalSecondaryIndexes") or []]

    @property
    def replicas(self) -> dict[str, str]:
        """Status of each replica of a global table by region; "" where AWS tells none."""
        listed = self.evidence.get("Replicas") or []
        return {str(one.get("RegionName", "a region")): str(one.get("ReplicaStatus") or "") for one in listed}


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
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            why = f"{self.fields.created_at} {text!r} of {self.name} is not a time"
            raise CouldNotLook(self.evidence.call, why) from None

    @property
    def gaps(self) -> list[str]:
        """The attributes that searches need and this item lacks, or has with a type other than text."""
        needed = [self.fields.status, self.fields.severity, self.fields.created_at]
        return [name for name in needed if not (self.evidence.get(name) and isinstance(self.evidence[name], str))]


@observation(allow=["dynamodb:DescribeTable"], lasting=True)
def tables(aws: Aws, inventory: Inventory) -> list[Table]:
    """The stack's tables with their indexes. One that may not be read is blind alone; CouldNotLook where none may."""
    return each_alone(
        lambda name: _table(aws, name),
        inventory.some("tables"),
        lambda name, why: Table(arn=name, name=name, evidence=Unread(why), unread=why),
    )


def _table(aws: Aws, name: str) -> Table:
    try:
        raw: Mapping[str, Any] = aws.call("dynamodb", "DescribeTable", TableName=name)["Table"]
    except NotThere as missing:
        # a definite answer: the table does not exist, which checks must report as failed
        told = {"TableStatus": "MISSING", "Error": missing.reason}
        return Table(arn=name, name=name, evidence=Answer(told, missing.call))
    items = (Figure("items", raw["ItemCount"]),) if raw.get("ItemCount") is not None else ()
    return Table(arn=str(raw.get("TableArn") or name), name=name, evidence=raw, figures=items)


def incidents_table_of(stack: Stack) -> str:
    """The table of incidents; CouldNotLook where the stack names none."""
    if not stack.incidents_table:
        raise names_no(stack.name, "incidents table", "incidents_table")
    return stack.incidents_table


def plain_item(item: Mapping[str, Any], call: str) -> Answer:
    """An item of an answer, as plain values; CouldNotLook where a number is none of DynamoDB's."""
    from boto3.dynamodb.types import TypeDeserializer

    plain = TypeDeserializer()
    try:
        # a plain copy: the many attributes need not carry the name of the call
        return Answer({key: _without_binary(plain.deserialize(value)) for key, value in dict(item).items()}, call)
    except (ArithmeticError, TypeError) as error:
        raise CouldNotLook(call, f"an item cannot be read: {type(error).__name__}: {error}") from None


def _without_binary(value: Any) -> Any:
    """boto3 wraps bytes in a class whose str() raises."""
    from boto3.dynamodb.types import Binary

    if isinstance(value, Binary):
        return bytes(value.value)
    if isinstance(value, dict):
        return {key: _without_binary(one) for key, one in value.items()}
    if isinstance(value, list | set):
        return type(value)(_without_binary(one) for one in value)
    return value


def incident_of(stack: Stack, item: Answer) -> Incident:
    """The incident that an item describes."""
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
