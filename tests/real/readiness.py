"""Targets before a deploy that are ill, start or leave; neighbours' groups; daemons, which nothing scales."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from opschecks.core.observation import CouldNotLook
from tests.canned import Raw, checks_of, daily
from tests.canned_ecs import service
from tests.real.deploys import BLUE, GREEN, GUIDE, ONE_GROUP, TWO, WORSE, health, since_then, target
from tests.real.rows import Row, rows_by
from tests.real.traffic import scales

before = checks_of("deploy/before", "readiness")
scaling = daily("auto_scaling")
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/"
HEALTH = ELB + "target-group-health-checks.html"
UNKNOWN = CouldNotLook("ecs:DescribeServices", "ThrottlingException: Rate exceeded")


def ill(number: int, state: str, code: str, why: str) -> Raw:
    one = target(number)
    return {**one, "TargetHealth": {"State": state, "Reason": code, "Description": why}}


TIMED_OUT = ill(3, "unhealthy", "Target.Timeout", "Request timed out")


def targets(*told: Raw, **more: Any) -> dict[str, Any]:
    return {"served_groups": [replace(health(BLUE, *told), **more)]}


def daemon(desired: int, *, told: bool = True, **changes: Any) -> dict[str, Any]:
    """A service of one task on each instance, which Application Auto Scaling does not take."""
    described = None if told else UNKNOWN
    return scales(0, 0, desired, described=described, **{"schedulingStrategy": "DAEMON", **changes})


DAEMON = GUIDE + "ecs_service-options.html"
can_take = partial(rows_by(targets), before.test_targets_can_take_a_deploy)
ROWS = {
    "before a deploy no target is healthy: the reasons are told": can_take(
        "failed", HEALTH, TIMED_OUT, says="10.0.0.3:8000 is unhealthy (Request timed out)"
    ),
    "before a deploy one of three targets is ill": can_take(
        "failed", HEALTH, *TWO, TIMED_OUT, says="10.0.0.3:8000 is unhealthy (Request timed out)"
    ),
    "before a deploy the group is empty": can_take("failed", HEALTH, says="no target is healthy: none is registered"),
    "before a deploy a scale-out is starting a task": can_take(
        "passed",
        HEALTH,
        *TWO,
        ill(3, "initial", "Elb.RegistrationInProgress", "Target registration is in progress"),
        says="2 of 3 targets are healthy",
    ),
    "before a deploy all that is left drains": can_take(
        "failed", HEALTH, target(3, "draining"), says="no target is healthy: 10.0.0.3:8000 is draining"
    ),
    "an unhealthy target of an NLB whose connections drain is unhealthy, and not leaving": can_take(
        "failed",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html",
        *TWO,
        target(3, "unhealthy.draining"),
        says="10.0.0.3:8000 is unhealthy.draining",
    ),
    "before a deploy a neighbour's group is ill": can_take(
        "passed",
        HEALTH,
        TIMED_OUT,
        says="no service of the stack fills it",
        foreign="1 targets, not judged: no service of the stack fills it",
    ),
    "before a deploy an empty group of which it is not known whose it is": can_take(
        "blind", HEALTH, says="Rate exceeded", foreign=UNKNOWN
    ),
    "before a deploy a Lambda function's group without health checks": can_take(
        "passed",
        ELB + "lambda-functions.html",
        target(1, "unavailable"),
        says="not assessed",
        idle="not assessed: its health checks are off",
    ),
    "since the gate, a neighbour on the shared balancer fell ill": Row(
        WORSE, lambda: neighbour(), {"blue": "passed", "green": "passed"}, HEALTH, "no service of the stack fills it"
    ),
    "a daemon can scale with its instances alone": Row(
        scaling.test_services_can_scale,
        lambda: daemon(3),
        "passed",
        DAEMON,
        "a daemon: it runs one task on each container instance",
    ),
    "a daemon has no limits of scaling": Row(
        scaling.test_scaling_limits_are_as_wanted, lambda: daemon(3), "passed", DAEMON
    ),
    "a daemon is at no maximum": Row(
        scaling.test_services_are_not_at_max_capacity, lambda: daemon(30), "passed", DAEMON
    ),
    "a daemon without an instance": Row(
        scaling.test_services_are_within_their_task_limits, lambda: daemon(0), "passed", DAEMON
    ),
    "a daemon before a deploy": Row(before.test_scaling_has_room_for_a_deploy, lambda: daemon(30), "passed", DAEMON),
    "a service without a scalable target, and whether it is a daemon could not be read": Row(
        scaling.test_services_can_scale, lambda: daemon(3, told=False), "blind", DAEMON, "Rate exceeded"
    ),
    "a service that is no daemon has no scalable target": Row(
        scaling.test_services_can_scale,
        lambda: daemon(3, schedulingStrategy="REPLICA"),
        "failed",
        DAEMON,
        "it has no scalable target",
    ),
}


def neighbour() -> dict[str, Any]:
    """Its targets were healthy before the deploy, and one is not now."""
    seen = since_then(service(**ONE_GROUP), {BLUE: (TWO, TWO)})
    theirs = since_then(
        service(**ONE_GROUP),
        {GREEN: (TWO, [target(1), TIMED_OUT])},
        whose={GREEN: "2 targets, not judged: no service of the stack fills it"},
    )
    return {"since_the_gate": [*seen["since_the_gate"], *theirs["since_the_gate"]]}
