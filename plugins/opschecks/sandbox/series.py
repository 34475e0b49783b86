"""A day of metrics as a healthy, busy stack would have them."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..config.stack import Stack
from ..core.dataclass import dataclass

DAY = timedelta(hours=24)
STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Samples:
    """What one metric measured in one period: values, and how often each of them."""

    time: datetime
    values: tuple[float, ...]
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class Told:
    """A metric and its samples."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    unit: str
    samples: tuple[Samples, ...]

    def data(self) -> list[dict[str, Any]]:
        """As PutMetricData expects it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions.items()]
        return [
            {
                "MetricName": self.name,
                "Dimensions": dimensions,
                "Timestamp": one.time,
                "Unit": self.unit,
                "Values": list(one.values),
                "Counts": [float(count) for count in one.counts or (1,) * len(one.values)],
            }
            for one in self.samples
        ]


def periods(now: datetime, span: timedelta = DAY) -> Iterator[datetime]:
    """The starts of the whole periods within the span, the last of which has ended."""
    last = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0) - STEP
    for index in range(int(span / STEP) - 1, -1, -1):
        yield last - index * STEP


def busy(time: datetime) -> float:
    """How busy people are: 0 in the small hours, 1 in the early afternoon (UTC)."""
    hour = time.astimezone(UTC).hour + time.minute / 60
    return 0.5 - 0.5 * math.cos((hour - 2) / 24 * 2 * math.pi)


def healthy_day(stack: Stack, balancer_dimension: str, group_dimension: str, now: datetime) -> list[Told]:
    """Every metric of the stack on a good day; sparse ones (5xx, throttles) have few values."""
    chance = random.Random(7)  # noqa: S311 - noise, not cryptography; the same each day
    told = []
    times = list(periods(now))
    for service in stack.services:
        of = {"ClusterName": stack.cluster or "", "ServiceName": service}
        for name, floor, swing in (("CPUUtilization", 24.0, 30.0), ("MemoryUtilization", 46.0, 8.0)):
            samples = []
            for time in times:
                middle = floor + swing * busy(time) + chance.uniform(-2, 2)
                samples.append(Samples(time, (round(middle - 3, 2), round(middle + 3, 2))))
            told.append(Told("AWS/ECS", name, of, "Percent", tuple(samples)))
    for group in stack.log_groups:
        written = tuple(Samples(time, (float(round(900 + 2400 * busy(time))),)) for time in times)
        told.append(Told("AWS/Logs", "IncomingLogEvents", {"LogGroupName": group}, "Count", written))
    in_group = {"TargetGroup": group_dimension}
    requests, latency = [], []
    for time in times:
        count = round(300 + 900 * busy(time) + chance.uniform(-40, 40))
        quick = 0.06 + 0.05 * busy(time) + chance.uniform(0, 0.02)
        requests.append(Samples(time, (float(count),)))
        latency.append(Samples(time, (round(quick, 4), round(quick * 2.2, 4), round(quick * 5, 4)), (14, 5, 1)))
    few = tuple(Samples(times[index], (1.0,)) for index in (31, 119, 207))
    for of in ({"LoadBalancer": balancer_dimension}, {**in_group, "LoadBalancer": balancer_dimension}):
        told.append(Told("AWS/ApplicationELB", "RequestCount", of, "Count", tuple(requests)))
        told.append(Told("AWS/ApplicationELB", "TargetResponseTime", of, "Seconds", tuple(latency)))
        told.append(Told("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", of, "Count", few))
    return told
