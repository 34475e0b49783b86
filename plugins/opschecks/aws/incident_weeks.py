"""DynamoDB: the incidents of the last eight weeks, counted by week, and titles that recur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass
from ..core.model import Figure, Resource, Series
from ..core.observation import CouldNotLook, observation
from .dynamodb import Incident, Table, incidents_table_of
from .incident_reads import Reading, read_opened
from .session import Aws

if TYPE_CHECKING:
    from datetime import tzinfo

    from ..config.stack import Stack

DAYS = 7
WEEKS = 8


@dataclass(frozen=True)
class Opened:
    """Every incident opened in eight weeks, whatever its status, newest first; a week is seven days in the stack's time
    zone, the last of which is `today`.

    `undated`: number of incidents without an opening time, which another check reports as failed. `reading`: how the
    table was read; of one that was only searched, what has no time is unknown.
    """

    incidents: tuple[Incident, ...]
    undated: int
    today: date
    zone: tzinfo
    reading: Reading

    def day_of(self, one: Incident) -> date:
        """The day in the stack's time zone on which it was opened; times in the future count as today."""
        return min(one.created_at.astimezone(self.zone).date(), self.today)

    def of_week(self, back: int) -> list[Incident]:
        """The incidents of the week `back` weeks ago; 0 is the week that ends today."""
        last = self.today - timedelta(days=DAYS * back)
        return [one for one in self.incidents if last - timedelta(days=DAYS) < self.day_of(one) <= last]


@dataclass(frozen=True, kw_only=True)
class IncidentWeeks(Resource):
    """Number of incidents opened this week and in the week before, and titles that occurred more than once."""

    opened: int
    opened_before: int
    undated: int
    reading: Reading
    times: Mapping[str, int]

    def repeated(self, times: int) -> dict[str, int]:
        """Titles of more than `times` incidents this week, the most frequent first."""
        return {title: count for title, count in self.times.items() if count > times}


@observation(allow=["dynamodb:DescribeTable", "dynamodb:Query", "dynamodb:Scan"], soft=["tables"])
def opened_incidents(stack: Stack, aws: Aws, tables: list[Table] | CouldNotLook, now: datetime) -> Opened:
    """The incidents of eight weeks, by reading the table once, or through its indexes where it is large."""
    today = now.astimezone(stack.zone).date()
    first = datetime.combine(today - timedelta(days=DAYS * WEEKS - 1), time(), stack.zone)
    reading = read_opened(stack, aws, tables, first.astimezone(UTC))
    found = reading.incidents
    dated = [one for one in found if stack.incident_fields.created_at not in one.gaps]
    ordered = sorted(dated, key=lambda one: one.created_at, reverse=True)
    return Opened(tuple(ordered), len(found) - len(dated), today, stack.zone, reading)


@observation()
def week_incidents(opened_incidents: Opened) -> list[Incident]:
    """The incidents that were opened in the last seven days, the newest first."""
    return opened_incidents.of_week(0)


@observation()
def incident_weeks(stack: Stack, opened_incidents: Opened) -> IncidentWeeks:
    """Number of incidents by week, severity and title."""
    this, before = opened_incidents.of_week(0), opened_incidents.of_week(1)
    by_severity = Counter(str(one.evidence.get(stack.incident_fields.severity, "unknown")) for one in this)
    times = Counter(one.title for one in this if one.title)
    return IncidentWeeks(
        arn=f"{incidents_table_of(stack)}/weeks",
        name="incidents",
        evidence={
            "opened this week": len(this),
            "opened the week before": len(before),
            "by severity": by_severity,
            "read": opened_incidents.reading.evidence,
        },
        opened=len(this),
        opened_before=len(before),
        undated=opened_incidents.undated,
        reading=opened_incidents.reading,
        times=dict(times.most_common()),
        figures=(
            Figure("opened", len(this), "in 7 days"),
            Figure("opened before", len(before), "in 7 days"),
            *(Figure(severity, count, "in 7 days") for severity, count in sorted(by_severity.items())),
        ),
        series=(_by_day(opened_incidents),),
    )


def _by_day(told: Opened) -> Series:
    """Number of incidents opened on each day, including zeros: the whole table was read."""
    counts = Counter(told.day_of(one) for one in told.incidents)
    days = [told.today - timedelta(days=back) for back in reversed(range(DAYS * WEEKS))]
    noon = time(12, tzinfo=UTC)  # the same day in most time zones
    return Series("opened", "a day", tuple((datetime.combine(day, noon), float(counts[day])) for day in days), 86400)
