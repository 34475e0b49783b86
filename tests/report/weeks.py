"""A week with a story, as a manager reads it: what failed and ended, a spent budget, costs, backups, a drill."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from opschecks.core.model import Deadline, Figure, Finding, ObservationResult, Outcome, SeenResource, Series, Severity
from opschecks.core.run import Run, WaiverState
from tests.exported import NOW
from tests.report.runs import ago
from tests.report.situations import FAULTS, morning
from tests.report.test_true_sentences import week_of

MEASURES = {
    "availability_percent": (99.9, [99.97, 99.95, 99.96, 99.98, 99.91, 99.97, 99.96, 99.93]),
    "response_time_p95_ms": (400, [228.0, 231.0, 240.0, 252.0, 246.0, 251.0, 246.0, 249.0]),
    "checks_passed_percent": (98, [99.1, 98.6, 99.4, None, 99.0, 98.9, 97.2, 97.6]),
    "tasks_running_percent": (100, [100.0] * 7 + [99.2]),
    "failures_opened": (None, [1, 2, 0, 1, 2, 1, 3, 3]),
    "time_to_resolve_hours": (24, [5.0, 7.5, None, 3.0, 9.0, 2.0, 5.75, 21.0]),
    "changes_made": (None, [0, 1, 0, 0, 1, 0, 2, 2]),
}
WORDS = {
    "test_server_errors_are_rare": ("Too many server errors", "high-error-rate", "alb"),
    "test_services_run_the_tasks_they_want": (
        "A service does not run its desired number of tasks", "scale-backend", "ecs"),
    "test_ingress_is_no_wider_than_allowed": (
        "A security group lets in more than allowed", "security-groups", "security_groups"),
    "test_volumes_are_attached": ("A volume is attached to no instance", "costs", "unused_resources"),
}  # fmt: skip
OWNERS = {"alb": "team edge", "ecs": "the platform team", "security_groups": "cloud security", "costs": "finance"}
BACKED_UP = "test_tables_have_a_recent_backup"
AREAS = ("alb", "alarms", "dynamodb", "ecs", "logs", "security_groups", "websocket")


def _failure(check: str, since: float, until: float | None, by: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "check": check, "since": ago(since).isoformat(), "until": "" if until is None else ago(until).isoformat(),
        "hours": None if until is None else (since - until) * 24, "cut": False, "tried": [by] if by else [],
        "ended_by": by if until is not None else None,
    }  # fmt: skip


def _area(name: str) -> dict[str, Any]:
    days: list[list[int] | None] = [[4, 0, 0] for _ in range(28)]
    days[10] = None
    for place in {"ecs": (3, 12, 24, 25, 26), "alb": (23,), "security_groups": (26, 27)}.get(name, ()):
        days[place] = [3, 1, 0]
    if name == "logs":
        days[14] = [3, 0, 1]
    failed = [check for check, (_, _, area) in WORDS.items() if area == name]
    return {"area": name, "days": days, "failed": failed}


def _recurring(check: str, bad: tuple[int, ...], times: int, tried: list[dict[str, Any]]) -> dict[str, Any]:
    outcomes = ["failed" if place in bad else "passed" for place in range(28)]
    outcomes[10] = ""
    return {"check": check, "days": len(bad), "times": times, "outcomes": outcomes, "tried": tried}


def story_week() -> dict[str, Any]:
    """The week in daily runs, every key of it."""
    restart = {"remedy": "scale-service", "times": 2, "by": "ann on laptop"}
    errors, tasks, ingress, _ = WORDS
    days = []
    for place in range(7):
        bad = {1: 2, 3: 1, 4: 1, 5: 1, 6: 1}.get(place, 0)
        days.append({
            "day": f"{ago(6 - place):%Y-%m-%d}", "run": True, "outcomes": {"passed": 28 - bad, "failed": bad},
            "running": 1.0 if place == 4 else 2.0, "desired": 2.0,
        })  # fmt: skip
    copies = [
        {"at": ago(7 * back).isoformat(), "outcomes": {BACKED_UP: "failed" if back == 3 else "passed"},
         "bad": [[BACKED_UP, "orders:table/orders", "failed"]] if back == 3 else []}
        for back in range(7, 0, -1)
    ]  # fmt: skip
    return week_of(
        ".......",
        days=days,
        measures=[{"key": key, "target": target, "weeks": weeks} for key, (target, weeks) in MEASURES.items()],
        failures=[
            _failure(errors, 5.2, 4.9, None),
            _failure(tasks, 3.1, 2.2, restart),
            _failure(ingress, 1.0, None),
        ],
        opened=3,
        recurring=[_recurring(tasks, (3, 12, 24, 25, 26), 3, [restart]), _recurring(ingress, (26, 27), 1, [])],
        words={
            check: {"failing": failing, "runbook": slug, "area": area}
            for check, (failing, slug, area) in WORDS.items()
        },
        looked={"health": ""},
        areas=[_area(name) for name in AREAS],
        copies=copies,
        drills=[
            {"check": "test_tables_can_be_restored", "at": ago(20).isoformat(), "outcome": "passed"},
            {"check": "test_a_stopped_task_is_replaced", "at": ago(20).isoformat(), "outcome": "passed"},
        ],
        restores=[
            {"table": "orders", "at": ago(20).isoformat(),
             "told": {"result": ["as the backup", ""], "restored in": [14, "minutes"], "items compared": [1200, ""]}}
        ],
    )  # fmt: skip


def _backups() -> tuple[Finding, ...]:
    said = {
        "orders": "the newest is 7 h old",
        "users": "the newest is 7 h old",
        "uploads": "old versions are kept for 90 days",
    }
    return tuple(
        Finding("production", "test_tables_have_a_recent_backup", f"{name}:table/{name}", name, Outcome.PASSED,
                Severity.HIGH, words)
        for name, words in said.items()
    )  # fmt: skip


def _costs() -> tuple[ObservationResult, ...]:
    now = NOW - timedelta(days=2)

    def line(base: float, grows: float, limit: float | None = None) -> Series:
        points = ((now - timedelta(days=back), base + grows * (back < 7) + back % 3) for back in range(35, -1, -1))
        return Series("cost", "USD", tuple(points), 86400, limit)

    services = {
        "Amazon Elastic Container Service": (90, 0), "Amazon CloudFront": (48, 2.7), "Amazon DynamoDB": (31, -0.3),
        "Amazon Elastic Load Balancing": (16, 0), "AWS Key Management Service": (2, 0),
    }  # fmt: skip
    total = line(sum(base for base, _ in services.values()), 2.4, 207)
    this, before = (sum(value for _, value in of) for of in (total.points[-7:], total.points[-14:-7]))
    figures = tuple(
        Figure(label, value, "USD")
        for label, value in (("7 days", this), ("7 days before", before), ("month", 6420.0), ("budget", 6200.0))
    )
    until = Figure("until", f"{now:%Y-%m-%d}")
    seen = SeenResource("costs/total", "total", (*figures, until), (total,))
    parts = tuple(SeenResource(f"costs/{name}", name, (), (line(*of),)) for name, of in services.items())
    keys = SeenResource(
        "user/deploy", "deploy", (), (), (Deadline("key …4QX2 of deploy must be rotated", NOW + timedelta(days=9)),)
    )
    return (
        ObservationResult("production", "total_cost", 0.2, (), "", (seen,)),
        ObservationResult("production", "service_costs", 0.2, (), "", parts),
        ObservationResult("production", "key_holders", 0.2, (), "", (keys,)),
        ObservationResult("production", "running_images", 0.2, (), "", ()),
        ObservationResult("production", "restore_rehearsal", 0.2, (), "", ()),
    )


def story() -> Run:
    """The weekly run about it: one check failed, a waiver ends soon."""
    run = morning(FAULTS[2:3], suite="weekly", weeks=(story_week(),))
    check, _ = FAULTS[2]
    backup = replace(
        check, check="test_tables_have_a_recent_backup", area="backups", outcome="passed", message="",
        failing="A table has no recent backup", runbook="table-backups",
    )  # fmt: skip
    day = (NOW + timedelta(days=8)).date().isoformat()
    waiver = WaiverState(
        "production", "test_volumes_are_attached", "vol-0a*", "ann", "kept for the migration", day, 8, "active"
    )
    (facts,) = run.stacks
    return replace(
        run,
        stacks=(replace(facts, owners=OWNERS, time_zone="UTC"),),
        checks=(*run.checks, backup),
        findings=(*run.findings, *_backups()),
        observations=(*run.observations, *_costs()),
        waivers=(waiver,),
    )
