"""Cost Explorer: what the stack costs by day and AWS service; read once a run, because each page costs money."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from ..core.dataclass import dataclass
from ..core.model import Deadline, Figure, Resource, Series
from ..core.observation import CouldNotLook, observation
from ..core.wording import plural
from .evidence import unlike
from .session import Aws

if TYPE_CHECKING:
    from ..config.stack import Stack

CALL = "ce:GetCostAndUsage"
METRIC = "NetAmortizedCost"
"""Amortized cost after discounts: a Savings Plan is spread over its days, so that its purchase is no anomaly of one."""
LEFT_OUT = ("Credit", "Refund", "Tax")
"""Record types that do not reflect usage: credits would hide growth until they are used up."""
DAYS = 42
"""Two unsettled days, the week to judge, the four weeks before, and the same days of the previous month."""
UNSETTLED_DAYS = 2
"""Cost Explorer lags about a day and corrects recent figures: the last two days are never shown."""
WEEK = 7
USUAL_DAYS = 28
SHOWN = 10
"""Services that are listed on their own in the report; all others are summed up."""
SPREADS = 4
_DAY = timedelta(days=1)
_SIGMA = 1.4826
"""Factor that makes a median absolute deviation comparable with a standard deviation."""


@dataclass(frozen=True)
class Bill:
    """The settled days of all services, from the day `first` on; `scope` describes the filter."""

    first: date
    services: Mapping[str, tuple[float, ...]]
    scope: str
    not_final: int

    @property
    def days(self) -> tuple[float, ...]:
        """Total of each day, in USD."""
        return tuple(sum(day) for day in zip(*self.services.values(), strict=True))


@dataclass(frozen=True, kw_only=True)
class Cost(Resource):
    """Cost of each settled day (UTC), in USD, from the day `first` on.

    Averages leave out the first of a month, on which monthly fees are charged, and the same weekday of the other week:
    quiet weekends would otherwise weigh more in one of them.
    """

    first: date
    days: tuple[float, ...]

    def day(self, index: int) -> date:
        """The date of a day."""
        return self.first + index * _DAY

    @property
    def last(self) -> date:
        """The newest settled day."""
        return self.day(len(self.days) - 1)

    @property
    def a_day(self) -> float:
        """Daily average of the newest settled week, of the days that are compared."""
        return fmean(self.days[index] for index in self._compared)

    @property
    def a_day_before(self) -> float:
        """Daily average of the week before that, likewise."""
        return fmean(self.days[index - WEEK] for index in self._compared)

    @property
    def _newest(self) -> range:
        return range(len(self.days) - WEEK, len(self.days))

    @property
    def _compared(self) -> list[int]:
        """The days of the newest week that are compared with those a week before them."""
        return [index for index in self._newest if 1 not in (self.day(index).day, self.day(index - WEEK).day)]

    @property
    def rate(self) -> float:
        """Daily average of the last seven days, where the first of a month counts as the same weekday before it."""
        return fmean(self.days[index - WEEK if self.day(index).day == 1 else index] for index in self._newest)

    @property
    def growth_percent(self) -> float:
        """Growth of the newest week over the one before; CouldNotLook where that cost nothing."""
        if self.a_day_before <= 0:
            raise CouldNotLook(CALL, f"{self.name} cost nothing in the week before: nothing to compare with")
        return (self.a_day / self.a_day_before - 1) * 100


@dataclass(frozen=True, kw_only=True)
class TotalCost(Cost):
    """What the whole stack costs."""

    @property
    def month_to_date(self) -> float:
        """Cost of the settled days in the month of the newest of them."""
        return sum(self.days[-self.last.day :])

    @property
    def month(self) -> float:
        """That month's cost if each remaining day costs the average of the last week. Not a forecast."""
        return self.month_to_date + (_days_in_month(self.last) - self.last.day) * self.rate


@dataclass(frozen=True)
class Spike:
    """A day on which a service cost much more than it usually does."""

    day: date
    usd: float
    usual_usd: float

    def __str__(self) -> str:
        return f"{self.usd:,.2f} USD on {self.day:%d %b}, usually {self.usual_usd:,.2f}"


@dataclass(frozen=True, kw_only=True)
class ServiceCost(Cost):
    """Cost of one AWS service; or of all minor services together, listed in `members`."""

    members: tuple[ServiceCost, ...] = ()

    def spikes(self, floor_usd: float, percent: float) -> list[Spike]:
        """Days of the newest week above the usual of the four weeks before: by spread, by percent and in USD.

        A cost that also occurred on the same day of the previous month is a monthly fee, not a spike.
        """
        begin = len(self.days) - WEEK
        before = self.days[begin - USUAL_DAYS : begin]
        usual = median(before)
        spread = _SIGMA * median(abs(value - usual) for value in before)
        allowed = usual + max(floor_usd, usual * percent / 100, SPREADS * spread)
        found = []
        for index in range(begin, len(self.days)):
            fee = self.days[(_a_month_before(self.day(index)) - self.first).days]
            if self.days[index] > max(allowed, fee * (1 + percent / 100)):
                found.append(Spike(self.day(index), self.days[index], usual))
        return found


def _days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _a_month_before(day: date) -> date:
    last = day.replace(day=1) - _DAY
    return last.replace(day=min(day.day, last.day))


@observation(allow=["ce:GetCostAndUsage"])
def bill(stack: Stack, aws: Aws, now: datetime) -> Bill:
    """Six weeks of cost by day and AWS service, in one query: each page of the answer costs 0.01 USD."""
    today = now.astimezone(UTC).date()  # the days of Cost Explorer are UTC's
    wanted = [today - (DAYS - index) * _DAY for index in range(DAYS)]
    chosen, scope = _filter(stack)
    found: dict[str, dict[date, Decimal]] = {}
    seen: dict[date, bool] = {}
    for page in aws.pages(
        "ce",
        "GetCostAndUsage",
        TimePeriod={"Start": wanted[0].isoformat(), "End": today.isoformat()},  # the end is exclusive
        Granularity="DAILY",
        Metrics=[METRIC],
        GroupBy=[{"Type": "DIMENSION", "Key": "SERVICE"}],
        Filter=chosen,
    ):
        for told in page["ResultsByTime"]:
            day = _day(told["TimePeriod"])
            seen[day] = bool(told.get("Estimated"))
            for group in told["Groups"]:
                if len(group["Keys"]) != 1:
                    raise CouldNotLook(CALL, f"a group of {day} has {plural(len(group['Keys']), 'key')}; expected 1")
                (service,) = group["Keys"]
                days = found.setdefault(service, {})
                days[day] = days.get(day, Decimal(0)) + _usd(group["Metrics"])
    if missing := [day for day in wanted if day not in seen]:
        raise CouldNotLook(CALL, f"the answer lacks {plural(len(missing), 'day')}, starting with {missing[0]}")
    settled = wanted[:-UNSETTLED_DAYS]
    services = {name: tuple(float(days.get(day, 0)) for day in settled) for name, days in sorted(found.items())}
    if not any(any(days) for days in services.values()):
        advice = "is it the right account, and is each tag of cost_filter activated as a cost allocation tag?"
        raise CouldNotLook(CALL, f"nothing was charged in {DAYS} days for {scope}: {advice}")
    return Bill(settled[0], services, scope, sum(seen[day] for day in settled))


def _filter(stack: Stack) -> tuple[dict[str, Any], str]:
    """The filter and its description. A management account also sees accounts that are not the stack's."""
    accounts = stack.cost_filter.linked_accounts or ((stack.account_id,) if stack.account_id else ())
    parts: list[dict[str, Any]] = [{"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": list(LEFT_OUT)}}}]
    words = []
    if accounts:
        parts.append({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": list(accounts)}})
        words.append(f"account {', '.join(accounts)}")
    for key, value in sorted(stack.cost_filter.tags.items()):
        parts.append({"Tags": {"Key": key, "Values": [value], "MatchOptions": ["EQUALS"]}})
        words.append(f"tag {key} = {value}")
    scope = " and ".join(words) or "everything that the credentials can read"
    return parts[0] if len(parts) == 1 else {"And": parts}, scope


def _day(period: Mapping[str, Any]) -> date:
    text = str(period["Start"])
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise unlike(period, "Start", text, "a date") from None


def _usd(metrics: Mapping[str, Any]) -> Decimal:
    told = metrics[METRIC]
    amount, unit = told["Amount"], told["Unit"]
    if unit != "USD":
        raise CouldNotLook(CALL, f"costs are in {unit}, limits in USD")
    try:
        return Decimal(amount)
    except InvalidOperation:
        raise CouldNotLook(CALL, f"{amount!r} is not an amount") from None


@observation()
def total_cost(stack: Stack, bill: Bill) -> TotalCost:
    """The stack's cost: this week, the one before, the month to date and its extrapolation."""
    budget = stack.limits.budget_usd_per_month
    a_day = budget / _days_in_month(bill.first + (len(bill.days) - 1) * _DAY) if budget else None
    cost = TotalCost(**_parts(bill, "total", bill.days, a_day))
    figures = {"month to date": cost.month_to_date, "month": cost.month, **({"budget": budget} if budget else {})}
    return replace(
        cost,
        deadlines=_spent(cost, budget) if budget else (),
        figures=(
            *cost.figures,
            *(Figure(label, round(usd, 2), "USD") for label, usd in figures.items()),
            Figure("until", cost.last.isoformat()),
            Figure("of", bill.scope),
        ),
    )


def _spent(cost: TotalCost, budget: float) -> tuple[Deadline, ...]:
    """When the month's budget is used up, if that is before its end at the daily average of the last week."""
    if cost.month <= budget or cost.rate <= 0:
        return ()
    left = max(int((budget - cost.month_to_date) / cost.rate), 0)
    noon = time(12)  # the same day in most zones: those of Cost Explorer are UTC's
    spent = datetime.combine(cost.last + timedelta(days=1 + left), noon, UTC)
    return (Deadline(f"the month's budget of {budget:,.0f} USD is spent at the last week's rate", spent),)


@observation()
def service_costs(bill: Bill) -> list[ServiceCost]:
    """Cost by AWS service, the most expensive first; the last is the sum of the minor ones."""
    ranked = sorted(bill.services.items(), key=lambda one: -sum(one[1][-WEEK:]))
    every = [ServiceCost(**_parts(bill, name, days)) for name, days in ranked]
    rest = every[SHOWN:]
    if len(rest) < 2:
        return every
    together = tuple(sum(day) for day in zip(*(one.days for one in rest), strict=True))
    return [*every[:SHOWN], ServiceCost(**_parts(bill, f"{len(rest)} other services", together), members=tuple(rest))]


def _parts(bill: Bill, name: str, days: Sequence[float], limit: float | None = None) -> dict[str, Any]:
    dated = [(bill.first + index * _DAY, usd) for index, usd in enumerate(days)]
    points = tuple((datetime.combine(day, time(), UTC), round(usd, 4)) for day, usd in dated)
    return {
        "arn": f"costs/{name}",
        "name": name,
        "first": bill.first,
        "days": tuple(days),
        "evidence": {
            "metric": METRIC,
            "without": list(LEFT_OUT),
            "of": bill.scope,
            "days that AWS calls estimated": bill.not_final,
            "USD by day": {day.isoformat(): round(usd, 4) for day, usd in dated},
        },
        "series": (Series("cost", "USD", points, 86400, limit),),
        "figures": (
            Figure("7 days", round(sum(days[-WEEK:]), 2), "USD"),
            Figure("7 days before", round(sum(days[-2 * WEEK : -WEEK]), 2), "USD"),
        ),
    }
