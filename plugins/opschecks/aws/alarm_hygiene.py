"""CloudWatch alarms over weeks: those that call nobody, watch nothing, or have not rung for two weeks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation
from ..core.wording import plural
from .cloudwatch_alarms import Alarm, history_items
from .cloudwatch_metrics import CALL, METRICS_A_CALL, fetch_points
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

WEEK = timedelta(days=7)
HISTORY_DAYS = 14
"""How far back CloudWatch keeps the history of states."""
HOUR_S = 3600
_SPARSE = re.compile(
    r"[345]xx|error|throttl|reject|fail|fault|drop|denied|abort|time.?out|latency|response.?time|duration",
    re.IGNORECASE,
)
"""Names of metrics that have no data while there are no errors, or no requests."""


@dataclass(frozen=True)
class WatchedMetric:
    """One metric that alarms look at, exactly as they do: with another unit they see nothing."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str = ""
    account: str = ""

    def __str__(self) -> str:
        of = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" ({of})" if of else "") + (f" in {self.unit}" if self.unit else "")

    @property
    def query(self) -> dict[str, Any]:
        """For GetMetricData: how many samples each hour had."""
        metric = {
            "Namespace": self.namespace,
            "MetricName": self.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in self.dimensions],
        }
        unit = {"Unit": self.unit} if self.unit else {}
        asked = {"Metric": metric, "Period": HOUR_S, "Stat": "SampleCount", **unit}
        return {"MetricStat": asked, **({"AccountId": self.account} if self.account else {})}

    @property
    def siblings(self) -> dict[str, Any]:
        """For ListMetrics: whatever else is measured of the same thing."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        elsewhere = {"IncludeLinkedAccounts": True, "OwningAccount": self.account} if self.account else {}
        return {"Namespace": self.namespace, **({"Dimensions": dimensions} if dimensions else {}), **elsewhere}


@dataclass(frozen=True, kw_only=True)
class WatchedAlarm(Resource):
    """An alarm, whether it calls somebody, and which of its metrics had no data for a week.

    `silent`: metrics that should have data. `resting`: metrics without data, of resources that other metrics show to be
    in use. `accepted`: metrics that the stack allows to be silent. `silence` also holds why a metric could not be
    checked. `rang`: how often it went off, None where that is unknown.
    """

    alarm: Alarm
    heard_through: tuple[str, ...] = ()
    metrics: tuple[WatchedMetric, ...] = ()
    silence: tuple[WatchedMetric | CouldNotLook, ...] = ()
    resting: tuple[WatchedMetric, ...] = ()
    accepted: tuple[WatchedMetric, ...] = ()
    rang: int | None = None

    @property
    def calls_somebody(self) -> bool:
        """Whether anything happens when it goes off, by itself or through a composite alarm above it."""
        return bool(self.alarm.evidence.get("AlarmActions") or self.heard_through)

    @property
    def silent(self) -> list[WatchedMetric]:
        """What it watches and has had no data for a week."""
        found = []
        for one in self.silence:
            if isinstance(one, CouldNotLook):
                raise one.again()
            found.append(one)
        return found

    @property
    def is_of_metrics(self) -> bool:
        """Whether it names metrics; queries of logs, PromQL and Metrics Insights do not."""
        return bool(self.metrics)

    @property
    def rang_recently(self) -> str:
        """How often it rang, in words."""
        if self.rang is None:
            return f"how often it rang in the last {HISTORY_DAYS} days is unknown"
        times = f"rang {plural(self.rang, 'time')}" if self.rang else "has not rung"
        return f"{times} in the last {HISTORY_DAYS} days (CloudWatch keeps no older history)"


@observation(allow=["cloudwatch:DescribeAlarmHistory"])
def alarm_rings(aws: Aws, now: datetime) -> Counter[str]:
    """How often each alarm of the account went off within 14 days."""
    rang: Counter[str] = Counter()
    for one in history_items(aws, now, timedelta(days=HISTORY_DAYS), HistoryItemType="StateUpdate"):
        if "to ALARM" in str(one.get("HistorySummary", "")):
            rang[str(one["AlarmName"])] += 1
    return rang


@observation(allow=["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"], soft=["alarm_rings"])
def watched_alarms(
    stack: Stack, aws: Aws, alarms: list[Alarm], alarm_rings: Counter[str] | CouldNotLook, now: datetime
) -> list[WatchedAlarm]:
    """The stack's alarms, and whether what they watch had data within a week: one GetMetricData for all of them."""
    found = [_watched(alarm, alarms, alarm_rings) for alarm in alarms]
    asked = list(dict.fromkeys(metric for one in found for metric in one.metrics))
    asked = [metric for metric in asked if not _may_be_silent(metric, stack)]
    samples: dict[WatchedMetric, float | CouldNotLook] = {}
    for part in fan_out(lambda batch: _samples(aws, batch, now), batches(asked, METRICS_A_CALL), at_once=4):
        samples.update(part)
    without = [metric for metric in asked if samples[metric] == 0 and _SPARSE.search(metric.name)]
    alive = dict(zip(without, fan_out(lambda metric: _is_alive(aws, metric), without), strict=True))
    return [_judged(one, samples, alive) for one in found]


def _may_be_silent(metric: WatchedMetric, stack: Stack) -> bool:
    return metric.namespace in stack.silent_metrics or metric.name in stack.silent_metrics


def _watched(alarm: Alarm, alarms: Sequence[Alarm], rings: Counter[str] | CouldNotLook) -> WatchedAlarm:
    above = [
        one.name
        for one in alarms
        if one.evidence.get("AlarmActions") and alarm.name in {below.name for below in one.below}
    ]
    rang = None if isinstance(rings, CouldNotLook) else rings[alarm.name]
    figures = (*alarm.figures, *([Figure(f"rang in {HISTORY_DAYS} days", rang)] if rang is not None else []))
    metrics = tuple(_metrics(alarm.evidence))
    return WatchedAlarm(
        arn=alarm.arn,
        name=alarm.name,
        alarm=alarm,
        heard_through=tuple(above),
        metrics=metrics,
        rang=rang,
        evidence=alarm.evidence,
        figures=figures,
    )


def _metrics(raw: Mapping[str, Any]) -> Iterator[WatchedMetric]:
    if raw.get("MetricName"):
        yield _metric(raw, raw.get("Unit"))
    for query in raw.get("Metrics") or []:
        if told := query.get("MetricStat"):
            of = told["Metric"]
            yield _metric(of, told.get("Unit"), str(query.get("AccountId") or ""))


def _metric(raw: Mapping[str, Any], unit: str | None, account: str = "") -> WatchedMetric:
    namespace = str(raw["Namespace"])
    dimensions = tuple((str(one["Name"]), str(one["Value"])) for one in raw.get("Dimensions") or [])
    return WatchedMetric(namespace, str(raw["MetricName"]), dimensions, unit or "", account)


def _samples(aws: Aws, asked: Sequence[WatchedMetric], now: datetime) -> dict[WatchedMetric, float | CouldNotLook]:
    """How many samples each metric had within a week."""
    begin = (now - WEEK).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    answers: dict[WatchedMetric, float | CouldNotLook] = {}
    told = fetch_points(aws, [metric.query for metric in asked], begin, now)
    for metric, (points, state) in zip(asked, told, strict=True):
        samples = sum(points.values())
        whole = state == "Complete" or samples > 0
        answers[metric] = samples if whole else CouldNotLook(CALL, f"{metric}: the answer is {state}")
    return answers


def _is_alive(aws: Aws, metric: WatchedMetric) -> bool:
    """Whether anything else of the same thing was measured within two weeks, which is what CloudWatch lists."""
    pages = aws.pages("cloudwatch", "ListMetrics", **metric.siblings)
    return any(page["Metrics"] for page in pages)


def _judged(
    one: WatchedAlarm, samples: Mapping[WatchedMetric, float | CouldNotLook], alive: Mapping[WatchedMetric, bool]
) -> WatchedAlarm:
    silence: list[WatchedMetric | CouldNotLook] = []
    accepted = tuple(metric for metric in one.metrics if metric not in samples)
    for metric in one.metrics:
        told = samples.get(metric)
        if isinstance(told, CouldNotLook):
            silence.append(told)
        elif told == 0 and not alive.get(metric, False):
            silence.append(metric)
    resting = tuple(metric for metric in one.metrics if alive.get(metric, False))
    evidence = {
        **one.evidence,
        "no data for a week": [str(metric) for metric in (*silence, *resting)],
        "heard through": list(one.heard_through),
    }
    return replace(one, silence=tuple(silence), resting=resting, accepted=accepted, evidence=evidence)
