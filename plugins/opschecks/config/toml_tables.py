"""The tables within a stack of stacks.toml, each with its keys: dashboards, ingress, contacts, pool, hours …"""

from __future__ import annotations

import ipaddress
import json
import re
from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from ..core.durations import span_of


def address(value: str) -> str:
    """An http(s) address without a slash at its end; ValueError for anything else."""
    _require_host(value, "an address", "http", "https")
    return value.rstrip("/")


def websocket_address(value: str) -> str:
    """A ws(s) address; ValueError for anything else."""
    _require_host(value, "a WebSocket address", "ws", "wss")
    return value


def _require_host(value: str, what: str, *schemes: str) -> None:
    """ValueError where it is not an address, or where no request could be sent to it."""
    split = urlsplit(value)
    if split.scheme not in schemes or not split.hostname:
        raise ValueError(f"{what} starts with {' or '.join(f'{one}://' for one in schemes)} and has a host")
    if re.search(r"\s", value):
        raise ValueError(f"{what} has no spaces")
    try:
        port = split.port
    except ValueError:
        raise ValueError("its port is not a number from 1 to 65535") from None
    if port == 0:
        raise ValueError("its port is not a number from 1 to 65535")


def _region(value: str) -> str:
    """The name of a region, of any partition: eu-west-1, us-gov-west-1, eusc-de-east-1."""
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        return value
    meant = re.sub(r"[\s_-]+", "-", value.strip().lower())
    is_one = re.fullmatch(r"[a-z]+(-[a-z]+)+-\d", meant)
    raise ValueError(f"expected a region, such as {meant if is_one else 'us-west-2'}")


_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")


def _state(value: str) -> str:
    if "://" in value and not _S3.fullmatch(value):
        raise ValueError("a folder, or s3://BUCKET/PREFIX")
    return value


def _in_s3(value: str) -> str:
    if not _S3.fullmatch(value):
        raise ValueError("s3://BUCKET/PREFIX")
    return value


def _session(value: object) -> timedelta:
    if not isinstance(value, str) or not timedelta(minutes=30) <= span_of(value) <= timedelta(hours=12):
        raise ValueError("expected 30m to 12h, and no more than the role's own maximum")
    return span_of(value)


SESSION_POLICY_AT_MOST = 2_048
"""Characters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (Policy)."""


def _policy(value: str) -> str:
    """In as few characters as JSON takes; ValueError for what AssumeRole would refuse."""
    try:
        told = json.loads(value)
    except ValueError as error:
        raise ValueError(f"not JSON ({error}): expected what `opschecks policy --session` prints") from None
    if not isinstance(told, dict) or "Statement" not in told:
        raise ValueError("expected a policy, as `opschecks policy --session` prints it")
    text = json.dumps(told, separators=(",", ":"))
    if len(text) > SESSION_POLICY_AT_MOST:
        raise ValueError(f"{len(text):,} characters are more than the {SESSION_POLICY_AT_MOST:,} that AWS takes")
    return text


SessionPolicy = Annotated[str, AfterValidator(_policy)]
StatePlace = Annotated[str, AfterValidator(_state)]
S3Place = Annotated[str, AfterValidator(_in_s3)]
SessionLength = Annotated[timedelta, BeforeValidator(_session)]
Url = Annotated[str, AfterValidator(address)]
Region = Annotated[str, AfterValidator(_region)]
RoleArn = Annotated[str, Field(pattern="^arn:[a-z0-9-]+:iam::[0-9]{12}:role/.+")]
AccountId = Annotated[str, Field(pattern="^[0-9]{12}$")]
Names = tuple[Annotated[str, Field(min_length=1)], ...]


class TomlTable(BaseModel):
    """Frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Dashboard(TomlTable):
    """One page of the dashboard site."""

    path: Annotated[str, Field(pattern="^/")] = Field(description='path on dashboard_url, such as "/demo"')
    contains: str = Field(min_length=1, description="text that only this page has, such as its title")


class WebSocketEndpoint(TomlTable):
    """The WebSocket endpoint."""

    url: Annotated[str, AfterValidator(websocket_address)] | None = Field(
        None, description="default: backend_url with ws:// or wss:// and the path /ws"
    )
    task_field: str = Field(
        "",
        description="field of the first JSON message that names the task; needed to test stickiness live",
    )
    target_groups: Names = Field(
        default=(),
        description="names or patterns of the target groups that serve it; default: those to which the listeners' "
        "rules lead its URL",
    )
    headers: dict[str, str] = Field(default={}, description="sent with the handshake, such as an Origin")
    heartbeat_s: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="how often the application sends something on an idle session, such as a ping; the load balancer's "
        "idle timeout must be longer",
    )


class Ingress(TomlTable):
    """Traffic that security groups may let in."""

    protocol: Literal["tcp", "udp", "icmp", "icmpv6", "all"] = Field("tcp", description="tcp, udp, icmp, icmpv6 or all")
    ports: str = Field("", description='"443", "8000-8100"; empty means every port')
    sources: Names = Field(description="CIDR blocks, sg-…, ACCOUNT/sg-…, pl-…, or 'own groups'")
    group: str = Field("", description="only in groups whose name matches this pattern, such as 'app-alb*'")

    @field_validator("ports")
    @classmethod
    def _ports(cls, value: str) -> str:
        if value and not re.fullmatch(r"\d{1,5}(-\d{1,5})?", value):
            raise ValueError("ports are a number or a range such as 8000-8100")
        low, high = port_range(value)
        if not 0 <= low <= high <= 65535:
            raise ValueError("ports lie between 0 and 65535, the lower one first")
        return value

    @model_validator(mode="after")
    def _only_tcp_and_udp_have_ports(self) -> Ingress:
        if self.ports and self.protocol not in ("tcp", "udp"):
            raise ValueError(f"ports go with tcp or udp, not with {self.protocol}")
        return self

    @field_validator("sources")
    @classmethod
    def _sources(cls, value: Names) -> Names:
        for source in value:
            if source != "own groups" and not re.match(r"sg-|pl-|\d{12}/sg-", source):
                ipaddress.ip_network(source)
        return value


def port_range(ports: str) -> tuple[int, int]:
    """`"443"` to (443, 443), `"1-9"` to (1, 9), `""` to every port."""
    low, _, high = (ports or "0-65535").partition("-")
    return int(low), int(high or low)


class IncidentFields(TomlTable):
    """Names of an incident's attributes in its table."""

    id: str = Field("incident_id", description="what names the incident; the table's key")
    status: str = Field("status", description="whether it is open: active_status or resolved_status")
    severity: str = Field("severity", description="how bad it is, such as P1")
    created_at: str = Field("created_at", description="a sortable UTC time such as 2026-11-23T04:15:00Z")
    title: str = Field("title", description="what reports call it")


class WantedIndex(TomlTable):
    """A global secondary index that searches need."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{3,255}$")] = Field(description="name of the index")
    table: str = Field("", description="default: incidents_table")
    hash_key: str = Field(min_length=1, description="attribute that searches use, such as status")
    range_key: str = Field("", description="attribute that sorts the results; empty: any or none")
    key_type: Literal["S", "N", "B"] = Field("S", description="of hash_key: text, number or bytes")


class RotatedKey(TomlTable):
    """An IAM user whose access key rotate-access-key may rotate, and the secret that hands it over."""

    user: Annotated[str, Field(pattern="^[A-Za-z0-9_+=,.@-]{1,64}$")] = Field(description="IAM user; never root")
    secret: str = Field(
        description="name or ARN in Secrets Manager, with one JSON object; if encrypted with your own key, that must "
        "allow kms:Decrypt and kms:GenerateDataKey"
    )
    services: tuple[Annotated[str, Field(pattern="^([A-Za-z0-9_-]+/)?[A-Za-z0-9_-]+$")], ...] = Field(
        default=(), description="ECS services whose tasks read the secret as they start: NAME, or CLUSTER/NAME"
    )
    id_field: str = Field("AWS_ACCESS_KEY_ID", min_length=1, description="field of the object; others are kept")
    secret_field: str = Field(
        "AWS_SECRET_ACCESS_KEY", min_length=1, description="field of the object that has the secret key"
    )

    @field_validator("secret")
    @classmethod
    def _name_or_arn(cls, value: str) -> str:
        if not re.fullmatch(r"(arn:[\w-]+:secretsmanager:[\w-]+:\d{12}:secret:)?[\w/+=.@-]{1,512}", value):
            raise ValueError(
                "expected the name of a secret, or arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME"
            )
        return value

    @model_validator(mode="after")
    def _two_fields(self) -> RotatedKey:
        if self.id_field == self.secret_field:
            raise ValueError("id_field and secret_field are the same field")
        return self


class LogSearch(TomlTable):
    """How errors are found in the log groups that match; the first that matches counts."""

    group: str = Field(min_length=1, description="name, or pattern of names, such as '/ecs/*'")
    by: Literal["search", "insights", "metric"] = Field(
        "search",
        description='"search" reads the events; "insights" counts them by Logs Insights, which costs about 0.005 USD '
        'per GB scanned; "metric" reads the metric of a metric filter',
    )
    pattern: str = Field(
        "",
        description='what an error is: a filter pattern such as \'{ $.level = "error" }\', with by = "insights" a '
        "regular expression; default: the level of JSON or logfmt, or a word such as ERROR",
    )
    metric: str = Field("", description='with by = "metric": namespace and name, such as "App/Errors"')

    @model_validator(mode="after")
    def _metric_where_it_is_read(self) -> LogSearch:
        if (self.by == "metric") != bool(self.metric):
            raise ValueError('metric goes with by = "metric", and only with it')
        if self.metric and "/" not in self.metric:
            raise ValueError("metric is namespace and name, such as App/Errors")
        if self.by == "insights" and re.search(r"(?<!\\)/", self.pattern):
            raise ValueError("with by = insights the pattern is a regular expression: write a slash as \\/")
        return self


class Contacts(TomlTable):
    """People named in reports."""

    on_call: str = Field("", description="who is called first; shown on the page and in the runbook's steps")
    escalation: str = Field("", description="who is called when that does not help")
    owners: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        default={},
        description="who is called first for a part: by resource or pattern of resources, check, runbook slug or area, "
        'such as { "prod/worker" = "the batch team", dynamodb = "the data team" }; the most specific wins',
    )
    support: str = Field("", description="where users are told what is wrong, such as a channel or an address")


class Pool(TomlTable):
    """How workers and concurrency limit are set in the task definition, and their expected values."""

    workers: Annotated[str, Field(min_length=1)] = Field(
        "WEB_CONCURRENCY", description="variable of the container, or argument of its command (--workers)"
    )
    workers_wanted: Annotated[int, Field(ge=1)] = Field(4, description="expected number of workers")
    limit: Annotated[str, Field(min_length=1)] = Field(
        "UVICORN_LIMIT_CONCURRENCY",
        description="the same for the concurrency limit of a worker (--limit-concurrency)",
    )
    limit_wanted: Annotated[int, Field(ge=1)] = Field(1000, description="expected concurrency limit of a worker")


class CostFilter(TomlTable):
    """Selects the stack's costs."""

    tags: dict[str, str] = Field(default={}, description="cost allocation tags, activated in Billing; all must match")
    linked_accounts: tuple[AccountId, ...] = Field(default=(), description="accounts; default: account_id")


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class OfficeHours(TomlTable):
    """When non-production services may run, in the stack's time zone."""

    days: tuple[Weekday, ...] = Field(default=WEEKDAYS[:5], min_length=1, description="such as ['mon', 'tue']")
    begins: time = Field(time(8), description='such as "08:00"')
    ends: time = Field(time(18), description="later on the same day")

    @model_validator(mode="after")
    def _one_day(self) -> OfficeHours:
        if self.begins.tzinfo or self.ends.tzinfo:
            raise ValueError("times are in the stack's time_zone: remove the offset")
        if self.ends <= self.begins:
            raise ValueError("they end before they begin; hours past midnight are not supported")
        return self

    def include(self, moment: datetime) -> bool:
        """Whether a moment of the stack's time zone lies within."""
        return WEEKDAYS[moment.weekday()] in self.days and self.begins <= moment.time() < self.ends
