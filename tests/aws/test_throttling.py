"""Throttling of tables and their indexes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.throttling import Throttling, table_throttling
from tests.canned import NOW, daily, names, verdicts
from tests.canned_metrics import INCIDENTS, Points, at, seen
from tests.cases import cases


def throttled(series: Mapping[str, Any]) -> list[Throttling]:
    return table_throttling(seen(series, inventory=names(), tables=[INCIDENTS]), [INCIDENTS], NOW)


INDEX = "incidents/status-index"


@cases({
    "never": ({}, {"incidents": "passed", INDEX: "passed"}),
    "table": ({"ReadThrottleEvents Sum incidents": [at(30, 4)]}, {"incidents": "failed", INDEX: "passed"}),
    "index": ({"WriteThrottleEvents Sum status-index": [at(59, 1)]}, {"incidents": "passed", INDEX: "failed"}),
    "two hours ago": ({"ReadThrottleEvents": [at(120, 50)]}, {"incidents": "passed"}),
})  # fmt: skip
def test_throttling_is_told_by_table_and_index(series: dict[str, Points], wanted: dict[str, str]) -> None:
    outcomes = verdicts(
        daily("dynamodb").test_tables_are_not_throttled, table_throttling=throttled(series), throttle_causes={}
    )
    assert {**outcomes, **wanted} == outcomes


def test_throttling_names_the_operations_most_first() -> None:
    series = {"ThrottledRequests Sum Query": [at(9, 2)], "ThrottledRequests Sum PutItem": [at(9, 40)]}
    assert throttled(series)[0].operations == "PutItem 40, Query 2"


def test_throttling_that_is_not_known_in_full_is_not_none() -> None:
    found = throttled({"WriteThrottle": ([], "PartialData")})
    outcomes = verdicts(daily("dynamodb").test_tables_are_not_throttled, table_throttling=found, throttle_causes={})
    assert set(outcomes.values()) == {"blind"}
