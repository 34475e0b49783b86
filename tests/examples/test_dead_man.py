"""The dead man's switch by the rules that CloudWatch documents, with the template's own figures, over days and zones.

A wall clock window is one clock hour of the alarm's time zone, judged when it is over; an hour without data leaves the
state as it is: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.examples.templates import MAIN, read

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe")
DAYS = (date(2026, 11, 29), date(2026, 10, 25), date(2026, 3, 29), date(2026, 11, 1), date(2026, 3, 8))
"""An ordinary one, and those on which clocks are changed in Europe and America."""
STEP = timedelta(minutes=15)


def _properties(name: str) -> dict[str, Any]:
    told: dict[str, Any] = read(MAIN)["Resources"][name]["Properties"]
    return told


def _asked_at(day: date, zone: ZoneInfo, hour: int) -> datetime:
    """When the schedule writes its nought."""
    expression = _properties("Due")["ScheduleExpression"]["Fn::Sub"].replace("${Hour}", str(hour))
    minute, at = map(int, re.findall(r"cron\((\d+) (\d+) \* \* \? \*\)", expression)[0])
    return datetime.combine(day, time(at, minute), zone)


def _changes(points: list[tuple[datetime, float]], zone: ZoneInfo, begin: datetime) -> Iterator[tuple[str, str]]:
    """When the alarm changes its state within two days, by the zone's clock, and what to."""
    alarm, state = _properties("Overdue"), ""
    assert (alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"]) == ("Maximum", 3600, 1)
    assert (alarm["ComparisonOperator"], alarm["TreatMissingData"]) == ("LessThanThreshold", "ignore")
    edges = [begin + STEP * step for step in range(2 * 96) if (begin + STEP * step).astimezone(zone).minute == 0]
    for start, end in itertools.pairwise(edges):
        seen = [value for at, value in points if start <= at < end]
        judged = ("ALARM" if max(seen) < alarm["Threshold"] else "OK") if seen else state
        if judged != state:
            yield f"{end.astimezone(zone):%H:%M}", judged
            state = judged


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
@pytest.mark.parametrize(
    ("minutes", "changes"),
    [
        (20, [("07:00", "OK")]),
        (57, [("07:00", "OK")]),
        (80, [("07:00", "ALARM"), ("08:00", "OK")]),
        (None, [("07:00", "ALARM")]),
    ],
    ids=["in time", "just in time", "late", "never"],
)
def test_without_a_complete_run_by_seven_it_goes_off_at_seven(
    zone: ZoneInfo, minutes: int | None, changes: list[tuple[str, str]]
) -> None:
    (one,) = _properties("CompleteRun")["MetricTransformations"]
    for day in DAYS:
        points = [(_asked_at(day, zone, 6), 0.0)]
        if minutes is not None:
            began = datetime.combine(day, time(6), zone).astimezone(UTC)
            points.append((began + timedelta(minutes=minutes), float(one["MetricValue"])))
        midnight = datetime.combine(day, time(0), zone).astimezone(UTC)
        assert list(_changes(points, zone, midnight)) == changes, day
