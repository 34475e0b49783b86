"""What the stack has cost for two months, in the form of Cost Explorer's answers; moto has no costs.

The answer is set on the backend object, which is new in each sandbox: nothing has to be undone.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from ..moto_private import answer_costs
from ..moto_server import ACCOUNT, backend
from . import Sandbox

KNOWN_DAYS = 63
DAY = timedelta(days=1)
A_DAY_USD = {
    "Amazon Elastic Container Service": 17.2,
    "Amazon DynamoDB": 8.1,
    "Amazon CloudFront": 5.6,
    "AmazonCloudWatch": 4.9,
    "Amazon Virtual Private Cloud": 3.6,
    "EC2 - Other": 3.3,
    "Amazon Elastic Load Balancing": 2.4,
    "Amazon Simple Storage Service": 0.9,
    "Amazon EC2 Container Registry (ECR)": 0.2,
    "AWS Key Management Service": 0.07,
    "Amazon Route 53": 0.03,
    "AWS Secrets Manager": 0.02,
    "Amazon Simple Notification Service": 0.01,
}
FOLLOWS_USERS = ("Amazon Elastic Container Service", "Amazon CloudFront", "Amazon DynamoDB")
MONTHLY_USD = {"AWS Support (Developer)": 29.0, "Amazon Route 53": 0.5}
"""Fees that are charged on the first of a month."""

Costs = dict[str, dict[date, float]]


def sow(sandbox: Sandbox) -> None:
    """Two months of cost by service and day; the newest day is not complete yet."""
    today = sandbox.now.date()
    explorer = backend("ce", "aws")
    explorer.costs = _two_months(today)
    answer_costs(explorer, lambda body: _answer(explorer.costs, json.loads(body), today))


def costs_of(sandbox: Sandbox) -> Costs:
    """The costs that Cost Explorer answers with; faults change them."""
    told: Costs = backend("ce", "aws").costs
    return told


def _two_months(today: date) -> Costs:
    days = [today - (KNOWN_DAYS - index) * DAY for index in range(KNOWN_DAYS)]
    chance = random.Random(11)  # noqa: S311 - noise, not cryptography; the same each time
    costs: Costs = {}
    for service, usd in A_DAY_USD.items():
        swing = 0.82 if service in FOLLOWS_USERS else 1.0
        costs[service] = {
            day: usd * (swing if day.weekday() >= 5 else 1.0) * chance.uniform(0.97, 1.03) for day in days
        }
    for service, usd in MONTHLY_USD.items():
        for day in days:
            if day.day == 1:
                costs.setdefault(service, {})[day] = costs.get(service, {}).get(day, 0.0) + usd
    for told in costs.values():
        if days[-1] in told:
            told[days[-1]] *= 0.4
    return costs


def _answer(costs: Costs, asked: Mapping[str, Any], today: date) -> dict[str, Any]:
    """Answer as AWS does: each day of the period, its end excluded; services without costs are left out.

    By service, or the total where nothing is grouped: Cost Explorer, API_GetCostAndUsage.
    """
    begin, end = (date.fromisoformat(asked["TimePeriod"][key]) for key in ("Start", "End"))
    counted, grouped = _counts(asked.get("Filter") or {}), asked.get("GroupBy") or []
    results = []
    for day in [begin + index * DAY for index in range((end - begin).days)]:
        known = {service: days[day] for service, days in costs.items() if counted and days.get(day)}
        results.append(
            {
                "TimePeriod": {"Start": day.isoformat(), "End": (day + DAY).isoformat()},
                "Total": {} if grouped else {name: _amount(sum(known.values())) for name in asked["Metrics"]},
                "Groups": [
                    {"Keys": [service], "Metrics": {name: _amount(usd) for name in asked["Metrics"]}}
                    for service, usd in known.items()
                    if grouped
                ],
                "Estimated": (day.year, day.month) == (today.year, today.month) or today - day <= 2 * DAY,
            }
        )
    definitions = {"GroupDefinitions": grouped} if grouped else {}
    return {**definitions, "ResultsByTime": results, "DimensionValueAttributes": []}


def _amount(usd: float) -> dict[str, str]:
    return {"Amount": f"{usd:.10f}", "Unit": "USD"}


def _counts(chosen: Mapping[str, Any]) -> bool:
    """Whether the filter selects the account's costs: there is one account, and no tag is activated."""
    for part in chosen.get("And", [chosen]):
        dimension = part.get("Dimensions", {})
        if "Tags" in part or (dimension.get("Key") == "LINKED_ACCOUNT" and ACCOUNT not in dimension["Values"]):
            return False
    return True
