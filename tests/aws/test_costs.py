"""Costs: asked once, read to the last page, and judged by the days that are settled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.aws.costs import DAYS, METRIC, UNSETTLED_DAYS, Bill, bill, service_costs, total_cost
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.seeds import costs as seeded
from tests.canned import Aws, Raw, concludes, examined, given, judges, stack, verdict, verdicts, weekly
from tests.cases import cases

checks = weekly("costs")


def noon(month: int, day: int, year: int = 2026) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


NOON = noon(11, 25)
DAY = timedelta(days=1)
BUDGET = stack(limits={"budget_usd_per_month": 400.0})
Day = Callable[[date], float]


def told(day: date, usd: Mapping[str, float], **changes: Any) -> Raw:
    raw = {
        "TimePeriod": {"Start": day.isoformat(), "End": (day + DAY).isoformat()},
        "Total": {},
        "Groups": [group(service, value) for service, value in usd.items()],
        "Estimated": False,
    }
    return given(raw, changes)


def group(service: str, usd: object, unit: str = "USD") -> Raw:
    return {"Keys": [service], "Metrics": {METRIC: {"Amount": str(usd), "Unit": unit}}}


def days_of(now: datetime = NOON) -> list[date]:
    today = now.astimezone(UTC).date()
    return [today - (DAYS - index) * DAY for index in range(DAYS)]


def results(usd: Mapping[str, Day], now: datetime = NOON) -> list[Raw]:
    return [told(day, {service: of(day) for service, of in usd.items() if of(day)}) for day in days_of(now)]


def asked(pages: Sequence[Sequence[Raw]], checked: Stack | None = None, now: datetime = NOON) -> Bill:
    return bill(checked or stack(), aws_of(pages, checked), now)


def aws_of(pages: Sequence[Sequence[Raw]], checked: Stack | None = None) -> Aws:
    answers = [
        {"ResultsByTime": list(page), **({"NextPageToken": str(number)} if number < len(pages) else {})}
        for number, page in enumerate(pages, 1)
    ]
    return Aws({("ce", "GetCostAndUsage"): answers}, checked)


def seen(now: datetime = NOON, /, **usd: Day) -> Bill:
    return asked([results(usd, now)], now=now)


def steady(usd: float) -> Day:
    return lambda _: usd


def on(usual: float, **usd: float) -> Day:
    """So much as usual, and more or less on some days: d2026_11_03=40.0."""
    special = {date.fromisoformat(day[1:].replace("_", "-")): value for day, value in usd.items()}
    return lambda day: special.get(day, usual)


def last_week(usual: float, usd: float) -> Day:
    return lambda day: usd if day >= date(2026, 11, 16) else usual


def test_one_question_of_whole_days_whose_end_is_exclusive() -> None:
    now = datetime(2026, 11, 25, 5, tzinfo=timezone(timedelta(hours=10)))
    aws = aws_of([results({"Amazon DynamoDB": steady(3)}, now)])
    assert bill(aws.stack, aws, now).first == date(2026, 10, 13)
    [one] = aws.parameters_of("GetCostAndUsage")
    assert one["TimePeriod"] == {"Start": "2026-10-13", "End": "2026-11-24"}  # it is still the 24th, in UTC
    assert one["Granularity"] == "DAILY"
    assert one["GroupBy"] == [{"Type": "DIMENSION", "Key": "SERVICE"}]
    assert aws.calls == ["ce:GetCostAndUsage"]


OTHERS = ["210987654321", "310987654321"]


def linked(*accounts: str) -> Raw:
    return {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": list(accounts)}}


def tagged(key: str, value: str) -> Raw:
    return {"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}}


@cases({
    "nothing known": ({}, [], "everything that the credentials can read"),
    "the stack's account": ({"account_id": "123456789012"}, [linked("123456789012")], "account 123456789012"),
    "other accounts": (
        {"account_id": "123456789012", "cost_filter": {"linked_accounts": OTHERS}},
        [linked(*OTHERS)],
        "account 2109",
    ),
    "tags": (
        {"cost_filter": {"tags": {"app": "web", "Env": "prod"}}},
        [tagged("Env", "prod"), tagged("app", "web")],
        "tag Env = prod and tag app = web",
    ),
})  # fmt: skip
def test_only_the_stacks_own_costs_count_and_no_credits(keys: Raw, parts: list[Raw], scope: str) -> None:
    checked = stack(**keys)
    aws = aws_of([results({"Amazon DynamoDB": steady(3)})], checked)
    assert bill(checked, aws, NOON).scope.startswith(scope)
    [one] = aws.parameters_of("GetCostAndUsage")
    no_credits = {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Credit", "Refund", "Tax"]}}}
    assert one["Filter"] == ({"And": [no_credits, *parts]} if parts else no_credits)


def test_an_account_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="linked_accounts"):
        stack(cost_filter={"linked_accounts": ["prod"]})


def test_a_day_may_be_spread_over_two_pages() -> None:
    every = results({"Amazon DynamoDB": steady(3)})
    rest = [told(day, {"AmazonCloudWatch": 2}) for day in days_of()[30:]]
    found = asked([every, rest])
    assert found.services["Amazon DynamoDB"] == (3.0,) * (DAYS - UNSETTLED_DAYS)
    assert sum(found.services["AmazonCloudWatch"]) == 20
    assert found.days[-1] == 5


def test_amounts_are_added_as_written() -> None:
    days = [told(day, {}, Groups=[group("S3", "0.1000000001"), group("S3", "0.2")]) for day in days_of()]
    assert asked([days]).services["S3"][0] == 0.3000000001


def test_the_last_two_days_are_shown_to_nobody() -> None:
    found = seen(S3=lambda day: 900 if day >= date(2026, 11, 23) else 2)
    assert set(found.days) == {2.0}
    assert service_costs(found)[0].last == date(2026, 11, 22)


@cases({
    "a day is missing": (results({"S3": steady(2)})[1:], "lacks 1 day, starting with 2026-10-14"),
    "cut short": (results({"S3": steady(2)})[:9], "lacks 33 days, starting with 2026-10-23"),
    "none at all": ([], "lacks 42 days"),
    "nothing was charged": (results({}), "activated as a cost allocation tag"),
    "zeros were charged": (
        [told(day, {"S3": 0}) for day in days_of()],
        "nothing was charged in 42 days for everything",
    ),
    "no groups": ([told(day, {}, Groups=None) for day in days_of()], "the answer has no 'Groups'"),
    "no metric": ([told(day, {}, Groups=[{"Keys": ["S3"], "Metrics": {}}]) for day in days_of()], "no 'NetAmortized"),
    "another currency": ([told(day, {}, Groups=[group("S3", 1, "CNY")]) for day in days_of()], "costs are in CNY"),
    "no number": ([told(day, {}, Groups=[group("S3", "many")]) for day in days_of()], "'many' is not an amount"),
})  # fmt: skip
def test_what_was_not_told_is_not_seen(days: list[Raw], message: str) -> None:
    with pytest.raises(CouldNotLook, match="ce:GetCostAndUsage") as caught:
        asked([days])
    assert message in str(caught.value)


def test_a_list_that_costs_too_many_pages_is_not_seen() -> None:
    short = stack(limits={"pages": 2})
    answers = [{"ResultsByTime": [], "NextPageToken": str(number)} for number in range(2)]
    with pytest.raises(CouldNotLook, match="cut short after 2 pages"):
        bill(short, Aws({("ce", "GetCostAndUsage"): answers}, short), NOON)


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
    assert total_cost(stack(), seen(S3=steady(99))).deadlines == ()
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
