"""DynamoDB: the incidents of the last eight weeks, counted by week, and what of them keeps coming back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ..model import Figure, Resource, Series
from ..observe import observation
from .dynamodb import Incident, incidents_table_of, scanned_incidents
from .session import Aws

if TYPE_CHECKING:
    from ..stack import Stack

WEEK = timedelta(days=7)
WEEKS = 8


@dataclass(frozen=True)
class Opened:
    """Every incident opened since the first of eight weeks before `now`, whatever became of it; the newest first.

    `undated` are how many more there are that do not say when: another check calls those a failure.
    """

    incidents: tuple[Incident, ...]
    undated: int
    now: datetime

    def between(self, begin: datetime, end: datetime) -> list[Incident]:
        """Those opened from the one moment until before the other."""
        return [one for one in self.incidents if begin <= one.created_at < end]

    @property
    def this_week(self) -> list[Incident]:
        """Those of the last seven days; one dated in the future is among them, not lost."""
        return [one for one in self.incidents if one.created_at >= self.now - WEEK]


@dataclass(frozen=True, kw_only=True)
class IncidentWeeks(Resource):
    """How many incidents were opened this week and in the seven before, and which titles came more than once."""

    opened: int
    opened_before: int
    undated: int
    times: Mapping[str, int]

    def repeated(self, times: int) -> dict[str, int]:
        """Titles that more incidents of this week bear than so many, the most frequent first."""
        return {title: count for title, count in self.times.items() if count > times}


@observation(allow=["dynamodb:Scan"])
def opened_incidents(stack: Stack, aws: Aws, now: datetime) -> Opened:
    """The incidents of eight weeks, found by reading the table once: no index of the runbook has the time alone."""
    since = (now - WEEKS * WEEK).astimezone(UTC)
    found = scanned_incidents(stack, aws, since, now)
    dated = [one for one in found if stack.incident_fields.created_at not in one.gaps]
    ordered = sorted(dated, key=lambda one: one.created_at, reverse=True)
    return Opened(tuple(ordered), len(found) - len(dated), now)


@observation()
def week_incidents(opened_incidents: Opened) -> list[Incident]:
    """The incidents that were opened in the last seven days, the newest first."""
    return opened_incidents.this_week


@observation()
def incident_weeks(stack: Stack, opened_incidents: Opened) -> IncidentWeeks:
    """How many were opened, by week, severity and title."""
    now, this = opened_incidents.now, opened_incidents.this_week
    before = opened_incidents.between(now - 2 * WEEK, now - WEEK)
    by_severity = Counter(str(one.evidence.get(stack.incident_fields.severity, "unknown")) for one in this)
    times = Counter(one.title for one in this if one.title)
    return IncidentWeeks(
        arn=f"{incidents_table_of(stack)}/weeks",
        name="incidents",
        evidence={"opened this week": len(this), "opened the week before": len(before), "by severity": by_severity},
        opened=len(this),
        opened_before=len(before),
        undated=opened_incidents.undated,
        times=dict(times.most_common()),
        figures=(
            Figure("opened", len(this), "in 7 days"),
            Figure("opened before", len(before), "in 7 days"),
            *(Figure(severity, count, "in 7 days") for severity, count in sorted(by_severity.items())),
        ),
        series=(_by_day(stack, opened_incidents),),
    )


def _by_day(stack: Stack, told: Opened) -> Series:
    """How many were opened on each day of the stack, none being a zero: the table was read whole."""
    days = Counter(one.created_at.astimezone(stack.zone).date() for one in told.incidents)
    today = told.now.astimezone(stack.zone).date()
    first = today - timedelta(days=WEEKS * 7 - 1)
    points = [(first + timedelta(days=number), 0) for number in range(WEEKS * 7)]
    return Series("opened", "a day", tuple((_noon(day), float(days[day])) for day, _ in points), 86400)


def _noon(day: date) -> datetime:
    """Which day it is, in any zone near UTC."""
    return datetime.combine(day, time(12), UTC)
