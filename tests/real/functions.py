"""Lambda functions as real accounts have them: asleep, seldom invoked, half deployed, throttled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opschecks.aws.inventory import inventory
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, NOW, Aws, Raw, daily, given, stack
from tests.canned_metrics import Points, at, by_metric
from tests.real.rows import Row

checks = daily("lambda")
ACTIVE, FAIL, THROTTLED = (
    checks.test_functions_are_active,
    checks.test_functions_rarely_fail,
    checks.test_functions_are_not_throttled,
)
DOCS = "https://docs.aws.amazon.com/lambda/latest/"
STATES = f"{DOCS}dg/functions-states.html"
METRICS = f"{DOCS}dg/monitoring-metrics-types.html"
DENIED = CouldNotLook("lambda:GetFunctionConfiguration", "AccessDeniedException: no")


def function(**changes: Any) -> Raw:
    """GetFunctionConfiguration's answer; a change to None takes a key away."""
    raw = {
        "FunctionName": "receipts",
        "FunctionArn": f"arn:aws:lambda:{ACCOUNT}:function:receipts",
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }
    return given(raw, changes)


def seen(told: Raw | CouldNotLook, limits: Mapping[str, Any] | None = None, **counts: float) -> Mapping[str, Any]:
    """What the checks are given of a function that answers so, with an hour of metrics, beside a good one."""
    here = stack(resources={"functions": ("receipts", "good")}, limits={"own": limits or {}})

    def configuration(FunctionName: str) -> Any:  # noqa: N803 - AWS's name
        good = function(FunctionName="good", FunctionArn=f"arn:aws:lambda:{ACCOUNT}:function:good")
        return told if FunctionName == "receipts" else good

    def points(query: Any) -> Points:
        of = query["MetricStat"]["Metric"]
        own = of["Dimensions"][0]["Value"] == "receipts" and of["MetricName"] in counts
        return [at(20, counts[of["MetricName"]])] if own else []

    answers: dict[tuple[str, str], Any] = {
        ("lambda", "GetFunctionConfiguration"): configuration,
        ("cloudwatch", "GetMetricData"): by_metric(points),
    }
    aws = Aws(answers, here)
    return {"lambda_functions": checks.lambda_functions(aws, inventory(here, aws), NOW), "stack": here}


def both(outcome: str) -> dict[str, str]:
    return {"receipts": outcome, "good": "passed"}


ROWS = {
    "a function that slept for weeks": Row(ACTIVE, lambda: seen(function(State="Inactive")), both("passed"), STATES),
    "it is being deployed": Row(ACTIVE, lambda: seen(function(LastUpdateStatus="InProgress")), both("passed"), STATES),
    "its last update failed, and the version before it serves": Row(
        ACTIVE,
        lambda: seen(function(LastUpdateStatus="Failed", LastUpdateStatusReason="The subnet is gone")),
        both("failed"),
        STATES,
        "The subnet is gone",
    ),
    "it may not be read": Row(ACTIVE, lambda: seen(DENIED), both("blind"), STATES, "AccessDeniedException"),
    "nobody invoked it": Row(FAIL, lambda: seen(function()), both("passed"), METRICS, "0 errors of 0 invocations"),
    "it was invoked twice at night, and failed once": Row(
        FAIL, lambda: seen(function(), Invocations=2, Errors=1), both("passed"), METRICS
    ),
    "forty errors of a million": Row(
        FAIL, lambda: seen(function(), Invocations=1_000_000, Errors=40), both("passed"), METRICS
    ),
    "it fails at each tenth event": Row(
        FAIL,
        lambda: seen(function(), Invocations=400, Errors=40),
        both("failed"),
        METRICS,
        "40 errors of 400 invocations in the last hour; limit 1 %",
    ),
    "of one that may not be read": Row(FAIL, lambda: seen(DENIED), both("blind"), METRICS),
    "never throttled": Row(THROTTLED, lambda: seen(function(), Invocations=9), both("passed"), METRICS),
    "its reserved concurrency is used up": Row(
        THROTTLED, lambda: seen(function(), Invocations=9, Throttles=3), both("failed"), METRICS
    ),
    "it is held to one at a time on purpose": Row(
        THROTTLED, lambda: seen(function(), {"lambda_throttles_per_hour": 50}, Throttles=3), both("passed"), METRICS
    ),
}
