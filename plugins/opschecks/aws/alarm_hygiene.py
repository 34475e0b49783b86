"""CloudWatch alarms over weeks: those that call nobody, watch nothing, or have not rung for two weeks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, observation, seen
from ..core.wording import plural
from .alarm_history import AlarmEvent, by_alarm, failed_actions, read_history
from .alarm_receivers import Consumers, consumers, deaf_topics, never_heard
from .cloudwatch_alarms import Alarm
from .cloudwatch_metrics import CALL, HOUR_S, METRICS_A_CALL, fetch_points
from .evidence import grouped
from .inventory import Inventory
from .session import Aws
from .sparse_metrics import is_of_one, is_sparse, names_in
from .unread import or_why

if TYPE_CHECKING:
    from ..config.stack import Stack

WEEK = timedelta(days=7)
HISTORY_DAYS = 14
"""How far back CloudWatch keeps the history of states."""


@dataclass(frozen=True)
class WatchedMetric:
    """One metric that alarms look at, exactly as they do: with another unit they see nothing."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    unit: str = ""
    account: str = ""
    region: str = ""

    def __str__(self) -> str:
        of = ", ".join(f"{name}={value}" for name, value in self.dimensions)
        return f"{self.namespace} {self.name}" + (f" ({of})" if of else "") + (f" in {self.unit}" if self.unit else "")

    @property
    def query(self) -> dict[str, Any]:
        """For GetMetricData: how many samples each hour had."""
        of = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": of}
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

    `heard_through`: composite alarms, rules of EventBridge and services that react to it. `unheard`: why each of its
    own actions reaches nobody, or could not be looked at; empty where one does, or it has none. `silent`: metrics that
    should have data. `resting`: metrics without data, of resources that other metrics show to be in use. `accepted`:
    metrics that the stack allows to be silent. `silence` also holds why a metric could not be checked. `rang`: how
    often it went off, None where that is unknown; then `no_history` says why.
    """

    alarm: Alarm
    heard_through: tuple[str, ...] = ()
    unheard: tuple[str | CouldNotLook, ...] = ()
    metrics: tuple[WatchedMetric, ...] = ()
    silence: tuple[WatchedMetric | CouldNotLook, ...] = ()
    resting: tuple[WatchedMetric, ...] = ()
    accepted: tuple[WatchedMetric, ...] = ()
    rang: int | None = None
    no_history: CouldNotLook | None = None

    @property
    def calls_nobody(self) -> str:
        """Why nothing happens when it goes off, by itself or through what reacts to it; empty where it does.

        CouldNotLook where it has actions and its history, which alone tells that they fail, could not be read.
        """
        if self.heard_through:
            return ""
        if told := never_heard(self.alarm, self.unheard):
            return told
        seen(self.no_history)
        return ""

    @property
    def silent(self) -> list[WatchedMetric]:
        """What it watches and has had no data for a week."""
        return [seen(one) for one in self.silence]

    @property
    def is_of_metrics(self) -> bool:
        """Whether it names metrics; queries of logs, PromQL and Metrics Insights do not."""
        return bool(self.metrics)

    @property
    def rang_recently(self) -> str:
        """How often it rang, in words."""
        if self.rang is None:
            unknown = f"how often it rang, and whether its actions failed, in the last {HISTORY_DAYS} days is unknown"
            # of one that nobody hears otherwise, the verdict says why
            return f"{unknown}: {self.no_history}" if self.heard_through else unknown
        times = f"rang {plural(self.rang, 'time')}" if self.rang else "has not rung"
        return f"{times} in the last {HISTORY_DAYS} days (CloudWatch keeps no older history)"


@observation(allow=["cloudwatch:DescribeAlarmHistory"])
def alarm_fortnight(aws: Aws, now: datetime) -> list[AlarmEvent]:
    """State changes and actions of the account's alarms within 14 days, newest first."""
    return read_history(aws, now, timedelta(days=HISTORY_DAYS))


@observation(
    allow=[
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "cloudwatch:DescribeAlarmHistory",
        "sns:GetTopicAttributes",
        "ecs:DescribeServices",
        "events:ListRules",
        "events:ListTargetsByRule",
        "events:TestEventPattern",
    ],
    soft=["alarm_fortnight"],
)
def watched_alarms(
    stack: Stack,
    aws: Aws,
    alarms: list[Alarm],
    alarm_fortnight: list[AlarmEvent] | CouldNotLook,
    inventory: Inventory,
    now: datetime,
) -> list[WatchedAlarm]:
    """The stack's alarms: whether they call somebody, and whether what they watch had data within a week.

    One GetMetricData for all of them, and one call for each topic. EventBridge and ECS are asked only where an alarm
    is not heard otherwise; the history of another region only where the stack has alarms there.
    """
    events = _events(aws, alarms, alarm_fortnight, now)
    deaf = deaf_topics(stack, aws, alarms)
    found = [_watched(alarm, aws.region, events, deaf) for alarm in alarms]
    found = _heard(aws, inventory, found)
    watched = dict.fromkeys(metric for one in found for metric in one.metrics)
    asked = [metric for metric in watched if not {metric.namespace, metric.name} & {*stack.silent_metrics}]
    samples = _all_samples(aws, asked, now)
    without = [metric for metric in asked if samples[metric] == 0 and is_sparse(metric.namespace, metric.name)]
    known = names_in(inventory)
    alive = dict(zip(without, fan_out(lambda metric: _is_alive(aws, metric, known), without), strict=True))
    return [_judged(one, samples, alive, now) for one in found]


_Events = Mapping[str, Mapping[str, Sequence[AlarmEvent]] | CouldNotLook]
"""The history of each region by alarm, or why it could not be read, which concerns only the alarms there."""


def _events(aws: Aws, alarms: Sequence[Alarm], here: list[AlarmEvent] | CouldNotLook, now: datetime) -> _Events:
    """The history of every region in which the stack has alarms."""
    found: dict[str, list[AlarmEvent] | CouldNotLook] = {aws.region: here}
    for region in sorted({alarm.region for alarm in alarms} - {"", aws.region}):
        found[region] = or_why(alarm_fortnight)(aws.elsewhere(region), now)
    return {region: one if isinstance(one, CouldNotLook) else by_alarm(one) for region, one in found.items()}


def _watched(alarm: Alarm, home: str, events: _Events, deaf: Mapping[str, str | CouldNotLook]) -> WatchedAlarm:
    known = events[alarm.region or home]
    own = () if isinstance(known, CouldNotLook) else [one for one in known.get(alarm.name, ()) if one.is_of(alarm)]
    rang = None if isinstance(known, CouldNotLook) else sum(event.rang for event in own)
    figures = (*alarm.figures, *([Figure(f"rang in {HISTORY_DAYS} days", rang)] if rang is not None else []))
    reasons = [deaf.get(action, "") for action in alarm.evidence.get("AlarmActions", ())]
    failed = failed_actions(alarm, own)
    metrics = _metrics(alarm.evidence, "" if alarm.region == home else alarm.region)
    return WatchedAlarm(
        arn=alarm.arn,
        name=alarm.name,
        alarm=alarm,
        unheard=(failed,) if failed else tuple(reasons) if all(reasons) else (),
        metrics=() if isinstance(metrics, CouldNotLook) else metrics,
        silence=(metrics,) if isinstance(metrics, CouldNotLook) else (),
        rang=rang,
        no_history=known if isinstance(known, CouldNotLook) else None,
        evidence=alarm.evidence,
        figures=figures,
    )


def _heard(aws: Aws, inventory: Inventory, found: Sequence[WatchedAlarm]) -> list[WatchedAlarm]:
    """The same, with what reacts to each: composite alarms that are heard, and what reads its state of itself."""
    loud = [one for one in found if one.alarm.evidence.get("AlarmActions") and not one.unheard]
    through = {
        one.arn: tuple(above.name for above in loud if one.name in {below.name for below in above.alarm.below})
        for one in found
    }
    lonely = [one.alarm for one in found if one not in loud and not through[one.arn] and not one.alarm.unread]
    others: Mapping[str, Consumers] = consumers(aws, inventory, lonely) if lonely else {}
    nobody = Consumers()
    return [
        replace(
            one,
            heard_through=through[one.arn] or others.get(one.arn, nobody).names,
            unheard=(*one.unheard, *others.get(one.arn, nobody).unknown),
        )
        for one in found
    ]


@or_why  # of this alarm alone
def _metrics(raw: Mapping[str, Any], region: str) -> tuple[WatchedMetric, ...]:
    own: tuple[WatchedMetric, ...] = ()
    if raw.get("MetricName"):
        raw["Dimensions"]  # AWS always lists them; without them it would be another metric
        own = (_metric(raw, raw.get("Unit"), region),)
    told = [(query.get("MetricStat"), str(query.get("AccountId") or "")) for query in raw.get("Metrics", ())]
    return (*own, *(_metric(stat["Metric"], stat.get("Unit"), region, account) for stat, account in told if stat))


def _metric(raw: Mapping[str, Any], unit: str | None, region: str, account: str = "") -> WatchedMetric:
    dimensions = tuple((str(one["Name"]), str(one["Value"])) for one in raw.get("Dimensions", ()))
    return WatchedMetric(str(raw["Namespace"]), str(raw["MetricName"]), dimensions, unit or "", account, region)


def _all_samples(aws: Aws, asked: Sequence[WatchedMetric], now: datetime) -> dict[WatchedMetric, float | CouldNotLook]:
    """How many samples each metric had within a week, asked in its own region."""
    by_region = sorted(grouped(asked, attrgetter("region")).items())
    parts = [part for _, own in by_region for part in batches(own, METRICS_A_CALL)]
    told = fan_out(lambda batch: _samples(aws, batch, now), parts, at_once=4)
    return {metric: count for some in told for metric, count in some.items()}


def _in_region(aws: Aws, metric: WatchedMetric) -> Aws:
    return aws.elsewhere(metric.region) if metric.region else aws


def _samples(aws: Aws, asked: Sequence[WatchedMetric], now: datetime) -> dict[WatchedMetric, float | CouldNotLook]:
    """How many samples each metric of one region had within a week."""
    begin = (now - WEEK).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    answers: dict[WatchedMetric, float | CouldNotLook] = {}
    try:
        told = fetch_points(_in_region(aws, asked[0]), [metric.query for metric in asked], begin, now)
    except CouldNotLook as why:
        if not asked[0].region:
            raise
        return dict.fromkeys(asked, why)  # another region's refusal blinds what is there
    for metric, (points, state) in zip(asked, told, strict=True):
        samples = sum(points.values())
        whole = state == "Complete" or samples > 0
        answers[metric] = samples if whole else CouldNotLook(CALL, f"{metric}: the answer is {state}")
    return answers


@or_why
def _is_alive(aws: Aws, metric: WatchedMetric, known: Collection[str]) -> bool:
    """Whether the stack has what it is a metric of, or anything else of that was measured within two weeks.

    CloudWatch lists no older metrics, which says nothing of a table that nobody asks. Or why that is not known, which
    concerns this metric only.
    """
    if is_of_one(metric.dimensions, known):
        return True
    pages = _in_region(aws, metric).pages("cloudwatch", "ListMetrics", **metric.siblings)
    return any(page["Metrics"] for page in pages)


def _warms_up(alarm: Alarm, now: datetime) -> bool:
    return alarm.warms_up_until is not None and now < alarm.warms_up_until


def _judged(
    one: WatchedAlarm,
    samples: Mapping[WatchedMetric, float | CouldNotLook],
    alive: Mapping[WatchedMetric, bool | CouldNotLook],
    now: datetime,
) -> WatchedAlarm:
    silence: list[WatchedMetric | CouldNotLook] = list(one.silence)
    accepted = tuple(metric for metric in one.metrics if metric not in samples)
    for metric in one.metrics:
        told, lives = samples.get(metric), alive.get(metric)
        if unknown := [why for why in (told, lives) if isinstance(why, CouldNotLook)]:
            silence += unknown
        elif told == 0 and not lives and not _warms_up(one.alarm, now):
            silence.append(metric)
    resting = tuple(metric for metric in one.metrics if alive.get(metric) is True)
    evidence = {
        **one.evidence,
        "no data for a week": [str(metric) for metric in (*silence, *resting)],
        "heard through": list(one.heard_through),
        "not heard by": [str(reason) for reason in one.unheard],
    }
    return replace(one, silence=tuple(silence), resting=resting, accepted=accepted, evidence=evidence)
