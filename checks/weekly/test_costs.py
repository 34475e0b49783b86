"""Costs are what they were planned to be."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.costs import ServiceCost, TotalCost


@check(Severity.MEDIUM, runbook="costs", failing="The month will cost more than its budget")
def test_month_stays_within_budget(total_cost: TotalCost, stack: Stack, examine: Examine) -> None:
    """During the month something can still be done; once the invoice is there, nothing can."""
    cost, budget = total_cost, stack.limits.budget_usd_per_month
    with examine(cost) as note:
        note(f"{cost.month_to_date:,.0f} USD from 1 to {cost.last:%d %b}")
        note(f"{cost.month:,.0f} USD by the end of the month, if each day costs {cost.rate:,.2f}")
        if budget is None:
            note("no budget is set (limit budget_usd_per_month)")
        else:
            assert cost.month <= budget, f"budget {budget:,.0f} USD"


@check(Severity.MEDIUM, runbook="costs", failing="The week cost far more than the one before")
def test_week_costs_no_more_than_the_last(total_cost: TotalCost, stack: Stack, examine: Examine) -> None:
    """Costs that grow by a fifth a week are five times as high after nine weeks, and nobody decided that."""
    cost, limits = total_cost, stack.limits
    with examine(cost) as note:
        note(
            f"{cost.a_day:,.2f} USD a day in the week to {cost.last:%d %b}, {cost.a_day_before:,.2f} in the one before"
        )
        if cost.a_day - cost.a_day_before > limits.cost_floor_usd_per_day:
            growth, most = cost.growth_percent, limits.cost_week_growth_percent
            assert growth <= most, f"{growth:+.0f} %, limit {most:g} %"


@check(Severity.MEDIUM, runbook="costs", failing="An AWS service costs unusually much")
def test_no_service_costs_unusually_much(service_costs: list[ServiceCost], stack: Stack, examine: Examine) -> None:
    """A loop, a forgotten test or a stolen key shows on one service's line long before it shows in the sum."""
    limits = stack.limits
    for shown in service_costs:
        for service in shown.members or (shown,):
            with examine(service) as note:
                note(f"{service.rate:,.2f} USD a day in the week to {service.last:%d %b}")
                spikes = service.spikes(limits.cost_floor_usd_per_day, limits.cost_unusual_percent)
                assert not spikes, "; ".join(map(str, spikes))
