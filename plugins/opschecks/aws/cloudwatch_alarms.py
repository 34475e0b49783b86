"""CloudWatch: the stack's metric and composite alarms, and what became of them overnight."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..model import Figure, Resource
from ..observe import need, observation
from .inventory import Inventory
from .session import Aws

if TYPE_CHECKING:
    from ..stack import Stack

_CALL = "cloudwatch:DescribeAlarms"
_HISTORY = "cloudwatch:DescribeAlarmHistory"
_CHILD = re.compile(r"""(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*["']?([^"')]+)["']?\s*\)""")
_TYPES = ["MetricAlarm", "CompositeAlarm"]
NAMES_A_CALL = 100


@dataclass(frozen=True, kw_only=True)
class Alarm(Resource):
    """A metric or composite alarm. `children` are the alarms that a composite's rule names."""

    children: tuple[Alarm, ...] = ()

    def _get(self, key: str) -> Any:
        return need(self.evidence, key, call=_CALL)

    @property
    def state(self) -> str:
        """OK, ALARM or INSUFFICIENT_DATA."""
        return str(self._get("StateValue"))

    @property
    def since(self) -> datetime:
        """Since when the state is what it is, in UTC."""
        moment: datetime = self.evidence.get("StateTransitionedTimestamp") or self._get("StateUpdatedTimestamp")
        return moment.astimezone(UTC)

    @property
    def reason(self) -> str:
        """CloudWatch's own reason for the state, its first sentence."""
        return str(self.evidence.get("StateReason", "")).partition(". ")[0]

    @property
    def is_composite(self) -> bool:
        """Whether it judges other alarms."""
        return "AlarmRule" in self.evidence

    @property
    def acts(self) -> bool:
        """Whether its actions are on; a composite's may also be suppressed by another alarm."""
        return bool(self._get("ActionsEnabled"))

    @property
    def suppressed_by(self) -> str:
        """What suppresses a composite's actions just now, or nothing."""
        return str(self.evidence.get("ActionsSuppressedReason", "")) if self.evidence.get("ActionsSuppressedBy") else ""

    @property
    def configured_at(self) -> datetime:
        """Its last change of configuration, which turning its actions off is, in UTC."""
        moment: datetime = self._get("AlarmConfigurationUpdatedTimestamp")
        return moment.astimezone(UTC)


@observation(allow=["cloudwatch:DescribeAlarms"])
def alarms(stack: Stack, aws: Aws, inventory: Inventory) -> list[Alarm]:
    """The stack's own alarms, metric and composite.

    Those that target tracking made are left out: their ALARM is how auto-scaling works.
    """
    if inventory.alarms:
        named = sorted(inventory.alarms)
        told = [
            raw
            for start in range(0, len(named), NAMES_A_CALL)
            for raw in _describe(aws, AlarmNames=named[start : start + NAMES_A_CALL])
        ]
    else:
        prefix = {"AlarmNamePrefix": stack.alarm_prefix} if stack.alarm_prefix else {}
        told = _describe(aws, MaxRecords=100, **prefix)
    own = {str(need(raw, "AlarmName", call=_CALL)): raw for raw in told}
    own = {name: raw for name, raw in own.items() if not name.startswith("TargetTracking-")}
    named_by = {name: _CHILD.findall(raw["AlarmRule"]) for name, raw in own.items() if "AlarmRule" in raw}
    elsewhere = sorted({_name(child) for children in named_by.values() for child in children} - set(own))
    known = dict(own)
    for start in range(0, len(elsewhere), NAMES_A_CALL):
        for raw in _describe(aws, AlarmNames=elsewhere[start : start + NAMES_A_CALL]):
            known[str(need(raw, "AlarmName", call=_CALL))] = raw
    return [_alarm(raw, [_name(child) for child in named_by.get(name, [])], known) for name, raw in sorted(own.items())]


def _describe(aws: Aws, **selection: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for page in aws.pages("cloudwatch", "DescribeAlarms", AlarmTypes=_TYPES, **selection):
        if "MetricAlarms" not in page and "CompositeAlarms" not in page:
            need(page, "MetricAlarms", call=_CALL)
        found += page.get("MetricAlarms") or []
        found += page.get("CompositeAlarms") or []
    return found


def _name(child: str) -> str:
    return child.split(":alarm:", 1)[-1].strip()


def _alarm(raw: dict[str, Any], children: Iterable[str], known: dict[str, dict[str, Any]]) -> Alarm:
    return Alarm(
        arn=str(need(raw, "AlarmArn", call=_CALL)),
        name=str(raw["AlarmName"]),
        evidence=raw,
        children=tuple(_alarm(known[child], (), known) for child in children if child in known),
        figures=(Figure("state", str(raw.get("StateValue", "unknown"))),),
    )


@dataclass(frozen=True)
class AlarmEvent:
    """One line of an alarm's history."""

    alarm: str
    at: datetime
    kind: str
    summary: str


@observation(allow=["cloudwatch:DescribeAlarmHistory"])
def alarm_history(aws: Aws, now: datetime) -> list[AlarmEvent]:
    """What happened to alarms since this time yesterday: states and changes of configuration, newest first."""
    events = []
    for page in aws.pages(
        "cloudwatch",
        "DescribeAlarmHistory",
        AlarmTypes=_TYPES,
        StartDate=now - timedelta(hours=24),
        EndDate=now,
        ScanBy="TimestampDescending",
        MaxRecords=100,
    ):
        for raw in need(page, "AlarmHistoryItems", call=_HISTORY):
            at: datetime = need(raw, "Timestamp", call=_HISTORY)
            events.append(
                AlarmEvent(
                    str(need(raw, "AlarmName", call=_HISTORY)),
                    at.astimezone(UTC),
                    str(need(raw, "HistoryItemType", call=_HISTORY)),
                    str(raw.get("HistorySummary", "")),
                )
            )
    return sorted(events, key=lambda event: event.at, reverse=True)


@dataclass(frozen=True, kw_only=True)
class Ringing(Resource):
    """An alarm that went off within the last day."""

    times: int


@observation()
def overnight_alarms(alarms: list[Alarm], alarm_history: list[AlarmEvent]) -> list[Ringing]:
    """The stack's alarms that rang within the last day, whether or not they still do."""
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
