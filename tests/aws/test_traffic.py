"""Errors and latency of load balancers and their targets, as CloudWatch counts them."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.ecs import services
from opschecks.aws.own_groups import own_groups
from opschecks.aws.traffic import balancer_errors, service_load, traffic
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, Aws, daily, judges, names, stack, stand_in, verdict
from tests.canned_ecs import service
from tests.canned_metrics import (
    BACKEND,
    EDGE,
    FRONT,
    GROUP,
    REQUESTS,
    Points,
    at,
    every_5_minutes,
    itself_errs,
    seen,
    serves,
)
from tests.cases import cases


def latency(p95: Points, **more: Points) -> dict[str, Points]:
    return {"app RequestCount Sum": REQUESTS, "app TargetResponseTime p95": p95, **more}


ERRORS: dict[str, tuple[dict[str, Points], str, str]] = {
    "none": ({"app RequestCount": REQUESTS}, "passed", "peaked at 0 5xx"),
    "few": ({"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(7, 10)]}, "passed", "peaked at 10 5xx"),
    "many": ({"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(7, 11)]}, "failed", "limit 10 per minute"),
    "many, two hours ago": (
        {"app RequestCount": REQUESTS, "app HTTPCode_Target": [at(120, 99)]},
        "passed",
        "peaked at 0 5xx",
    ),
    "many of the balancer's other groups": (
        {"app RequestCount": REQUESTS, "HTTPCode_Target": [at(7, 99)]},
        "passed",
        "peaked at 0 5xx",
    ),
    "none, and no request in a day": ({}, "blind", "RequestCount of app has no data in 24 hours"),
    "none, and requests at night": ({"app RequestCount": [at(600, 5)]}, "passed", "peaked at 0 5xx"),
}


test_server_errors_of_targets_count = judges(
    daily("alb").test_server_errors_are_rare, ERRORS, traffic=serves, balancer_errors=lambda series: []
)

OWN: dict[str, tuple[dict[str, Points], str, str]] = {
    "none": ({"RequestCount": REQUESTS}, "passed", "peaked at 0 5xx"),
    "of the load balancer, which has no healthy target": ({"HTTPCode_ELB": [at(3, 40)]}, "failed", "peaked at 40 5xx"),
    "none, and no request in a day": ({}, "blind", "RequestCount of web has no data in 24 hours"),
    "none, and requests at night": ({"RequestCount": [at(600, 5)]}, "passed", "peaked at 0 5xx"),
}
test_server_errors_of_the_load_balancer_itself_count = judges(
    daily("alb").test_server_errors_are_rare, OWN, traffic=lambda series: [], balancer_errors=itself_errs
)


def test_half_of_the_server_errors_is_not_enough_to_pass() -> None:
    check = daily("alb").test_server_errors_are_rare
    found = serves({"app RequestCount": REQUESTS, "app HTTPCode_Target": ([], "PartialData")})
    assert verdict(check, traffic=found, balancer_errors=[])[0] == "blind"
    found_too = itself_errs({"RequestCount": REQUESTS, "HTTPCode_ELB": ([], "PartialData")})
    assert verdict(check, traffic=[], balancer_errors=found_too)[0] == "blind"


FEW = [at(minutes, 3) for minutes in range(5, 65, 5)]
LATENCY: dict[str, tuple[dict[str, Points], str, str]] = {
    "quick": (latency(every_5_minutes(0.4)), "passed", "peaked at 400 ms"),
    "slow for five minutes": (
        latency([*every_5_minutes(0.4), at(42, 1.2)], **{"app RequestCount Sum": [*REQUESTS, at(42, 20)]}),
        "failed",
        "peaked at 1200 ms in the last hour; limit",
    ),
    "requests without response times": ({"app RequestCount": REQUESTS}, "blind", "no response times of app"),
    "no request in the last hour": ({"app RequestCount": [at(600, 5)]}, "passed", "no request in the last hour"),
    "no request in a day": ({"app TargetResponseTime p95": every_5_minutes(0.4)}, "blind", "no data in 24 hours"),
    "one slow request of three, and no others": (
        latency([at(20, 9.0)], **{"app RequestCount Sum": [at(20, 3)], "app RequestCount Sum hourly": [at(30, 3)]}),
        "passed",
        "3 requests in the last hour: too few for a p95",
    ),
    "quick, the last ones 40 minutes ago": (
        latency([at(40, 0.2), at(45, 0.3)], **{"app RequestCount Sum": [at(40, 3), at(45, 2)]}),
        "passed",
        "p95 peaked at 300 ms",
    ),
    "few in each period, all slow, and enough in the hour": (
        latency(
            [(time, 3.0) for time, _ in FEW],
            **{
                "app RequestCount Sum hourly": [at(30, 36)],
                "app TargetResponseTime p95 hourly": [at(30, 3.0)],
                "app RequestCount Sum": FEW,
            },
        ),
        "failed",
        "peaked at 3000 ms",
    ),
    "few in each period, one of them slow, and the hour is quick": (
        latency(
            [(time, 0.2) for time, _ in FEW[1:]] + [at(5, 3.0)],
            **{
                "app RequestCount Sum hourly": [at(30, 36)],
                "app TargetResponseTime p95 hourly": [at(30, 0.3)],
                "app RequestCount Sum": FEW,
            },
        ),
        "passed",
        "peaked at 300 ms",
    ),
}


def longest_key_first(series: dict[str, Points]) -> dict[str, Points]:
    return {key: series[key] for key in sorted(series, key=len, reverse=True)}


test_responses_are_judged_by_p95_where_there_were_enough_requests = judges(
    daily("alb").test_responses_are_quick,
    LATENCY,
    traffic=lambda series: serves(longest_key_first(series)),
    balancer_errors=lambda series: [],
)


def test_network_load_balancers_have_no_http_traffic_and_that_is_no_failure() -> None:
    told = seen({}, inventory=BACKEND, fronted=own_groups(names(), [EDGE], [GROUP], [GROUP], [], []))
    assert traffic(told, own_groups(names(), [EDGE], [GROUP], [GROUP], [], []), NOW) == []
    errors = balancer_errors(told, [EDGE], [], NOW)
    for name in ("test_server_errors_are_rare", "test_responses_are_quick"):
        outcome, said = verdict(getattr(daily("alb"), name), traffic=[], balancer_errors=errors)
        assert outcome == "passed"
        assert "a network load balancer" in said


DENIED = CouldNotLook("x:Y", "AccessDenied")
CPU = {"CPUUtilization Average": every_5_minutes(95), "MemoryUtilization Average": every_5_minutes(30.4)}


def _tasks(running: int) -> Any:
    answer = {"services": [service(runningCount=running)]}
    return services(Aws({("ecs", "DescribeServices"): answer}), names(services=("backend",)), NOW)


def _errors(*a_minute: float) -> Any:
    return [stand_in(errors_5xx_per_minute=one) for one in a_minute]


class _Unknown:
    @property
    def errors_5xx_per_minute(self) -> float:
        raise DENIED


SEVEN = "7 ERROR events in the logs within the hour"
LOGS = [stand_in(seen=3, unread=None), stand_in(seen=4, unread=None)]


@cases({
    "all is known": (
        _tasks(1), _errors(2, 7, 3), LOGS,
        "1 of 2 tasks run; 5xx peaked at 7 in a minute; 7 ERROR events in the logs within the hour"),
    "nothing happened": (
        _tasks(2), [], [],
        "2 of 2 tasks run; 5xx peaked at 0 in a minute; 0 ERROR events in the logs within the hour"),
    "nothing is known": (DENIED, DENIED, DENIED, "task count unknown; 5xx unknown; log errors unknown"),
    "a part of the traffic is not": (
        _tasks(2), [*_errors(2), _Unknown()], LOGS,
        "2 of 2 tasks run; 5xx unknown; 7 ERROR events in the logs within the hour"),
    "a part of the logs is not": (
        [], _errors(1), [*LOGS, stand_in(seen=0, unread=DENIED)],
        f"task count unknown; 5xx peaked at 1 in a minute; {SEVEN}, 1 log group unknown"),
})  # fmt: skip
def test_beside(running: Any, errors: Any, logs: Any, told: str) -> None:
    [one] = service_load(seen(CPU), BACKEND, running, errors, lambda: logs, NOW, stack())
    assert one.beside == told
    assert one.arn == "service/prod/backend"
    assert [(each.label, each.value, each.unit) for each in one.figures] == [("CPU", 95, "%"), ("memory", 30, "%")]
    assert one.evidence["beside"] == told


@pytest.mark.parametrize(("percent", "asked"), [(90, 0), (90.1, 1)])
def test_logs_are_asked_only_where_the_cpu_is_too_high(percent: float, asked: int) -> None:
    calls: list[str] = []

    def errors() -> Any:
        calls.append("logs")
        return LOGS

    [one] = service_load(
        seen({"CPUUtilization Average": every_5_minutes(percent)}), BACKEND, _tasks(2), [], errors, NOW, stack()
    )
    assert len(calls) == asked
    assert one.beside == "2 of 2 tasks run; 5xx peaked at 0 in a minute" + (f"; {SEVEN}" if asked else "")


def test_figures_of_a_group() -> None:
    [one] = serves(
        {
            "app RequestCount": REQUESTS,
            "app HTTPCode_Target_5XX_Count": [at(30, 4), at(29, 2), at(20, 1)],
            "app TargetResponseTime": every_5_minutes(0.25),
        }
    )
    told = {each.label: each.value for each in one.figures}
    assert told == {"p95 response time": 250, "requests": 300, "requests a day": 300 * len(REQUESTS), "5xx a day": 7}
    worst = dict(one.errors_5xx_while_serving.points)
    assert sorted(worst.values())[-2:] == [1.0, 4.0]
    assert len(worst) == len(REQUESTS)


def test_a_group_of_which_it_is_not_known_whose_it_is() -> None:
    [front] = FRONT[:1]
    doubtful = type(front)(**{**vars(front), "own": [], "doubtful": list(front.own), "doubt": DENIED})
    [one] = traffic(seen({}, inventory=names(), fronted=FRONT), [doubtful], NOW)
    assert (one.name, one.balancer) == ("app", "web")
    with pytest.raises(CouldNotLook, match="AccessDenied"):
        assert one.requests_last_hour
