"""Faults of costs: more is paid than was meant to be."""

from __future__ import annotations

from ..seeds.costs import DAY, costs_of
from . import Sandbox, fault

UNSETTLED_DAYS = 2


@fault(caught_by=["test_month_stays_within_budget"])
def month_goes_over_budget(sandbox: Sandbox) -> None:
    """Everything has cost 60 % more than planned for two months."""
    for days in costs_of(sandbox).values():
        for day in days:
            days[day] *= 1.6


@fault(caught_by=["test_week_costs_no_more_than_the_last"])
def week_costs_more(sandbox: Sandbox) -> None:
    """Everything cost a third more in the last week; no single service stands out."""
    newest = sandbox.now.date() - (UNSETTLED_DAYS + 1) * DAY
    for days in costs_of(sandbox).values():
        for index in range(-1, 7):  # a day more: midnight may pass before it is looked at
            day = newest - index * DAY
            if day in days:
                days[day] *= 1.33


@fault(caught_by=["test_no_service_costs_unusually_much"])
def a_service_costs_far_more(sandbox: Sandbox) -> None:
    """On one day of the week CloudWatch cost 40 USD more: somebody logged everything."""
    costs_of(sandbox)["AmazonCloudWatch"][sandbox.now.date() - 6 * DAY] += 40.0


@fault(caught_by=["test_no_service_costs_unusually_much"])
def a_service_that_nobody_ordered_is_paid_for(sandbox: Sandbox) -> None:
    """Machine learning instances have run for three days in an account that never used them."""
    newest = sandbox.now.date() - (UNSETTLED_DAYS + 1) * DAY
    costs_of(sandbox)["Amazon SageMaker"] = {newest - index * DAY: 12.0 for index in range(3)}
