"""Costs: asked once, read to the last page, whole days of one account, and what is not told is not seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.aws.costs import (
    DAYS,
    METRIC,
    SHOWN,
    SPREADS,
    UNSETTLED_DAYS,
    USUAL_DAYS,
    WEEK,
    Bill,
    bill,
    service_costs,
)
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from tests.canned import Aws, Raw, given, stack, weekly
from tests.cases import cases

checks = weekly("costs")


def test_six_weeks_are_two_unsettled_days_a_week_and_what_is_compared_with_it() -> None:
    assert (DAYS, UNSETTLED_DAYS, WEEK, USUAL_DAYS, SHOWN, SPREADS) == (42, 2, 7, 28, 10, 4)


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


NOW, FIRST, LAST = noon(11, 26), date(2026, 10, 15), date(2026, 11, 23)


def test_a_bill_as_it_is_read() -> None:
    groups = [group("S3", "1.5"), group("AWS Lambda", "2"), group("S3", "0.25")]
    days = [told(day, {}, Groups=groups, Estimated=number > 37) for number, day in enumerate(days_of(NOW))]
    found = asked([days], stack(account_id="123456789012"), NOW)
    assert found == Bill(FIRST, {"AWS Lambda": (2.0,) * 40, "S3": (1.75,) * 40}, "account 123456789012", 2)
    assert list(found.services) == ["AWS Lambda", "S3"]
    assert found.days == (3.75,) * 40
    assert asked([[told(day, {"S3": 3}, Estimated=None) for day in days_of()]]).not_final == 0


def test_a_service_that_cost_something_on_one_day_only() -> None:
    days = [told(day, {"S3": 0} | ({"Other": 2} if day == LAST else {})) for day in days_of(NOW)]
    assert asked([days], now=NOW).services == {"S3": (0.0,) * 40, "Other": (*(0.0,) * 39, 2.0)}


def test_the_start_of_a_day_may_have_a_time() -> None:
    days = results({"S3": steady(3)})
    for one in days:
        one["TimePeriod"]["Start"] += "T00:00:00Z"
    assert asked([days]).first == date(2026, 10, 14)


EVERY = results({"S3": steady(2)})
START = {"TimePeriod": {"Start": "yesterday", "End": "today"}}


def every_day(*groups: Raw) -> list[Raw]:
    return [told(day, {}, Groups=list(groups)) for day in days_of()]


@cases({
    "the first day is missing": (EVERY[1:], "lacks 1 day, starting with 2026-10-14"),
    "an unsettled day is missing": (EVERY[:-1], "lacks 1 day, starting with 2026-11-24"),
    "two days are missing": ([*EVERY[:3], *EVERY[5:]], "lacks 2 days, starting with 2026-10-17"),
    "cut short": (EVERY[:9], "lacks 33 days, starting with 2026-10-23"),
    "none at all": ([], "lacks 42 days"),
    "nothing was charged": (results({}), "activated as a cost allocation tag"),
    "zeros were charged": (
        every_day(group("S3", 0)),
        "nothing was charged in 42 days for everything that the credentials can read: is it the right account"),
    "nothing was charged on settled days": (
        [told(day, {"S3": 5 * (day > date(2026, 11, 22))}) for day in days_of()], "nothing was charged in 42 days"),
    "no groups": ([told(day, {}, Groups=None) for day in days_of()], "the answer has no 'Groups'"),
    "no metric": (every_day({"Keys": ["S3"], "Metrics": {}}), "no 'NetAmortized"),
    "two keys": (every_day(group("S3", 3) | {"Keys": ["S3", "x"]}), "of 2026-10-14 has 2 keys; expected 1"),
    "another currency": (every_day(group("S3", 1, "CNY")), "costs are in CNY, limits in USD"),
    "no number": (every_day(group("S3", "many")), "'many' is not an amount"),
    "no day": ([EVERY[0] | START], "Start is 'yesterday', which is not a date"),
})  # fmt: skip
def test_what_was_not_told_is_not_seen(days: list[Raw], message: str) -> None:
    with pytest.raises(CouldNotLook, match=f"ce:GetCostAndUsage: .*{re.escape(message)}"):
        asked([days])


def test_a_list_that_costs_too_many_pages_is_not_seen() -> None:
    short = stack(limits={"pages": 2})
    answers = [{"ResultsByTime": [], "NextPageToken": str(number)} for number in range(2)]
    with pytest.raises(CouldNotLook, match="cut short after 2 pages"):
        bill(short, Aws({("ce", "GetCostAndUsage"): answers}, short), NOON)
