"""Incidents of eight weeks: read in pages, counted by the stack's days, told apart by title."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opschecks.aws.dynamodb import Incident, incident_of
from opschecks.aws.incident_reads import Reading
from opschecks.aws.incident_weeks import IncidentWeeks, Opened, incident_weeks, opened_incidents, week_incidents
from opschecks.core.answer import Answer
from opschecks.core.model import Figure, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, Raw, concludes, stack, weekly
from tests.canned_incidents import ARN, HERE, pauses, table, units
from tests.canned_incidents import item as stored
from tests.cases import cases

__all__ = ["pauses"]

check = weekly("incident_weeks").test_no_incident_keeps_coming_back
UNDESCRIBED = CouldNotLook("dynamodb:DescribeTable", "denied")


def item(days_ago: float | None, title: str = "", severity: str = "low", **more: str) -> Raw:
    """An item as DynamoDB answers it."""
    told = {"incident_id": f"inc-{days_ago}", "status": "resolved", "severity": severity, "title": title, **more}
    if days_ago is not None:
        told["created_at"] = f"{NOW - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"
    return {key: {"S": value} for key, value in told.items() if value}


def opened(*pages: list[Raw], checked: Any = HERE) -> tuple[Opened, Aws]:
    def more(number: int) -> Raw:
        return {"LastEvaluatedKey": {"incident_id": {"S": f"{number}"}}} if number < len(pages) else {}

    answers = [{"Items": items, "Count": len(items), **more(number)} for number, items in enumerate(pages, 1)]
    aws = Aws({("dynamodb", "Scan"): answers}, checked)
    return opened_incidents(checked, aws, UNDESCRIBED, NOW), aws


def weeks(*items: Raw, checked: Any = HERE) -> IncidentWeeks:
    return incident_weeks(checked, opened(list(items), checked=checked)[0])


def test_every_page_is_read_from_eight_weeks_on() -> None:
    found, aws = opened([item(1)], [], [item(50)])
    assert [round((NOW - one.created_at) / timedelta(days=1)) for one in found.incidents] == [1, 50]
    first, *_ = aws.parameters_of("Scan")
    since = datetime.fromisoformat(first["ExpressionAttributeValues"][":since"]["S"]).replace(tzinfo=UTC)
    assert since == datetime.combine(NOW.date() - timedelta(days=55), time(), UTC)


def test_the_week_is_seven_days_of_the_stack_today_among_them() -> None:
    midnight = NOW - datetime.combine(NOW.date() - timedelta(days=6), time(), UTC)
    within, before = midnight / timedelta(days=1) - 0.001, midnight / timedelta(days=1) + 0.001
    told = weeks(item(0), item(within), item(before), item(before + 6.9), item(before + 7.1), item(-1))
    assert (told.opened, told.opened_before) == (3, 2)
    found, _ = opened([item(within), item(before), item(0)])
    assert [one.name for one in week_incidents(found)] == ["inc-0", f"inc-{within}"]


def test_severities_of_the_week_are_counted() -> None:
    told = {figure.label: figure.value for figure in weeks(item(1, severity="high"), item(2), item(3), item(8)).figures}
    assert told == {"opened": 3, "opened before": 1, "high": 1, "low": 2}


def test_days_are_those_of_the_stack_and_none_is_missing() -> None:
    zone = "Pacific/Auckland"
    own = stack(incidents_table="incidents", time_zone=zone)
    (line,) = weeks(item(0.3), item(0.3), item(20), checked=own).series
    assert len(line.points) == 56
    assert sum(value for _, value in line.points) == 3
    day = (NOW - timedelta(days=0.3)).astimezone(ZoneInfo(zone)).date()
    assert {at.date(): value for at, value in line.points}[day] == 2
    assert {round((b[0] - a[0]).total_seconds()) for a, b in zip(line.points, line.points[1:], strict=False)} == {86400}


@cases({
    "three of a title are allowed": ([item(day, "Slow") for day in (1, 2, 3)], "passed", "3 opened this week"),
    "the fourth is not": ([item(day, "Slow") for day in range(1, 5)], "failed", "“Slow” 4 times within the week"),
    "what is older does not count": ([item(day, "Slow") for day in (1, 2, 3, 8)], "passed", "1 in the week before"),
    "other titles do not count": ([item(day, f"Slow {day}") for day in range(1, 7)], "passed", "6 opened"),
    "without a title nothing tells them apart": ([item(day) for day in range(1, 7)], "passed", "6 opened"),
    "what says no time is told": ([item(None, "Slow"), item(1)], "passed", "1 do not say when and are not counted"),
    "none at all": ([], "passed", "0 opened this week, 0 in the week before"),
})  # fmt: skip
def test_no_incident_keeps_coming_back(items: list[Raw], outcome: str, message: str) -> None:
    found, _ = opened(items)
    told = {"incident_weeks": incident_weeks(HERE, found), "week_incidents": week_incidents(found)}
    concludes(check, outcome, message, stack=HERE, **told)


def test_a_time_that_is_none_is_not_a_count_of_zero() -> None:
    with pytest.raises(CouldNotLook, match="'yesterday' of inc-None is not a time"):
        opened([item(None, created_at="yesterday")])


def test_an_answer_without_items_is_not_an_empty_table() -> None:
    with pytest.raises(CouldNotLook, match="Items"):
        opened_incidents(HERE, Aws({("dynamodb", "Scan"): {"Count": 0}}, HERE), UNDESCRIBED, NOW)
    with pytest.raises(CouldNotLook, match="names no incidents table"):
        opened_incidents(stack(), Aws({}, stack()), UNDESCRIBED, NOW)


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
    items = [stored("old", created_at="2026-11-01T00:00:00Z"), stored("new"), stored("none", created_at=None)]
    aws = Aws({("dynamodb", "Scan"): {"Items": items, **units(1)}}, tokyo)
    now = datetime(2026, 11, 24, 16, tzinfo=UTC)  # the 25th in Tokyo
    found = opened_incidents(tokyo, aws, table(), now)
    [asked] = aws.parameters_of("Scan")
    assert asked["ExpressionAttributeValues"][":since"] == {"S": "2026-09-30T15:00:00"}
    assert ([one.name for one in found.incidents], found.undated) == (["new", "old"], 1)
    assert (found.today, found.reading.arn) == (date(2026, 11, 25), ARN)
    assert found.day_of(found.incidents[0]) == date(2026, 11, 24)
    assert replace(found, undated=0).zone == tokyo.zone
