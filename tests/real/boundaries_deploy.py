"""The gate before a deploy, at its limits: equal is within, one more is not, and a freeze ends on the second."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from opschecks.aws.ecs import services
from opschecks.aws.freeze_windows import freeze_windows
from tests.canned import NOW, Aws, checks_of, daily, names, stack
from tests.canned_ecs import deployment, rolled, service
from tests.canned_metrics import REQUESTS, at, every_5_minutes, itself_errs, loads, serves
from tests.real import alarms
from tests.real.rows import Row
from tests.real.traffic import scales

before, ecs = checks_of("deploy/before", "readiness"), daily("ecs")
CPU = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html"
TARGETS = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ScalableTarget.html"
METRICS = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html"
STATES = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html"


def frozen(begins: timedelta, ends: timedelta, outcome: str, says: str = "") -> Row:
    """A freeze window that begins and ends so long after now."""
    window = {"begins": (NOW + begins).isoformat(), "ends": (NOW + ends).isoformat(), "reason": "the year's end"}
    here = stack(fix={"freeze": [window]})
    return Row(
        before.test_no_change_is_frozen,
        lambda: {"freeze_windows": freeze_windows(here, NOW)},
        outcome,
        "docs/fixing.md, freeze windows",
        says,
    )


def room(
    desired: int, outcome: str, says: str, *, low: int = 2, high: int = 6, limits: Mapping[str, int] | None = None
) -> Row:
    """A service of that many tasks between the limits of its scalable target."""
    seen = functools.partial(scales, low, high, desired, checked=stack(limits=limits or {}))
    return Row(before.test_scaling_has_room_for_a_deploy, seen, outcome, TARGETS, says)


def peaked(*values: float, outcome: str, says: str) -> Row:
    """A service whose CPU was so in the newest periods, the newest first, and 10 % before."""
    points = [at(5 * n, value) for n, value in enumerate(values, 1)]
    told = {"CPUUtilization Average": [*points, *every_5_minutes(10)[len(points) :]]}
    return Row(before.test_capacity_is_to_spare, lambda: {"service_load": loads(told)}, outcome, CPU, says)


def errors(target: float, itself: float = 0, minutes: float = 30) -> dict[str, Any]:
    """A minute with so many 5xx of the targets, and one with those of the balancer itself."""
    told = {"app RequestCount": REQUESTS, "RequestCount": REQUESTS}
    own = {**told, "app HTTPCode_Target_5XX_Count": [at(minutes, target)] if target else []}
    balancer = {**told, "HTTPCode_ELB_5XX_Count": [at(minutes, itself)] if itself else []}
    return {"traffic": serves(own), "balancer_errors": itself_errs(balancer)}


def rare(seen: dict[str, Any], outcome: Any, says: str = "") -> Row:
    return Row(before.test_errors_are_rare_before_the_deploy, lambda: seen, outcome, METRICS, says)


def moving(one: Any, outcome: str, says: str = "") -> Row:
    return Row(before.test_no_deployment_is_under_way, lambda: settled(one), outcome, STATES, says)


def settled(one: Any) -> dict[str, Any]:
    """The service as ECS describes it; nothing is recorded of its deployments."""
    answer = {("ecs", "DescribeServices"): {"services": [one]}}
    return {"rollouts": rolled(services(Aws(answer), names(services=("backend",)), NOW))}


def rings(state: str, outcome: str, says: str = "") -> Row:
    one = alarms.alarm("cpu-high", StateValue=state)
    check = before.test_alarms_are_quiet_before_the_deploy
    return Row(check, lambda: {"alarms": alarms.seen(one)}, outcome, alarms.ITEM, says)


ROWS = {
    "a freeze that begins in a second": frozen(timedelta(seconds=1), timedelta(days=1), "passed"),
    "a freeze that begins now": frozen(
        timedelta(), timedelta(hours=2), "failed", "until 2026-11-24 09:00 UTC: the year's end"
    ),
    "the last second of a freeze": frozen(
        timedelta(days=-9), timedelta(seconds=1), "failed", "until 2026-11-24 07:00 UTC"
    ),
    "a freeze that ends now is over": frozen(timedelta(days=-9), timedelta(), "nothing"),
    "before a deploy nothing rings": rings("OK", "passed"),
    "before a deploy an alarm has no data, which another check tells": rings("INSUFFICIENT_DATA", "passed"),
    "before a deploy an alarm rings": rings("ALARM", "failed", "since 2026-11-23 01:00 UTC: Threshold Crossed"),
    "one task of room before a deploy": room(5, "passed", "5 of at most 6 tasks"),
    "at its maximum before a deploy": room(6, "failed", "6 of at most 6 tasks; it is at its maximum"),
    "beyond its maximum, set by hand, before a deploy": room(7, "failed", "it is at its maximum"),
    "three tasks by its limits, always": room(
        3,
        "passed",
        "always 3, by its limits min_tasks and max_tasks",
        low=3,
        high=3,
        limits={"min_tasks": 3, "max_tasks": 3},
    ),
    "limits that differ by one are no fixed number": room(
        3, "failed", "3 of at most 3 tasks", low=3, high=3, limits={"min_tasks": 2, "max_tasks": 3}
    ),
    "CPU at the limit before a deploy": peaked(
        80, outcome="passed", says="CPU peaked at 80 % within the last half hour"
    ),
    "CPU above the limit before a deploy": peaked(10, 80.1, outcome="failed", says="limit 80 %"),
    "CPU above the limit, more than half an hour before a deploy": peaked(
        10, 10, 10, 10, 10, 10, 10, 95, outcome="passed", says="peaked at 10 %"
    ),
    "CPU above the limit, in the period that ended within the half hour": peaked(
        10, 10, 10, 10, 10, 95, outcome="failed", says="peaked at 95 %"
    ),
    "ten 5xx in a minute, the limit, before a deploy": rare(
        errors(10), {"app": "passed", "web": "passed"}, "peaked at 10 5xx in a minute of the last hour"
    ),
    "eleven 5xx in a minute before a deploy": rare(
        errors(11), {"app": "failed", "web": "passed"}, "limit 10 per minute"
    ),
    "the balancer itself answers eleven 5xx in a minute before a deploy": rare(
        errors(0, 11),
        {"app": "passed", "web": "failed"},
        "peaked at 11 5xx in a minute of the last hour; limit 10 per minute",
    ),
    "many 5xx, an hour and two minutes before a deploy": rare(
        errors(50, minutes=62), {"app": "passed", "web": "passed"}, "peaked at 0 5xx"
    ),
    "before a deploy all is settled": moving(service(), "passed", "backend:8 serves with 2 of 2 tasks"),
    "before a deploy a task is missing": moving(service(runningCount=1), "failed", "serves with 1 of 2 tasks"),
    "before a deploy a task too many is about to leave": moving(service(runningCount=3), "passed", "3 of 2 tasks"),
    "before a deploy of a service that was set to none": moving(
        service(desiredCount=0, runningCount=0), "failed", "its desired count is 0"
    ),
    "before a deploy a daemon without instances": moving(
        service(desiredCount=0, runningCount=0, schedulingStrategy="DAEMON"), "passed", "0 of 0 tasks"
    ),
    "before a deploy the service is being deleted": moving(
        service(status="DRAINING"), "failed", "the service is DRAINING"
    ),
    "before a deploy the last deployment has failed": moving(
        service(deployment(rolloutState="FAILED")), "failed", "the deployment is FAILED"
    ),
}
