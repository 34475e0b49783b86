"""CloudWatch: the history of alarms – when they went off, and whether their actions reached anybody."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.model import Figure, Resource
from ..core.observation import CouldNotLook, observation, seen
from ..core.wording import plural
from .alarm_mutes import Mute, alarm_mutes
from .cloudwatch_alarms import ALARM_TYPES, Alarm
from .evidence import grouped, json_object, utc
from .session import Aws

_ARN = re.compile(r"arn:[\w-]+:\S+?(?=[.,]?(?:\s|$))")


@dataclass(frozen=True)
class AlarmEvent:
    """One line of an alarm's history. `action` and `error` are those of an action that was tried."""

    alarm: str
    at: datetime
    kind: str
    summary: str
    action: str = ""
    error: str = ""
    region: str = ""

    @property
    def rang(self) -> bool:
        """Whether the alarm went off."""
        return self.kind == "StateUpdate" and "to ALARM" in self.summary

    def is_of(self, alarm: Alarm) -> bool:
        """Whether it is the alarm's: names are unique within a region."""
        return self.alarm == alarm.name and alarm.region in ("", self.region)


@observation(allow=["cloudwatch:DescribeAlarmHistory"])
def alarm_history(aws: Aws, now: datetime) -> list[AlarmEvent]:
    """State changes, configuration changes and actions of alarms in the last 24 hours, newest first."""
    return read_history(aws, now, timedelta(hours=24))


def read_history(aws: Aws, now: datetime, span: timedelta) -> list[AlarmEvent]:
    """DescribeAlarmHistory of all alarms of the region up to now, newest first."""
    asked = {"AlarmTypes": ALARM_TYPES, "StartDate": now - span, "EndDate": now, "MaxRecords": 100}
    listed = aws.items("cloudwatch", "DescribeAlarmHistory", "AlarmHistoryItems", **asked)
    return sorted((_event(raw, aws.region) for raw in listed), key=lambda event: event.at, reverse=True)


def _event(raw: Answer, region: str) -> AlarmEvent:
    kind, summary, action, error = str(raw["HistoryItemType"]), str(raw["HistorySummary"]), "", ""
    if kind.endswith("Action"):
        found = _ARN.search(summary)
        action = found[0] if found else summary
        error = _error(summary, raw.get("HistoryData", ""))
    return AlarmEvent(str(raw["AlarmName"]), utc(raw["Timestamp"]), kind, summary, action, error, region)


def _error(summary: str, data: str) -> str:
    """Why the action failed; empty where it did not. Its data is JSON: an actionState and maybe an error."""
    told = json_object(data) or {}
    if not summary.startswith("Failed") and told.get("actionState") != "Failed":
        return ""
    said = str(told.get("error") or summary.partition("Received error:")[2].strip(' ".'))
    return said or "CloudWatch does not say why"


@dataclass(frozen=True)
class AlarmNews:
    """Mute rules and history of the regions, other than the stack's, in which it has alarms."""

    mutes: tuple[Mute, ...] = ()
    events: tuple[AlarmEvent, ...] = ()


@observation(allow=["cloudwatch:DescribeAlarmHistory", "cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"])
def alarm_news_elsewhere(aws: Aws, alarms: list[Alarm], now: datetime) -> AlarmNews:
    """Of CloudFront's alarms, whose region is another one; asks nothing where the stack has none."""
    looks = [aws.elsewhere(region) for region in sorted({alarm.region for alarm in alarms} - {"", aws.region})]
    mutes = tuple(mute for there in looks for mute in alarm_mutes(there))
    return AlarmNews(mutes, tuple(event for there in looks for event in alarm_history(there, now)))


def by_alarm(events: Iterable[AlarmEvent]) -> dict[str, list[AlarmEvent]]:
    """The events by the alarm's name, in their order."""
    return grouped(events, attrgetter("alarm"))


def failed_actions(alarm: Alarm, events: Sequence[AlarmEvent]) -> str:
    """What was said where each action of the alarm failed when it was last tried; empty where one worked, or none
    was tried.

    Only since its configuration last changed: until then it had other actions. Sources: API_AlarmHistoryItem, whose
    type Action tells it and nothing else does; "Failed to execute action" in "Troubleshoot CloudWatch alarms".
    """
    raw = alarm.evidence
    not_asked = {*raw.get("OKActions", ()), *raw.get("InsufficientDataActions", ())} - {*raw.get("AlarmActions", ())}
    configured: datetime | None = raw.get("AlarmConfigurationUpdatedTimestamp")
    tried = [one for one in events if one.action and one.action not in not_asked and one.is_of(alarm)]
    # the newest come first, so that the last attempt stays
    last = {one.action: one for one in reversed(tried) if not configured or one.at >= configured}
    if not all(event.error for event in last.values()):
        return ""
    ordered = sorted(last.values(), key=attrgetter("action"))
    return "; ".join(f"{one.action} failed at {one.at:%Y-%m-%d %H:%M} UTC: {one.error}" for one in ordered)


@dataclass(frozen=True)
class Deliveries:
    """What stands between the stack's alarms and people: mute rules, and actions that failed.

    `there`: those of the alarms of other regions than `home`, or why they could not be read, which concerns only them.
    """

    home: str
    now: datetime
    mutes: Sequence[Mute] | CouldNotLook
    events: Mapping[str, Sequence[AlarmEvent]] | CouldNotLook
    there: AlarmNews | CouldNotLook

    def _mutes_of(self, alarm: Alarm) -> list[Mute]:
        away = alarm.region not in ("", self.home)
        mutes = seen(self.there).mutes if away else seen(self.mutes)
        return [mute for mute in mutes if alarm.name in mute.alarms and (not away or mute.region == alarm.region)]

    def muted(self, alarm: Alarm) -> str:
        """The mute rules that silence it at this moment; empty where there is none."""
        return "; ".join(str(mute) for mute in self._mutes_of(alarm) if mute.active)

    def scheduled(self, alarm: Alarm) -> list[tuple[str, float]]:
        """The mute rules that will silence it, each with its hours within the next seven days."""
        waiting = [mute for mute in self._mutes_of(alarm) if not mute.active]
        return [(str(mute), mute.hours_in_the_week_from(self.now)) for mute in waiting]

    def failed(self, alarm: Alarm) -> str:
        """Why nobody was called when it last went off within 24 hours; empty where somebody was, or it did not."""
        if alarm.region not in ("", self.home):
            return failed_actions(alarm, seen(self.there).events)
        return failed_actions(alarm, seen(self.events).get(alarm.name, ()))


@observation(soft=["alarm_mutes", "alarm_history", "alarm_news_elsewhere"])
def alarm_deliveries(
    aws: Aws,
    now: datetime,
    alarm_mutes: list[Mute] | CouldNotLook,
    alarm_history: list[AlarmEvent] | CouldNotLook,
    alarm_news_elsewhere: AlarmNews | CouldNotLook,
) -> Deliveries:
    """The mute rules and the history of every region in which the stack has alarms."""
    events = alarm_history if isinstance(alarm_history, CouldNotLook) else by_alarm(alarm_history)
    return Deliveries(aws.region, now, alarm_mutes, events, alarm_news_elsewhere)


@dataclass(frozen=True, kw_only=True)
class Ringing(Resource):
    """An alarm that went off in the last 24 hours; `unread`: why that is unknown."""

    times: int
    unread: CouldNotLook | None = None

    @property
    def told(self) -> str:
        """How often, in words; CouldNotLook where it is unknown."""
        seen(self.unread)
        return f"rang {plural(self.times, 'time')} within a day"


@observation(soft=["alarm_news_elsewhere"])
def overnight_alarms(
    aws: Aws, alarms: list[Alarm], alarm_history: list[AlarmEvent], alarm_news_elsewhere: AlarmNews | CouldNotLook
) -> list[Ringing]:
    """The stack's alarms that went off in the last 24 hours, whatever their state now."""
    there = alarm_news_elsewhere
    away = [alarm for alarm in alarms if alarm.region not in ("", aws.region)]
    unknown: list[Ringing] = []
    if isinstance(there, CouldNotLook):
        unknown = [Ringing(arn=one.arn, name=one.name, evidence={}, times=0, unread=there) for one in away]
        there = AlarmNews()
    events = by_alarm(event for event in [*alarm_history, *there.events] if event.rang)
    found = ((alarm, [one for one in events.get(alarm.name, ()) if one.is_of(alarm)]) for alarm in alarms)
    return unknown + [
        Ringing(
            arn=alarm.arn,
            name=alarm.name,
            times=len(rang),
            evidence={"history": [f"{event.at:%Y-%m-%d %H:%M} UTC: {event.summary}" for event in rang]},
            figures=(
                Figure("times in ALARM", len(rang)),
                Figure("last", f"{rang[0].at:%Y-%m-%d %H:%M} UTC"),
                Figure("now", alarm.state),
            ),
        )
        for alarm, rang in found
        if rang
    ]
