"""Mornings of the size of a real stack: 31 checks of 11 areas, of which as many fail as a situation says."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from opschecks.core.model import (
    CheckResult,
    Fact,
    Figure,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from opschecks.core.run import Past, Run, StackFacts, Standing, WaiverState
from tests.exported import NOW, changed, not_made
from tests.report.runs import ago, check_of, with_everything
from tests.report.test_true_sentences import week_of

F, P, B = Outcome.FAILED, Outcome.PASSED, Outcome.BLIND
CRITICAL, HIGH, MEDIUM = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM
ACCOUNT = "us-west-2:123456789012"
SERVICE = f"arn:aws:ecs:{ACCOUNT}:service/incident-commander/backend"
GROUP = f"arn:aws:elasticloadbalancing:{ACCOUNT}:targetgroup/incident-commander-backend/c5680d2b8954fd7d"
BALANCER = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/incident-commander/ee468d2ed6932668"
AREAS = {
    "health": 1, "ecs": 6, "auto_scaling": 4, "alb": 3, "websocket": 5, "dynamodb": 3, "dashboards": 1, "logs": 2,
    "alarms": 3, "incidents": 2, "security_groups": 1,
}  # fmt: skip
"""How many checks of each area there are."""


def _bad(
    name: str, area: str, severity: Severity, slug: str, failing: str, resource: tuple[str, str], *facts: Fact,
    remedy: str = "",
) -> tuple[CheckResult, Finding]:  # fmt: skip
    message = "; ".join(fact.observed for fact in facts)
    check = CheckResult(
        "production", name, f"checks/daily/test_{area}.py::{name}", area, severity, slug, failing,
        "Users notice this before anybody else does, and it does not go away by itself.", F.value,
        f"{resource[1]}: {message}", remedy=remedy,
    )  # fmt: skip
    evidence = {"deployments": [{"createdAt": ago(2).isoformat(), "taskDefinition": "arn:x/backend:17"}]}
    return check, Finding("production", name, *resource, F, severity, message, evidence, facts=facts)


FAULTS = (
    _bad("test_cpu_is_not_saturated", "ecs", CRITICAL, "high-cpu", "A service's CPU is saturated",
         (SERVICE, "backend"), Fact("CPU peaked at 98 % within the last half hour", "at most 90 %", True),
         Fact("2 of 2 tasks run; 2 ERROR events in the logs within the hour"),
         remedy="scale-service"),
    _bad("test_server_errors_are_rare", "alb", CRITICAL, "high-error-rate", "Too many server errors",
         (BALANCER, "incident-commander"), Fact("peaked at 40 5xx in a minute of the last hour", "at most 10", True),
         remedy="roll-back-after-errors"),
    _bad("test_ingress_is_no_wider_than_allowed", "security_groups", MEDIUM, "security-groups",
         "A security group lets in more than allowed", ("sg-0a1b2c3d4e5f60718", "incident-commander-tasks"),
         Fact("tcp 22 from 0.0.0.0/0", "", True), remedy="revoke-ingress"),
    _bad("test_websocket_sessions_are_sticky", "websocket", HIGH, "websocket-connection-issues",
         "WebSocket sessions are not sticky", (GROUP, "incident-commander-backend"),
         Fact("stickiness is off", "", True), remedy="enable-stickiness"),
)  # fmt: skip
"""Four checks that fail, each with its finding."""


def _passed() -> tuple[list[CheckResult], list[Finding]]:
    checks, findings = [], []
    for area, count in AREAS.items():
        for place in range(count):
            name = f"test_{area}_is_as_it_should_be_{place}"
            checks.append(replace(check_of(name, area, P, "logs"), failing="It is bad", message=""))
            findings.append(Finding("production", name, f"arn:{name}", area, P, HIGH, "9 of 9 are as they should be"))
    return checks, findings


def _line(label: str, unit: str, value: float, limit: float | None, last: float) -> Series:
    high = value * 0.08 or 2
    points = [(NOW - timedelta(minutes=5 * n), value + high * (1 + math.sin(n / 24))) for n in range(288, 0, -1)]
    return Series(label, unit, (*points[:-3], *((at, last) for at, _ in points[-3:])), 300, limit)


def _seen(failed: Collection[str]) -> tuple[ObservationResult, ...]:
    cpu, errors = 98 if FAULTS[0][0].check in failed else 47, 40 if FAULTS[1][0].check in failed else 0.4
    load = SeenResource(SERVICE, "backend", (), (
        _line("CPU", "%", 45, 90, cpu), _line("memory", "%", 40, 85, 41)))  # fmt: skip
    traffic = SeenResource(BALANCER, "incident-commander", (), (
        _line("5xx", "per minute", 0, 10, errors), _line("p95 response time", "ms", 120, 1000, 150),
        _line("requests", "per minute", 900, None, 910)))  # fmt: skip
    tables = tuple(
        SeenResource(name, name, (), (_line("throttled reads", "per minute", 0, None, 0),))
        for name in ("incident-commander-incidents", "incident-commander-agent-state")
    )
    incidents = tuple(
        SeenResource(f"t/{n}", f"inc-104{n}", (
            Figure("title", "Nightly export retried twice"), Figure("severity", "low"), Figure("status", "resolved"),
            Figure("opened", ago(0.4 + n / 10).isoformat())))
        for n in range(3)
    )  # fmt: skip
    seen = {
        "service_load": (load,),
        "traffic": (traffic,),
        "tables": tables,
        "overnight_incidents": incidents,
        "active_incidents": (),
    }
    others = {f"observation_{n}": () for n in range(23)}
    return tuple(
        ObservationResult("production", name, 0.1, ("ecs:DescribeServices",), "", of)
        for name, of in {**seen, **others}.items()
    )


DAY_FOUR = (*("passed",) * 10, *("failed",) * 3)
"""The runs before one in which something has been failing since three days."""


def morning(bad: Iterable[tuple[CheckResult, Finding]] = (), **more: Any) -> Run:
    """A morning of one production stack on which these checks failed, compared with 13 before it."""
    checks, findings = _passed()
    pairs = list(bad)
    strips = dict.fromkeys(("", *AREAS, *(check.check for check, _ in pairs)), ("passed",) * 13)
    strips |= {key: DAY_FOUR for check, _ in pairs[1:] for key in ("", check.area, check.check)}
    standings = tuple(
        Standing(
            check.check, one.resource, one.name, "still" if place else "new", ago(3 * bool(place)), 1 + 3 * bool(place)
        )
        for place, (check, one) in enumerate(pairs)
    )
    told = {
        "stacks": (StackFacts("production", False, "123456789012", "us-west-2", "America/Los_Angeles",
                              {"on_call": "the platform team"},
                              {"cluster": "incident-commander", "service": "backend", "region": "us-west-2",
                               "load-balancer": "incident-commander", "on-call": "the platform team"}),),
        "checks": (*(check for check, _ in pairs), *checks),
        "findings": (*(one for _, one in pairs), *findings),
        "observations": _seen({check.check for check, _ in pairs}),
        "past": (Past("production", 13, ago(1), standings=standings, strips=strips, journal_days=30),),
        "exit_code": int(bool(pairs)), "state": "finished", "ended": NOW + timedelta(seconds=44),
        "versions": {"opschecks": "0.1.0", "python": "3.11.7", "pytest": "9.2.0"},
    }  # fmt: skip
    return Run(**{"suite": "daily", "started": NOW, **told, **more})


def thousand() -> Run:
    """A check that failed for 1,000 resources, for each of which a change is planned."""
    check, finding = FAULTS[2]
    many = [replace(finding, resource=f"sg-{n:017x}", name=f"web-{n:04}-tasks") for n in range(1000)]
    run = morning([(check, many[0])])
    revoked = partial(not_made, "planned", check=check.check, remedy="revoke-ingress")
    differs = ["tcp 22 from 0.0.0.0/0: allowed → revoked"]
    planned = tuple(revoked(name=one.name, resource=one.resource, differs=differs) for one in many)
    standings = tuple(Standing(check.check, one.resource, one.name, "still", ago(3), 4) for one in many)
    return replace(
        run,
        findings=(*many, *run.findings[1:]),
        changes=planned,
        past=(replace(run.past[0], standings=standings, strips={**run.past[0].strips, check.check: DAY_FOUR}),),
    )


def denied() -> Run:
    """One action that is denied, behind 13 checks."""
    run, why = morning(), "ecs:DescribeServices: AccessDenied: not authorized – allow ecs:DescribeServices"
    blind = {check.check for check in run.checks[:13]}
    return replace(
        run,
        checks=tuple(replace(one, outcome=B.value, message=why) if one.check in blind else one for one in run.checks),
        findings=tuple(
            replace(one, outcome=B, message=f"{why} (needed for {one.check})") if one.check in blind else one
            for one in run.findings
        ),
        exit_code=10,
    )


def on_three_stacks() -> Run:
    """One check that failed on each of three stacks."""
    run = morning(FAULTS[:1])
    (facts,), names = run.stacks, ("production", "staging", "europe")
    return replace(
        run,
        stacks=tuple(replace(facts, name=name) for name in names),
        checks=tuple(replace(one, stack=name) for name in names for one in run.checks),
        findings=tuple(replace(one, stack=name) for name in names for one in run.findings),
        observations=tuple(replace(one, stack=name) for name in names for one in run.observations),
        past=tuple(replace(run.past[0], stack=name) for name in names),
    )


def twelve() -> Run:
    """Twelve checks that fail, three of each kind."""

    def again(check: CheckResult, one: Finding, n: int) -> tuple[CheckResult, Finding]:
        name = f"{check.check}_{n}"
        return replace(check, check=name, failing=f"{check.failing} ({n})"), replace(one, check=name)

    return morning([*FAULTS, *(again(*pair, n) for n in range(2, 4) for pair in FAULTS)])


def all_blind() -> Run:
    """Nothing could be looked at: no network."""
    run = morning()
    why = "sts:GetCallerIdentity: EndpointConnectionError: Could not connect – check the network, and run it again"
    return replace(
        run,
        checks=tuple(replace(one, outcome=B.value, message=why) for one in run.checks),
        findings=tuple(replace(one, outcome=B, message=why) for one in run.findings),
        observations=tuple(replace(one, error=why, resources=()) for one in run.observations),
        exit_code=10,
    )


def waived() -> Run:
    """A failure that somebody accepted for a while."""
    run = morning(FAULTS[2:3])
    waiver = {"owner": "ann", "reason": "kept for the migration", "until": "2026-12-01"}
    state = WaiverState("production", run.checks[0].check, "sg-*", **waiver, days_left=7, state="active")
    return replace(
        run,
        checks=(replace(run.checks[0], outcome="waived"), *run.checks[1:]),
        findings=(replace(run.findings[0], outcome=Outcome.WAIVED, waiver=waiver, facts=()), *run.findings[1:]),
        waivers=(state,),
        past=(replace(run.past[0], standings=()),),
        exit_code=0,
    )


SCALED = {
    "check": FAULTS[0][0].check, "remedy": "scale-service", "name": "backend", "resource": SERVICE,
    "differs": ["desired: 2 → 4"],
}  # fmt: skip


def fixed() -> Run:
    """A failure that a remedy has fixed."""
    return morning(changes=(changed("fixed", **SCALED),))


def refused() -> Run:
    """A failure whose remedy was refused."""
    frozen = "frozen until 2026-11-30 16:00 UTC: release of the winter catalogue"
    return morning(FAULTS[:1], changes=(not_made("refused", **SCALED, said=frozen),))


def week(*, faults: bool = False, days: bool = True) -> Run:
    """A weekly run, with or without failures, and with or without daily runs of the week."""
    told = week_of("......." if days else "-------")
    return morning(FAULTS[2:3] if faults else (), suite="weekly", weeks=(told,))


def gate(suite: str, *, bad: bool = False) -> Run:
    """A gate before or after a deploy."""
    return morning(FAULTS[1:2] if bad else (), suite=suite, past=())


def _story() -> Run:
    from tests.report.weeks import story  # made of a morning of here

    return story()


SITUATIONS: Mapping[str, Callable[[], Run]] = {
    "healthy": morning,
    "one fault": lambda: morning(FAULTS[:1]),
    "four faults": lambda: morning(FAULTS),
    "twelve faults": twelve,
    "all blind": all_blind,
    "one action denied": denied,
    "twenty mornings": with_everything,
    "three stacks": on_three_stacks,
    "waived": waived,
    "fixed": fixed,
    "refused": refused,
    "a plan of a thousand": thousand,
    "a clean week": week,
    "a week with faults": lambda: week(faults=True),
    "a week without dailies": lambda: week(days=False),
    "a week with a story": _story,
    "before a deploy": lambda: gate("deploy-before"),
    "after a deploy": lambda: gate("deploy-after", bad=True),
    "drills": lambda: gate("drills"),
}
"""The situations that pages are looked at in; `python -m tests.report.pictures` makes them."""
