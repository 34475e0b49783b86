"""Each limit to the unit: what is equal to it is within, what is one beyond it is not; and which side it is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from opschecks.aws.iam import AccessKey, KeyHolder
from opschecks.config.stack import Stack
from opschecks.core.model import Finding, Resource
from tests.canned import NOW, checks_of, daily, examined, stack, stand_in, verdict, weekly
from tests.real import said

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
Seen = Callable[[Any], Mapping[str, Any]]
before = checks_of("deploy/before", "readiness")


def of(name: str, **told: Any) -> Seen:
    """The check's list of one resource, whose properties are as told; a function is given the value of the case."""
    return lambda value: {name: [_one(value, told)]}


def only(name: str, **told: Any) -> Seen:
    """The same, where the check is given one resource and no list."""
    return lambda value: {name: _one(value, told)}


def _one(value: Any, told: Mapping[str, Any]) -> Resource:
    return stand_in(**{key: one(value) if callable(one) else one for key, one in told.items()})


def itself(value: Any) -> Any:
    return value


def so_long_ago(age: timedelta) -> Any:
    return NOW - age


def keys(*ages: Any) -> Callable[[Any], Mapping[str, Any]]:
    """A user with keys of these ages, the oldest first; None is the age of the case."""

    def look(value: timedelta) -> Mapping[str, Any]:
        made = tuple(AccessKey(f"AKIA{n}", NOW - (value if age is None else age), None) for n, age in enumerate(ages))
        return {"key_holders": [KeyHolder(arn="u", name="ci", known=made)]}

    return look


class _Deliveries:
    """A rule that mutes the alarm so many hours a week."""

    def __init__(self, hours: float) -> None:
        self._hours = hours

    def muted(self, alarm: Any) -> str:
        return ""

    def failed(self, alarm: Any) -> str:
        return ""

    def scheduled(self, alarm: Any) -> list[tuple[str, float]]:
        return [("nightly", self._hours)]


def muted(hours: float) -> Mapping[str, Any]:
    alarm = stand_in(state="OK", acts=True, suppressed_by="")
    return {"alarms": [alarm], "alarm_deliveries": _Deliveries(hours)}


def costs(a_day: float = 100.0, a_day_before: float = 100.0, month: float = 100.0) -> Mapping[str, Any]:
    growth = 100 * (a_day / a_day_before - 1)
    told = {"a_day": a_day, "a_day_before": a_day_before, "growth_percent": growth, "last": NOW}
    return {"total_cost": stand_in(month_to_date=1.0, month=month, rate=3.0, **told)}


def scaled(desired: int, low: int = 2, high: int = 6) -> Mapping[str, Any]:
    target = stand_in(
        is_registered=True, never_scales="", max_capacity=high, pinned_by=[], bounds=lambda self, limits: (low, high)
    )
    return {"auto_scaling": [target], "services": [stand_in(desired=desired)]}


def short(waiting: timedelta, **more: Any) -> Resource:
    """A rollout whose service has lacked a task for so long."""
    service = stand_in(
        status="ACTIVE", running=1, desired=2, pending=1, is_daemon=False, short_since=NOW - waiting, **more
    )
    return stand_in(service=service, cannot_start="", is_starting=True, why="no capacity", under_way=[])


def lacking(waiting: timedelta) -> Mapping[str, Any]:
    return {"task_counts": [short(waiting)]}


def deployed(waiting: timedelta) -> Mapping[str, Any]:
    told = {"differences": [], "unfinished": "", "primary": stand_in(revision="web:8", id="ecs-svc/8")}
    rollout: Any = short(waiting)
    return {"releases": [stand_in(service=rollout.service, rollout=rollout, **told)]}


def moving(age: timedelta, planned: timedelta = timedelta(minutes=10)) -> Mapping[str, Any]:
    """A deployment of that age, which waits ten minutes by its own plan."""
    service = stand_in(status="ACTIVE", deployments=[1], task_sets=[])
    way = stand_in(age=age, planned=planned)
    return {"rollouts": [stand_in(service=service, failure="", cannot_start="", under_way=[way], by_events_only="")]}


def unindexed(age: timedelta) -> Mapping[str, Any]:
    """An active incident of that age, which the index does not show."""
    told = {"gaps": (), "severity": "low", "status": "active", "created_at": NOW - age, "title": "x"}
    return {
        "overnight_incidents": [stand_in(**told)],
        "overnight_reading": stand_in(through=""),
        "active_incidents": [],
    }


def answered(p95: float) -> Mapping[str, Any]:
    group = stand_in(requests_last_hour=100, p95_ms=lambda self, samples, limit: p95)
    return {"traffic": [group], "balancer_errors": []}


CREDENTIALS, BACKUPS, UNUSED, IMAGES = (
    weekly("credentials"),
    weekly("backups"),
    weekly("unused_resources"),
    weekly("images"),
)
RETENTION, COSTS, SCALING, RDS = weekly("retention"), weekly("costs"), weekly("scaling"), weekly("rds")
ECS, ALARMS, ALB, AUTO, INCIDENTS = (
    daily("ecs"), daily("alarms"), daily("alb"), daily("auto_scaling"), daily("incidents"),
)  # fmt: skip
FAILOVER, LOAD_DRILL, LIMITS = checks_of("drills", "failover"), checks_of("drills", "load"), stack().limits
WEEK = 7 * DAY
OVER, OLD = WEEK + SECOND, 90 * DAY + SECOND
GROUP = {"exists": True, "fixed_retention": ""}
DEV = {"tasks": 0, "runs_outside_now": False}
TABLE = {"status": "ACTIVE", "unusable": "", "since": NOW}
SCAN = {"at_least": lambda _: lambda self, severity: {}, "unjudged": 0}
IMAGE = {"is_there": True, "is_archived": False}
SITE = {"exists": True, "versioning": "Enabled"}
OLD_INCIDENT = {"severity": "critical", "title": "it burns"}
FORMATION, HYGIENE, AFTER = weekly("cloudformation"), weekly("alarm_hygiene"), checks_of("deploy/after", "deployment")
DEPLOYMENT, REHEARSED = timedelta(minutes=LIMITS.deployment_minutes), timedelta(days=LIMITS.restore_drill_days)
BUDGET = stack(limits={"budget_usd_per_month": 400})

CASES: dict[str, tuple[Callable[..., None], Seen, Any, Any, str]] = {
    "age of a key": (CREDENTIALS.test_access_keys_are_rotated, keys(None), 90 * DAY, OLD, "limit 90 days"),
    "age of the older of two keys": (
        CREDENTIALS.test_access_keys_are_rotated, keys(None, DAY), 90 * DAY, OLD, "limit 90 days"),
    "a key that was never used": (
        CREDENTIALS.test_access_keys_are_used, keys(None), 90 * DAY, OLD, "was never used; limit 90 days"),
    "two keys since": (
        CREDENTIALS.test_users_have_one_active_key, keys(80 * DAY, None), WEEK, OVER, "limit 7 days"),
    "age of a backup": (
        BACKUPS.test_tables_have_a_recent_backup, of("table_backups", age=itself, newest=NOW, **TABLE),
        WEEK, OVER, "limit 7 days"),
    "age of the full backup": (
        BACKUPS.test_everything_was_backed_up_lately,
        of("full_backups", age=itself, unfinished="", complete=stand_in(), lacks=[]), WEEK, OVER, "limit 7 days"),
    "old versions of the site": (
        BACKUPS.test_dashboard_bucket_keeps_what_is_overwritten,
        only("site_bucket", old_versions_kept_days=itself, **SITE), 7, 6, "expected 7 days"),
    "age of a volume": (
        UNUSED.test_volumes_are_attached, of("unattached_volumes", made=so_long_ago), WEEK, OVER, "limit 7 days"),
    "hours of a dev service": (
        UNUSED.test_dev_services_rest_outside_their_hours, of("dev_use", hours_outside=itself, **DEV), 4.0, 4.01,
        "limit 4 hours"),
    "a balancer without traffic, younger than a week": (
        UNUSED.test_load_balancers_have_traffic,
        of("balancer_use", made=so_long_ago, traffic=0, why_idle="no request"), WEEK - SECOND, WEEK, "no request"),
    "traffic of a balancer": (
        UNUSED.test_load_balancers_have_traffic,
        of("balancer_use", made=NOW - 9 * WEEK, traffic=itself, why_idle="no request"), 1, 0, "no request"),
    "age of an image": (
        IMAGES.test_images_are_young, of("running_images", pushed_at=so_long_ago, **IMAGE), 90 * DAY, OLD,
        "limit 90 days"),
    "retention, at least": (
        RETENTION.test_log_groups_are_kept_as_long_as_wanted, of("log_groups", retention_days=itself, **GROUP), 7, 6,
        "expected 7 to 90 days"),
    "retention, at most": (
        RETENTION.test_log_groups_are_kept_as_long_as_wanted, of("log_groups", retention_days=itself, **GROUP), 90, 91,
        "expected 7 to 90 days"),
    "attempts of scaling": (
        SCALING.test_scaling_attempts_succeed, of("scaling_week", said="", failed=lambda n: ["x"] * n), 0, 1,
        "limit 0"),
    "hours held": (
        SCALING.test_scaling_is_not_held_at_its_maximum, of("scaling_week", hours_held=itself, said=""), 1, 2,
        "limit 1"),
    "turns": (
        SCALING.test_scaling_does_not_flap, of("scaling_week", turns_a_day=itself, said=""), 6, 7, "limit 6"),
    "CPU of an hour": (
        ECS.test_cpu_leaves_headroom, of("service_load", cpu_last_hour=itself), 80.0, 80.01, "limit 80 %"),
    "CPU of five minutes": (
        ECS.test_cpu_is_not_saturated, of("service_load", cpu_peak=itself, beside="2 run"), 90.0, 90.01,
        "limit 90 %; 2 run"),
    "average memory": (
        ECS.test_memory_leaves_headroom, of("service_load", memory_last_hour=itself, memory_peak=1.0), 85.0, 85.01,
        "limit of the average 85 %"),
    "peak of memory": (
        ECS.test_memory_leaves_headroom, of("service_load", memory_last_hour=1.0, memory_peak=itself), 95.0, 95.01,
        "limit of the peak 95 %"),
    "CPU before a deploy": (before.test_capacity_is_to_spare, of("service_load", cpu_peak=itself), 80.0, 80.01, "80 %"),
    "hours muted in a week": (ALARMS.test_alarms_can_act, muted, 0.0, 0.01, "limit"),
    "rings of an alarm": (
        ALARMS.test_alarms_are_not_flapping, of("overnight_alarms", times=itself, told="rang"), 4, 5, "limit 4"),
    "tasks, at least": (AUTO.test_services_are_within_their_task_limits, scaled, 2, 1, "fewer than the minimum, 2"),
    "tasks, at most": (AUTO.test_services_are_within_their_task_limits, scaled, 6, 7, "more than the maximum, 6"),
    "room for tasks": (AUTO.test_services_are_not_at_max_capacity, scaled, 5, 6, "nowhere left to scale to"),
    "p95": (ALB.test_responses_are_quick, answered, 1000.0, 1000.1, "limit 1000 ms"),
    "recovery of a task": (
        FAILOVER.test_a_stopped_task_is_replaced_in_time,
        of("failover_drills", recovered_s=itself, said="", require_stopped=lambda _: lambda self: None),
        LIMITS.recovery_s, LIMITS.recovery_s + 0.1, "limit"),
    "clients that come back": (
        FAILOVER.test_websocket_clients_come_back,
        of("failover_drills", reconnects=lambda s: stand_in(cut=2, clients=2, away=0, took_s=[0.1, s], refused="")),
        LIMITS.drill_reconnect_s, LIMITS.drill_reconnect_s + 0.1, "limit"),
    "requests that fail while a task is replaced": (
        FAILOVER.test_requests_succeed_while_a_task_is_replaced,
        of("failover_drills", failed_percent=itself, got=[stand_in(failure="HTTP 503"), stand_in(failure="")]),
        LIMITS.drill_failed_requests_percent, LIMITS.drill_failed_requests_percent + 0.1, "%: HTTP 503"),
    "requests that fail under load": (
        LOAD_DRILL.test_backend_keeps_its_pace_under_load,
        only("load_drill", failed_percent=itself, got=[], stopped="", failures="HTTP 503", p95_ms=1.0),
        LIMITS.drill_failed_requests_percent, LIMITS.drill_failed_requests_percent + 0.1, "%: HTTP 503"),
    "p95 under load": (
        LOAD_DRILL.test_backend_keeps_its_pace_under_load,
        only("load_drill", failed_percent=0.0, got=[], stopped="", failures="", p95_ms=itself),
        LIMITS.load_p95_ms, LIMITS.load_p95_ms + 1, "ms"),
    "tasks that are missing": (
        ECS.test_services_run_the_tasks_they_want, lacking, DEPLOYMENT, DEPLOYMENT + SECOND, "limit"),
    "tasks that are missing after a deploy": (
        AFTER.test_what_was_deployed_serves, deployed, DEPLOYMENT, DEPLOYMENT + SECOND, "they were first tried"),
    "a deployment that ends later by its own plan": (
        ECS.test_deployments_are_settled, moving, DEPLOYMENT + timedelta(minutes=10),
        DEPLOYMENT + timedelta(minutes=10) + SECOND, "limit"),
    "an update of CloudFormation": (
        FORMATION.test_cloudformation_stacks_are_healthy,
        of("formation_stacks", status="UPDATE_IN_PROGRESS", changed_at=so_long_ago, reason=""),
        timedelta(minutes=LIMITS.stack_update_minutes), timedelta(minutes=LIMITS.stack_update_minutes) + SECOND,
        "limit"),
    "an alarm of alarms without data": (
        HYGIENE.test_alarms_watch_something,
        of("watched_alarms", resting=[], accepted=[], silent=[], is_of_metrics=False,
           alarm=lambda age: stand_in(state="INSUFFICIENT_DATA", since=NOW - age)), WEEK, OVER,
        "it has had no data since 2026-11-17"),
    "a restore that was tried": (
        weekly("disaster_recovery").test_a_restore_was_rehearsed_lately,
        only("restore_rehearsal", now=NOW, newest=lambda age: stand_in(table="orders", at=NOW - age, how="a drill"),
             require_all_seen=lambda _: lambda self: None), REHEARSED, REHEARSED + SECOND, "limit"),
    "an incident that no index shows": (
        INCIDENTS.test_incidents_can_be_found_by_status, unindexed, timedelta(minutes=5),
        timedelta(minutes=5) + SECOND, "does not show it"),
    "age of a critical incident": (
        INCIDENTS.test_active_incidents_are_young, of("active_incidents", created_at=so_long_ago, **OLD_INCIDENT),
        timedelta(hours=1), timedelta(hours=1) + SECOND, "limit 1 h"),
}  # fmt: skip


def _found(case: str, value: Any) -> list[Finding]:
    check, seen, *_ = CASES[case]
    return examined(check, **seen(value), stack=stack(limits={"alarm_muted_hours_per_week": 0}))


def said_at_limits() -> list[tuple[str, list[str]]]:
    """What is said at each limit and one beyond it."""
    return [
        (f"{case}, {side}", said.told(_found(case, value)))
        for case, (*_, within, beyond, _) in CASES.items()
        for side, value in (("at its limit", within), ("beyond it", beyond))
    ]


@pytest.mark.parametrize("case", CASES)
def test_what_is_equal_to_the_limit_is_within(case: str) -> None:
    *_, within, _, _ = CASES[case]
    found = _found(case, within)
    assert [one.outcome.value for one in found] == ["passed"]
    assert said.told(found) == said.kept("at_limits")[f"{case}, at its limit"], "python -m tests.real writes it again"


@pytest.mark.parametrize("case", CASES)
def test_what_is_one_beyond_it_is_not(case: str) -> None:
    *_, beyond, says = CASES[case]
    [one] = found = _found(case, beyond)
    assert one.outcome.value == "failed"
    assert says in one.message
    assert said.told(found) == said.kept("at_limits")[f"{case}, beyond it"], "python -m tests.real writes it again"


def _of_costs(check: str, seen: Mapping[str, Any], checked: Stack) -> str:
    return verdict(getattr(COSTS, check), **seen, stack=checked)[0]


def test_the_budget() -> None:
    check = "test_month_stays_within_budget"
    assert _of_costs(check, costs(month=400.0), BUDGET) == "passed"
    assert _of_costs(check, costs(month=400.01), BUDGET) == "failed"
    assert _of_costs(check, costs(month=9e9), stack()) == "passed"


def test_costs_that_grow() -> None:
    check, limits = "test_week_costs_no_more_than_the_last", stack().limits
    growth, floor = limits.cost_week_growth_percent, limits.cost_floor_usd_per_day
    assert _of_costs(check, costs(a_day=100 + growth), stack()) == "passed"
    assert _of_costs(check, costs(a_day=100.1 + growth), stack()) == "failed"
    assert _of_costs(check, costs(a_day=1 + floor, a_day_before=1), stack()) == "passed"
    assert _of_costs(check, costs(a_day=1.01 + floor, a_day_before=1), stack()) == "failed"


def test_a_scan_is_blind_when_it_is_too_old() -> None:
    seen = of("image_scans", scanned_at=so_long_ago, **SCAN)
    check = IMAGES.test_images_have_no_grave_vulnerabilities
    assert verdict(check, **seen(30 * DAY)) == ("passed", "scanned 2026-10-25")
    outcome, message = verdict(check, **seen(30 * DAY + SECOND))
    assert outcome == "blind"
    assert "limit 30 days" in message


def test_drift_is_blind_when_nobody_has_looked_for_long() -> None:
    told = {"status": "CREATE_COMPLETE", "has_drifted": False, "difference": "", "advice": "look again"}
    seen = of("formation_stacks", drift_checked_at=so_long_ago, **told)
    check = FORMATION.test_cloudformation_stacks_have_not_drifted
    assert verdict(check, **seen(30 * DAY))[0] == "passed"
    outcome, message = verdict(check, **seen(30 * DAY + SECOND))
    assert outcome == "blind"
    assert "longer ago than 30 days (drift_check_days): look again" in message


def test_a_schedule_explains_the_maximum_alone() -> None:
    target = stand_in(is_registered=True, never_scales="", max_capacity=6, pinned_by=["night"])
    told = [
        verdict(AUTO.test_services_are_not_at_max_capacity, auto_scaling=[target], services=[stand_in(desired=desired)])
        for desired in (5, 6, 7)
    ]
    assert told[:2] == [("passed", "5 of at most 6 tasks"), ("passed", "6 of at most 6 tasks; by schedule: night")]
    assert told[2][0] == "failed"


def test_an_image_that_is_scanned_all_the_time() -> None:
    seen = of("image_scans", scanned_at=None, **SCAN)
    assert verdict(IMAGES.test_images_have_no_grave_vulnerabilities, **seen(0)) == ("passed", "scanned continuously")
