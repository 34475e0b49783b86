"""A sandbox of a stack that leaves keys out, and questions that nobody of ours asks it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from opschecks.config.stack import Stack
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.seeds import sow_all


@pytest.fixture(scope="module")
def bare() -> Iterator[Sandbox]:
    """Of a stack that says nothing but that it is one."""
    sandbox = Sandbox(Stack(name="s", sandbox=True))
    sandbox.start()
    sow_all(sandbox)
    yield sandbox
    sandbox.stop()


def test_what_a_stack_does_not_name_is_there_all_the_same(bare: Sandbox) -> None:
    told = bare.client("ecs").list_services(cluster="incident-commander")["serviceArns"]
    assert [one.rpartition("/")[2] for one in told] == ["backend"]
    assert bare.client("logs").describe_log_groups()["logGroups"]


@pytest.mark.parametrize("grouped", [True, False])
def test_costs_are_answered_by_service_or_in_all(bare: Sandbox, grouped: bool) -> None:
    end = bare.now.date()
    period = {"Start": str(end - timedelta(days=3)), "End": str(end)}
    by = {"GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}]} if grouped else {}
    told = bare.client("ce").get_cost_and_usage(TimePeriod=period, Granularity="DAILY", Metrics=["UnblendedCost"], **by)
    assert len(told["ResultsByTime"]) == 3
    for day in told["ResultsByTime"]:
        assert bool(day["Groups"]) is grouped
        assert bool(day["Total"]) is not grouped
        amounts = [day["Total"]] if not grouped else [one["Metrics"] for one in day["Groups"]]
        assert sum(float(one["UnblendedCost"]["Amount"]) for one in amounts) > 1
