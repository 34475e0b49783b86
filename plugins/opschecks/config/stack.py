"""One stack of stacks.toml: its resources, its account and region, its limits."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import tzinfo
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from ..core.zones import zone_named
from .fitting import require_fit
from .identifiers import normalised
from .lacking import GONE_WITH, with_reasons
from .limits import FixLimits, Limits, Targets
from .toml_tables import (
    AccountId,
    Contacts,
    CostFilter,
    Dashboard,
    IncidentFields,
    Ingress,
    LogSearch,
    Names,
    OfficeHours,
    Pool,
    Region,
    RoleArn,
    RotatedKey,
    S3Place,
    SessionLength,
    SessionPolicy,
    StatePlace,
    TomlTable,
    Url,
    WantedIndex,
    WebSocketEndpoint,
)


class Stack(TomlTable):
    """`[stacks.NAME]`: one deployment that is checked."""

    name: str
    sandbox: bool | Literal["production"] = Field(
        False,
        description="true: the embedded sandbox, and no AWS account is touched; 'production': one whose healthy "
        "services are deployed, balanced and scaled in unusual ways",
    )
    region: Region | None = Field(None, description="default: that of ARNs below, of the profile or environment")
    profile: str | None = Field(None, description="a profile of the AWS configuration files")
    role_arn: RoleArn | None = Field(
        None, description="a role to assume, with the credentials of profile or environment"
    )
    external_id: Annotated[str, Field(pattern="^[A-Za-z0-9_+=,.@:/-]+$", min_length=2, max_length=1224)] | None = Field(
        None, description="of role_arn: what its trust policy asks for, where others own the role"
    )
    role_session_name: Annotated[str, Field(pattern="^[A-Za-z0-9_+=,.@-]{2,64}$")] | None = Field(
        None, description="of role_arn: who CloudTrail says it was; default: opschecks-STACK"
    )
    duration: SessionLength | None = Field(
        None,
        description="of role_arn: how long its credentials last, such as '4h'; default: 1h, renewed without mfa_serial",
    )
    mfa_serial: Annotated[str, Field(pattern="^[A-Za-z0-9_+=/:,.@-]+$", min_length=9, max_length=256)] | None = Field(
        None, description="of role_arn: the MFA device whose code is asked for on the terminal"
    )
    session_policy: SessionPolicy | None = Field(
        None, description="of role_arn: a policy in JSON that narrows it, as `opschecks policy --session` prints it"
    )
    account_id: AccountId | None = Field(None, description="the account that the credentials must belong to")
    endpoint_url: Url | None = Field(None, description="another endpoint for every AWS call")
    access_portal: Url | None = Field(
        None,
        description="start URL of IAM Identity Center, such as https://d-0123456789.awsapps.com/start, through which "
        "links of reports to the AWS console go",
    )
    access_portal_role: Annotated[str, Field(pattern="^[A-Za-z0-9_+=,.@-]{1,32}$")] | None = Field(
        None, description="the permission set that those links take; default: the portal asks"
    )
    state: StatePlace | None = Field(
        None,
        description="where history, journal and lock are kept: a folder (default: reports/history), "
        "or s3://BUCKET/PREFIX, which people and CI share",
    )
    archive: S3Place | None = Field(
        None,
        description="where archive-incidents puts old incidents: s3://BUCKET/PREFIX, of a bucket that blocks public "
        "access and is not the dashboards'",
    )
    backups: S3Place | None = Field(
        None,
        description="where back-up-everything puts full backups: s3://BUCKET/PREFIX, of a bucket that blocks public "
        "access, lets CloudWatch Logs write and is not the dashboards'",
    )
    history_days: Annotated[int, Field(ge=2)] = Field(
        400, description="older run files are deleted when a new one is filed"
    )
    time_zone: str = Field("UTC", description='for "yesterday" and for times in reports')
    contacts: Contacts = Field(Contacts(), description="people named in reports and in the runbook's steps")
    without: Names = Field(
        default=(),
        description="what this stack does not have: keys such as incidents_table, checks, or runbook slugs; a list, "
        'or a table with reasons, such as { incidents_table = "kept elsewhere" }',
    )
    reasons: dict[str, str] = Field(default={}, description="set by `without` where it is a table")
    gone: Names = Field(
        default=(),
        description="kinds of resources, such as alarms, that the last run saw and that were all removed on "
        "purpose; delete this after the next run",
    )
    limits: Limits = Field(default_factory=lambda: Limits())
    targets: Targets = Field(default_factory=lambda: Targets())
    fix: FixLimits = Field(default_factory=lambda: FixLimits())

    further: dict[str, Names] = Field(default={}, description="set by the keys that have a list: all but the first")
    others_alarms: Names = Field(default=(), description="set by other stacks of the account: how their alarms begin")
    alarms_beside: Names = Field(default=(), description="set likewise: the stacks whose alarms nobody can tell")

    cloudformation_stack: str | None = Field(
        None, description="its resources are used for what is not set below; of several, a list"
    )
    cloudformation_stacks: Names = Field(
        default=(),
        description="CloudFormation stacks to check for state and drift, with their nested stacks; "
        "default: cloudformation_stack",
    )
    tags: dict[str, str] = Field(default={}, description="resources with these tags are used for what is not set below")
    cluster: str | None = Field(None, description="ECS cluster; of several, a list")
    services: Names = Field(default=(), description="ECS services; CLUSTER/NAME where there are several clusters")
    load_balancer: str | None = Field(None, description="name or ARN of the load balancer; of several, a list")
    target_groups: Names = Field(
        default=(),
        description="names or patterns of the balancer's target groups that are judged; default: those that services "
        "fill, or all where they fill none",
    )
    tables: Names = Field(default=(), description="DynamoDB tables")
    log_groups: Names = Field(default=(), description="CloudWatch log groups")
    log_searches: tuple[LogSearch, ...] = Field(
        default=(), description="how errors are found in log groups, where it is not by searching for their level"
    )
    security_groups: Names = Field(default=(), description="ids (sg-…) or name patterns (app-*)")
    buckets: Names = Field(default=(), description="S3 buckets besides the one behind the dashboards")
    bucket_expire_days: dict[str, Annotated[int, Field(ge=1)]] = Field(
        default={}, description="maximum object age per bucket, in days, such as { backups = 90 }"
    )
    resources: dict[str, Names] = Field(
        default={},
        description="names of other resources, by what the checks that look at them call those, such as "
        "{ queues = ['orders'] }; default: those that CloudFormation or tags report",
    )
    alarm_prefix: str = Field(
        "", description="its alarms begin with this, or one of a list; default: all that are of no other stack"
    )
    alarm_receivers: Names = Field(
        default=(),
        description="ARNs, or patterns of them, that are known to call somebody when an alarm goes off, such as a "
        "topic of another account, whose subscriptions cannot be read",
    )
    silent_metrics: Names = Field(
        default=(),
        description="namespaces or metrics that may have no data for a week, such as AWS/SQS of an idle queue",
    )
    incidents_table: str | None = Field(None, description="the table of incidents")
    status_index: str = Field("status-index", description="index of the incidents table by status")
    wanted_indexes: tuple[WantedIndex, ...] = Field(
        default=(),
        description="indexes that tables must have; default: status_index by status and severity-index by severity, "
        "both of the incidents table",
    )
    active_status: str = Field("active", description="status of an open incident")
    resolved_status: str = Field("resolved", description="status of a resolved incident")
    incident_statuses: Names = Field(
        default=(), description="other statuses of incidents, such as investigating; used where the table is large"
    )
    incident_fields: IncidentFields = Field(IncidentFields(), description="attributes of an incident in its table")
    ingress: tuple[Ingress, ...] = Field(
        default=(
            Ingress(protocol="tcp", ports="80", sources=("0.0.0.0/0", "::/0")),
            Ingress(protocol="tcp", ports="443", sources=("0.0.0.0/0", "::/0")),
            Ingress(protocol="all", sources=("own groups",)),
        ),
        description="traffic that security groups may let in; anything wider fails",
    )

    foreign_images: Names = Field(
        default=(),
        description="patterns of container images that others maintain, such as 'public.ecr.aws/*'; not checked",
    )
    iam_users: Names = Field(default=("*",), description="name patterns of IAM users to check; root always is")
    rotated_keys: tuple[RotatedKey, ...] = Field(default=(), description="IAM users whose access keys may be rotated")
    dev_services: tuple[Annotated[str, Field(pattern="^[A-Za-z0-9_-]+/[A-Za-z0-9_-]+$")], ...] = Field(
        default=(),
        description="non-production ECS services, as CLUSTER/SERVICE; stopped outside office_hours",
    )
    office_hours: OfficeHours = Field(OfficeHours(), description="when dev_services may run")

    backend_url: Url | None = Field(None, description="address of the backend, such as https://api.example.com")
    health_path: Annotated[str, Field(pattern="^/")] = Field("/health", description="path of its health page")
    load_path: Annotated[str, Field(pattern="^/")] | None = Field(
        None, description="path that the load drill requests; default: health_path"
    )
    healthy_words: Names = Field(default=("healthy", "ok", "up", "pass"), description="`status` when healthy")
    redirect_hosts: Names = Field(
        default=(),
        description="hosts with a private address to which the stack's pages may redirect, such as a log-in",
    )
    dashboard_url: Url | None = Field(
        None, description="address of the dashboard site, such as https://dashboards.example.com"
    )
    dashboards: tuple[Dashboard, ...] = Field(default=(), description="pages of the dashboard site to look at")
    single_page_application: bool = Field(
        False, description="the dashboard site answers every path with its one page (index.html), and is meant to"
    )
    distribution_id: Annotated[str, Field(pattern="^[A-Z0-9]+$")] | None = Field(
        None,
        description="the CloudFront distribution that serves the dashboards from its bucket; of several, a list, whose "
        "first one that is",
    )
    dashboard_bucket: str | None = Field(None, description="the dashboards' bucket; default: the distribution's origin")
    flow_log_group: str | None = Field(None, description="log group for the flow logs that create-flow-log makes")
    flow_log_role: RoleArn | None = Field(None, description="role with which flow logs write to flow_log_group")
    dashboard_cache_control: dict[str, str] = Field(
        default={},
        description="Cache-Control by pattern of the file, such as { '*.html' = 'no-cache' }, for sync-dashboard",
    )
    websocket: WebSocketEndpoint = Field(
        WebSocketEndpoint(), description="the WebSocket endpoint; without this table, even an empty one, there is none"
    )
    pool: Pool = Field(Pool(), description="where a task definition sets workers and concurrency limit")
    cost_filter: CostFilter = Field(CostFilter(), description="which costs are the stack's; unset: those of account_id")

    @model_validator(mode="before")
    @classmethod
    def _names(cls, raw: Any) -> Any:
        """Names for ARNs, before anything else looks at them."""
        return normalised(with_reasons(raw)) if isinstance(raw, Mapping) else raw

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        zone_named(value)
        return value

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Stack:
        require_fit(self)
        return self

    @property
    def placed(self) -> tuple[str, ...]:
        """CLUSTER/NAME of each service."""
        return tuple(name if "/" in name else f"{self.cluster}/{name}" for name in self.services)

    def every(self, key: str) -> tuple[str, ...]:
        """All values of a key that takes one or a list, such as "cluster"."""
        first: str | None = getattr(self, key)
        return (first, *self.further.get(key, ())) if first else ()

    def lacks(self, *names: str) -> str:
        """That the stack is without one of these slugs, checks or keys, and why; else empty."""
        url = {"websocket": self.websocket.url}  # a table of settings alone names none
        unnamed = [one for one in names if one not in self.model_fields_set or not url.get(one, getattr(self, one))]
        every = [*names, *(other for one in unnamed for other in GONE_WITH.get(one, ()))]
        entry = next((one for one in every if one in self.without), "")
        why = f": {self.reasons[entry]}" if entry in self.reasons else ""
        return f"stack {self.name} is without {entry}{why}" if entry else ""

    @property
    def zone(self) -> tzinfo:
        """The stack's time zone."""
        return zone_named(self.time_zone)

    @property
    def diverted_by(self) -> str:
        """The variable of a running sandbox, which must not be taken for this real stack, or "".

        What diverts single clients is looked at where they are made (aws/endpoints.py); an endpoint_url of the stack
        itself is intended.
        """
        if self.sandbox or self.endpoint_url:
            return ""
        return "OPSCHECKS_SANDBOX" if os.environ.get("OPSCHECKS_SANDBOX") else ""

    @property
    def state_in_s3(self) -> bool:
        """Whether the state is in S3."""
        return bool(self.state and self.state.startswith("s3://"))

    @property
    def websocket_url(self) -> str | None:
        """The address for WebSocket sessions; None if the stack names no WebSocket, by `websocket`, or no backend."""
        if self.websocket.url or not self.backend_url or "websocket" not in self.model_fields_set:
            return self.websocket.url
        return re.sub("^http", "ws", self.backend_url) + "/ws"

    @property
    def known_hosts(self) -> frozenset[str]:
        """The hosts that the stack names: probes may be redirected to them wherever they are."""
        urls = (self.backend_url, self.dashboard_url, self.websocket_url)
        named = {urlsplit(url).hostname or "" for url in urls if url}
        return frozenset({*named, *(host.lower() for host in self.redirect_hosts)} - {""})

    @property
    def indexes(self) -> tuple[WantedIndex, ...]:
        """The indexes that tables must have, each with its table; none if the stack has no incidents table."""
        wanted, of = self.wanted_indexes, self.incidents_table
        if not wanted and of:
            fields = self.incident_fields
            wanted = (
                WantedIndex(name=self.status_index, hash_key=fields.status),
                WantedIndex(name="severity-index", hash_key=fields.severity),
            )
        return tuple(one if one.table else one.model_copy(update={"table": of or ""}) for one in wanted)

    def tokens(self) -> dict[str, str]:
        """Values for the placeholders of RUNBOOK.md."""
        service = next(iter(self.services), "")
        known = {
            "stack": self.name,
            "region": self.region,
            "account-id": self.account_id,
            "cluster": service.rpartition("/")[0] or self.cluster,
            "service": service.rpartition("/")[2],
            "load-balancer": self.load_balancer,
            "log-group": next(iter(self.log_groups), None),
            "incidents-table": self.incidents_table,
            "status-index": self.status_index,
            "table": next(iter(self.tables), None),
            "alarm-prefix": self.alarm_prefix,
            "backend-url": self.backend_url,
            "dashboard-url": self.dashboard_url,
            "distribution-id": self.distribution_id,
            "websocket-url": self.websocket_url,
            "min-tasks": str(self.limits.min_tasks),
            "max-tasks": str(self.limits.max_tasks),
            "cpu-limit": f"{self.limits.cpu_saturated_percent:g}",
            "on-call": self.contacts.on_call,
            "escalation": self.contacts.escalation,
        }
        return {token: value for token, value in known.items() if value}


NO_KEYS = ("name", "further", "reasons", "others_alarms", "alarms_beside")
"""Fields of a stack that stacks.toml does not set."""
FROM_THE_SANDBOX = ("region", "endpoint_url", "backend_url", "dashboard_url", "distribution_id")
"""Keys of a sandbox stack that the running sandbox sets."""
