"""Verdict and whole message of checks, of one resource after the other: none hides the next.

What a check is given are stand-ins with the properties that it reads; how these are read from AWS's answers is tested
with the observations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.core.model import Resource
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, after, checks_of, daily, examined, stack, stand_in, weekly

Case = tuple[Mapping[str, Any], str, str]
Told = tuple[Callable[..., None], str, Sequence[Case], Mapping[str, Any]]
HOUR, DAY, SECOND = timedelta(hours=1), timedelta(days=1), timedelta(seconds=1)
before = checks_of("deploy/before", "readiness")
LIMITS = stack().limits
DENIED = CouldNotLook("x:Y", "AccessDenied")


def told(
    check: Callable[..., None], of: str, *cases: Case, base: Mapping[str, Any] | None = None, **others: Any
) -> Told:
    """A check, the observation whose list it is given, and the resources of that list; `base` is what all have."""
    return check, of, [({**(base or {}), **props}, outcome, said) for props, outcome, said in cases], others


def _raises(self: Any) -> Any:
    raise DENIED.again()


BLIND = "x:Y: AccessDenied"
ALARM = {"state": "OK", "since": NOW - HOUR, "reason": "Threshold Crossed"}
QUIET_ALARM = {"rests": lambda self, now: "", "is_blind": lambda self, now, longest: False,
               "evaluation_problem": "", "state": "OK", "since": NOW - HOUR}  # fmt: skip


def below(**props: Any) -> Any:
    return stand_in(**{**QUIET_ALARM, **props})


DELIVERIES = SimpleNamespace(
    muted=lambda alarm: alarm.mute, scheduled=lambda alarm: alarm.rules, failed=lambda alarm: alarm.lost
)
ACTS = {"state": "OK", "acts": True, "suppressed_by": "", "mute": "", "rules": [], "lost": "",
        "configured_at": NOW - DAY}  # fmt: skip
GROUP = {"not_judged": "", "ill": [], "targets": [1, 2, 3], "why_none": "none is registered",
         "in_state": lambda self, state: {"healthy": [1, 2], "draining": [3]}[state]}  # fmt: skip
NO_HTTP = "a network load balancer: it answers nothing itself"
ERRORS = {"speaks_http": True, "shared_5xx": lambda self, limit: "", "errors_5xx_per_minute": 0.0}
ERROR_RATES: tuple[Any, ...] = (
    ({"speaks_http": False}, "passed", NO_HTTP),
    ({"shared_5xx": lambda self, limit: f"shared, {limit}"}, "passed", f"shared, {LIMITS.errors_5xx_per_minute}"),
    ({}, "passed", "peaked at 0 5xx in a minute of the last hour"),
    ({"errors_5xx_per_minute": LIMITS.errors_5xx_per_minute + 1.0}, "failed",
     (f"peaked at {LIMITS.errors_5xx_per_minute + 1} 5xx in a minute of the last hour; "
     f"limit {LIMITS.errors_5xx_per_minute} per minute")),
)  # fmt: skip
"""The same daily and before a deploy."""
SCALING = {"never_scales": "", "is_registered": True, "suspended": [], "policies": ["p"], "min_capacity": 2,
           "max_capacity": 10, "set_by_schedule": lambda self, low, high: [], "pinned_by": []}  # fmt: skip
NO_TARGET = "it has no scalable target"
DAEMON = "a daemon: nothing scales it"
SERVICE = {"status": "ACTIVE", "desired": 2, "running": 2, "pending": 0, "is_daemon": False, "deployments": [1],
           "task_sets": [], "short_since": NOW - 5 * timedelta(minutes=1)}  # fmt: skip
ROLLOUT = {"cannot_start": "", "is_starting": True, "why": "", "failure": "", "under_way": [], "by_events_only": "",
           "state": "COMPLETED", "replacing": [], "current": SimpleNamespace(revision="web:7")}  # fmt: skip


def rollout(outcome: str, said: str, service: Mapping[str, Any] | None = None, **props: Any) -> Case:
    return {**ROLLOUT, **props, "service": stand_in(**{**SERVICE, **(service or {})})}, outcome, said


class Moving(SimpleNamespace):
    """A deployment under way."""

    def __str__(self) -> str:
        return "web:8: in progress"


HOT = Moving(age=20 * timedelta(minutes=1), planned=timedelta())
LATE = Moving(age=timedelta(days=1), planned=timedelta(minutes=10))
PAGE_OF = {"contains": "Incidents", "is_html": True, "is_a_stand_in": False, "has_its_text": True, "title": "Shop"}


def page(outcome: str, said: str, status: int = 200, latency_ms: float = 90.0, kind: str = "", **props: Any) -> Case:
    answer = SimpleNamespace(status=status, said=f"it answered {status}", content_type=kind, latency_ms=latency_ms)
    return {**PAGE_OF, **props, "answer": answer}, outcome, said


TABLES = {"status": "ACTIVE", "indexes": {}, "replicas": {}}
THROTTLE = {"status": "ACTIVE", "throttled_last_hour": 0}
LOAD = {"cpu_last_hour": 10.0, "cpu_peak": 20.0, "beside": "", "memory_last_hour": 30.0, "memory_peak": 40.0}
GROUPS = {"unused": "", "keeps_clients": True, "split": "", "by_address": False, "sticky_for": DAY}
LOGS = {"told": "5 errors", "at_most": lambda self, limit: True, "top": "", "told_of_websockets": "2 errors",
        "websocket_at_most": lambda self, limit: True}  # fmt: skip
WATCHED = {"heard_through": (), "rang_recently": "has not rung", "calls_nobody": "", "resting": (), "accepted": (),
           "silent": [], "is_of_metrics": True}  # fmt: skip
STATE = SimpleNamespace(state="OK", since=NOW - DAY)
GONE_ALARM = SimpleNamespace(state="MISSING", since=NOW)
BACKED = {"status": "ACTIVE", "unusable": "", "newest": 1, "is_new": lambda self, within: False, "age": DAY,
          "since": NOW - 14 * DAY}  # fmt: skip
RECOVERED = {"exists": True, "is_on": True, "earliest": NOW - 35 * DAY, "latest": NOW - HOUR, "keeps_up": True}
EXPORTED = {"group": SimpleNamespace(exists=True), "lacks": lambda self, within: "", "sent_on_to": (),
            "windows": [SimpleNamespace(end=NOW - DAY)]}  # fmt: skip
FULL = {"unfinished": "", "complete": SimpleNamespace(name="20261123-1"), "age": DAY, "lacks": ()}
ASSET = {"last": SimpleNamespace(status=200, said="it answered 200", content_type="text/css"), "answers": [1, 2],
         "encoding": "br", "forbids_caching": False, "cache_control": "no-store", "is_from_cache": True}  # fmt: skip
FORMED = {"status": "UPDATE_COMPLETE", "changed_at": NOW - DAY, "reason": "no room", "drift_checked_at": NOW - DAY,
          "has_drifted": False, "difference": "Table differs", "advice": "look again"}  # fmt: skip
SCAN = {"at_least": lambda self, severity: {}, "scanned_at": NOW - DAY, "unjudged": 0,
        "names": lambda self, severity: ["CVE-1", "CVE-2", "CVE-3", "CVE-4", "CVE-5", "CVE-6"]}  # fmt: skip
IMAGE = {"is_there": True, "is_archived": False, "pushed_at": NOW - DAY}
ROOT = {"is_root": True, "as_of": NOW - HOUR, "active_keys": 0, "has_mfa": True, "has_password": True}
VPC = {"recording": "fl-1 records ALL", "failing": [], "owner": "", "records": lambda self, wanted: True,
       "missing": lambda self, wanted: "nothing is recorded"}  # fmt: skip
WANTED = SimpleNamespace(hash_key="status", range_key="created_at", key_type={"status": "S"})
INDEX = {"table_exists": True, "exists": True, "status": "ACTIVE", "keys": {"HASH": "status", "RANGE": "created_at"},
         "key_type": {"status": "S"}, "wanted": WANTED}  # fmt: skip
BUCKET = {"exists": True, "rules": [1, 2], "versioning": "Enabled", "lacks": lambda self, stack: [], "site": "",
          "harms_to_site": []}  # fmt: skip
KEPT = {"exists": True, "fixed_retention": "", "retention_days": LIMITS.log_retention_days_min}
WEEK = {"said": "3 attempts", "failed": [], "hours_held": 0.0, "turns_a_day": 0}
BY_STATE = "it watches alarms or a query, and is judged by its state only"
AS_OF = "as of 2026-11-24 06:00 UTC"
RUNNING = {"exists": True}
FAILOVER = {"recovered_s": 9.0, "said": "1 of 2 tasks", "require_stopped": lambda self: None}

ALARMS, ALB, AUTO, ECS, HYGIENE = (
    daily("alarms"),
    daily("alb"),
    daily("auto_scaling"),
    daily("ecs"),
    weekly("alarm_hygiene"),
)
BACKUPS, CREDENTIALS, IMAGES, RETENTION = (
    weekly("backups"),
    weekly("credentials"),
    weekly("images"),
    weekly("retention"),
)
VERDICTS: dict[str, Told] = {
    "alarms that ring": told(
        ALARMS.test_no_alarm_is_ringing, "alarms",
        ({"state": "ALARM"}, "failed", "since 2026-11-24 06:00 UTC: Threshold Crossed"),
        ({}, "passed", ""), ({"state": "INSUFFICIENT_DATA"}, "passed", ""), base=ALARM),
    "alarms that ring before a deploy": told(
        before.test_alarms_are_quiet_before_the_deploy, "alarms",
        ({"state": "ALARM"}, "failed", "since 2026-11-24 06:00 UTC: Threshold Crossed"),
        ({}, "passed", ""), base=ALARM),
    "alarms that see": told(
        ALARMS.test_alarms_can_see, "alarms",
        ({}, "passed", ""),
        ({"state": "MISSING"}, "failed", "there is no alarm here"),
        ({"rests": lambda self, now: "cpu rests"}, "passed", "cpu rests"),
        ({"is_blind": lambda self, now, longest: longest == timedelta(hours=LIMITS.alarm_blind_hours)}, "failed",
         "here has had no data since 2026-11-24 06:00 UTC"),
        ({"evaluation_problem": "PARTIAL_DATA"}, "failed", "here is not evaluated: PARTIAL_DATA"),
        ({"below": (below(), below(state="MISSING"))}, "failed", "there is no alarm here"),
        ({"below": (below(), below(evaluation_problem="X"))}, "failed", "here is not evaluated: X"),
        base={**QUIET_ALARM, "below": ()}),
    "alarms that act": told(
        ALARMS.test_alarms_can_act, "alarms",
        ({}, "passed", ""),
        ({"state": "MISSING"}, "failed", "there is no such alarm"),
        ({"acts": False}, "failed", "last configured 2026-11-23 07:00 UTC; its actions are off"),
        ({"suppressed_by": "suppressed by its Alarm"}, "failed", "suppressed by its Alarm"),
        ({"mute": "muted by x"}, "failed", "muted by x"),
        ({"rules": [("night", 1.0), ("week", 999.0)]}, "failed",
         f"night: 1 hour a week; week: 999 hours a week; limit {LIMITS.alarm_muted_hours_per_week:g}"),
        ({"rules": [("night", 1.0)]}, "passed", "night: 1 hour a week"),
        ({"lost": "KMS"}, "failed", "nobody was called: KMS"),
        base=ACTS, alarm_deliveries=DELIVERIES),
    "targets": told(
        ALB.test_targets_are_healthy, "served_groups",
        ({}, "passed", "2 of 3 targets are healthy"),
        ({"not_judged": "of another"}, "passed", "of another"),
        ({"in_state": lambda self, state: [], "targets": []}, "failed",
         "0 of 0 targets are healthy; none is registered"),
        base=GROUP),
    "targets before a deploy": told(
        before.test_targets_can_take_a_deploy, "served_groups",
        ({"not_judged": "of another"}, "passed", "of another"),
        ({}, "passed", "2 of 2 targets are healthy"),
        ({"in_state": lambda self, state: []}, "failed", "0 of 3 targets are healthy; none is registered"),
        base=GROUP),
    "server errors": told(
        ALB.test_server_errors_are_rare, "traffic",
        *ERROR_RATES,
        base=ERRORS, balancer_errors=[]),
    "server errors before a deploy": told(
        before.test_errors_are_rare_before_the_deploy, "traffic",
        *ERROR_RATES,
        base=ERRORS, balancer_errors=[]),
    "server errors of balancers": told(
        ALB.test_server_errors_are_rare, "balancer_errors",
        ({"speaks_http": False}, "passed", NO_HTTP),
        ({}, "passed", "peaked at 0 5xx in a minute of the last hour"), base=ERRORS, traffic=[]),
    "server errors of balancers before a deploy": told(
        before.test_errors_are_rare_before_the_deploy, "balancer_errors",
        ({"speaks_http": False}, "passed", NO_HTTP),
        ({}, "passed", "peaked at 0 5xx in a minute of the last hour"), base=ERRORS, traffic=[]),
    "answers": told(
        ALB.test_responses_are_quick, "traffic",
        ({"requests_last_hour": 0}, "passed", "no request in the last hour"),
        ({"requests_last_hour": 1, "p95_ms": lambda self, samples, limit: None}, "passed",
         "1 request in the last hour: too few for a p95 (limit response_time_samples)"),
        ({"requests_last_hour": 9, "p95_ms": lambda self, samples, limit: limit}, "passed",
         f"p95 peaked at {LIMITS.response_time_p95_ms:.0f} ms in the last hour"),
        ({"requests_last_hour": 9, "p95_ms": lambda self, samples, limit: limit + 1}, "failed",
         (f"p95 peaked at {LIMITS.response_time_p95_ms + 1:.0f} ms in the last hour; "
         f"limit {LIMITS.response_time_p95_ms:g} ms")),
        balancer_errors=[]),
    "answers of balancers": told(
        ALB.test_responses_are_quick, "balancer_errors",
        ({"unread": None, "speaks_http": False, "has_no_times": "it has none"}, "passed", "it has none"),
        ({"unread": DENIED, "speaks_http": True, "has_no_times": property(_raises)}, "blind", BLIND),
        traffic=[]),
    "services that scale": told(
        AUTO.test_services_can_scale, "auto_scaling",
        ({"never_scales": DAEMON}, "passed", DAEMON),
        ({}, "passed", ""),
        ({"is_registered": False}, "failed", f"{NO_TARGET}; if it must not scale, set its limits to one number"),
        ({"suspended": ["scaling in", "scaling out"]}, "failed", "suspended: scaling in, scaling out"),
        ({"policies": []}, "failed", "no scaling policy is attached"),
        base=SCALING),
    "scaling limits": told(
        AUTO.test_scaling_limits_are_as_wanted, "auto_scaling",
        ({"never_scales": DAEMON}, "passed", DAEMON),
        ({"is_registered": False}, "failed", NO_TARGET),
        ({"set_by_schedule": lambda self, low, high: [f"{low}", f"{high}"]}, "passed",
         "2 to 10 tasks; set by the schedule: 2, 10"),
        ({}, "passed", "2 to 10 tasks"),
        ({"min_capacity": 1}, "failed", "1 to 10 tasks; expected minimum 2"),
        ({"max_capacity": 9}, "failed", "2 to 9 tasks; expected maximum 10"),
        base=SCALING),
    "tasks that are wanted": told(
        ECS.test_services_run_the_tasks_they_want, "task_counts",
        rollout("passed", "2 of 2 tasks run, 0 pending"),
        rollout("failed", "the service is DRAINING", {"status": "DRAINING"}),
        rollout("passed", "1 of 1 tasks run, 0 pending", {"desired": 1, "running": 1}),
        rollout("failed", "0 of 0 tasks run, 0 pending; its desired count is 0", {"desired": 0, "running": 0}),
        rollout("passed", "0 of 0 tasks run, 0 pending", {"desired": 0, "running": 0, "is_daemon": True}),
        rollout("failed", "2 of 2 tasks run, 0 pending; no image", cannot_start="no image"),
        rollout("passed", "1 of 2 tasks run, 1 pending; the missing ones have been tried for 5 minutes",
                {"running": 1, "pending": 1}),
        rollout("failed", "1 of 2 tasks run, 0 pending; none is being started for the missing ones", {"running": 1},
                is_starting=False),
        rollout("failed", "1 of 2 tasks run, 0 pending; no capacity", {"running": 1}, is_starting=False,
                why="no capacity"),
        rollout("failed", "1 of 2 tasks run, 0 pending; the missing ones have been tried for 1440 minutes; "
                f"limit {LIMITS.deployment_minutes} minutes", {"running": 1, "short_since": NOW - DAY}),
        rollout("failed", "1 of 2 tasks run, 0 pending; the missing ones have been tried for 1440 minutes; "
                f"limit {LIMITS.deployment_minutes} minutes; no capacity",
                {"running": 1, "short_since": NOW - DAY}, why="no capacity")),
    "deployments that settle": told(
        ECS.test_deployments_are_settled, "rollouts",
        rollout("passed", ""),
        *(rollout("failed", f"the service is {one}", {"status": one}) for one in ("MISSING", "INACTIVE")),
        rollout("passed", "", {"status": "DRAINING"}),
        rollout("failed", "it has no deployment", {"deployments": []}),
        rollout("passed", "", {"deployments": [], "task_sets": [1]}),
        rollout("failed", "it was rolled back", failure="it was rolled back"),
        rollout("failed", "no image", cannot_start="no image"),
        rollout("passed", "web:8: in progress", under_way=[HOT]),
        rollout("failed", f"web:8: in progress; limit {LIMITS.deployment_minutes + 10} minutes", under_way=[LATE]),
        rollout("passed", "judged by the service's messages alone: denied", by_events_only="denied")),
    "deployments before another": told(
        before.test_no_deployment_is_under_way, "rollouts",
        rollout("passed", "web:7 serves with 2 of 2 tasks"),
        rollout("failed", "the service is DRAINING", {"status": "DRAINING"}),
        rollout("failed", "it has no deployment", {"deployments": []}),
        rollout("passed", "web:7 serves with 2 of 2 tasks", {"deployments": [], "task_sets": [1]}),
        rollout("failed", "web:8: in progress; web:8: in progress", under_way=[HOT, LATE]),
        rollout("failed", "the deployment is FAILED", state="FAILED"),
        rollout("failed", "web:6, web:5 is not replaced yet", replacing=["web:6", "web:5"]),
        rollout("failed", "web:7 serves with 0 of 0 tasks; its desired count is 0", {"desired": 0, "running": 0}),
        rollout("passed", "web:7 serves with 0 of 0 tasks", {"desired": 0, "running": 0, "is_daemon": True}),
        rollout("passed", "web:7 serves with 1 of 1 tasks", {"desired": 1, "running": 1}),
        rollout("passed", "web:7 serves with 3 of 2 tasks", {"running": 3}),
        rollout("failed", "web:7 serves with 1 of 2 tasks; tasks are missing", {"running": 1}),
        rollout("failed", "web:7 serves with 1 of 2 tasks; no capacity", {"running": 1}, why="no capacity")),
    "tasks": told(
        ECS.test_tasks_are_healthy, "tasks",
        ({"death": "", "is_wanted": True, "health": "UNHEALTHY"}, "failed", "its health check fails"),
        ({"death": "", "is_wanted": False, "health": "UNHEALTHY"}, "passed", ""),
        ({"death": "", "is_wanted": True, "health": "UNKNOWN"}, "passed", ""),
        ({"death": "out of memory", "is_wanted": True, "health": "HEALTHY"}, "failed",
         "it stopped within the hour: out of memory")),
    "cpu": told(
        ECS.test_cpu_leaves_headroom, "service_load",
        ({"cpu_last_hour": LIMITS.cpu_percent}, "passed", f"{LIMITS.cpu_percent:.0f} % over the last hour"),
        ({"cpu_last_hour": 99.0}, "failed", f"99 % over the last hour; limit {LIMITS.cpu_percent:g} %"), base=LOAD),
    "cpu that is saturated": told(
        ECS.test_cpu_is_not_saturated, "service_load",
        ({"beside": "one task"}, "passed", "CPU peaked at 20 % within the last half hour; one task"),
        ({"cpu_peak": 99.5, "beside": "one task"}, "failed",
         f"CPU peaked at 99.5 % within the last half hour; limit {LIMITS.cpu_saturated_percent:g} %; one task"),
        base=LOAD),
    "memory": told(
        ECS.test_memory_leaves_headroom, "service_load",
        ({}, "passed", "averaged 30 % over the last hour, peaked at 40 %"),
        ({"memory_last_hour": 99.0}, "failed",
         f"averaged 99 % over the last hour, peaked at 40 %; limit of the average {LIMITS.memory_percent:g} %"),
        ({"memory_peak": 99.0}, "failed",
         f"averaged 30 % over the last hour, peaked at 99 %; limit of the peak {LIMITS.memory_peak_percent:g} %"),
        base=LOAD),
    "capacity before a deploy": told(
        before.test_capacity_is_to_spare, "service_load",
        ({"cpu_peak": LIMITS.cpu_percent}, "passed",
         f"CPU peaked at {LIMITS.cpu_percent:.3g} % within the last half hour"),
        ({"cpu_peak": 99.5}, "failed",
         f"CPU peaked at 99.5 % within the last half hour; limit {LIMITS.cpu_percent:g} %"), base=LOAD),
    "freezes": told(
        before.test_no_change_is_frozen, "freeze_windows",
        ({"is_open": True}, "failed", "until 2026-11-25 07:00 UTC: Black Friday"), ({"is_open": False}, "passed", ""),
        base={"ends": NOW + DAY, "reason": "Black Friday"}),
    "pages": told(
        daily("dashboards").test_dashboards_show_their_pages, "dashboard_pages",
        page("passed", ""),
        page("failed", "it answered 404, expected 200", 404),
        page("failed", "it is not an HTML page but text/plain", kind="text/plain", is_html=False),
        page("failed", "it is not an HTML page but of no type", is_html=False),
        page("failed", "the site serves the same page for a path that cannot exist; "
             "set single_page_application if it is meant to", is_a_stand_in=True),
        page("failed", "it has no 'Incidents'; its title is 'Shop'", has_its_text=False),
        page("passed", "", latency_ms=LIMITS.dashboard_latency_ms),
        page("failed", f"took {LIMITS.dashboard_latency_ms + 1:.0f} ms, limit {LIMITS.dashboard_latency_ms:g} ms",
             latency_ms=LIMITS.dashboard_latency_ms + 1)),
    "tables": told(
        daily("dynamodb").test_tables_are_active, "tables",
        ({"indexes": {"a": "ACTIVE", "b": "UPDATING"}}, "passed", "ACTIVE, 2 indexes"),
        ({"status": "UPDATING"}, "passed", "UPDATING, 0 indexes"),
        ({"status": "DELETING"}, "failed", "the table is DELETING"),
        ({"indexes": {"a": "CREATING", "b": "ACTIVE", "c": "DELETING"}}, "failed",
         "index a is CREATING, index c is DELETING"),
        ({"replicas": dict.fromkeys("abcde", "ACTIVE") | {"b": "", "c": "CREATING", "d": "UPDATING", "e": "DELETING"}},
         "passed", "ACTIVE, 0 indexes"),
        ({"replicas": {"eu-west-1": "REGION_DISABLED"}}, "failed", "the replica in eu-west-1 is REGION_DISABLED"),
        base=TABLES),
    "tables that are throttled": told(
        daily("dynamodb").test_tables_are_not_throttled, "table_throttling",
        ({}, "passed", "0 throttled requests in the last hour"),
        ({"status": "MISSING"}, "failed", "the table does not exist"),
        ({"throttled_last_hour": 999_999}, "failed", ("999999 throttled requests in the last hour; "
         f"limit {LIMITS.throttled_requests_per_hour}")),
        ({"status": DENIED}, "blind", f"0 throttled requests in the last hour; {BLIND}"),
        base=THROTTLE, throttle_causes={"there": "PutItem 2"}),
    "a table that is throttled, and why": told(
        daily("dynamodb").test_tables_are_not_throttled, "table_throttling",
        ({"throttled_last_hour": 999_999}, "failed", "999999 throttled requests in the last hour; PutItem 2"),
        base=THROTTLE, throttle_causes={"here": "PutItem 2"}),
    "logs": told(
        daily("logs").test_errors_are_rare_in_the_logs, "log_errors",
        ({}, "passed", "5 errors"),
        ({"at_most": lambda self, limit: limit != LIMITS.log_errors_per_hour}, "failed",
         f"5 errors; limit {LIMITS.log_errors_per_hour}"),
        ({"at_most": lambda self, limit: False, "top": "boom"}, "failed",
         f"5 errors; limit {LIMITS.log_errors_per_hour}; most often: boom"),
        base=LOGS),
    "logs of sessions": told(
        daily("websocket").test_websocket_errors_are_rare_in_the_logs, "log_errors",
        ({}, "passed", "2 errors"),
        ({"websocket_at_most": lambda self, limit: limit != LIMITS.websocket_errors_per_hour}, "failed",
         f"2 errors; limit {LIMITS.websocket_errors_per_hour}"), base=LOGS),
    "log groups that receive": told(
        daily("logs").test_log_groups_receive_events, "log_flow",
        ({"events_last_day": 12_345}, "passed", "12,345 events within a day"),
        ({"events_last_day": 0}, "failed", "0 events within a day; nothing was written within a day"),
        log_writers=SimpleNamespace(must_write=lambda name: name == "here")),
    "log groups that may receive": told(
        daily("logs").test_log_groups_receive_events, "log_flow",
        ({"events_last_day": 0}, "passed", "0 events within a day; nobody is known to write to it"),
        ({"events_last_day": 1}, "passed", "1 events within a day"),
        log_writers=SimpleNamespace(must_write=lambda name: name != "here")),
    "sessions that are sticky": told(
        daily("websocket").test_websocket_sessions_are_sticky, "websocket_groups",
        ({"unused": "no listener"}, "passed", "no listener"),
        ({"keeps_clients": False}, "failed", "stickiness is off"),
        ({"split": "two groups"}, "failed", "two groups"),
        ({"by_address": True}, "passed", "by the client's address"),
        ({}, "passed", "for 24 h"),
        ({"sticky_for": 9 * SECOND}, "failed", "for 9 s; expected at least 1 h"),
        base=GROUPS),
    "invalidations": told(
        after("dashboard").test_invalidations_are_finished, "invalidations",
        ({"is_finished": False, "begun": NOW - HOUR}, "failed", "under way since 2026-11-24 06:00 UTC"),
        ({"is_finished": True}, "passed", "")),
    "alarms that call": told(
        HYGIENE.test_alarms_call_somebody, "watched_alarms",
        ({"alarm": GONE_ALARM}, "failed", "there is no such alarm"),
        ({"alarm": STATE, "heard_through": ("a", "b")}, "passed", "heard through a, b; has not rung"),
        ({"alarm": STATE, "calls_nobody": "no action"}, "failed", "has not rung; no action"), base=WATCHED),
    "alarms that watch": told(
        HYGIENE.test_alarms_watch_something, "watched_alarms",
        ({"alarm": GONE_ALARM}, "failed", "there is no such alarm"),
        ({"alarm": STATE}, "passed", ""),
        ({"alarm": STATE, "resting": ("a", "b")}, "passed", "no data for a week, as while all is well: a, b"),
        ({"alarm": STATE, "accepted": ("a", "b")}, "passed", "may be silent, and was not asked for data: a, b"),
        ({"alarm": STATE, "silent": ["a", "b"]}, "failed", "no data for a week: a, b"),
        ({"alarm": SimpleNamespace(state="INSUFFICIENT_DATA", since=NOW - 8 * DAY), "is_of_metrics": False}, "failed",
         f"{BY_STATE}; it has had no data since 2026-11-16 07:00 UTC"),
        ({"alarm": SimpleNamespace(state="OK", since=NOW - 8 * DAY), "is_of_metrics": False}, "passed",
         BY_STATE),
        ({"alarm": SimpleNamespace(state="INSUFFICIENT_DATA", since=NOW - 8 * DAY)}, "passed", ""), base=WATCHED),
    "events of AWS": told(
        weekly("aws_health").test_aws_reports_no_problem_of_the_stack, "health_events",
        ({"words": "a", "is_problem": True}, "failed", "a; AWS has not resolved it"),
        ({"words": "b", "is_problem": False}, "passed", "b")),
    "backups of tables": told(
        BACKUPS.test_tables_have_a_recent_backup, "table_backups",
        ({"newest": None, "is_new": lambda self, within: within == 7 * DAY}, "passed",
         "it is younger than a backup may be: none is due yet"),
        ({"status": "MISSING"}, "failed", "the table does not exist"),
        ({"newest": None, "age": None}, "failed", "none that can be restored was made since 2026-11-10"),
        ({"unusable": "b is CREATING"}, "passed", "b is CREATING; the newest is 24 h old"),
        ({"is_new": lambda self, within: True}, "passed", "the newest is 24 h old"),
        ({"age": 7 * DAY}, "passed", "the newest is 7 days old"),
        ({"age": 8 * DAY}, "failed", "the newest is 8 days old; limit 7 days"),
        base=BACKED),
    "recovery of tables": told(
        BACKUPS.test_tables_can_be_restored_to_any_moment, "table_recovery",
        ({"exists": False}, "failed", "the table does not exist"),
        ({"is_on": False}, "failed", "point-in-time recovery is off"),
        ({}, "passed", "from 2026-10-20 07:00 UTC to 2026-11-24 06:00 UTC"),
        ({"keeps_up": False}, "failed",
         "from 2026-10-20 07:00 UTC to 2026-11-24 06:00 UTC; recovery has stopped there"), base=RECOVERED),
    "exports of logs": told(
        BACKUPS.test_logs_are_kept_elsewhere_too, "log_exports",
        ({"group": SimpleNamespace(exists=False)}, "failed", "the log group does not exist"),
        ({"lacks": lambda self, within: "it has no export", "sent_on_to": ("a", "b")}, "passed",
         "every event is sent on to a, b"),
        ({}, "passed", "exported up to 2026-11-23 07:00 UTC"),
        ({"sent_on_to": ("a",)}, "passed", "exported up to 2026-11-23 07:00 UTC"),
        ({"lacks": lambda self, within: f"nothing in {within.days} days"}, "failed",
         f"nothing in {LIMITS.log_export_days} days, and no subscription sends every event on"),
        base=EXPORTED),
    "full backups": told(
        BACKUPS.test_everything_was_backed_up_lately, "full_backups",
        ({"complete": None, "unfinished": "20261124-2"}, "failed",
         "the set 20261124-2 is unfinished; no set is complete"),
        ({}, "passed", "the set 20261123-1 is 24 h old"),
        ({"age": timedelta(days=LIMITS.full_backup_days)}, "passed",
         f"the set 20261123-1 is {LIMITS.full_backup_days} days old"),
        ({"age": 99 * DAY}, "failed", f"the set 20261123-1 is 99 days old; limit {LIMITS.full_backup_days} days"),
        ({"lacks": ("a", "b")}, "failed", "the set 20261123-1 is 24 h old; it lacks a, b"), base=FULL),
    "behaviors of the CDN": told(
        weekly("cdn").test_cdn_is_set_to_cache_and_compress, "bucket_behaviors",
        ({"not_cached": "a"}, "failed", "s; a"), ({"not_compressed": "b"}, "failed", "s; b"), ({}, "passed", "s"),
        base={"summary": "s", "not_cached": "", "not_compressed": ""}),
    "assets": told(
        weekly("cdn").test_assets_come_compressed_from_the_cache, "static_assets",
        ({"last": SimpleNamespace(status=404, said="it answered 404")}, "failed", "it answered 404, expected 200"),
        ({}, "passed", "asked 2 times; br"),
        ({"forbids_caching": True}, "failed", "asked 2 times; br; its own Cache-Control is no-store"),
        ({"is_from_cache": False}, "failed", "asked 2 times; br; no answer came from the cache"),
        ({"encoding": ""}, "failed", "asked 2 times; not compressed; it is not compressed, as text/css"),
        ({"encoding": "", "last": SimpleNamespace(status=200, content_type="")}, "failed",
         "asked 2 times; not compressed; it is not compressed, as a file without a type"), base=ASSET),
    "stacks": told(
        weekly("cloudformation").test_cloudformation_stacks_are_healthy, "formation_stacks",
        ({"status": "MISSING"}, "failed", "there is no such stack"),
        ({}, "passed", "UPDATE_COMPLETE since 2026-11-23 07:00 UTC"),
        ({"status": "ROLLBACK_FAILED"}, "failed", "ROLLBACK_FAILED since 2026-11-23 07:00 UTC; no room"),
        ({"status": "UPDATE_IN_PROGRESS"}, "failed",
         f"UPDATE_IN_PROGRESS since 2026-11-23 07:00 UTC; limit {LIMITS.stack_update_minutes} minutes"), base=FORMED),
    "drift": told(
        weekly("cloudformation").test_cloudformation_stacks_have_not_drifted, "formation_stacks",
        ({"status": "MISSING"}, "failed", "there is no such stack"),
        ({"has_drifted": True}, "failed", "drift was last looked for on 2026-11-23 07:00 UTC; Table differs"),
        ({"drift_checked_at": NOW - timedelta(days=LIMITS.drift_check_days)}, "passed",
         "drift was last looked for on 2026-10-25 07:00 UTC"),
        ({"drift_checked_at": NOW - timedelta(days=LIMITS.drift_check_days) - SECOND}, "blind",
         ("drift was last looked for on 2026-10-25 06:59 UTC; that is longer ago than 30 days (drift_check_days): "
         "look again")), base=FORMED),
    "pools": told(
        weekly("connection_pool").test_workers_and_concurrency_are_as_wanted, "pool_settings",
        ({"settings": [SimpleNamespace(name="WORKERS", values=[], wanted="4"),
                       SimpleNamespace(name="LIMIT", values=["9"], wanted="9")]}, "passed",
         "not applicable: WORKERS is not set in web:7, but in the code or nowhere; LIMIT is 9"),
        ({"settings": [SimpleNamespace(name="WORKERS", values=["4", "5"], wanted="4")]}, "failed",
         "WORKERS is 4, 5; expected 4"),
        ({"settings": [SimpleNamespace(name="WORKERS", values=["4", "4"], wanted="4")]}, "passed", "WORKERS is 4, 4"),
        base={"revision": "web:7"}),
    "root": told(
        CREDENTIALS.test_root_is_locked_away, "credentials",
        ({}, "passed", AS_OF), ({"active_keys": 1}, "failed", f"{AS_OF}; it has 1 active access key"),
        ({"active_keys": 2}, "failed", f"{AS_OF}; it has 2 active access keys"),
        ({"has_mfa": False}, "failed", f"{AS_OF}; it has no MFA"),
        ({"has_mfa": False, "has_password": False}, "passed", AS_OF), base=ROOT),
    "users": told(
        CREDENTIALS.test_console_users_have_mfa, "credentials",
        ({}, "passed", AS_OF), ({"has_mfa": False}, "failed", f"{AS_OF}; it has a password and no MFA"),
        ({"has_mfa": False, "has_password": False}, "passed", AS_OF), base={**ROOT, "is_root": False}),
    "flow logs": told(
        weekly("flow_logs").test_vpcs_record_their_traffic, "vpcs",
        ({"owner": "210987654321"}, "passed",
         "fl-1 records ALL; shared by account 210987654321, which alone sees its flow logs: not assessed"),
        ({}, "passed", "fl-1 records ALL"),
        ({"records": lambda self, wanted: wanted != LIMITS.flow_log_traffic, "recording": ""}, "failed",
         "nothing is recorded"),
        ({"failing": ["fl-2: denied", "fl-3: gone"]}, "passed", "fl-1 records ALL; fl-2: denied, fl-3: gone"),
        base=VPC),
    "scans": told(
        IMAGES.test_images_have_no_grave_vulnerabilities, "image_scans",
        ({}, "passed", "scanned 2026-11-23"),
        ({"scanned_at": None}, "passed", "scanned continuously"),
        ({"unjudged": 2}, "passed", "scanned 2026-11-23; 2 of unknown severity"),
        ({"at_least": lambda self, severity: {"HIGH": 1, "CRITICAL": 5}}, "failed",
         "scanned 2026-11-23; 1 HIGH, 5 CRITICAL; CVE-1, CVE-2, CVE-3, CVE-4, CVE-5"),
        ({"at_least": lambda self, severity: {"HIGH": 1}, "names": lambda self, severity: []}, "failed",
         "scanned 2026-11-23; 1 HIGH; the scan names none"),
        ({"scanned_at": NOW - timedelta(days=LIMITS.image_scan_days)}, "passed", "scanned 2026-10-25"),
        ({"scanned_at": NOW - timedelta(days=LIMITS.image_scan_days) - SECOND}, "blind",
         f"scanned 2026-10-25; what became known since is not in it; limit {LIMITS.image_scan_days} days"), base=SCAN),
    "images": told(
        IMAGES.test_images_are_young, "running_images",
        ({"is_there": False}, "failed", "its registry no longer has it: no task can be started from it"),
        ({"is_archived": True}, "failed", "its registry has archived it: no task can be started from it"),
        ({}, "passed", "pushed 24 h ago"),
        ({"pushed_at": NOW - 999 * DAY}, "failed", f"pushed 999 days ago; limit {LIMITS.image_age_days} days"),
        base=IMAGE),
    "indexes": told(
        weekly("indexes").test_wanted_indexes_can_be_searched, "indexes",
        ({"table_exists": False}, "failed", "the table does not exist"),
        ({"exists": False}, "failed", "there is no such index"),
        ({}, "passed", "ACTIVE, by status, created_at"),
        ({"status": "UPDATING"}, "passed", "UPDATING, by status, created_at"),
        ({"status": "CREATING"}, "failed", "CREATING, by status, created_at; it does not show every item"),
        ({"keys": {"HASH": "id", "RANGE": "created_at"}}, "failed", "ACTIVE, by id, created_at; expected key status"),
        ({"keys": {"HASH": "status", "RANGE": "id"}}, "failed", "ACTIVE, by status, id; expected sort key created_at"),
        ({"keys": {"HASH": "status"}}, "failed", "ACTIVE, by status; expected sort key created_at"),
        ({"keys": {"HASH": "status", "RANGE": "id"},
          "wanted": SimpleNamespace(hash_key="status", range_key="", key_type={"status": "S"})}, "passed",
         "ACTIVE, by status, id"),
        ({"key_type": "N"}, "failed", "ACTIVE, by status, created_at; its key is of type N, expected {'status': 'S'}"),
        base=INDEX),
    "buckets": told(
        RETENTION.test_buckets_let_go_what_nobody_needs, "buckets",
        ({"exists": False}, "failed", "the bucket does not exist"),
        ({}, "passed", "2 lifecycle rules, versioning enabled"),
        ({"lacks": lambda self, stack: ["a", "b"]}, "failed", "2 lifecycle rules, versioning enabled; a; b"),
        base=BUCKET),
    "buckets of dashboards": told(
        RETENTION.test_lifecycle_leaves_the_dashboards_alone, "buckets",
        ({"exists": False}, "failed", "the bucket does not exist"), ({}, "passed", "2 lifecycle rules"),
        ({"harms_to_site": ["a", "b"]}, "failed", "2 lifecycle rules; a; b"), base=BUCKET),
    "retention": told(
        RETENTION.test_log_groups_are_kept_as_long_as_wanted, "log_groups",
        ({"exists": False}, "failed", "the log group does not exist"),
        ({"fixed_retention": "of AWS"}, "passed", "of AWS"),
        ({"retention_days": None}, "failed", f"kept forever; limit {LIMITS.log_retention_days_max} days"),
        ({}, "passed", f"kept for {LIMITS.log_retention_days_min} days"),
        ({"retention_days": LIMITS.log_retention_days_min - 1}, "failed",
         (f"kept for {LIMITS.log_retention_days_min - 1} days; expected {LIMITS.log_retention_days_min} to "
         f"{LIMITS.log_retention_days_max} days")),
        ({"retention_days": LIMITS.log_retention_days_max}, "passed", f"kept for {LIMITS.log_retention_days_max} days"),
        ({"retention_days": LIMITS.log_retention_days_max + 1}, "failed",
         (f"kept for {LIMITS.log_retention_days_max + 1} days; expected {LIMITS.log_retention_days_min} to "
         f"{LIMITS.log_retention_days_max} days")), base=KEPT),
    "attempts to scale": told(
        weekly("scaling").test_scaling_attempts_succeed, "scaling_week",
        ({}, "passed", "3 attempts"), ({"failed": ["a", "b"]}, "failed", ("3 attempts; 2 attempts failed, limit 0; "
         "the last: b")), base=WEEK),
    "scaling that is held": told(
        weekly("scaling").test_scaling_is_not_held_at_its_maximum, "scaling_week",
        ({"hours_held": 1.0}, "passed", "needed more than its maximum in 1 hour of the last 7 days"),
        ({"hours_held": 99.0}, "failed", ("needed more than its maximum in 99 hours of the last 7 days; "
         "limit 1 hour")), base=WEEK),
    "scaling that flaps": told(
        weekly("scaling").test_scaling_does_not_flap, "scaling_week",
        ({"turns_a_day": 1}, "passed", "turns within its worst 24 hours: 1"),
        ({"turns_a_day": 99}, "failed",
         f"turns within its worst 24 hours: 99; limit {LIMITS.scaling_turns_per_day}; 3 attempts"), base=WEEK),
    "idle balancers": told(
        weekly("unused_resources").test_load_balancers_have_traffic, "balancer_use",
        ({"made": NOW - 7 * DAY + SECOND}, "passed", "made 2026-11-17, less than a week ago"),
        ({"made": NOW - 7 * DAY}, "failed", "0 requests or flows in a week; no target"),
        ({"made": NOW - 8 * DAY, "traffic": 1234}, "passed", "1,234 requests or flows in a week"),
        base={"traffic": 0, "why_idle": "no target"}),
    "saved tables": told(
        checks_of("deploy/before", "saved_tables").test_tables_have_a_fresh_backup, "saved_tables",
        ({"status": "MISSING"}, "failed", "the table does not exist"),
        ({"age": None}, "failed", "no backup can be restored, and recovery to a moment is off"),
        ({"age": HOUR}, "passed", "a backup is 1 h old"),
        ({"age": HOUR + SECOND}, "failed", "a backup is 1 h old; limit 1 h"),
        base={"status": "ACTIVE", "kind": "a backup", "wanted": HOUR}),
    "what got worse": told(
        after("nothing_got_worse").test_nothing_got_worse, "since_the_gate",
        ({"worse": "more errors"}, "failed", "before: 1, now: 2; more errors"),
        ({"worse": ""}, "passed", "before: 1, now: 2"), base={"before": "1", "now": "2"}),
    "tasks that are replaced": told(
        checks_of("drills", "failover").test_a_stopped_task_is_replaced_in_time, "failover_drills",
        ({"require_stopped": _raises}, "blind", BLIND),
        ({"recovered_s": None}, "failed", f"not within {LIMITS.recovery_s:g} s: 1 of 2 tasks"),
        ({}, "passed", "after 9.0 s as many tasks ran, and targets were healthy, as before"),
        ({"recovered_s": 9999.0}, "failed", ("after 9999.0 s as many tasks ran, and targets were healthy, as before; "
         f"limit {LIMITS.recovery_s:g} s")), base=FAILOVER),
}  # fmt: skip


def outcomes(check: Callable[..., None], **seen: Any) -> list[tuple[str, str]]:
    """The outcome and message of each resource, in order."""
    return [(one.outcome.value, one.message) for one in examined(check, **seen)]


@pytest.mark.parametrize("name", VERDICTS)
def test_each_resource_gets_its_verdict_whatever_came_before_it(name: str) -> None:
    check, of, cases, others = VERDICTS[name]
    made: list[Resource] = [stand_in(**props) for props, _, _ in cases]
    assert outcomes(check, **{of: made, **others}) == [(outcome, said) for _, outcome, said in cases]
