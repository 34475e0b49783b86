"""CloudWatch: mute rules of alarms, those in force and those that come back by their schedule."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from ..core.dataclass import dataclass
from ..core.observation import CouldNotLook, NotThere, fan_out, observation
from .evidence import utc
from .session import Aws

_CALL = "cloudwatch:GetAlarmMuteRule"
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+)\)")
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES = {name: str(number) for number, name in (*enumerate(_DAYS), *enumerate(_MONTHS, start=1))}
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Mute:
    """A mute rule: in its windows its alarms go off, and nobody is notified. `until`: when it ends, None if never.

    `active`: whether it mutes at this moment; otherwise it waits for the next window of its schedule.
    """

    name: str
    alarms: frozenset[str]
    until: datetime | None
    active: bool = True
    region: str = ""
    schedule: Mapping[str, Any] | None = None
    since: datetime | None = None

    def __str__(self) -> str:
        end = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else " indefinitely"
        if self.active:
            return f"muted by {self.name}{end}"
        when = f"{self._schedule['Expression']} for {self._schedule['Duration']}"
        return f"muted by {self.name} at {when}" + (end if self.until else "")

    @property
    def _schedule(self) -> Mapping[str, Any]:
        if not self.schedule:
            raise CouldNotLook(_CALL, f"the mute rule {self.name} has no schedule")
        return self.schedule

    def hours_in_the_week_from(self, now: datetime) -> float:
        """How long it will mute within the seven days from now; CouldNotLook for a schedule that cannot be read.

        Source: API_Schedule, by which cron has five fields of numbers, names, * - and commas.
        """
        muted, reached = timedelta(), max(now, self.since or now)
        for begin, end in sorted(self._windows(now)):
            end = min(end, now + WEEK, self.until or now + WEEK)
            muted += max(timedelta(), end - max(begin, reached))
            reached = max(reached, end)
        return muted / timedelta(hours=1)

    def _windows(self, now: datetime) -> Iterator[tuple[datetime, datetime]]:
        expression, told = str(self._schedule["Expression"]), _DURATION.fullmatch(str(self._schedule["Duration"]))
        zone = zoneinfo.ZoneInfo(str(self._schedule.get("Timezone") or "UTC"))
        cron = _CRON.fullmatch(expression)
        if not told or not (cron or expression.startswith("at(")):
            raise CouldNotLook(_CALL, f"the schedule of {self.name} was not understood: {expression}")
        days, hours, minutes = (int(part or 0) for part in told.groups())
        lasts = timedelta(days=days, hours=hours, minutes=minutes)
        if cron:
            begins = _begins(cron.groups(), (now - lasts).astimezone(zone), (now + WEEK).astimezone(zone))
        else:
            begins = iter([datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone)])
        for begin in begins:
            yield begin.astimezone(UTC), begin.astimezone(UTC) + lasts


def _begins(cron: tuple[str, ...], first: datetime, last: datetime) -> Iterator[datetime]:
    """Each moment of the schedule on the days of two moments of its time zone, and between them."""
    minutes, hours, of_month, months, of_week = map(_numbers, cron)
    either = cron[2] != "*" and cron[4] != "*"  # as cron has it: of two restricted days, one is enough
    day = first.date()
    while day <= last.date():
        weekday = day.isoweekday() % 7 in of_week or day.isoweekday() in of_week
        fits = (day.day in of_month or weekday) if either else (day.day in of_month and weekday)
        if day.month in months and fits:
            for hour in hours & set(range(24)):
                for minute in minutes:
                    yield datetime.combine(day, time(hour, minute), first.tzinfo)
        day += timedelta(days=1)


def _numbers(field: str) -> set[int]:
    """The numbers that a field of cron names; of *, all that any field can have."""
    if field == "*":
        return set(range(60))
    found: set[int] = set()
    for part in field.split(","):
        low, _, high = (_NAMES.get(one.upper(), one) for one in part.partition("-"))
        if not low.isdecimal() or (high and not high.isdecimal()):
            raise CouldNotLook(_CALL, f"the schedule of a mute rule was not understood: {field}")
        found.update(range(int(low), int(high or low) + 1))
    return found


@observation(allow=["cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"])
def alarm_mutes(aws: Aws) -> list[Mute]:
    """The mute rules that are in force or scheduled; the description of an alarm does not show that it is muted."""
    asked = {"Statuses": ["ACTIVE", "SCHEDULED"], "MaxRecords": 100}
    listed = aws.items("cloudwatch", "ListAlarmMuteRules", "AlarmMuteRuleSummaries", **asked)
    names = [str(one["AlarmMuteRuleArn"]).rpartition(":")[2] for one in listed]
    return [mute for mute in fan_out(lambda name: _mute(aws, name), names) if mute]


def _mute(aws: Aws, name: str) -> Mute | None:
    """The rule; None where it was deleted after it was listed."""
    try:
        told = aws.call("cloudwatch", "GetAlarmMuteRule", AlarmMuteRuleName=name)
    except NotThere:
        return None
    told["Name"]  # an empty answer would read as a rule that mutes nothing
    return Mute(
        name,
        frozenset(told["MuteTargets"]["AlarmNames"] if "MuteTargets" in told else ()),  # it may mute nothing yet
        utc(told["ExpireDate"]) if told.get("ExpireDate") else None,
        active=told.get("Status") != "SCHEDULED",
        region=aws.region,
        schedule=told.get("Rule", {}).get("Schedule"),
        since=utc(told["StartDate"]) if told.get("StartDate") else None,
    )
