"""DynamoDB: the incidents of the last eight weeks, counted by week, and what of them keeps coming back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ..core.model import Figure, Resource, Series
from ..core.observation import observation
from .dynamodb import Incident, incidents_table_of, scanned_incidents
from .session import Aws

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..config.stack import Stack

DAYS = 7
WEEKS = 8


@dataclass(frozen=True)
class Opened:
    """Every incident opened in eight weeks, whatever became of it, the newest first; a week is seven days of the
    stack, the last of which is `today`.

    `undated` are how many more there are that do not say when: another check calls those a failure.
    """

    incidents: tuple[Incident, ...]
    undated: int
    today: date
    zone: ZoneInfo

    def day_of(self, one: Incident) -> date:
        """The day of the stack on which it was opened; what is dated in the future is of today, not lost."""
        return min(one.created_at.astimezone(self.zone).date(), self.today)

    def of_week(self, back: int) -> list[Incident]:
        """Those of the week so many weeks back; 0 is the one that ends today."""
        last = self.today - timedelta(days=DAYS * back)
        return [one for one in self.incidents if last - timedelta(days=DAYS) < self.day_of(one) <= last]


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
    today = now.astimezone(stack.zone).date()
    first = datetime.combine(today - timedelta(days=DAYS * WEEKS - 1), time(), stack.zone)
    found = scanned_incidents(stack, aws, first.astimezone(UTC), now)
    dated = [one for one in found if stack.incident_fields.created_at not in one.gaps]
    ordered = sorted(dated, key=lambda one: one.created_at, reverse=True)
    return Opened(tuple(ordered), len(found) - len(dated), today, stack.zone)


@observation()
def week_incidents(opened_incidents: Opened) -> list[Incident]:
    """The incidents that were opened in the last seven days, the newest first."""
    return opened_incidents.of_week(0)


@observation()
def incident_weeks(stack: Stack, opened_incidents: Opened) -> IncidentWeeks:
    """How many were opened, by week, severity and title."""
    this, before = opened_incidents.of_week(0), opened_incidents.of_week(1)
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
        series=(_by_day(opened_incidents),),
    )


def _by_day(told: Opened) -> Series:
    """How many were opened on each day, none being a zero: the table was read whole."""
    counts = Counter(told.day_of(one) for one in told.incidents)
    days = [told.today - timedelta(days=back) for back in reversed(range(DAYS * WEEKS))]
    return Series("opened", "a day", tuple((_noon(day), float(counts[day])) for day in days), 86400)


def _noon(day: date) -> datetime:
    """Which day it is, in any zone near UTC."""
    return datetime.combine(day, time(12), UTC)
