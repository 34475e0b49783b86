"""CloudWatch: one GetMetricData for every metric of the stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.model import Series
from ..core.observation import CouldNotLook, batches, fan_out, observation
from .dynamodb import Table
from .elbv2 import LoadBalancer
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

CALL = "cloudwatch:GetMetricData"
METRICS_A_CALL = 500
SPAN = timedelta(hours=24)
HOUR = timedelta(hours=1)
FRESH = timedelta(minutes=20)
"""How old the newest point of a metric that always has data may be; CloudWatch lags a few minutes."""
OPERATIONS = ["BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem"]


@dataclass(frozen=True)
class Metric:
    """One metric to fetch. `subject` and `measure` are the key of its series."""

    subject: str
    measure: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str
    period_s: int
    unit: str
    scale: float = 1.0
    limit: float | None = None

    @property
    def query(self) -> dict[str, Any]:
        """The MetricStat of GetMetricData, with all dimensions: CloudWatch does not match a subset of them."""
        return {
            "Metric": {
                "Namespace": self.namespace,
                "MetricName": self.name,
                "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
            },
            "Period": self.period_s,
            "Stat": self.statistic,
        }


@dataclass(frozen=True)
class Metrics:
    """The series by (subject, measure). One that CloudWatch did not return completely raises when it is read."""

    answers: Mapping[tuple[str, str], Series | CouldNotLook] = field(repr=False)

    def series(self, subject: str, measure: str) -> Series:
        """The series, empty where CloudWatch has no data; CouldNotLook where the answer was incomplete."""
        try:
            answer = self.answers[subject, measure]
        except KeyError:
            raise CouldNotLook(CALL, f"{measure} of {subject} was not fetched") from None
        if isinstance(answer, CouldNotLook):
            raise answer.again()
        return answer

    def due(self, subject: str, measure: str, window: timedelta, now: datetime) -> tuple[float, ...]:
        """The values of the last `window` of a metric that always has data; CouldNotLook where recent points are
        missing.
        """
        series = self.series(subject, measure)
        points = series.last(window, now)
        if not points or now - points[-1][0] > max(FRESH, timedelta(seconds=3 * series.period_s)):
            newest = f"the newest is of {series.points[-1][0]:%d %b %H:%M} UTC" if series.points else "none in 24 hours"
            raise CouldNotLook(
                CALL, f"too little data of {series.label} for {subject} in the last {_words(window)}; {newest}"
            )
        return tuple(value for _, value in points)


def _words(window: timedelta) -> str:
    minutes = int(window.total_seconds() // 60)
    return "hour" if minutes == 60 else f"{minutes} minutes" if minutes < 60 else f"{minutes // 60} hours"


def wanted(
    stack: Stack, inventory: Inventory, balancers: Iterable[LoadBalancer], tables: Iterable[Table]
) -> list[Metric]:
    """Every metric that the checks of a stack need."""
    limits = stack.limits
    found: list[Metric] = []
    for service in inventory.services:
        of = (("ClusterName", inventory.cluster or ""), ("ServiceName", service))
        ecs = ("AWS/ECS", "CPUUtilization", of), ("AWS/ECS", "MemoryUtilization", of)
        found += [
            Metric(service, "CPU", *ecs[0], "Average", 300, "%", limit=limits.cpu_saturated_percent),
            Metric(service, "memory", *ecs[1], "Average", 300, "%", limit=limits.memory_percent),
            Metric(service, "memory peak", *ecs[1], "Maximum", 300, "%", limit=limits.memory_peak_percent),
        ]
    for balancer in balancers:
        if balancer.is_application:
            of_one = (("LoadBalancer", balancer.dimension),)
            alb, name = "AWS/ApplicationELB", balancer.name
            slow, errors = limits.response_time_p95_ms, limits.errors_5xx_per_minute
            found += [
                Metric(name, "requests", alb, "RequestCount", of_one, "Sum", 300, "in 5 minutes"),
                Metric(name, "p95 response time", alb, "TargetResponseTime", of_one, "p95", 300, "ms", 1000, slow),
                Metric(name, "average response time", alb, "TargetResponseTime", of_one, "Average", 300, "ms", 1000),
                Metric(name, "slowest response", alb, "TargetResponseTime", of_one, "Maximum", 300, "ms", 1000),
                Metric(
                    name, "target 5xx", alb, "HTTPCode_Target_5XX_Count", of_one, "Sum", 60, "per minute", 1, errors
                ),
                Metric(name, "load balancer 5xx", alb, "HTTPCode_ELB_5XX_Count", of_one, "Sum", 60, "per minute"),
            ]
    for group in inventory.log_groups:
        of_group = (("LogGroupName", group),)
        found.append(Metric(group, "log events", "AWS/Logs", "IncomingLogEvents", of_group, "Sum", 300, "in 5 minutes"))
    for table in tables:
        for index in (None, *table.index_names):
            of_one = (("TableName", table.name), *((("GlobalSecondaryIndexName", index),) if index else ()))
            subject = f"{table.name}/{index}" if index else table.name
            for measure, metric in (
                ("throttled reads", "ReadThrottleEvents"),
                ("throttled writes", "WriteThrottleEvents"),
            ):
                found.append(Metric(subject, measure, "AWS/DynamoDB", metric, of_one, "Sum", 300, "in 5 minutes"))
        for name in OPERATIONS:
            both = (("TableName", table.name), ("Operation", name))
            found.append(
                Metric(table.name, name, "AWS/DynamoDB", "ThrottledRequests", both, "Sum", 300, "in 5 minutes")
            )
    return found


@observation(allow=["cloudwatch:GetMetricData"], soft=["load_balancers", "tables"])
def metrics(
    stack: Stack,
    aws: Aws,
    inventory: Inventory,
    load_balancers: list[LoadBalancer] | CouldNotLook,
    tables: list[Table] | CouldNotLook,
    now: datetime,
    since: datetime | None = None,
) -> Metrics:
    """24 hours of every metric of the stack, in one GetMetricData per 500 metrics.

    With `since`, only periods that began after it: earlier ones do not show the effect of a change. Metrics of load
    balancers or tables that could not be listed are left out; checks of them also need those observations, which report
    why.
    """
    asked = wanted(
        stack,
        inventory,
        [] if isinstance(load_balancers, CouldNotLook) else load_balancers,
        [] if isinstance(tables, CouldNotLook) else tables,
    )
    if not asked:
        raise CouldNotLook(CALL, "there are no metrics to fetch: the stack names no service, load balancer or table")
    begin = (now - SPAN).replace(minute=(now - SPAN).minute // 5 * 5, second=0, microsecond=0)
    if since:
        begin = since.replace(minute=since.minute // 5 * 5, second=0, microsecond=0) + timedelta(minutes=5)
    if begin >= now:
        raise CouldNotLook(CALL, f"no metric data yet after {since:%H:%M:%S} UTC")
    return Metrics(fetch_metrics(aws, asked, begin, now))


def fetch_metrics(
    aws: Aws, asked: Sequence[Metric], begin: datetime, end: datetime
) -> dict[tuple[str, str], Series | CouldNotLook]:
    """The series of each metric by subject and measure, or why its answer is incomplete; 500 metrics a call."""
    answers: dict[tuple[str, str], Series | CouldNotLook] = {}
    for part in fan_out(lambda batch: _fetched(aws, batch, begin, end), batches(asked, METRICS_A_CALL), at_once=4):
        answers.update(part)
    return answers


def _fetched(
    aws: Aws, asked: Sequence[Metric], begin: datetime, end: datetime
) -> dict[tuple[str, str], Series | CouldNotLook]:
    """Those of one GetMetricData, all its pages."""
    answers: dict[tuple[str, str], Series | CouldNotLook] = {}
    queries = [{"MetricStat": metric.query} for metric in asked]
    for metric, (points, state) in zip(asked, fetch_points(aws, queries, begin, end), strict=True):
        key = (metric.subject, metric.measure)
        if state != "Complete":
            answers[key] = CouldNotLook(CALL, f"{metric.name} of {metric.subject}: the answer is {state}, not Complete")
            continue
        ordered = tuple((time, value * metric.scale) for time, value in sorted(points.items()))
        answers[key] = Series(metric.measure, metric.unit, ordered, metric.period_s, metric.limit)
    return answers


def fetch_points(
    aws: Aws, queries: Sequence[Mapping[str, Any]], begin: datetime, end: datetime
) -> list[tuple[dict[datetime, float], str]]:
    """Points (in UTC) and status code of each query, "missing" without an answer; one GetMetricData, all its pages."""
    asked = [{"Id": f"m{index}", **query} for index, query in enumerate(queries)]
    points: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in asked}
    status = dict.fromkeys(points, "missing")
    span = {"StartTime": begin, "EndTime": end, "ScanBy": "TimestampAscending"}
    for page in aws.pages("cloudwatch", "GetMetricData", MetricDataQueries=asked, **span):
        for told in page["MetricDataResults"]:
            times, values = told["Timestamps"], told["Values"]
            if len(times) != len(values):
                raise CouldNotLook(CALL, f"{len(times)} times came with {len(values)} values")
            read = zip((time.astimezone(UTC) for time in times), values, strict=True)
            points.setdefault(told["Id"], {}).update(read)
            status[told["Id"]] = str(told.get("StatusCode", ""))
    return [(points[query["Id"]], status[query["Id"]]) for query in asked]
