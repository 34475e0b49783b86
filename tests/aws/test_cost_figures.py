"""What is concluded of costs: weeks, the month, unusual days, services, and what the checks say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from statistics import fmean
from typing import Any

import pytest

from opschecks.aws.costs import (
    DAYS,
    UNSETTLED_DAYS,
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
from opschecks.sandbox.seeds import costs as seeded
from tests.aws.test_costs import BUDGET, DAY, FIRST, LAST, NOON, Day, checks, last_week, noon, on, seen, steady
from tests.canned import Aws, concludes, examined, judges, stack, verdict, verdicts
from tests.cases import cases


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
    assert of(days, TotalCost, first).rate == fmean((1, 2, 3, 4, 0, 5, 6))


@pytest.mark.parametrize("begins", [date(2026, 8, 1) + number * DAY for number in range(0, 92, 4)], ids=str)
def test_quiet_weekends_and_a_fee_on_the_first_are_no_growth(begins: date) -> None:
    """Wherever the first of a month lies in the two weeks, weekdays are compared with weekdays."""
    dates = [begins + number * DAY for number in range(DAYS - UNSETTLED_DAYS)]
    total = of([900.0 if day.day == 1 else 10.0 * (day.weekday() < 5) for day in dates], TotalCost, begins)
    assert total.growth_percent == pytest.approx(0)
    assert total.rate == pytest.approx(50 / 7)
    grown = [day * 1.15 if total.day(number) > total.last - 7 * DAY else day for number, day in enumerate(total.days)]
    assert of(grown, first=begins).growth_percent == pytest.approx(15)


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


SHORTER = {date(2026, 3, 31): 28, date(2026, 3, 28): 28, date(2026, 3, 5): 5}


@pytest.mark.parametrize("day", SHORTER, ids=str)
def test_the_same_day_of_a_shorter_month_is_its_last(day: date) -> None:
    first = day - 39 * DAY
    fee = (date(2026, 2, SHORTER[day]) - first).days
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


MONTHS: dict[str, tuple[datetime, Day, str, str]] = {
    "within": (NOON, steady(10), "passed", "220 USD from 1 to 22 Nov; 300 USD by the end of the month"),
    "over it already": (NOON, steady(20), "failed", "440 USD from 1 to 22 Nov; 600 USD by the end of the month"),
    "will be over it": (NOON, last_week(10, 30), "failed", "if each day costs 30.00; budget 400 USD"),
    "a fee on the first is no rate": (
        noon(11, 5),
        on(10, d2026_11_01=90),
        "passed",
        "100 USD from 1 to 02 Nov; 380 USD by",
    ),
    "the month before": (noon(11, 2), steady(10), "passed", "300 USD from 1 to 30 Oct; 310 USD by the end"),
    "a new month": (noon(11, 4), steady(10), "passed", "10 USD from 1 to 01 Nov; 300 USD by the end"),
    "february": (noon(2, 14, 2027), steady(10), "passed", "110 USD from 1 to 11 Feb; 280 USD by the end"),
}
test_month_stays_within_budget = judges(
    checks.test_month_stays_within_budget,
    MONTHS,
    total_cost=lambda now, usd: total_cost(BUDGET, seen(now, S3=usd)),
    stack=BUDGET,
)


def test_without_a_budget_the_month_is_told_and_nothing_held_against_it() -> None:
    cost = total_cost(stack(), seen(S3=steady(99)))
    message = "no budget is set (limit budget_usd_per_month)"
    concludes(checks.test_month_stays_within_budget, "passed", message, total_cost=cost)


WEEKS: dict[str, tuple[datetime, Day, str, str]] = {
    "as before": (NOON, steady(40), "passed", "40.00 USD a day in the week to 22 Nov, 40.00 in the one before"),
    "a fifth more": (NOON, last_week(40, 48), "passed", ""),
    "a quarter more": (NOON, last_week(40, 50), "failed", "+25 %, limit 20 %"),
    "less": (NOON, last_week(40, 4), "passed", ""),
    "five times as much, in cents": (NOON, last_week(1, 5), "passed", ""),
    "nothing before": (NOON, last_week(0, 50), "blind", "cost nothing in the week before: nothing to compare with"),
    "monthly fees are no growth": (datetime(2026, 11, 9, tzinfo=UTC), on(40, d2026_11_01=400), "passed", ""),
    "nor a fall": (datetime(2026, 11, 11, tzinfo=UTC), on(40, d2026_11_01=400), "passed", "40.00 in the one before"),
}
test_week_costs_no_more_than_the_last = judges(
    checks.test_week_costs_no_more_than_the_last,
    WEEKS,
    total_cost=lambda now, usd: total_cost(stack(), seen(now, S3=usd)),
)


def by_the_calendar(usd: float) -> Day:
    """Three quarters of it at the weekend, and a little up and down."""
    return lambda day: usd * (0.75 if day.weekday() >= 5 else 1 + day.day % 3 / 50)


@cases({
    "steady": (steady(20), "passed", "20.00 USD a day in the week to 22 Nov"),
    "with weekends": (by_the_calendar(200), "passed", ""),
    "a spike": (on(20, d2026_11_18=31), "failed", "31.00 USD on 18 Nov, usually 20.00"),
    "half as much again": (on(20, d2026_11_18=30), "passed", ""),
    "on the first day of the week": (on(20, d2026_11_16=90), "failed", "90.00 USD on 16 Nov"),
    "on the last day of the week": (on(20, d2026_11_22=90), "failed", "90.00 USD on 22 Nov"),
    "before the week": (on(20, d2026_11_15=90), "passed", ""),
    "not settled yet": (on(20, d2026_11_23=90, d2026_11_24=90), "passed", ""),
    "an earlier spike makes none usual": (on(20, d2026_11_03=900, d2026_11_18=90), "failed", "usually 20.00"),
    "new": (on(0, d2026_11_21=8, d2026_11_22=9), "failed", "8.00 USD on 21 Nov, usually 0.00; 9.00 USD on 22 Nov"),
    "cents": (on(0.01, d2026_11_21=4.9), "passed", ""),
    "less than usual": (on(20, d2026_11_21=0), "passed", ""),
    "as wild as ever": (lambda day: (20, 90, 5, 60, 33)[day.day % 5], "passed", ""),
    "a monthly fee": (on(0, d2026_10_20=100, d2026_11_20=105), "passed", ""),
    "a monthly fee that doubled": (on(0, d2026_10_20=100, d2026_11_20=205), "failed", "205.00 USD on 20 Nov"),
})  # fmt: skip
def test_no_service_costs_unusually_much(usd: Day, outcome: str, message: str) -> None:
    found = service_costs(seen(S3=usd, DynamoDB=steady(1)))
    said = {one.name: one for one in examined(checks.test_no_service_costs_unusually_much, service_costs=found)}
    assert said["S3"].outcome.value == outcome, said["S3"].message
    assert message in said["S3"].message
    assert said["DynamoDB"].outcome.value == "passed"


def test_the_fee_of_a_month_that_has_no_such_day_is_that_of_its_last() -> None:
    cost = seen(datetime(2027, 4, 3, tzinfo=UTC), S3=on(0, d2027_02_28=50, d2027_03_31=52))
    assert service_costs(cost)[0].spikes(5, 50) == []


def test_dear_services_stand_alone_the_others_together_and_each_is_judged() -> None:
    usd = {f"service {number:02}": steady(30 - number) for number in range(13)}
    whole = seen(**usd, small=on(0.1, d2026_11_20=30))
    found = service_costs(whole)
    assert [one.name for one in found] == [*(f"service {number:02}" for number in range(10)), "4 other services"]
    assert sum(sum(one.days) for one in found) == pytest.approx(sum(whole.days))
    assert all(len(one.series[0].points) == DAYS - UNSETTLED_DAYS for one in found)
    assert found[0].series[0].period_s == 86400
    said = verdicts(checks.test_no_service_costs_unusually_much, service_costs=found)
    assert len(said) == 14
    assert {name for name, outcome in said.items() if outcome == "failed"} == {"small"}


def test_the_total_carries_what_a_report_shows() -> None:
    cost = total_cost(BUDGET, seen(S3=last_week(10, 30)))
    figures = {figure.label: figure.value for figure in cost.figures}
    assert figures == {
        "7 days": 210.0,
        "7 days before": 70.0,
        "month to date": 360.0,
        "month": 600.0,
        "budget": 400.0,
        "until": "2026-11-22",
        "of": "everything that the credentials can read",
    }
    (spent,) = cost.deadlines  # 360 until the 22nd, 390 until the 23rd
    assert spent.what == "the month's budget of 400 USD is spent at the last week's rate"
    assert spent.at.date() == date(2026, 11, 24)
    assert total_cost(BUDGET, seen(S3=steady(13))).deadlines == ()
    (line,) = cost.series
    assert (line.unit, line.period_s) == ("USD", 86400)
    assert line.limit == pytest.approx(400 / 30)
    assert line.points[-1] == (datetime(2026, 11, 22, tzinfo=UTC), 30.0)


@pytest.mark.parametrize("number", range(0, 366, 13))
def test_the_sandbox_is_well_on_any_day_of_the_year(number: int) -> None:
    now = datetime(2026, 1, 1, 6, tzinfo=UTC) + number * DAY
    costs = seeded._two_months(now.date())
    checked = stack(account_id="123456789012", limits={"budget_usd_per_month": 2000})
    answer = {("ce", "GetCostAndUsage"): lambda **given: seeded._answer(costs, given, now.date())}
    found = bill(checked, Aws(answer, checked), now)
    total, services = total_cost(checked, found), service_costs(found)
    for name in ("test_month_stays_within_budget", "test_week_costs_no_more_than_the_last"):
        assert verdict(getattr(checks, name), total_cost=total, stack=checked)[0] == "passed", (name, now)
    said = verdicts(checks.test_no_service_costs_unusually_much, service_costs=services, stack=checked)
    assert set(said.values()) == {"passed"}, (said, now)
