"""CloudWatch: the stack's metric, log and composite alarms, also those of CloudFront in its own region."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.global_services import home_of_cloudfront, region_of
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, batches, fan_out, names_no, observation, seen
from .evidence import Read, later, one_of, seconds, utc
from .inventory import Inventory
from .session import Aws
from .sparse_metrics import may_rest

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "cloudwatch:DescribeAlarms"
_WORD = re.compile(r""""((?:[^"\\]|\\.)+)"|'([^']+)'|([^\s"'(),]+)""")
_KEYWORD = re.compile(r"AND|OR|NOT|TRUE|FALSE|ALARM|OK|INSUFFICIENT_DATA|AT_LEAST|\d+%?")
ALARM_TYPES = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
_LISTED = ("MetricAlarms", "CompositeAlarms")
"""What every answer has, also where there are none; it may have LogAlarms besides."""
NAMES_A_CALL = 100


@dataclass(frozen=True, kw_only=True)
class Alarm(Resource):
    """A metric, log or composite alarm. One that does not exist has the state MISSING and nothing else.

    `below`: the alarms in a composite's rule, and those in their rules. `may_rest`: whether having no data is normal
    for what it watches. `unread`: why the alarms of a region could not be read, of which this is the only trace.
    """

    below: tuple[Alarm, ...] = ()
    may_rest: bool = False
    unread: CouldNotLook | None = None

    @property
    def state(self) -> str:
        """OK, ALARM, INSUFFICIENT_DATA, or MISSING."""
        seen(self.unread)
        return one_of(self.evidence, "StateValue", ("OK", "ALARM", "INSUFFICIENT_DATA", "MISSING"))

    @property
    def region(self) -> str:
        """The region that its ARN names; empty for one that does not exist."""
        return region_of(self.arn)

    since = Read(utc, "StateTransitionedTimestamp", "StateUpdatedTimestamp")
    """When the state last changed, in UTC."""

    @property
    def reason(self) -> str:
        """The first sentence of the reason that CloudWatch gives for the state."""
        return str(self.evidence.get("StateReason", "")).partition(". ")[0]

    acts = Read(bool, "ActionsEnabled")
    """Whether its actions are enabled; those of a composite may also be suppressed by another alarm."""

    @property
    def suppressed_by(self) -> str:
        """What suppresses the actions of a composite at the moment; empty where nothing does."""
        by = self.evidence.get("ActionsSuppressedBy")
        return str(self.evidence.get("ActionsSuppressedReason") or f"suppressed by its {by}") if by else ""

    @property
    def evaluation_problem(self) -> str:
        """PARTIAL_DATA or EVALUATION_ERROR, with CloudWatch's reason if it gives one; usually empty."""
        state = str(self.evidence.get("EvaluationState", ""))
        return f"{state}: {self.reason}" if state and self.reason else state

    configured_at = Read(utc, "AlarmConfigurationUpdatedTimestamp")
    """When its configuration last changed (turning its actions off is such a change), in UTC."""

    @property
    def warms_up_until(self) -> datetime | None:
        """When its warm-up ends, in which it has INSUFFICIENT_DATA and does not act; None without one.

        Source: WarmUpConfiguration of API_MetricAlarm; updating the alarm begins another one.
        """
        minutes = self.evidence.get("WarmUpConfiguration", {}).get("WarmUpPeriodDurationInMinutes")
        return later(self.configured_at, seconds(60 * int(minutes))) if minutes else None

    @property
    def looks_at(self) -> timedelta:
        """The time that one evaluation looks at: a new alarm may have no data for that long."""
        queried = [query.get("MetricStat", query).get("Period", 0) for query in self.evidence.get("Metrics", ())]
        period = max(int(one) for one in (self.evidence.get("Period", 0), *queried))
        return seconds(period * int(self.evidence.get("EvaluationPeriods", 1)))

    def rests(self, now: datetime) -> str:
        """Why it is right that it has no data; empty where it has some, or should have."""
        if self.state != "INSUFFICIENT_DATA":
            return ""
        if self.warms_up_until and now < self.warms_up_until:
            return f"{self.name} warms up until {self.warms_up_until:%Y-%m-%d %H:%M} UTC"
        return f"{self.name} has no data, as while all is well" if self.may_rest else ""

    def is_blind(self, now: datetime, longest: timedelta) -> bool:
        """Whether it has had no data for longer than `longest`, or than it looks at, though it should have."""
        if self.state != "INSUFFICIENT_DATA" or self.rests(now):
            return False
        return now - max(self.since, self.warms_up_until or self.since) > max(longest, self.looks_at)


@observation(allow=["cloudwatch:DescribeAlarms"], lasting=True)
def alarms(stack: Stack, aws: Aws, inventory: Inventory) -> list[Alarm]:
    """The stack's alarms: metric, log and composite, and those of its CloudFront distributions in their own region.

    Without those that only drive auto-scaling, for which ALARM is normal. Sources: API_DescribeAlarms, whose answer
    always has MetricAlarms and CompositeAlarms; the CloudFront developer guide, by which its metrics and alarms are in
    us-east-1.
    """
    here, there = fan_out(lambda look: look(stack, aws, inventory), (_here, _of_cloudfront))
    found = [*here, *there]
    if not there and (why := next((one.unread for one in here if one.unread), None)):
        raise why
    if not found and (stack.others_alarms or _has_own_only(stack, inventory)):
        raise names_no(stack.name, "alarms", "alarm_prefix")
    prefixes = stack.every("alarm_prefix")
    idle = [one for one in prefixes if not any(alarm.name.startswith(one) for alarm in found)]
    for prefix in idle if len(prefixes) > 1 else ():  # the others must not hide it
        why = CouldNotLook(_CALL, f"no alarm begins with {prefix} (alarm_prefix in stacks.toml)")
        found.append(_unread(f"alarms that begin with {prefix}", why))
    return found


def _unread(name: str, why: CouldNotLook) -> Alarm:
    """One entry for alarms that are not known: it is blind alone."""
    return Alarm(arn=name, name=name, evidence={"could not be read": str(why)}, unread=why)


def _has_own_only(stack: Stack, inventory: Inventory) -> bool:
    """Whether no alarm is the stack's unless CloudFormation or tags say so; else all of the account may be."""
    return not stack.alarm_prefix and (inventory.is_found or "alarm_prefix" in stack.without)


def _here(stack: Stack, aws: Aws, inventory: Inventory) -> list[Alarm]:
    if inventory.alarms:
        own = _named(aws, sorted(inventory.alarms))
    elif _has_own_only(stack, inventory):
        own = {}  # none was found: those of others in the account are not the stack's
    elif stack.alarms_beside:
        others = " and ".join(stack.alarms_beside)
        why = names_no(stack.name, f"alarms, and its account may have those of {others}", "alarm_prefix")
        return [_unread(f"alarms in {aws.region}", why)]  # those of its distributions are its own all the same
    else:
        own = {name: raw for name, raw in _of_prefixes(stack, aws).items() if not _is_of_others(stack, name)}
    return _with_those_below(stack, aws, own)


def _is_of_others(stack: Stack, alarm: str) -> bool:
    """By its beginning, unless its name tells that it is the stack's all the same: "shop-staging-cpu" of staging."""
    own = (stack.name, *stack.every("cluster"), *(one.rpartition("/")[2] for one in stack.services))
    return alarm.startswith(stack.others_alarms) and not any(one in alarm for one in own)


def _of_prefixes(stack: Stack, aws: Aws) -> dict[str, dict[str, Any]]:
    """The alarms of the region whose names begin as the stack says; all, where it says nothing (see `_here`)."""
    chosen = [{"AlarmNamePrefix": one} for one in stack.every("alarm_prefix")] or [{}]
    told = fan_out(lambda one: _describe(aws, MaxRecords=100, **one), chosen)
    return _by_name(raw for some in told for raw in some)


def _of_cloudfront(stack: Stack, aws: Aws, inventory: Inventory) -> list[Alarm]:
    """Of another region than the stack's: those with its prefix, or that watch its distributions.

    Where that region may not be read, one entry that says so, which blinds itself alone.
    """
    region = home_of_cloudfront(aws.region)
    if region in ("", aws.region) or not inventory.distributions:
        return []
    there = aws.elsewhere(region)
    try:
        found = _of_prefixes(stack, there)
        if not stack.alarm_prefix:
            ids = {("DistributionId", one) for one in inventory.distributions}
            watching = {name for name, raw in found.items() if ids & {*_dimensions(raw)}}
            own = watching | set(inventory.alarms_of_cloudfront)
            found = {name: raw for name, raw in found.items() if name in own or watching & set(_children(raw))}
        return _with_those_below(stack, there, found)
    except CouldNotLook as error:
        why = CouldNotLook(error.call, f"in {region}: {error.reason}", action=error.action)
        return [_unread(f"alarms of CloudFront in {region}", why)]


def _dimensions(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name and value of those of all its metrics."""
    metrics = [raw, *(query["MetricStat"]["Metric"] for query in raw.get("Metrics", ()) if "MetricStat" in query)]
    return [(str(one["Name"]), str(one["Value"])) for metric in metrics for one in metric.get("Dimensions", ())]


def _with_those_below(stack: Stack, aws: Aws, told: Mapping[str, dict[str, Any]]) -> list[Alarm]:
    """Each alarm, with those in its rule, which may have other names."""
    own = {name: raw for name, raw in told.items() if not _only_scales(name, raw)}
    known = dict(own)
    while unknown := {child for raw in known.values() for child in _children(raw)} - set(known):
        known |= _named(aws, sorted(unknown))
    return [_alarm(raw, known, stack.silent_metrics) for _, raw in sorted(own.items())]


def _named(aws: Aws, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The alarms of these names; those that CloudWatch does not return get the state MISSING."""
    found = _by_name(raw for batch in batches(names, NAMES_A_CALL) for raw in _describe(aws, AlarmNames=batch))
    missing = {name: Answer({"AlarmName": name, "AlarmArn": name, "StateValue": "MISSING"}, _CALL) for name in names}
    return {**missing, **found}


def _describe(aws: Aws, **selection: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=ALARM_TYPES, **selection):
        for key in _LISTED:
            found += page[key]  # an answer without this list was not an answer
        found += page.get("LogAlarms", ())
    return found


def every_alarm(aws: Aws) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names of the region's alarms, each with what it watches: dimensions' values; of a composite one, alarms.

    Without those that only drive auto-scaling.
    """
    for page in aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=ALARM_TYPES, MaxRecords=100):
        for raw in (raw for key in (*_LISTED, "LogAlarms") for raw in page.get(key, ())):
            if not _only_scales(name := str(raw["AlarmName"]), raw):
                yield name, tuple(dict.fromkeys([*(value for _, value in _dimensions(raw)), *_children(raw)]))


def _by_name(told: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(raw["AlarmName"]): raw for raw in told}


def _only_scales(name: str, raw: Mapping[str, Any]) -> bool:
    actions = raw.get("AlarmActions", ())
    return name.startswith("TargetTracking-") or (bool(actions) and all(":scalingPolicy:" in one for one in actions))


def _children(raw: Mapping[str, Any]) -> list[str]:
    """The alarm names in a composite's rule, given as ARNs, quoted or bare: everything that is not a keyword."""
    words = _WORD.findall(raw.get("AlarmRule", ""))
    named = [one for one in words if not _KEYWORD.fullmatch(one[2])]  # a name in quotes is never one
    found = [re.sub(r"\\(.)", r"\1", double) or single or bare for double, single, bare in named]
    return [(child.partition(":alarm:")[2] or child).strip() for child in found]


def _alarm(raw: dict[str, Any], known: Mapping[str, dict[str, Any]], silent: Sequence[str]) -> Alarm:
    below: dict[str, dict[str, Any]] = {}
    todo = _children(raw)
    while todo:
        name = todo.pop()
        if name not in below:  # rules may go round in circles
            below[name] = known[name]
            todo += _children(known[name])
    return _one(raw, tuple(_one(child, (), silent) for child in below.values()), silent)


def _one(raw: dict[str, Any], below: tuple[Alarm, ...], silent: Sequence[str]) -> Alarm:
    return Alarm(
        arn=str(raw["AlarmArn"]),
        name=str(raw["AlarmName"]),
        evidence=raw,
        below=below,
        figures=(Figure("state", str(raw.get("StateValue", "unknown"))),),
        may_rest=may_rest(raw, silent),
    )
