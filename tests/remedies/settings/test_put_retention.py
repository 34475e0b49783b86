"""For how many days a log group is told to keep its events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from opschecks.core.change import Risk
from opschecks.fixing.plan import planned
from opschecks.remedies.settings.logs import PutRetention
from tests.aws.test_retention import group
from tests.canned import Aws, fits, refuses, stack


def retention(days: int | None, wish: Mapping[str, str] | None = None, *, raw: Any = None, **limits: float) -> Any:
    checked = stack(log_groups=["/ecs/backend"], limits=limits)
    told = {"logGroups": [raw or group(days=days)]}
    remedy = PutRetention(checked, Aws({("logs", "DescribeLogGroups"): told}, checked))
    change = planned(remedy, "/ecs/backend", wish=dict(wish or {}))
    fits(remedy.request("/ecs/backend", change.before, change.after))
    return change, fits(remedy.request("/ecs/backend", change.after, change.before))


DAYS: dict[str, tuple[int | None, dict[str, str], dict[str, float], int, Risk]] = {
    "for ever is cut to the longest": (None, {}, {}, 90, Risk.DESTRUCTIVE),
    "too long is cut to the longest": (365, {}, {}, 90, Risk.DESTRUCTIVE),
    "too short is raised to the shortest": (1, {}, {}, 7, Risk.SAFE),
    "the longest that AWS takes": (None, {}, {"log_retention_days_max": 100}, 90, Risk.DESTRUCTIVE),
    "the shortest that AWS takes": (1, {}, {"log_retention_days_min": 8}, 14, Risk.SAFE),
    "as wished, though it is as wanted": (30, {"days": "60"}, {}, 60, Risk.SAFE),
    "as wished, and shorter": (30, {"days": "14"}, {}, 14, Risk.DESTRUCTIVE),
}


@pytest.mark.parametrize(("now", "wish", "limits", "days", "risk"), DAYS.values(), ids=DAYS)
def test_retention(now: int | None, wish: dict[str, str], limits: dict[str, float], days: int, risk: Risk) -> None:
    change, back = retention(now, wish, **limits)
    assert change.after == {"retentionInDays": days}
    assert change.risk is risk
    assert back.operation == ("DeleteRetentionPolicy" if now is None else "PutRetentionPolicy")
    assert back.parameters.get("retentionInDays") == now


BETWEEN = {"log_retention_days_min": 8, "log_retention_days_max": 13}
NOT_SET = {
    "as wanted": (group(days=30), {}, {}, "kept for 30 days, as expected"),
    "no such number": (group(days=None), {"days": "45"}, {}, "AWS takes only 1, 3, 5, 7, 14"),
    "no number": (group(days=None), {"days": "long"}, {}, "--set days=long: expected a whole number"),
    "none between": (group(days=None), {}, BETWEEN, "between 8 and 13"),
    "fixed by AWS": (group(days=2, logGroupClass="DELIVERY"), {}, {}, "AWS keeps its events for a day"),
    "gone": (group("/other"), {}, {}, "there is no log group /ecs/backend"),
}
test_retentions_that_are_not_put = refuses(NOT_SET, lambda raw, wish, limits: retention(None, wish, raw=raw, **limits))
