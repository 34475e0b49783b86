"""Metrics per resource: load of services, traffic of target groups, errors of load balancers, events of log groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import TYPE_CHECKING, ClassVar

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource, Series
from ..core.observation import CouldNotLook, Later, observation, seen
from ..core.wording import plural
from .cloudwatch_metrics import CALL, HOUR, OF_GROUP, SPAN, Measured, Metrics, charted, lines_of, newest_of
from .ecs import Service
from .elbv2 import LoadBalancer
from .evidence import Read
from .inventory import Inventory
from .logs import LogErrors
from .own_groups import Fronted
from .unread import readable, why_unread

if TYPE_CHECKING:
    from ..config.stack import Stack

HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class ServiceLoad(Measured):
    """CPU and memory of one service, in percent of what its task definition reserves."""

    @property
    def cpu_last_hour(self) -> float:
        """Average CPU of the last hour."""
        return fmean(self.metrics.due(self.name, "CPU", HOUR, self.now))

    @property
    def cpu_peak(self) -> float:
        """Highest 5-minute average of the last half hour."""
        return max(self.metrics.due(self.name, "CPU", HALF_HOUR, self.now))

    @property
    def memory_last_hour(self) -> float:
        """Average memory of the last hour."""
        return fmean(self.metrics.due(self.name, "memory", HOUR, self.now))

    @property
    def memory_peak(self) -> float:
        """Highest memory of any task in the last hour."""
        return max(self.metrics.due(self.name, "memory peak", HOUR, self.now))

    beside = Read(str, "beside", default="")
    """Task count and 5xx, and log errors where the CPU is too high: what the runbook shows next to a high CPU."""


@dataclass(frozen=True, kw_only=True)
class Traffic(Measured):
    """Requests, response times and errors of one target group of an application load balancer.

    All of these metrics are reported only while there are requests, and CloudWatch has them by TargetGroup and
    LoadBalancer: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """

    speaks_http: ClassVar[bool] = True

    balancer: str
    alone: bool
    """Whether it is the only target group of its load balancer."""

    @property
    def requests_last_hour(self) -> int:
        """Requests of the last hour.

        CouldNotLook where none in 24 hours may be no traffic or no metric; not where others of the balancer had some.
        """
        series = self.metrics.series(self.name, "requests")
        of = self.name if self.alone else self.balancer
        if not series.points and (self.alone or not self.metrics.series(of, "all requests").last(SPAN, self.now)):
            raise CouldNotLook(CALL, f"RequestCount of {of} has no data in 24 hours")
        return int(sum(value for _, value in series.last(HOUR, self.now)))

    def p95_ms(self, samples: int, limit: float) -> float | None:
        """Highest p95 of the last hour, in ms; None where only the p95 of fewer requests than `samples` is too high.

        By five minutes. A p95 within the limit is one whatever its number of requests, because that of all of them
        cannot be higher; where one of too few is beyond it, that of the clock hour counts.
        """
        if not (periods := self._p95("requests", "p95 response time")):
            raise CouldNotLook(CALL, f"no response times of {self.name} although it had requests in the last hour")
        known = [p95 for count, p95 in periods if count >= samples or p95 <= limit]
        if len(known) == len(periods) or any(p95 > limit for p95 in known):
            return max(known)
        hours = [p95 for count, p95 in self._p95("requests by the hour", "p95 of the hour") if count >= samples]
        return max((*known, *hours)) if hours else None

    def p95_between(self, begin: datetime, end: datetime, samples: int) -> tuple[float, ...]:
        """The p95 in ms of each five minutes that began within, in which there were as many requests as `samples`."""
        counts = dict(self.metrics.series(self.name, "requests").points)
        points = self.metrics.series(self.name, "p95 response time").points
        return tuple(p95 for time, p95 in points if begin <= time < end and counts.get(time, 0) >= samples)

    def _p95(self, requests: str, response: str) -> list[tuple[float, float]]:
        """Requests and p95 in ms of each period that ended within the last hour."""
        counts = dict(self.metrics.series(self.name, requests).points)
        points = self.metrics.series(self.name, response).last(HOUR, self.now)
        return [(counts.get(time, 0), value) for time, value in points]

    @property
    def errors_5xx_per_minute(self) -> float:
        """Worst minute of the last hour; the metric has no data where there were none."""
        worst = max((value for _, value in self.errors_5xx.last(HOUR, self.now)), default=0.0)
        if not worst:
            self.requests_last_hour  # noqa: B018 - raises where no data does not mean no errors
        return worst

    def shared_5xx(self, limit: int) -> str:
        """Nothing: a target group's own answers are nobody else's."""
        return ""

    @property
    def errors_5xx(self) -> Series:
        """5xx that the targets answered, per minute."""
        return replace(self.metrics.series(self.name, "target 5xx"), label="5xx")

    @property
    def errors_5xx_while_serving(self) -> Series:
        """The worst minute of 5xx in each period with known requests, 0 where there was none: for charts."""
        requests = self.metrics.series(self.name, "requests")
        worst = {time: 0.0 for time, _ in requests.points}
        errors = self.errors_5xx
        for time, value in errors.points:
            begin = time - timedelta(seconds=time.timestamp() % requests.period_s)
            worst[begin] = max(worst.get(begin, value), value)
        return Series(errors.label, errors.unit, tuple(sorted(worst.items())), requests.period_s, errors.limit)


@dataclass(frozen=True, kw_only=True)
class BalancerErrors(Measured):
    """The 5xx that a load balancer answered itself, such as 503 where a group has no healthy target.

    CloudWatch has them by load balancer only: whose requests they were cannot be seen where other stacks share it.
    A network load balancer has none: it does not speak HTTP.
    """

    speaks_http: bool
    """Whether it is an application load balancer."""
    others: tuple[str, ...] = ()
    """Its target groups that none of the stack's services fills."""
    doubt: CouldNotLook | None = None
    """Why it is not known whether any of those has targets: one without is nobody's."""
    unread: CouldNotLook | None = None
    """Why the load balancer could not be read, of which everything is then unknown."""

    @property
    def has_no_times(self) -> str:
        """Why no response times are known of what is behind it; CouldNotLook where it could not be read."""
        seen(self.unread)
        return "" if self.speaks_http else "a network load balancer: it does not see how long a response takes"

    @property
    def errors_5xx(self) -> Series:
        """5xx of the load balancer itself, per minute."""
        seen(self.unread)
        return replace(self.metrics.series(self.name, "load balancer 5xx"), label="5xx")

    @property
    def errors_5xx_per_minute(self) -> float:
        """Worst minute of the last hour; without any, CouldNotLook where there was no request in 24 hours, either."""
        worst = max((value for _, value in self.errors_5xx.last(HOUR, self.now)), default=0.0)
        if not worst and not self.metrics.series(self.name, "all requests").last(SPAN, self.now):
            raise CouldNotLook(CALL, f"RequestCount of {self.name} has no data in 24 hours")
        return worst

    def shared_5xx(self, limit: int) -> str:
        """That there are more than the limit, and that others may be the cause; nothing where they cannot be.

        A group's own answers, its health and its connection errors are judged for themselves. CouldNotLook where there
        are more and it is not known whether others share the balancer.
        """
        seen(self.unread)
        worst = self.errors_5xx_per_minute if self.others else 0.0
        if worst <= limit:
            return ""
        seen(self.doubt)
        others = f"the stack's services do not fill {', '.join(self.others[:3])} of its target groups"
        advice = "target_group_arn in its access logs shows whose requests those were"
        return f"it answered {worst:g} 5xx in a minute itself, limit {limit}, and {others}: {advice}"


@dataclass(frozen=True, kw_only=True)
class LogFlow(Measured):
    """Number of events written into one log group."""

    @property
    def events_last_day(self) -> int:
        """Events written within 24 hours; the metric has no data where there were none."""
        return int(sum(value for _, value in self.metrics.series(self.name, "log events").last(SPAN, self.now)))


@observation(soft=["services", "traffic"], later=["log_errors"])
def service_load(
    service_metrics: Metrics,
    inventory: Inventory,
    services: list[Service] | CouldNotLook,
    traffic: list[Traffic] | CouldNotLook,
    log_errors: Later[list[LogErrors]],
    now: datetime,
    stack: Stack,
) -> list[ServiceLoad]:
    """CPU and memory of each service, with task count and errors for context; logs are asked where its CPU is high."""

    counted: dict[str, list[str]] = {}
    for one in readable(services):
        count = f"{one.evidence.get('runningCount', '?')} of {one.evidence.get('desiredCount', '?')} tasks run"
        counted.setdefault(one.name, []).append(count)

    def load(name: str) -> ServiceLoad:
        counts = counted.get(name)
        beside = [*(counts or ["task count unknown"]), _errors_beside(traffic)]
        lines = lines_of(service_metrics, name, "CPU", "memory")
        path = "/".join(("service", *inventory.place(name)))
        bare = ServiceLoad(arn=path, name=name, metrics=service_metrics, now=now)
        recent = [value for line in lines if line.label == "CPU" for _, value in line.last(HALF_HOUR, now)]
        if max(recent, default=0) > stack.limits.of(bare).cpu_saturated_percent:
            beside.append(_log_errors_beside(log_errors()))
        shown = charted(bare, lines, newest_of(lines))
        return replace(shown, evidence={"beside": "; ".join(beside), **shown.evidence})

    return [load(name) for name in inventory.some("services")]


def _errors_beside(traffic: list[Traffic] | CouldNotLook) -> str:
    try:
        worst = max((one.errors_5xx_per_minute for one in seen(traffic)), default=0.0)
    except CouldNotLook:
        # only context for a verdict on CPU; the checks of 5xx report the cause
        return "5xx unknown"
    return f"5xx peaked at {worst:g} in a minute"


def _log_errors_beside(log_errors: list[LogErrors] | CouldNotLook) -> str:
    if isinstance(log_errors, CouldNotLook):
        return "log errors unknown"
    unread = sum(bool(log.unread) for log in log_errors)
    known = f"{sum(log.seen for log in log_errors)} ERROR events in the logs within the hour"
    return known + (f", {plural(unread, 'log group')} unknown" if unread else "")


@observation()
def traffic(balancer_metrics: Metrics, own_groups: list[Fronted], now: datetime) -> list[Traffic]:
    """Requests, response times and errors of each target group that the stack's services fill, behind an ALB."""
    found = [
        _traffic(balancer_metrics, group, front.name, front.count == 1, now)
        for front in own_groups
        for group in front.own
    ]
    return [*found, *(_doubtful(group, front, now) for front in own_groups for group in front.doubtful)]


def _doubtful(group: Resource, front: Fronted, now: datetime) -> Traffic:
    """Of a group of which it is not known whether it is the stack's: whatever is asked of it raises why."""
    unknown = Metrics({(group.name, measure): front.doubt for measure in OF_GROUP if front.doubt})
    return Traffic(arn=group.arn, name=group.name, metrics=unknown, now=now, balancer=front.name, alone=True)


def _traffic(metrics: Metrics, group: Resource, balancer: str, alone: bool, now: datetime) -> Traffic:
    one = Traffic(arn=group.arn, name=group.name, metrics=metrics, now=now, balancer=balancer, alone=alone)
    lines = lines_of(metrics, group.name, "p95 response time", "requests")
    counted: tuple[Figure, ...] = ()
    if all(isinstance(metrics.answers.get((group.name, measure)), Series) for measure in ("requests", "target 5xx")):
        requests = metrics.series(group.name, "requests")
        counted = (_a_day("requests", requests), _a_day("5xx", one.errors_5xx))
        lines += (one.errors_5xx_while_serving,) if requests.points else ()
    newest = newest_of(tuple(line for line in lines if line.label != "5xx"))
    return charted(one, lines, (*newest, *counted))


@observation()
def balancer_errors(
    balancer_metrics: Metrics, load_balancers: list[LoadBalancer], own_groups: list[Fronted], now: datetime
) -> list[BalancerErrors]:
    """The 5xx of each of the stack's load balancers itself; a network load balancer is listed without metrics."""
    fronted = {front.arn: front for front in own_groups}
    found = []
    for balancer in load_balancers:
        front = fronted.get(balancer.arn)
        arn, name = balancer.arn, balancer.name
        one = BalancerErrors(arn=arn, name=name, metrics=balancer_metrics, now=now, speaks_http=True)
        if why := why_unread(balancer) or (front.doubt if front else None):
            found.append(replace(one, unread=why))
            continue
        one = replace(one, speaks_http=balancer.is_application)
        if front:
            one = replace(one, others=tuple(group.name for group in front.others), doubt=front.of_others)
        lines = lines_of(balancer_metrics, name, "load balancer 5xx")
        counted = isinstance(balancer_metrics.answers.get((name, "load balancer 5xx")), Series)
        of = "5xx of every stack" if one.others else "5xx"
        found.append(charted(one, lines, (_a_day(of, one.errors_5xx),) if counted else ()))
    return found


def _a_day(label: str, line: Series) -> Figure:
    return Figure(f"{label} a day", int(sum(value for _, value in line.points)))


@observation()
def log_flow(service_metrics: Metrics, inventory: Inventory, now: datetime) -> list[LogFlow]:
    """Events written into each of the stack's log groups."""
    every = [LogFlow(arn=name, name=name, metrics=service_metrics, now=now) for name in inventory.some("log_groups")]
    return [charted(one, lines_of(service_metrics, one.name, "log events")) for one in every]
