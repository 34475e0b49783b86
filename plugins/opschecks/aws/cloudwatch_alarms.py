"""CloudWatch: the stack's metric and composite alarms, and their state changes overnight."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.model import Figure, Resource
from ..core.observation import NotThere, batches, fan_out, observation
from .evidence import Read, utc
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

_CALL = "cloudwatch:DescribeAlarms"
_WORD = re.compile(r""""((?:[^"\\]|\\.)+)"|'([^']+)'|([^\s"'(),]+)""")
_KEYWORD = re.compile(r"AND|OR|NOT|TRUE|FALSE|ALARM|OK|INSUFFICIENT_DATA|AT_LEAST|\d+%?")
_TYPES = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
_LISTED = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
NAMES_A_CALL = 100


@dataclass(frozen=True, kw_only=True)
class Alarm(Resource):
    """A metric, log or composite alarm. One that does not exist has the state MISSING and nothing else.

    `below`: the alarms in a composite's rule, and those in their rules.
    """

    below: tuple[Alarm, ...] = ()

    state = Read(str, "StateValue")
    """OK, ALARM, INSUFFICIENT_DATA, or MISSING."""

    @property
    def since(self) -> datetime:
        """When the state last changed, in UTC."""
        moment: datetime = self.evidence.get("StateTransitionedTimestamp") or self.evidence["StateUpdatedTimestamp"]
        return moment.astimezone(UTC)

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
        reason = str(self.evidence.get("StateReason", "")).partition(". ")[0]
        return f"{state}: {reason}" if state and reason else state

    configured_at = Read(utc, "AlarmConfigurationUpdatedTimestamp")
    """When its configuration last changed (turning its actions off is such a change), in UTC."""


@observation(allow=["cloudwatch:DescribeAlarms"])
def alarms(stack: Stack, aws: Aws, inventory: Inventory) -> list[Alarm]:
    """The stack's alarms: metric, log and composite.

    Without those that only drive auto-scaling, for which ALARM is normal.
    """
    if inventory.alarms:
        own = _named(aws, sorted(inventory.alarms))
    else:
        prefix = {"AlarmNamePrefix": stack.alarm_prefix} if stack.alarm_prefix else {}
        own = _by_name(_describe(aws, MaxRecords=100, **prefix))
    own = {name: raw for name, raw in own.items() if not _only_scales(name, raw)}
    known = dict(own)
    while unknown := {child for raw in known.values() for child in _children(raw)} - set(known):
        known |= _named(aws, sorted(unknown))
    return [_alarm(raw, known) for _, raw in sorted(own.items())]


def _named(aws: Aws, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The alarms of these names; those that CloudWatch does not return get the state MISSING."""
    found: dict[str, dict[str, Any]] = {}
    for batch in batches(names, NAMES_A_CALL):
        found |= _by_name(_describe(aws, AlarmNames=batch))
    missing = {name: Answer({"AlarmName": name, "AlarmArn": name, "StateValue": "MISSING"}, _CALL) for name in names}
    return {**missing, **found}


def _describe(aws: Aws, **selection: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=_TYPES, **selection):
        if not any(key in page for key in _LISTED):
            page["MetricAlarms"]  # an answer without any list was not an answer
        for key in _LISTED:
            found += page.get(key) or []
    return found


def _by_name(told: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(raw["AlarmName"]): raw for raw in told}


def _only_scales(name: str, raw: Mapping[str, Any]) -> bool:
    actions = raw.get("AlarmActions") or []
    return name.startswith("TargetTracking-") or (bool(actions) and all(":scalingPolicy:" in one for one in actions))


def _children(raw: Mapping[str, Any]) -> list[str]:
    """The alarm names in a composite's rule, given as ARNs, quoted or bare: everything that is not a keyword."""
    found = []
    for double, single, bare in _WORD.findall(raw.get("AlarmRule", "")):
        if not bare or not _KEYWORD.fullmatch(bare):
            found.append(re.sub(r"\\(.)", r"\1", double) or single or bare)
    return [child.split(":alarm:", 1)[-1].strip() for child in found]


def _alarm(raw: dict[str, Any], known: Mapping[str, dict[str, Any]]) -> Alarm:
    below: dict[str, dict[str, Any]] = {}
    todo = _children(raw)
    while todo:
        name = todo.pop()
        if name not in below:  # rules may go round in circles
            below[name] = known[name]
            todo += _children(known[name])
    return _one(raw, tuple(_one(child, ()) for child in below.values()))


def _one(raw: dict[str, Any], below: tuple[Alarm, ...]) -> Alarm:
    figures = (Figure("state", str(raw.get("StateValue", "unknown"))),)
    return Alarm(arn=str(raw["AlarmArn"]), name=str(raw["AlarmName"]), evidence=raw, below=below, figures=figures)


@dataclass(frozen=True)
class Mute:
    """An active mute rule: its alarms go off, and nobody is notified. `until`: when it ends, None if never."""

    name: str
    alarms: frozenset[str]
    until: datetime | None

    def __str__(self) -> str:
        return f"muted by {self.name}" + (f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else " indefinitely")


@observation(allow=["cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"])
def alarm_mutes(aws: Aws) -> list[Mute]:
    """The active mute rules; the description of an alarm does not show that it is muted."""
    listed = aws.items(
        "cloudwatch", "ListAlarmMuteRules", "AlarmMuteRuleSummaries", Statuses=["ACTIVE"], MaxRecords=100
    )
    names = [str(one["AlarmMuteRuleArn"]).rsplit(":", 1)[-1] for one in listed]
    return [mute for mute in fan_out(lambda name: _mute(aws, name), names) if mute]


def _mute(aws: Aws, name: str) -> Mute | None:
    """The rule; None where it was deleted after it was listed."""
    try:
        told = aws.call("cloudwatch", "GetAlarmMuteRule", AlarmMuteRuleName=name)
    except NotThere:
        return None
    told["Name"]  # an empty answer would read as a rule that mutes nothing
    ends: datetime | None = told.get("ExpireDate")
    targets = told.get("MuteTargets", {}).get("AlarmNames", [])  # a rule may mute nothing yet
    return Mute(name, frozenset(targets), ends.astimezone(UTC) if ends else None)


@dataclass(frozen=True)
class AlarmEvent:
    """One line of an alarm's history."""

    alarm: str
    at: datetime
    kind: str
    summary: str


@observation(allow=["cloudwatch:DescribeAlarmHistory"])
def alarm_history(aws: Aws, now: datetime) -> list[AlarmEvent]:
    """State and configuration changes of alarms in the last 24 hours, newest first."""
    events = map(_event, history_items(aws, now, timedelta(hours=24)))
    return sorted(events, key=lambda event: event.at, reverse=True)


def history_items(aws: Aws, now: datetime, span: timedelta, **more: str) -> list[Answer]:
    """DescribeAlarmHistory of all alarms up to now, in no order."""
    asked = {"AlarmTypes": _TYPES, "StartDate": now - span, "EndDate": now, "MaxRecords": 100, **more}
    return aws.items("cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems", **asked)


def _event(raw: Answer) -> AlarmEvent:
    at: datetime = raw["Timestamp"]
    summary = str(raw.get("HistorySummary", ""))
    return AlarmEvent(str(raw["AlarmName"]), at.astimezone(UTC), str(raw["HistoryItemType"]), summary)


@dataclass(frozen=True, kw_only=True)
class Ringing(Resource):
    """An alarm that went off in the last 24 hours."""

    times: int


@observation()
def overnight_alarms(alarms: list[Alarm], alarm_history: list[AlarmEvent]) -> list[Ringing]:
    """The stack's alarms that went off in the last 24 hours, whatever their state now."""
    own = {alarm.name: alarm for alarm in alarms}
    rang: dict[str, list[AlarmEvent]] = {}
    for event in alarm_history:
        if event.kind == "StateUpdate" and event.alarm in own and "to ALARM" in event.summary:
            rang.setdefault(event.alarm, []).append(event)
    return [
        Ringing(
            arn=own[name].arn,
            name=name,
            times=len(events),
            evidence={"history": [f"{event.at:%Y-%m-%d %H:%M} UTC: {event.summary}" for event in events]},
            figures=(
                Figure("times in ALARM", len(events)),
                Figure("last", f"{events[0].at:%Y-%m-%d %H:%M} UTC"),
                Figure("now", own[name].state),
            ),
        )
        for name, events in rang.items()
    ]
