"""Limits for checks and remedies: typed, with defaults and descriptions; a stack overrides them, also per resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ..core.model import Resource
from ..core.wording import nearest

Percent = Annotated[float, Field(gt=0, le=100)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
NotNegative = Annotated[float, Field(ge=0)]


OF_ONE = (
    'limits of one resource, or of all that a pattern fits: those that say "also per resource". It is named as reports '
    'do, by ARN, or by the end of one, such as "prod/worker"; a pattern is such as "prod/*". The most specific wins, '
    "key by key. A service whose min_tasks and max_tasks are the same needs no auto-scaling"
)
"""What `opschecks list keys` says of the tables below `[stacks.NAME.limits]`."""


class ResourceLimits(BaseModel):
    """`[stacks.NAME.limits."RESOURCE"]`: the limits that can also be set for one resource, or for a pattern of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    if not TYPE_CHECKING:  # a type checker finds an unknown name by itself

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name.startswith("_"):
                    raise
                raise AttributeError(f"there is no limit {name!r}; {nearest(name, type(self).model_fields)}") from None

    cpu_percent: Percent = Field(80, description="average CPU of a service in the last hour (scaling aims at 70)")
    cpu_saturated_percent: Percent = Field(90, description="average CPU of a service in 5 minutes of the last 30")
    memory_percent: Percent = Field(85, description="average memory of a service over the last hour")
    memory_peak_percent: Percent = Field(95, description="highest memory of any task in the last hour")
    min_tasks: Count = Field(2, description="lower auto-scaling limit of every service")
    max_tasks: Count = Field(10, description="upper auto-scaling limit of every service")
    deployment_minutes: Positive = Field(30, description="how long a deployment may take, without its planned waits")
    scaling_failures_per_week: Count = Field(0, description="auto-scaling attempts of one service that may fail")
    scaling_held_hours_per_week: Count = Field(1, description="hours in which the maximum may hold auto-scaling back")
    scaling_turns_per_day: Count = Field(6, description="how often scaling may change direction within 24 hours")
    response_time_p95_ms: Positive = Field(1000, description="p95 response time, in any 5 minutes of the last hour")
    response_time_samples: AtLeastOne = Field(
        20, description="fewest requests whose p95 is judged; the p95 of fewer counts only where it is within the limit"
    )
    errors_5xx_per_minute: Count = Field(
        10, description="5xx of a target group, or of the load balancer itself, per minute of the last hour"
    )
    log_errors_per_hour: Count = Field(20, description="ERROR events of a log group in the last hour")
    websocket_errors_per_hour: Count = Field(5, description="ERROR events in the last hour that mention WebSockets")
    log_retention_days_min: Positive = Field(7, description="shortest retention of a log group")
    log_retention_days_max: Positive = Field(90, description="longest retention of a log group")
    throttled_requests_per_hour: Count = Field(0, description="throttled requests of a table or index in the last hour")
    billing_mode: Literal["PAY_PER_REQUEST", "PROVISIONED"] = Field("PAY_PER_REQUEST", description="billing of tables")
    alarm_blind_hours: Positive = Field(1, description="how long an alarm may have INSUFFICIENT_DATA")
    alarm_rings_per_day: Count = Field(4, description="how often one alarm may go off within 24 hours")
    own: dict[str, NotNegative] = Field(default={}, description="limits that checks declare; written like all others")

    @property
    def fixed_tasks(self) -> int | None:
        """The number of tasks of a service that must run so many and never more, which nothing scales; else None."""
        return self.min_tasks if self.min_tasks == self.max_tasks else None


BOUNDS = (
    ("min_tasks", "max_tasks"),
    ("log_retention_days_min", "log_retention_days_max"),
    ("old_version_days_min", "old_version_days_max"),
)
"""Lower and upper limits of one thing."""


_OF_SERVICES = (
    "cpu_percent cpu_saturated_percent memory_percent memory_peak_percent min_tasks max_tasks deployment_minutes "
    "scaling_failures_per_week scaling_held_hours_per_week scaling_turns_per_day"
)
LIMITS_OF: Mapping[str, str] = {
    **dict.fromkeys(_OF_SERVICES.split(), "services"),
    **dict.fromkeys(
        ("log_errors_per_hour", "websocket_errors_per_hour", "log_retention_days_min", "log_retention_days_max"),
        "log_groups",
    ),
    "throttled_requests_per_hour": "tables",
    "billing_mode": "tables",
}
"""Whose limit it is, by the key of stacks.toml that lists those; not of alarms, load balancers and target groups."""


class Limits(ResourceLimits):
    """`[stacks.NAME.limits]`. Times are in the unit that the key ends with."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    __pydantic_extra__: dict[str, ResourceLimits] = Field(init=False)

    health_latency_ms: Positive = Field(2000, description="GET /health")
    dashboard_latency_ms: Positive = Field(5000, description="GET of one dashboard")
    certificate_days: Count = Field(14, description="days that a certificate must still be valid")
    websocket_ping_ms: Positive = Field(1000, description="ping to pong on an open WebSocket session")
    websocket_hold_s: Annotated[float, Field(ge=0, le=60)] = Field(
        1, description="how long an idle session must stay open"
    )
    stickiness_s: Count = Field(3600, description="shortest allowed lb_cookie duration")
    log_search_s: Positive = Field(
        45, description="longest search of one log group; where it has not ended by then, the group is not checked"
    )
    alarm_muted_hours_per_week: NotNegative = Field(
        24, description="how long a scheduled mute rule may silence an alarm within a week"
    )
    incident_age_hours: dict[str, Positive] = Field(
        default={"critical": 1, "high": 4, "medium": 24, "low": 72},
        description="how old an active incident may be, by severity; an unknown severity counts as the strictest",
    )
    metrics_late_minutes: NotNegative = Field(
        5, description="how late points of a load balancer may come; errors since a deploy are judged when they are due"
    )
    budget_usd_per_month: Positive | None = Field(
        None, description="budget per month, before tax and credits; unset: none"
    )
    cost_week_growth_percent: Positive = Field(20, description="rise of a week's cost over the week before it")
    cost_unusual_percent: Positive = Field(50, description="a service's daily cost above its median of four weeks")
    cost_floor_usd_per_day: NotNegative = Field(5, description="smaller rises of a day's cost are ignored")
    key_age_days: Positive = Field(90, description="how old an active access key of an IAM user may be")
    key_unused_days: Positive = Field(90, description="how long an active access key may go unused")
    key_overlap_days: Positive = Field(7, description="how long an IAM user may have two active access keys")
    key_use_minutes: Positive = Field(30, description="wait for a new access key to be used; AWS reports it late")
    key_quiet_hours: Positive = Field(24, description="how long an old access key is unused before deactivation")
    key_grace_days: Positive = Field(
        7,
        description="how long a deactivated access key is kept before it is deleted; also how long an old key must be "
        "unused if it was used after the hand-over",
    )
    credential_report_s: Positive = Field(60, description="longest wait for IAM's credential report")
    unattached_days: Positive = Field(7, description="how old an unattached EBS volume may be")
    dev_hours_outside: NotNegative = Field(
        4, description="hours per week that a dev service may run outside office_hours"
    )
    stack_update_minutes: Positive = Field(120, description="how long an update of a CloudFormation stack may take")
    drift_check_days: Positive = Field(30, description="age of the last drift detection of a CloudFormation stack")
    image_severity: Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"] = Field(
        "HIGH", description="lowest severity of vulnerability that fails an image in use"
    )
    image_scan_days: Positive = Field(30, description="how old the scan of an image may be")
    image_age_days: Positive = Field(90, description="how long ago an image in use may have been pushed")
    incident_archive_days: Positive = Field(90, description="age at which resolved incidents should be archived")
    incident_read_units: AtLeastOne = Field(
        2_000,
        description="read units that one look may take from the incidents table (8 KB each); a larger table is "
        "searched through its indexes",
    )
    incident_read_units_per_second: AtLeastOne = Field(
        200, description="how fast it takes them; of provisioned capacity no more than a quarter"
    )
    incident_repeats_per_week: AtLeastOne = Field(
        3, description="how many incidents of one title may be opened in 7 days"
    )
    old_incidents: Count = Field(100, description="resolved incidents older than that which the table may still hold")
    backup_age_days: Positive = Field(7, description="age of the newest available backup of a table")
    deploy_backup_age_hours: Positive = Field(24, description="before a deploy: age of the newest backup of a table")
    full_backup_days: Positive = Field(7, description="age of the newest full backup, where `backups` is set")
    log_export_days: Positive = Field(
        7,
        description="age of the newest event of a log group that was exported to S3, and how far back exports must "
        "have no gap; not needed where a subscription forwards every event",
    )
    incomplete_upload_days: Positive = Field(7, description="how long a bucket may keep incomplete uploads")
    old_version_days_min: Count = Field(7, description="how long the dashboard bucket must keep old versions")
    old_version_days_max: Positive = Field(90, description="how long a versioned bucket may keep old versions")
    flow_log_traffic: Literal["ALL", "ACCEPT", "REJECT"] = Field(
        "ALL", description="traffic that flow logs must record"
    )
    restore_drill_days: Annotated[float, Field(gt=0, le=90)] = Field(
        90, description="longest time since a table was last restored as a test; CloudTrail keeps 90 days"
    )
    restore_minutes: Positive = Field(60, description="drill: how long the restore of a table may take")
    drill_scan_items: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        10_000, description="drill: tables with up to this many items are compared whole, larger ones by a sample"
    )
    drill_sample_items: Annotated[int, Field(ge=1, le=1000)] = Field(200, description="drill: items in such a sample")
    drill_unexplained_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        10,
        description="drill: items that the restored table may lack when it is unknown whether they are newer than the "
        "backup (created_at of incident_fields shows that); with more, the result counts as not proven",
    )
    recovery_s: Positive = Field(
        300, description="drill: from stopping a task to as many running and healthy as before"
    )
    drill_failed_requests_percent: Annotated[float, Field(ge=0, le=100)] = Field(
        1, description="drill: requests that may fail while a task is replaced, or under load"
    )
    drill_websocket_clients: Annotated[int, Field(ge=1, le=50)] = Field(4, description="drill: open WebSocket sessions")
    drill_reconnect_s: Positive = Field(30, description="drill: how long a disconnected client may take to reconnect")
    drill_poll_s: Annotated[float, Field(gt=0, le=60)] = Field(2, description="drill: time between two polls")
    load_requests_per_second: Annotated[float, Field(gt=0, le=100)] = Field(10, description="drill: rate of the load")
    load_seconds: Annotated[float, Field(gt=0, le=300)] = Field(15, description="drill: how long the load lasts")
    load_connections: Annotated[int, Field(ge=1, le=100)] = Field(10, description="drill: concurrent requests")
    load_p95_ms: Positive = Field(1000, description="drill: p95 of the response time under load, waiting included")
    probe_timeout_s: Positive = Field(10, description="longest wait for an HTTP or WebSocket answer")
    gather_timeout_s: Positive = Field(120, description="longest wait for all observations of a stack")
    pages: AtLeastOne = Field(100, description="pages of one list, scan or search; with more, it could not look")
    aws_attempts: Annotated[int, Field(ge=1, le=10)] = Field(5, description="attempts of one AWS read, with back-off")

    @property
    def by_resource(self) -> Mapping[str, ResourceLimits]:
        """The limits of single resources, by the name or pattern that stacks.toml gives."""
        return self.__pydantic_extra__ or {}

    def of(self, resource: Resource) -> ResourceLimits:
        """The limits that hold for a resource: its own where stacks.toml says some, else the stack's.

        It is found by its name, its ARN, or an end of it (`prod/worker`), also by pattern (`prod/*`). Where several
        fit, the most specific wins, key by key: a name before a pattern, a longer pattern before a shorter one.
        """
        return self.named(*names_of(resource))

    def named(self, *names: str) -> Limits:
        """As `of`, for a resource that is known by these names only."""
        fitting = [one for one in self.by_resource if any(fnmatchcase(name, one) for name in names)]
        told: dict[str, Any] = {}
        for pattern in sorted(fitting, key=specific):
            own = self.by_resource[pattern]
            others = {**told.get("own", self.own), **own.own}
            told.update({key: getattr(own, key) for key in own.model_fields_set} | {"own": others})
        return self.model_copy(update=told) if told else self

    @model_validator(mode="after")
    def _lower_first(self) -> Limits:
        for place, limits in [("", self), *((f'"{one}": ', self.named(one)) for one in self.by_resource)]:
            for low, high in BOUNDS:
                least, most = getattr(limits, low), getattr(limits, high)
                if least > most:
                    raise ValueError(f"{place}{low} {least:g} is above {high} {most:g}: set both")
        return self

    def oldest_active(self, severity: str) -> timedelta:
        """How old an active incident of this severity may be."""
        strictest = min(self.incident_age_hours.values(), default=1.0)
        return timedelta(hours=self.incident_age_hours.get(severity.lower(), strictest))


def names_of(resource: Resource) -> Iterator[str]:
    """What a resource may be called in stacks.toml: name, ARN, and the ARN's ends, such as `prod/worker`."""
    yield resource.name
    yield resource.arn
    if resource.arn == resource.name:  # such as a log group's, whose slashes are its own
        return
    parts = resource.arn.split(":", 5)[-1].split("/")
    yield from ("/".join(parts[start:]) for start in range(len(parts)))
    if cluster := str(resource.evidence.get("clusterArn", "")):  # ARNs of old services do not name it
        yield f"{cluster.rsplit('/', 1)[-1]}/{resource.name}"


def specific(pattern: str) -> tuple[bool, int]:
    """Sorts patterns before names, and short patterns before long ones."""
    wild = [letter for letter in pattern if letter in "*?["]
    return (not wild, len(pattern) - len(wild))


class Targets(BaseModel):
    """`[stacks.NAME.targets]`: targets of the weekly page; no check fails because of them."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    availability_percent: Percent = Field(99.9, description="requests of the week not answered with 5xx")
    response_time_p95_ms: Positive = Field(400, description="median of the week's p95 response times")
    checks_passed_percent: Percent = Field(98, description="results of daily runs that passed, or are waived")
    tasks_running_percent: Percent = Field(
        100, description="running tasks in the week's daily runs, of the desired ones"
    )
    time_to_resolve_hours: Positive = Field(24, description="median time from a failure to the first run that passed")


class Freeze(BaseModel):
    """`[[stacks.NAME.fix.freeze]]`: from when to when nothing may be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: AwareDatetime = Field(description="with its offset, such as 2026-12-20T00:00:00Z")
    ends: AwareDatetime = Field(description="its end, likewise with an offset")
    reason: Annotated[str, Field(min_length=1)] = Field(description="shown wherever a change is refused by it")

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Freeze:
        if self.ends <= self.begins:
            raise ValueError("it ends before it begins")
        return self


class FixLimits(BaseModel):
    """`[stacks.NAME.fix]`: how much remedies may change, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    changes_per_run: Count = Field(5, description="a larger plan is refused as a whole")
    changes_per_day: Count = Field(10, description="counted from the journal, whoever made the changes")
    share_percent: Percent = Field(50, description="refuse the plan when more of the examined resources fail")
    cooldown_minutes: NotNegative = Field(60, description="between two changes of a resource by one remedy")
    attempts_per_day: Count = Field(2, description="of one remedy on one resource; after that it needs a person")
    symptom_minutes: Positive = Field(15, description="how long new data may take to show that it helped")
    poll_s: Annotated[float, Field(gt=0, le=300)] = Field(5, description="time between two polls")
    freeze: tuple[Freeze, ...] = Field(default=(), description="windows in which nothing may be changed")


def require_own(limits: Limits, own: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
    """ValueError where limits are set for a resource that the stack does not have, with the nearest name.

    `own`: by the key that lists them, the stack's resources by name, each with every form that a limit may name. What
    CloudFormation or tags report is known in a run only.
    """
    known = {kind: names for kind, names in own.items() if names}
    for pattern, some in limits.by_resource.items():
        kinds = {LIMITS_OF.get(key, "") for key in some.model_fields_set}
        if pattern.startswith("arn:") or not kinds <= known.keys():
            continue
        forms = [form for kind in sorted(kinds) for name in known[kind] for form in known[kind][name]]
        if not any(fnmatchcase(form, pattern) or pattern.startswith(f"{form}/") for form in forms):
            names = [name for kind in sorted(kinds) for name in known[kind]]
            raise ValueError(f'limits."{pattern}": the stack has no such resource; {nearest(pattern, names)}')
