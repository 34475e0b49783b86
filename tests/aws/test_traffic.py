"""Errors and latency of load balancers and their targets, as CloudWatch counts them."""

from __future__ import annotations

from opschecks.aws.own_groups import own_groups
from opschecks.aws.traffic import balancer_errors, traffic
from tests.canned import NOW, daily, judges, names, verdict
from tests.canned_metrics import BACKEND, EDGE, GROUP, REQUESTS, Points, at, every_5_minutes, itself_errs, seen, serves


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
