"""Incidents of eight weeks, by week, day, severity and title."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from opschecks.aws.dynamodb import Incident, incident_of
from opschecks.aws.incident_reads import Reading
from opschecks.aws.incident_weeks import Opened, incident_weeks, opened_incidents, week_incidents
from opschecks.core.answer import Answer
from opschecks.core.model import Figure, Series
from tests.aws.test_incident_budgets import ARN, HERE, item, table, units
from tests.canned import Aws, stack

TODAY = date(2026, 11, 24)


def incident(opened: datetime | None, title: str = "", severity: str | None = "low") -> Incident:
    plain = {"incident_id": "a", "status": "active", "severity": severity, "title": title}
    told = {key: value for key, value in plain.items() if value is not None}
    return incident_of(HERE, Answer({**told, **({"created_at": opened.isoformat()} if opened else {})}))


def on(days_ago: int, hour: int = 12, **more: Any) -> Incident:
    return incident(datetime.combine(TODAY - timedelta(days=days_ago), time(hour), UTC), **more)


def weeks_of(*incidents: Incident, undated: int = 0) -> Opened:
    told = Reading(arn=ARN, name="incidents", evidence={"items": 9}, incidents=incidents, through="", unindexed=0)
    return Opened(incidents, undated, TODAY, UTC, told)


def test_a_week_is_seven_days_the_last_of_which_is_today() -> None:
    every = weeks_of(*(on(days) for days in (0, 6, 7, 13, 14)), on(-1))
    assert [every.day_of(one) for one in every.of_week(0)] == [TODAY, TODAY - timedelta(days=6), TODAY]
    assert [(TODAY - every.day_of(one)).days for one in every.of_week(1)] == [7, 13]
    assert [(TODAY - every.day_of(one)).days for one in every.of_week(2)] == [14]
    assert week_incidents(every) == every.of_week(0)


def test_the_weeks_as_they_are_told() -> None:
    told = incident_weeks(HERE, weeks_of(
        on(0, title="disk"), on(1, title="disk", severity="high"), on(2, title="web"), on(3, title="disk"),
        on(4, severity=None), on(7, title="disk"), on(8), undated=2,
    ))  # fmt: skip
    assert (told.arn, told.name) == ("incidents/weeks", "incidents")
    assert (told.opened, told.opened_before, told.undated) == (5, 2, 2)
    assert list(told.times.items()) == [("disk", 3), ("web", 1)]
    assert (told.repeated(2), told.repeated(3), told.repeated(0)) == ({"disk": 3}, {}, {"disk": 3, "web": 1})
    assert told.evidence == {
        "opened this week": 5,
        "opened the week before": 2,
        "by severity": {"low": 3, "high": 1, "unknown": 1},
        "read": {"items": 9},
    }
    assert told.figures == (
        Figure("opened", 5, "in 7 days"), Figure("opened before", 2, "in 7 days"), Figure("high", 1, "in 7 days"),
        Figure("low", 3, "in 7 days"), Figure("unknown", 1, "in 7 days"),
    )  # fmt: skip


def test_every_day_of_eight_weeks_has_a_point_at_noon() -> None:
    [line] = incident_weeks(HERE, weeks_of(on(0), on(0), on(55), on(56))).series
    first = datetime(2026, 9, 30, 12, tzinfo=UTC)
    counts = {0: 1.0, 55: 2.0}
    points = tuple((first + timedelta(days=day), counts.get(day, 0.0)) for day in range(56))
    assert line == Series("opened", "a day", points, 86400)


def test_eight_weeks_begin_at_midnight_of_the_stacks_zone_and_what_has_no_time_is_counted() -> None:
    tokyo = stack(incidents_table="incidents", time_zone="Asia/Tokyo")
    items = [item("old", created_at="2026-11-01T00:00:00Z"), item("new"), item("none", created_at=None)]
    aws = Aws({("dynamodb", "Scan"): {"Items": items, **units(1)}}, tokyo)
    now = datetime(2026, 11, 24, 16, tzinfo=UTC)  # the 25th in Tokyo
    found = opened_incidents(tokyo, aws, table(), now)
    [asked] = aws.parameters_of("Scan")
    assert asked["ExpressionAttributeValues"][":since"] == {"S": "2026-09-30T15:00:00"}
    assert ([one.name for one in found.incidents], found.undated) == (["new", "old"], 1)
    assert (found.today, found.reading.arn) == (date(2026, 11, 25), ARN)
    assert found.day_of(found.incidents[0]) == date(2026, 11, 24)
    assert replace(found, undated=0).zone == tokyo.zone
