"""Costs: every figure that is told of a bill, at its limits and over the ends of months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from typing import Any

import pytest

from opschecks.aws.costs import (
    DAYS,
    METRIC,
    SHOWN,
    SPREADS,
    UNSETTLED_DAYS,
    USUAL_DAYS,
    WEEK,
    Bill,
    Cost,
    ServiceCost,
    Spike,
    TotalCost,
    bill,
    service_costs,
    total_cost,
)
from opschecks.core.model import Deadline, Figure, Series
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw, stack
from tests.cases import cases

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 10, 15), date(2026, 11, 23)
DAY = timedelta(days=1)


def test_six_weeks_are_two_unsettled_days_a_week_and_what_is_compared_with_it() -> None:
    assert (DAYS, UNSETTLED_DAYS, WEEK, USUAL_DAYS, SHOWN, SPREADS) == (42, 2, 7, 28, 10, 4)


def told(day: date, groups: Sequence[Raw], **more: Any) -> Raw:
    period = {"Start": day.isoformat(), "End": (day + DAY).isoformat()}
    return {"TimePeriod": period, "Total": {}, "Groups": list(groups), **more}


def group(amount: str = "3", service: str = "S3", unit: str = "USD", keys: Sequence[str] | None = None) -> Raw:
    return {"Keys": list(keys or [service]), "Metrics": {METRIC: {"Amount": amount, "Unit": unit}}}


EVERY = [date(2026, 10, 15) + number * DAY for number in range(42)]


def read(days: Sequence[Raw], **keys: Any) -> Bill:
    aws = Aws({("ce", "GetCostAndUsage"): {"ResultsByTime": list(days)}}, stack(**keys))
    return bill(aws.stack, aws, NOW)


def test_a_bill_as_it_is_read() -> None:
    days = [
        told(day, [group("1.5"), group("2", "AWS Lambda"), group("0.25")], Estimated=number > 37)
        for number, day in enumerate(EVERY)
    ]
    found = read(days, account_id="123456789012")
    assert found == Bill(FIRST, {"AWS Lambda": (2.0,) * 40, "S3": (1.75,) * 40}, "account 123456789012", 2)
    assert list(found.services) == ["AWS Lambda", "S3"]
    assert found.days == (3.75,) * 40
    assert read([told(day, [group()]) for day in EVERY]).not_final == 0


def test_a_service_that_cost_something_on_one_day_only() -> None:
    days = [told(day, [group("0"), *([group("2", "Other")] if day == LAST else [])]) for day in EVERY]
    found = read(days)
    assert found.services == {"S3": (0.0,) * 40, "Other": (*(0.0,) * 39, 2.0)}


@cases({
    "the first day is missing": ([told(day, [group()]) for day in EVERY[1:]], "lacks 1 day, starting with 2026-10-15"),
    "an unsettled day is missing": ([told(day, [group()]) for day in EVERY[:-1]], "lacks 1 day, starting with 2026-11"),
    "two days are missing": (
        [told(day, [group()]) for day in (*EVERY[:3], *EVERY[5:])], "lacks 2 days, starting with 2026-10-18"),
    "nothing was charged": (
        [told(day, [group("0")]) for day in EVERY],
        "nothing was charged in 42 days for everything that the credentials can read: is it the right account"),
    "nothing was charged on settled days": (
        [told(day, [group("0" if day <= LAST else "5")]) for day in EVERY], "nothing was charged in 42 days"),
    "no group at all": ([told(day, []) for day in EVERY], "nothing was charged in 42 days"),
    "two keys": ([told(day, [group(keys=["S3", "x"])]) for day in EVERY], "of 2026-10-15 has 2 keys; expected 1"),
    "another currency": ([told(day, [group(unit="CNY")]) for day in EVERY], "costs are in CNY, limits in USD"),
    "no amount": ([told(day, [group("many")]) for day in EVERY], "'many' is not an amount"),
    "no day": (
        [told(EVERY[0], [group()]) | {"TimePeriod": {"Start": "yesterday", "End": "today"}}],
        "Start is 'yesterday', which is not a date"),
})  # fmt: skip
def test_a_bill_that_cannot_be_judged(days: list[Raw], says: str) -> None:
    with pytest.raises(CouldNotLook, match=f"ce:GetCostAndUsage: .*{says}"):
        read(days)


def test_the_start_of_a_day_may_have_a_time() -> None:
    days = [told(day, [group()]) for day in EVERY]
    for one in days:
        one["TimePeriod"]["Start"] += "T00:00:00Z"
    assert read(days).first == FIRST


def of(days: Sequence[float], kind: type[Cost] = Cost, first: date = FIRST) -> Any:
    return kind(arn="costs/x", name="x", first=first, days=tuple(days))


def test_a_week_and_the_one_before() -> None:
    days = [*(100.0,) * 26, *(2.0,) * 7, *(3.0, 4.0, 5.0, 3.0, 4.0, 5.0, 4.0)]
    one = of(days)
    assert (one.last, one.day(1)) == (LAST, date(2026, 10, 16))
    assert (one.a_day, one.a_day_before) == (4.0, 2.0)
    assert one.growth_percent == 100.0
    assert of([*(100.0,) * 26, *(0.5,) * 7, *(0.25,) * 7]).growth_percent == -50.0


def test_the_first_of_a_month_is_no_ordinary_day() -> None:
    first = date(2026, 9, 25)  # the newest week begins on the 28th of October, and has the first of November in it
    days = [*(0.0,) * 33, *(1.0, 2.0, 3.0, 4.0, 500.0, 5.0, 6.0)]
    one = of(days, first=first)
    assert one.day(37) == date(2026, 11, 1)
    assert one.a_day == fmean((1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("before", [0.0, -1.0])
def test_growth_over_nothing_is_not_known(before: float) -> None:
    with pytest.raises(CouldNotLook, match="x cost nothing in the week before: nothing to compare with"):
        of([*(9.0,) * 26, *(before,) * 7, *(3.0,) * 7]).growth_percent  # noqa: B018 - it raises


def test_the_month_so_far_and_as_it_goes_on() -> None:
    total = of([*(50.0,) * 17, *(2.0,) * 16, *(3.0,) * 7], TotalCost)
    assert total.month_to_date == 16 * 2 + 7 * 3  # the 1st to the 23rd
    assert total.month == 53 + 7 * 3
    ended = of([*(50.0,) * 9, *(2.0,) * 31], TotalCost, date(2026, 9, 22))
    assert (ended.last, ended.month_to_date, ended.month) == (date(2026, 10, 31), 62, 62)


@cases({
    "within": ((2.0,) * 40, 61, ""),
    "exactly": ((2.0,) * 40, 60, ""),
    "spent on the last day": ((2.0,) * 40, 59, "2026-11-30"),
    "spent in the middle of a day": ((2.0,) * 40, 49, "2026-11-25"),
    "spent at the end of a day": ((2.0,) * 40, 50, "2026-11-26"),
    "spent tomorrow": ((2.0,) * 40, 47, "2026-11-24"),
    "spent already": ((2.0,) * 40, 20, "2026-11-24"),
    "spent already, and nothing costs any more": ((*(10.0,) * 33, *(0.0,) * 7), 20, ""),
    "spent already, and money comes back": ((*(10.0,) * 33, *(-1.0,) * 7), 20, ""),
})  # fmt: skip
def test_when_the_budget_of_the_month_is_spent(days: Sequence[float], budget: float, day: str) -> None:
    found = total_cost(stack(limits={"budget_usd_per_month": budget}), Bill(FIRST, {"S3": tuple(days)}, "all", 0))
    what = f"the month's budget of {budget} USD is spent at the last week's rate"
    at = (Deadline(what, datetime.fromisoformat(f"{day}T12:00:00+00:00")),) if day else ()
    assert found.deadlines == at


def test_the_total_as_it_is_told() -> None:
    seen = Bill(FIRST, {"S3": (*(1.0,) * 33, *(1.00006,) * 7), "EC2": (1.0,) * 40}, "account 1", 3)
    found = total_cost(stack(limits={"budget_usd_per_month": 90.0}), seen)
    days = (*(2.0,) * 33, *(2.00006,) * 7)
    midnight = datetime(2026, 10, 15, tzinfo=UTC)
    points = tuple((midnight + number * DAY, round(usd, 4)) for number, usd in enumerate(days))
    assert (found.arn, found.name, found.first, found.days) == ("costs/total", "total", FIRST, days)
    assert found.series == (Series("cost", "USD", points, 86400, 3.0),)
    assert found.figures == (
        Figure("7 days", 14.0, "USD"), Figure("7 days before", 14.0, "USD"), Figure("month to date", 46.0, "USD"),
        Figure("month", 60.0, "USD"), Figure("budget", 90.0, "USD"), Figure("until", "2026-11-23"),
        Figure("of", "account 1"),
    )  # fmt: skip
    assert found.evidence == {
        "metric": "NetAmortizedCost",
        "without": ["Credit", "Refund", "Tax"],
        "of": "account 1",
        "days that AWS calls estimated": 3,
        "USD by day": {day.date().isoformat(): usd for day, usd in points},
    }
    free = total_cost(stack(), seen)
    assert (free.deadlines, free.series[0].limit) == ((), None)
    assert [one.label for one in free.figures] == [
        "7 days", "7 days before", "month to date", "month", "until", "of",
    ]  # fmt: skip


def test_figures_are_told_in_cents() -> None:
    days = (*(1.0017,) * 26, *(1.0011,) * 7, *(1.0017,) * 7)
    found = total_cost(stack(), Bill(FIRST, {"S3": days}, "all", 0))
    told = {"7 days": 7.01, "7 days before": 7.01, "month to date": 23.03, "month": 30.05}
    assert {one.label: one.value for one in found.figures if one.unit == "USD"} == told


def test_the_line_of_the_budget_is_that_of_the_newest_days_month() -> None:
    for first, budget in ((date(2026, 9, 22), 62.0), (date(2026, 9, 23), 60.0)):  # until the 31st, until the 1st
        seen = Bill(first, {"S3": (1.0,) * 40}, "all", 0)
        found = total_cost(stack(limits={"budget_usd_per_month": budget}), seen)
        assert found.series[0].limit == 2.0


def usual(**special: float) -> ServiceCost:
    """Ten a day, but for some days since the 15th of October: d39=20.0."""
    made: ServiceCost = of([special.get(f"d{number}", 10.0) for number in range(40)], ServiceCost)
    return made


@cases({
    "none": (usual(), 5, 50, []),
    "at the floor": (usual(d39=15.0), 5, 1, []),
    "beyond the floor": (usual(d39=15.01), 5, 1, [39]),
    "at the percentage": (usual(d39=15.0), 1, 50, []),
    "beyond the percentage": (usual(d39=15.01), 1, 50, [39]),
    "the first day of the week": (usual(d33=99.0), 5, 50, [33]),
    "the day before it": (usual(d32=99.0), 5, 50, []),
    "two days": (usual(d34=99.0, d36=98.0), 5, 50, [34, 36]),
    "a fee of every month": (usual(d38=99.0, d7=99.0), 5, 50, []),
    "a fee that rose within the percentage": (usual(d38=99.0, d7=66.0), 5, 50, []),
    "a fee that rose beyond it": (usual(d38=99.01, d7=66.0), 5, 50, [38]),
    "a fee of another day": (usual(d38=99.0, d8=99.0), 5, 50, [38]),
})  # fmt: skip
def test_days_that_cost_more_than_usual(cost: ServiceCost, floor: float, percent: float, expected: list[int]) -> None:
    found = cost.spikes(floor, percent)
    assert found == [Spike(FIRST + number * DAY, cost.days[number], 10.0) for number in expected]


def spread(newest: float) -> ServiceCost:
    """Half of the usual days cost 8, half 12: a median of 10 and a spread of 2 times 1.4826."""
    made: ServiceCost = of([*(8.0, 12.0) * 16, 8.0, *(10.0,) * 6, newest], ServiceCost)
    return made


@cases([(10 + 4 * 1.4826 * 2, 0), (10 + 4 * 1.4826 * 2 + 0.001, 1)])
def test_what_varies_much_may_vary_more(usd: float, count: int) -> None:
    assert len(spread(usd).spikes(1, 1)) == count


def test_the_usual_is_that_of_four_weeks() -> None:
    cost = of([*(1000.0,) * 5, *(10.0,) * 14, *(20.0,) * 14, *(10.0,) * 6, 100.0], ServiceCost)
    assert cost.spikes(1, 1) == [Spike(LAST, 100.0, 15.0)]
    assert str(cost.spikes(1, 1)[0]) == "100.00 USD on 23 Nov, usually 15.00"


MONTHS = {date(2026, 3, 31): 28, date(2026, 3, 28): 28, date(2026, 3, 5): 5}


@pytest.mark.parametrize("day", MONTHS, ids=str)
def test_the_same_day_of_a_shorter_month_is_its_last(day: date) -> None:
    first = day - 39 * DAY
    fee = (date(2026, 2, MONTHS[day]) - first).days
    days = [99.0 if number in (fee, 39) else 10.0 for number in range(40)]
    assert of(days, ServiceCost, first).spikes(1, 1) == []
    days[fee] = 10.0
    assert [one.day for one in of(days, ServiceCost, first).spikes(1, 1)] == [day]


def ranked(count: int, **more: tuple[float, ...]) -> list[ServiceCost]:
    services: Mapping[str, tuple[float, ...]] = {
        f"s{number:02}": (*(float(100 - number),) * 33, *(float(number),) * 7) for number in range(count)
    }
    return service_costs(Bill(FIRST, {**services, **more}, "all", 0))


def test_services_are_told_by_what_they_cost_this_week_and_minor_ones_together() -> None:
    assert [one.name for one in ranked(3)] == ["s02", "s01", "s00"]
    assert [one.name for one in ranked(11)][-2:] == ["s01", "s00"]
    assert len(ranked(11)) == 11
    twelve = ranked(12)
    assert [one.name for one in twelve] == [*(f"s{number:02}" for number in range(11, 1, -1)), "2 other services"]
    rest = twelve[-1]
    assert [one.name for one in rest.members] == ["s01", "s00"]
    assert rest.days == (*(199.0,) * 33, *(1.0,) * 7)
    assert (rest.arn, rest.figures) == (
        "costs/2 other services", (Figure("7 days", 7.0, "USD"), Figure("7 days before", 7 * 199.0, "USD")),
    )  # fmt: skip
    assert (twelve[0].members, twelve[0].series[0].limit) == ((), None)
