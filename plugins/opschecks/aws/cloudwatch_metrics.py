"""CloudWatch: the metrics of a stack, 500 in a GetMetricData, and what those of a resource say of a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource, Series
from ..core.observation import CouldNotLook, batches, fan_out, observation, seen
from ..core.wording import plural
from .dynamodb import Table
from .inventory import Inventory
from .own_groups import Fronted, dimension
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

CALL = "cloudwatch:GetMetricData"
_STATES = ("PartialData", "InternalError", "Forbidden", "missing", "")
METRICS_A_CALL = 500
SPAN = timedelta(hours=24)
HOUR = timedelta(hours=1)
HOUR_S = 3600
STRAY = timedelta(days=1)
"""How far from the span that is asked for a point may lie: CloudWatch begins at whole hours, or days, of old data."""
FRESH = timedelta(minutes=20)
"""How old the newest point of a metric that always has data may be; CloudWatch lags a few minutes."""


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
        of = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": of}
        return {"Metric": metric, "Period": self.period_s, "Stat": self.statistic}


Answers = dict[tuple[str, str], Series | CouldNotLook]
"""The series by subject and measure, or why the answer of one is incomplete."""


@dataclass(frozen=True)
class Metrics:
    """The series by (subject, measure). One that CloudWatch did not return completely raises when it is read."""

    answers: Mapping[tuple[str, str], Series | CouldNotLook] = field(repr=False)

    def series(self, subject: str, measure: str) -> Series:
        """The series, empty where CloudWatch has no data; CouldNotLook where the answer was incomplete."""
        return seen(self.answers.get((subject, measure), CouldNotLook(CALL, f"{measure} of {subject} was not fetched")))

    def due(self, subject: str, measure: str, window: timedelta, now: datetime) -> tuple[float, ...]:
        """The last `window` of values of a metric that always has data; CouldNotLook where recent ones are missing."""
        series = self.series(subject, measure)
        points = series.last(window, now)
        if not points or now - points[-1][0] > max(FRESH, timedelta(seconds=3 * series.period_s)):
            told = f"too little data of {series.label} for {subject} in the last {_words(window)}"
            times = [f"the newest is of {time:%Y-%m-%d %H:%M} UTC" for time, _ in series.points[-1:]]
            raise CouldNotLook(CALL, "; ".join([told, *(times or ["none in 24 hours"])]))
        return tuple(value for _, value in points)


def _words(window: timedelta) -> str:
    minutes = int(window.total_seconds() // 60)
    if minutes < 60:
        return plural(minutes, "minute")
    return "hour" if minutes == 60 else plural(minutes // 60, "hour")


def of_services(stack: Stack, inventory: Inventory) -> list[Metric]:
    """CPU and memory of each service, and the events of each log group."""
    found = [metric for service in inventory.services for metric in _of_service(stack, inventory, service)]
    for name in inventory.log_groups:
        of_group = (("LogGroupName", name),)
        found.append(Metric(name, "log events", "AWS/Logs", "IncomingLogEvents", of_group, "Sum", 300, "in 5 minutes"))
    return found


def of_balancers(stack: Stack, fronted: Iterable[Fronted]) -> list[Metric]:
    """Requests, response times and errors of each load balancer and its target groups."""
    found = []
    for front in fronted:
        found += _of_balancer(front.balancer.name, front.balancer.dimension)
        for group in front.own:
            found += _of_group(stack, group, front.balancer.dimension)
    return found


def of_tables(tables: Iterable[Table]) -> list[Metric]:
    """Throttled reads and writes of each table and each of its indexes."""
    return [metric for table in tables for metric in _of_table(table)]


def _of_service(stack: Stack, inventory: Inventory, service: str) -> list[Metric]:
    cluster, name = inventory.place(service)
    limits = stack.limits.named(name, f"{cluster}/{name}", f"service/{cluster}/{name}")
    of = (("ClusterName", cluster), ("ServiceName", name))
    cpu, memory = ("AWS/ECS", "CPUUtilization", of), ("AWS/ECS", "MemoryUtilization", of)
    return [
        Metric(service, "CPU", *cpu, "Average", 300, "%", limit=limits.cpu_saturated_percent),
        Metric(service, "memory", *memory, "Average", 300, "%", limit=limits.memory_percent),
        Metric(service, "memory peak", *memory, "Maximum", 300, "%", limit=limits.memory_peak_percent),
    ]


def _of_balancer(name: str, dimension: str) -> list[Metric]:
    """What only the load balancer knows: requests of all its groups, and errors that are its own answers."""
    of = (("LoadBalancer", dimension),)
    return [
        Metric(name, "all requests", "AWS/ApplicationELB", "RequestCount", of, "Sum", 300, "in 5 minutes"),
        Metric(name, "load balancer 5xx", "AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", of, "Sum", 60, "per minute"),
    ]


OF_GROUP = ("requests", "p95 response time", "requests by the hour", "p95 of the hour", "target 5xx")
"""What is measured of a target group."""


def _of_group(stack: Stack, group: Resource, balancer: str) -> list[Metric]:
    """Requests, response times and errors of one target group; by the hour, too, for nights with few requests."""
    of, limits = (("TargetGroup", dimension(group)), ("LoadBalancer", balancer)), stack.limits.of(group)
    alb, slow, errors = "AWS/ApplicationELB", limits.response_time_p95_ms, limits.errors_5xx_per_minute
    response = (alb, "TargetResponseTime", of, "p95")
    return [
        Metric(group.name, "requests", alb, "RequestCount", of, "Sum", 300, "in 5 minutes"),
        Metric(group.name, "p95 response time", *response, 300, "ms", 1000, slow),
        Metric(group.name, "requests by the hour", alb, "RequestCount", of, "Sum", HOUR_S, "an hour"),
        Metric(group.name, "p95 of the hour", *response, HOUR_S, "ms", 1000, slow),
        Metric(group.name, "target 5xx", alb, "HTTPCode_Target_5XX_Count", of, "Sum", 60, "per minute", 1, errors),
    ]


def _of_table(table: Table) -> list[Metric]:
    found = []
    for index in (None, *table.index_names):
        of_one = (("TableName", table.name), *((("GlobalSecondaryIndexName", index),) if index else ()))
        subject = f"{table.name}/{index}" if index else table.name
        for measure, metric in (("throttled reads", "ReadThrottleEvents"), ("throttled writes", "WriteThrottleEvents")):
            found.append(Metric(subject, measure, "AWS/DynamoDB", metric, of_one, "Sum", 300, "in 5 minutes"))
    return found


@observation(allow=[CALL])
def service_metrics(
    stack: Stack, aws: Aws, inventory: Inventory, now: datetime, since: datetime | None = None
) -> Metrics:
    """24 hours of the metrics of services and log groups; with `since`, of periods that began after it only.

    Earlier ones do not show the effect of a change.
    """
    return _fetch(aws, of_services(stack, inventory), now, since)


@observation(allow=[CALL])
def balancer_metrics(
    stack: Stack, aws: Aws, own_groups: list[Fronted], now: datetime, since: datetime | None = None
) -> Metrics:
    """24 hours of the metrics of load balancers and target groups; `since` as in service_metrics."""
    return _fetch(aws, of_balancers(stack, own_groups), now, since)


@observation(allow=[CALL])
def table_metrics(aws: Aws, tables: list[Table], now: datetime, since: datetime | None = None) -> Metrics:
    """24 hours of the metrics of tables and their indexes; `since` as in service_metrics."""
    return _fetch(aws, of_tables(tables), now, since)


def _fetch(aws: Aws, asked: Sequence[Metric], now: datetime, since: datetime | None) -> Metrics:
    if not asked:
        return Metrics({})
    begin = whole_period(since + timedelta(minutes=5) if since else now - SPAN)
    if begin >= now:
        raise CouldNotLook(CALL, f"no metric data yet after {since:%Y-%m-%d %H:%M:%S} UTC")
    return Metrics(fetch_metrics(aws, asked, begin, now))


def whole_period(moment: datetime) -> datetime:
    """When the period of five minutes began in which it is."""
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def fetch_metrics(aws: Aws, asked: Sequence[Metric], begin: datetime, end: datetime) -> Answers:
    """The series of each metric by subject and measure, or why its answer is incomplete; 500 metrics a call."""
    parts = fan_out(lambda batch: _fetched(aws, batch, begin, end), batches(asked, METRICS_A_CALL), at_once=4)
    return {key: answer for part in parts for key, answer in part.items()}


def _fetched(aws: Aws, asked: Sequence[Metric], begin: datetime, end: datetime) -> Answers:
    """Those of one GetMetricData, all its pages."""
    answers: Answers = {}
    queries = [{"MetricStat": metric.query} for metric in asked]
    for metric, (points, state) in zip(asked, fetch_points(aws, queries, begin, end), strict=True):
        key = (metric.subject, metric.measure)
        if state != "Complete":
            why = f"the answer is {state}, not Complete" if state in _STATES else state
            answers[key] = CouldNotLook(CALL, f"{metric.name} of {metric.subject}: {why}")
            continue
        ordered = tuple([(time, points[time] * metric.scale) for time in sorted(points)])
        answers[key] = Series(metric.measure, metric.unit, ordered, metric.period_s, metric.limit)
    return answers


def fetch_points(
    aws: Aws, queries: Sequence[Mapping[str, Any]], begin: datetime, end: datetime
) -> list[tuple[dict[datetime, float], str]]:
    """Points (in UTC) and status code of each query, "missing" without an answer; one GetMetricData, all its pages.

    Where CloudWatch says more of a metric, or of the whole call, the status is that text: points in several units are
    not converted, and as much as could be done was done, which is not all. So is it where a page has several results,
    and where a point lies far from the span.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html
    """
    asked = [{"Id": f"m{index}", **query} for index, query in enumerate(queries)]
    points: dict[str, dict[datetime, float]] = {query["Id"]: {} for query in asked}
    status = dict.fromkeys(points, "missing")
    said: dict[str, list[str]] = {one: [] for one in ("", *points)}
    span = {"StartTime": begin, "EndTime": end, "ScanBy": "TimestampAscending"}
    for page in aws.pages("cloudwatch", "GetMetricData", MetricDataQueries=asked, **span):
        said[""] += _messages(page)
        times_told = Counter(str(told["Id"]) for told in page["MetricDataResults"])
        for told in page["MetricDataResults"]:
            times, values = told["Timestamps"], told["Values"]
            if len(times) != len(values):
                raise CouldNotLook(CALL, f"{plural(len(times), 'time')} came with {plural(len(values), 'value')}")
            in_utc = [time if time.tzinfo is UTC else time.astimezone(UTC) for time in times]
            read = dict(zip(in_utc, values, strict=True))
            known = points.setdefault(told["Id"], {})
            said.setdefault(told["Id"], []).extend(_messages(told))
            if in_utc and not (begin - STRAY <= min(in_utc) and max(in_utc) <= end + STRAY):
                said[told["Id"]].append("a point is of a time that was not asked for")
            differs = any(known[time] != read[time] for time in known.keys() & read.keys())
            if times_told[told["Id"]] > 1 or differs:
                said[told["Id"]].append("several results came for one metric, as where it has several units")
            known.update(read)
            status[told["Id"]] = str(told.get("StatusCode", ""))
    ids = [str(query["Id"]) for query in asked]
    return [(points[one], "; ".join(dict.fromkeys((*said[one], *said[""]))) or status[one]) for one in ids]


def _messages(told: Mapping[str, Any]) -> list[str]:
    """What CloudWatch says of a result, or of a whole page."""
    return [": ".join(filter(None, (one.get("Code"), one.get("Value")))) for one in told.get("Messages") or []]


@dataclass(frozen=True, kw_only=True)
class Measured(Resource):
    """A resource with metrics, and the end of the period to judge."""

    metrics: Metrics = field(repr=False)
    now: datetime


M = TypeVar("M", bound=Measured)


def lines_of(metrics: Metrics, subject: str, *measures: str) -> tuple[Series, ...]:
    """The series that have points, for charts."""
    found = [metrics.answers.get((subject, measure)) for measure in measures]
    return tuple(series for series in found if isinstance(series, Series) and series.points)


def newest_of(series: tuple[Series, ...]) -> tuple[Figure, ...]:
    """The newest value of each, as a figure."""
    return tuple(Figure(line.label, round(line.points[-1][1]), line.unit) for line in series)


def charted(bare: M, lines: tuple[Series, ...], figures: tuple[Figure, ...] = ()) -> M:
    """The same, with its charts, and the last hour of them as evidence."""
    evidence = {
        line.label: {f"{time:%H:%M} UTC": round(value, 1) for time, value in line.last(HOUR, bare.now)}
        for line in lines
    }
    return replace(bare, evidence=evidence, series=lines, figures=figures)
