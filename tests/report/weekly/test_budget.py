"""What is said of an error budget, by how many of its days were seen and by what was lost on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opschecks.report.budget import budgets
from opschecks.report.decisions import decisions
from tests.report.sentences import section
from tests.report.weeks import story

RUN = story()
(WEEK,) = RUN.weeks
AREAS = ("cloudwatch_dashboards", "ecs", "logs")


def _week(seen: int, **lost: list[int]) -> dict[str, Any]:
    """The three areas on that many of 28 days; what an area lost, it lost on the first days with a run."""
    areas = []
    for name in AREAS:
        days: list[list[int] | None] = [*[None] * (28 - seen), *[[20, 0, 0] for _ in range(seen)]]
        if name in lost:
            days[28 - seen] = lost[name]
        areas.append({"area": name, "days": days, "failed": []})
    return {**WEEK, "areas": areas, "recurring": [], "measures": [
        one for one in WEEK["measures"] if one["key"] == "checks_passed_percent"]}  # fmt: skip


DAYS = {
    "one day": (1, "not every day seen", "not every day seen", False),
    "13 days": (13, "not every day seen", "not every day seen", False),
    "14 days": (14, "not every day seen", "spent", True),
    "all but one": (27, "not every day seen", "spent", True),
    "every day": (28, "within budget", "spent", True),
}


@pytest.mark.parametrize(("seen", "kept", "lost", "decided"), DAYS.values(), ids=DAYS)
def test_a_budget_is_judged_by_the_days_with_a_run(seen: int, kept: str, lost: str, decided: bool) -> None:
    week = _week(seen, ecs=[5, 15, 0])
    rows = {row.name: row.reading for row in budgets(RUN, week)}
    assert (rows["Logs"], rows["ECS"]) == (kept, lost)
    assert any("error budget" in one.why for one in decisions(RUN, week)) is decided
    rule = section(replace(RUN, weeks=(week,)), "Error budget")
    assert ("may be lost in 28 days" if seen == 28 else f"may be lost in 28 days, {seen} of which had a run") in rule


def _budget_decisions(week: dict[str, Any]) -> list[str]:
    return [f"{one.what} – {one.why}" for one in decisions(RUN, week) if "error budget" in one.why]


def test_a_decision_names_whose_budget_is_spent() -> None:
    week = _week(28, ecs=[5, 15, 0])
    assert budgets(RUN, week)[0].reading == "within budget"
    (only,) = _budget_decisions(week)
    assert only == (
        "Put repairs before new work, or change the target – "
        "the error budget of ECS (target 98 %) is spent: 15 of 11.2 check-days lost"
    )


def test_what_was_only_not_seen_asks_for_access() -> None:
    repairs, access = _budget_decisions(_week(28, ecs=[2, 0, 18], logs=[2, 16, 2]))
    assert repairs.startswith("Put repairs before new work, or change the target – the error budget of Logs ")
    assert access == (
        "Restore access, so that every daily check can look – the error budget of ECS (target 98 %) is spent: "
        "18 of 11.2 check-days lost, 18 of them not seen"
    )
    (both,) = _budget_decisions(_week(28, ecs=[2, 18, 0], logs=[2, 16, 2]))
    assert both.endswith(
        "the error budgets of 2 services (target 98 %) are spent: ECS (18 of 11.2 check-days lost), "
        "Logs (18 of 11.2 check-days lost, 2 of them not seen)"
    )
