"""Since the gate: errors and response times of before and now, and whether the time after the deploy is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from opschecks.aws.cloudwatch_metrics import Metrics
from opschecks.aws.rollouts import Rollout
from opschecks.aws.traffic import BalancerErrors, Traffic
from opschecks.aws.unread import Unread
from opschecks.core.model import Series
from tests.aws.test_since_the_gate import DENIED, looked, words
from tests.canned import NOW, ago
from tests.canned_ecs import deployment, rolled, service, task_set
from tests.cases import cases
from tests.real.deploys import described


def series(label: str = "requests", period_s: int = 300, /, **values: float) -> Series:
    """So much in the period that began so many minutes ago: m30=4."""
    told = sorted((NOW - timedelta(minutes=float(key[1:])), value) for key, value in values.items())
    return Series(label, "", tuple(told), period_s)


NOTHING: dict[str, float] = {}


def group(
    requests: Mapping[str, float], errors: Mapping[str, float] = NOTHING, p95: Mapping[str, float] = NOTHING
) -> Traffic:
    told = {
        ("web", "requests"): series(**requests),
        ("web", "target 5xx"): series("5xx", 60, **errors),
        ("web", "p95 response time"): series("p95", **p95),
        ("web", "load balancer 5xx"): series("5xx", 60),
    }
    return Traffic(arn="arn:web", name="web", metrics=Metrics(told), now=NOW, balancer="lb", alone=True)


def balancer(requests: Mapping[str, float], errors: Mapping[str, float] = NOTHING, **more: Any) -> BalancerErrors:
    told = {("lb", "all requests"): series(**requests), ("lb", "load balancer 5xx"): series("5xx", 60, **errors)}
    return BalancerErrors(arn="arn:lb", name="lb", metrics=Metrics(told), now=NOW, **{"speaks_http": True, **more})


BUSY = {f"m{minutes}": 400.0 for minutes in range(5, 125, 5)}
NONE = "0 5xx in a minute"


@cases({
    "requests without errors": (group(BUSY), (NONE, NONE, "")),
    "the worst minute of before": (group(BUSY, {"m70": 3, "m80": 9, "m90": 1}), ("9 5xx in a minute", NONE, "")),
    "the first minute of the hour before": (group(BUSY, {"m120": 9}), ("9 5xx in a minute", NONE, "")),
    "the minute before that hour": (group(BUSY, {"m121": 9}), (NONE, NONE, "")),
    "the worst minute since": (group(BUSY, {"m20": 3, "m30": 10, "m40": 1}), (NONE, "10 5xx in a minute", "")),
    "more than the limit since": (
        group(BUSY, {"m30": 11}),
        (NONE, "11 5xx in a minute", "11 5xx in a minute since the deploy began, limit 10")),
    "more than the limit in the minute of the gate": (
        group(BUSY, {"m60": 11}),
        (NONE, "11 5xx in a minute", "11 5xx in a minute since the deploy began, limit 10")),
    "no requests in the hour before": (group({"m20": 5, "m125": 5, "m60": 5}), ("no requests", NONE, "")),
    "a request at the begin of the hour before": (group({"m20": 5, "m120": 5}), (NONE, NONE, "")),
    "a request right before the gate": (group({"m20": 5, "m61": 5}), (NONE, NONE, "")),
    "a count of none in the hour before": (group({"m20": 5, "m90": 0}), ("no requests", NONE, "")),
    "errors without a count of requests": (group({"m20": 5}, {"m90": 2}), ("2 5xx in a minute", NONE, "")),
    "the worst p95 of before, the newest of now": (
        group(BUSY, p95={"m110": 200, "m90": 300, "m80": 100, "m40": 900, "m10": 250}),
        (f"{NONE}, a p95 of 300 ms", f"{NONE}, a p95 of 250 ms", "")),
    "a p95 at the limit": (
        group(BUSY, p95={"m10": 1000}), (NONE, f"{NONE}, a p95 of 1000 ms", "")),
    "a p95 beyond the limit, and none before": (
        group(BUSY, p95={"m10": 1001}),
        (NONE, f"{NONE}, a p95 of 1001 ms",
         "a p95 of 1001 ms in the newest five minutes, limit 1000 ms; too few requests before the deploy")),
    "a p95 beyond the limit, and higher than before": (
        group(BUSY, p95={"m90": 1200, "m10": 1201}),
        (f"{NONE}, a p95 of 1200 ms", f"{NONE}, a p95 of 1201 ms",
         "a p95 of 1201 ms in the newest five minutes, limit 1000 ms; 1200 ms before the deploy")),
    "a p95 beyond the limit, as before": (
        group(BUSY, p95={"m90": 1200, "m10": 1200}),
        (f"{NONE}, a p95 of 1200 ms", f"{NONE}, a p95 of 1200 ms", "")),
    "a p95 before the hour before": (
        group(BUSY, p95={"m121": 9000, "m10": 1001}),
        (NONE, f"{NONE}, a p95 of 1001 ms",
         "a p95 of 1001 ms in the newest five minutes, limit 1000 ms; too few requests before the deploy")),
    "errors and a p95, of which the errors are told": (
        group(BUSY, {"m30": 11}, {"m10": 5000}),
        (NONE, "11 5xx in a minute, a p95 of 5000 ms", "11 5xx in a minute since the deploy began, limit 10")),
    "a balancer without errors": (balancer(BUSY), (NONE, NONE, "")),
    "a balancer with errors": (
        balancer(BUSY, {"m90": 2, "m30": 12}),
        ("2 5xx in a minute", "12 5xx in a minute", "12 5xx in a minute since the deploy began, limit 10")),
})  # fmt: skip
def test_errors_and_response_times_of_before_and_since(
    one: Traffic | BalancerErrors, expected: tuple[str, str, str]
) -> None:
    found = looked(
        traffic=[one] if isinstance(one, Traffic) else [], balancers=[one] if isinstance(one, BalancerErrors) else [],
        response_time_p95_ms=1000,
    )  # fmt: skip
    assert words(found) == [(one.name, *expected)]


def test_no_data_of_errors_is_not_known_where_no_request_is_either() -> None:
    [found] = looked(traffic=[group({})])
    assert (found.before, found.now) == ("not known", "not known")
    assert "RequestCount of web has no data in 24 hours" in str(found.told)


def test_a_shared_balancers_own_errors_and_those_of_a_network_load_balancer_are_not_compared() -> None:
    erring = {"m30": 99.0}
    shared, net = balancer(BUSY, erring, others=("them",)), balancer(BUSY, erring, speaks_http=False)
    assert looked(balancers=[shared, net]) == []


def deployed(minutes: float, status: str = "PRIMARY") -> list[Rollout]:
    told = [deployment(8, createdAt=ago(minutes=minutes), status=status), deployment(7, createdAt=ago(days=9))]
    return rolled(described(service(*told, loadBalancers=[])))


LATE = "points of web come up to 5 minutes late, and there are none since the deploy of {} UTC: look again at {} UTC"


@cases({
    "a point after the deploy": (4, {"m3": 5, "m30": 5}, True),
    "a point of the deploy's own moment": (4, {"m4": 5}, True),
    "points before the deploy alone": (4, {"m5": 5, "m30": 5}, False),
    "as long ago as points are late": (5, {"m30": 5}, True),
    "a little less long ago": (4.9, {"m30": 5}, False),
})  # fmt: skip
def test_it_is_not_judged_as_well_before_the_points_after_the_deploy_are_there(
    minutes: float, requests: dict[str, float], covered: bool
) -> None:
    [found] = looked(traffic=[group(requests)], rollouts=deployed(minutes))
    at = NOW - timedelta(minutes=minutes)
    late = LATE.format(f"{at:%Y-%m-%d %H:%M}", f"{at + timedelta(minutes=5):%Y-%m-%d %H:%M}")
    assert str(found.told) == ("" if covered else f"cloudwatch:GetMetricData: {late}, or wait with --bake")


def test_what_is_worse_already_is_told_before_the_points_after_the_deploy_are_there() -> None:
    [found] = looked(traffic=[group({"m30": 500}, {"m30": 11})], rollouts=deployed(2))
    assert str(found.told).startswith("11 5xx in a minute since the deploy began")


def test_response_times_count_since_the_deploy_and_not_since_the_gate() -> None:
    requests = {f"m{minutes}": 400.0 for minutes in range(5, 60, 5)}
    [slow] = looked(traffic=[group(requests, p95={"m25": 9000})], rollouts=deployed(20), response_time_p95_ms=1000)
    assert (slow.now, slow.told) == (NONE, "")
    [now] = looked(traffic=[group(requests, p95={"m20": 9000})], rollouts=deployed(20), response_time_p95_ms=1000)
    assert now.now == f"{NONE}, a p95 of 9000 ms"


def test_only_a_primary_deployment_or_task_set_since_the_gate_is_the_deploy() -> None:
    requests = {"m30": 5.0}
    old = rolled(described(service(deployment(8, createdAt=ago(hours=1)), loadBalancers=[])))
    beside = deployed(2, "ACTIVE")
    sets = rolled(described(service(
        deployments=[], taskSets=[task_set(createdAt=ago(minutes=2))], deploymentController={"type": "EXTERNAL"},
        loadBalancers=[],
    )))  # fmt: skip
    timeless = rolled(described(service(deployment(8, createdAt=None), loadBalancers=[])))
    [mute] = deployed(2)
    mute = replace(mute, service=replace(mute.service, evidence=Unread(DENIED)))
    for seen, waits in ((old, False), (beside, False), (sets, True), (timeless, False), ([mute], False)):
        [found] = looked(traffic=[group(requests)], rollouts=seen)
        assert bool(str(found.told)) is waits
    [found] = looked(traffic=[group(requests)], rollouts=DENIED)
    assert found.told == ""


def test_of_two_deploys_the_newer_one_counts() -> None:
    [one], [other] = deployed(2), deployed(30)
    [found] = looked(traffic=[group({"m10": 5})], rollouts=[one, other])
    assert f"the deploy of {NOW - timedelta(minutes=2):%Y-%m-%d %H:%M}" in str(found.told)
