"""Verdict and whole message of checks that are given one resource, or more than one list of them.

What a check is given are stand-ins with the properties that it reads, as in test_verdicts.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from tests.canned import NOW, after, checks_of, daily, stack, stand_in, weekly
from tests.real.test_verdicts import DAEMON, DAY, HOUR, LIMITS, NO_TARGET, ROLLOUT, SCALING, SECOND, SERVICE, outcomes

Cases = Mapping[str, tuple[Mapping[str, Any], str, str]]
before = checks_of("deploy/before", "readiness")
AUTO, COSTS, CREDENTIALS, SOCKETS = daily("auto_scaling"), weekly("costs"), weekly("credentials"), daily("websocket")
DENIED = CouldNotLook("x:Y", "AccessDenied")
BLIND = "x:Y: AccessDenied"
FIXED = stack(limits={"min_tasks": 3, "max_tasks": 3})
ALWAYS = "always 3, by its limits min_tasks and max_tasks"


def _raises(self: Any) -> Any:
    raise DENIED.again()


def _one(check: Any, of: str, base: Mapping[str, Any], cases: Cases, **others: Any) -> None:
    """The check is given each of them alone."""
    for name, (props, outcome, said) in cases.items():
        assert outcomes(check, **{of: stand_in(**{**base, **props}), **others}) == [(outcome, said)], name


def _scaled(*cases: tuple[Mapping[str, Any], int]) -> tuple[list[Any], list[Any]]:
    """Scaling of services, and these services, which want so many tasks."""
    return (
        [stand_in(**{**SCALING, **props}) for props, _ in cases],
        [stand_in(desired=desired) for _, desired in cases],
    )


@pytest.mark.parametrize("name", ["test_services_can_scale", "test_scaling_limits_are_as_wanted"])
def test_services_of_a_fixed_number_need_no_scaling_and_hide_no_other(name: str) -> None:
    target = {**SCALING, "min_capacity": 3, "max_capacity": 3}
    found = [stand_in(**{**target, "is_registered": registered}) for registered in (False, True, False)]
    told = outcomes(getattr(AUTO, name), auto_scaling=found, stack=FIXED)
    expected = [ALWAYS] * 3 if "can_scale" in name else [f"no auto-scaling: {ALWAYS[:8]}", "3 to 3 tasks"]
    assert told == [("passed", one) for one in (expected if len(expected) == 3 else [*expected, expected[0]])]
    daemon = [stand_in(**{**target, "never_scales": DAEMON})] * 2
    always = ALWAYS if "can_scale" in name else DAEMON
    assert outcomes(getattr(AUTO, name), auto_scaling=daemon, stack=FIXED) == [("passed", always)] * 2


ROOM: dict[str, tuple[Mapping[str, Any], int, Stack, str, str]] = {
    "a fixed number": ({}, 3, FIXED, "passed", ALWAYS),
    "a daemon": ({"never_scales": DAEMON}, 3, stack(), "passed", DAEMON),
    "no target": ({"is_registered": False}, 3, stack(), "failed", NO_TARGET),
    "room": ({}, 9, stack(), "passed", "9 of at most 10 tasks"),
    "none": ({}, 10, stack(), "failed", "10 of at most 10 tasks; {}"),
    "beyond": ({}, 11, stack(), "failed", "11 of at most 10 tasks; {}"),
    "more than what a schedule pins": ({"pinned_by": ["night"]}, 11, stack(), "failed", "11 of at most 10 tasks; {}"),
    "fewer than what a schedule pins": ({"pinned_by": ["night"]}, 9, stack(), "passed", "9 of at most 10 tasks"),
}


@pytest.mark.parametrize("case", ROOM)
def test_room_to_scale(case: str) -> None:
    """Twice each: the first hides not the second."""
    props, desired, checked, outcome, said = ROOM[case]
    for check, full in (
        (AUTO.test_services_are_not_at_max_capacity, "there is nowhere left to scale to"),
        (before.test_scaling_has_room_for_a_deploy, "it is at its maximum"),
    ):
        scaling, services = _scaled((props, desired), (props, desired))
        told = outcomes(check, auto_scaling=scaling, services=services, stack=checked)
        assert told == [(outcome, said.format(full))] * 2


def test_a_schedule_may_leave_no_room_on_purpose_but_not_while_a_deploy_needs_some() -> None:
    scaling, services = _scaled(*[({"pinned_by": ["night", "day"]}, 10)] * 2)
    given = {"auto_scaling": scaling, "services": services}
    told = outcomes(AUTO.test_services_are_not_at_max_capacity, **given)
    assert told == [("passed", "10 of at most 10 tasks; by schedule: night, day")] * 2
    assert [one for one, _ in outcomes(before.test_scaling_has_room_for_a_deploy, **given)] == ["failed"] * 2


@pytest.mark.parametrize(
    ("desired", "outcome", "said"),
    [
        (2, "passed", "desired: 2 tasks"), (4, "passed", "desired: 4 tasks"),
        (1, "failed", "desired: 1 task; fewer than the minimum, 2"),
        (5, "failed", "desired: 5 tasks; more than the maximum, 4"),
    ],
)  # fmt: skip
def test_the_number_of_tasks_is_within_its_bounds(desired: int, outcome: str, said: str) -> None:
    scaling, services = _scaled(
        ({"never_scales": DAEMON, "bounds": lambda self, limits: (2, 4)}, desired),
        ({"bounds": lambda self, limits: (2, 4)}, desired),
    )
    told = outcomes(AUTO.test_services_are_within_their_task_limits, auto_scaling=scaling, services=services)
    assert told == [("passed", DAEMON), (outcome, said)]


PRIMARY = stand_in(revision="web:8", id="ecs-svc/8")
RELEASE: Mapping[str, Any] = {"differences": [], "unfinished": "", "primary": PRIMARY}
RUN = "web:8 by ecs-svc/8, {} of {} tasks run"
DEPLOYED: dict[str, tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any], str, str]] = {
    "it serves": ({}, {}, {}, "passed", RUN.format(2, 2)),
    "gone": ({"status": "INACTIVE"}, {}, {}, "failed", "the service is INACTIVE"),
    "another": ({}, {}, {"differences": ["a", "b"]}, "failed", f"{RUN.format(2, 2)}; a; b"),
    "not finished": ({}, {}, {"unfinished": "the deployment is FAILED"}, "failed",
                     f"{RUN.format(2, 2)}; the deployment is FAILED"),
    "it cannot start": ({}, {"cannot_start": "no image"}, {}, "failed", f"{RUN.format(2, 2)}; no image"),
    "one task is enough": ({"desired": 1, "running": 1}, {}, {}, "passed", RUN.format(1, 1)),
    "none is wanted": ({"desired": 0, "running": 0}, {}, {}, "failed", f"{RUN.format(0, 0)}; its desired count is 0"),
    "a daemon without instances": ({"desired": 0, "running": 0, "is_daemon": True}, {}, {}, "passed", RUN.format(0, 0)),
    "more than wanted": ({"running": 3}, {"is_starting": False}, {}, "passed", RUN.format(3, 2)),
    "starting": ({"running": 1}, {}, {}, "passed", RUN.format(1, 2)),
    "not starting": ({"running": 1}, {"is_starting": False}, {}, "failed", f"{RUN.format(1, 2)}; tasks are missing"),
    "not starting, and why": ({"running": 1}, {"is_starting": False, "why": "no capacity"}, {}, "failed",
                              f"{RUN.format(1, 2)}; no capacity"),
    "starting for a day": ({"running": 1, "short_since": NOW - DAY}, {}, {}, "failed",
                           f"{RUN.format(1, 2)}; they were first tried 1440 minutes ago"),
    "another is under way": ({}, {"under_way": ["web:9: in progress"]}, {}, "passed",
                             f"{RUN.format(2, 2)}; web:9: in progress: until it ends, ECS may still roll it back"),
}  # fmt: skip


@pytest.mark.parametrize("case", DEPLOYED)
def test_what_was_deployed(case: str) -> None:
    service, rollout, release, outcome, said = DEPLOYED[case]
    serving = stand_in(**{**SERVICE, **service})
    made = stand_in(**{**RELEASE, **release, "service": serving, "rollout": stand_in(**{**ROLLOUT, **rollout})})
    assert outcomes(after("deployment").test_what_was_deployed_serves, releases=[made]) == [(outcome, said)]


ECR = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
WEB, NEW, OLD = f"{ECR}/web:v8", "sha256:" + "1" * 64, "sha256:" + "2" * 64
PINNED = f"{ECR}/web@{NEW}"
MOVED = f"web runs {OLD[:19]}…, and {{}} is {NEW[:19]}… now"
IMAGES: dict[str, tuple[list[Any], dict[str, Any], str, str]] = {
    "the image of its tag": ([("web", WEB, NEW)], {}, "passed", "the image of their tag runs in 1 container"),
    "two containers": (
        [("web", WEB, NEW), ("job", WEB, NEW)], {}, "passed", "the image of their tag runs in 2 containers"),
    "pinned": ([("web", PINNED, NEW)], {}, "passed", "the image of their tag runs in 1 container"),
    "pinned, and another runs": ([("web", PINNED, OLD)], {}, "failed", MOVED.format(PINNED)),
    "the tag was moved": ([("web", WEB, OLD)], {}, "failed", MOVED.format(WEB)),
    "the second one's": ([("job", WEB, NEW), ("web", WEB, OLD)], {}, "failed", MOVED.format(WEB)),
    "ECR has none": ([("web", WEB, NEW)], {"digests": []}, "failed", f"web: ECR has no {WEB}, or only in its archive"),
    "the digest is not told": (
        [("web", WEB, "")], {}, "blind", "ecs:DescribeTasks: it does not return the digest that web runs"),
    "the digest of one is not told, and another was moved": (
        [("job", WEB, ""), ("web", WEB, OLD)], {}, "failed", MOVED.format(WEB)),
    "of another registry": (
        [("proxy", "docker.io/envoy:1", NEW)], {}, "blind", "no container's image lies in ECR: docker.io/envoy:1"),
    "of another registry beside it": (
        [("proxy", "docker.io/envoy:1", NEW), ("web", WEB, NEW)], {}, "passed",
        "the image of their tag runs in 1 container"),
    "the image could not be read": (
        [("web", WEB, NEW)], {"problem": DENIED, "digests": property(_raises)}, "blind", BLIND),
}  # fmt: skip


@pytest.mark.parametrize("case", IMAGES)
def test_images_of_tags(case: str) -> None:
    images, registry, outcome, said = IMAGES[case]
    known = type("Seen", (type(stand_in()),), {"problem": None, "digests": [NEW], **registry})(arn=WEB, name="web:v8")
    release = stand_in(
        service=stand_in(status="ACTIVE"), tasks=[SimpleNamespace(images=images)], primary=SimpleNamespace(id="ecs/8"),
        containers=[(image, digest) for _, image, digest in images],
    )  # fmt: skip
    check = after("deployment").test_tasks_run_the_image_of_their_tag
    unread = [("blind", BLIND)] if registry.get("problem") else []
    assert outcomes(check, releases=[release], registry_images=[known]) == [(outcome, said), *unread]
    for props, why in (
        ({"service": stand_in(status="DRAINING")}, "the service is DRAINING"),
        ({"tasks": []}, "no task of this deployment runs, ecs/8"),
    ):
        told = {"service": stand_in(status="ACTIVE"), "tasks": [], "primary": SimpleNamespace(id="ecs/8"), **props}
        assert outcomes(check, releases=[stand_in(**told)], registry_images=[]) == [("failed", why)]


def test_a_restored_table() -> None:
    table = {"notes": ["a", "b"], "wrong": [], "left": "", "require_proven": lambda self: None, "took_s": 9.4}
    cases = [
        (table, "passed", "a; b; restored in 9 s"),
        ({**table, "wrong": ["x", "y"]}, "failed", "a; b; x; y"),
        ({**table, "left": "the copy is left"}, "failed", "a; b; the copy is left"),
        ({**table, "require_proven": _raises}, "blind", f"a; b; {BLIND}"),
    ]
    check = checks_of("drills", "restore").test_tables_can_be_restored_from_their_backup
    told = outcomes(check, restore_drills=[stand_in(**props) for props, _, _ in cases])
    assert told == [(outcome, said) for _, outcome, said in cases]


def test_drills_of_failing_over() -> None:
    drills = checks_of("drills", "failover")
    back = {"cut": 2, "clients": 3, "away": 0, "refused": "", "took_s": [0.5, 2.0]}
    clients = [
        (back, "passed", "2 of 3 clients were cut; the slowest was back after 2.0 s"),
        ({**back, "away": 1}, "failed", "2 of 3 clients were cut; 1 did not come back: no answer"),
        ({**back, "away": 1, "refused": "503"}, "failed", "2 of 3 clients were cut; 1 did not come back: 503"),
        ({**back, "took_s": [99.0, 2.0]}, "failed",
         "2 of 3 clients were cut; the slowest was back after 99.0 s; limit 30 s"),
    ]  # fmt: skip
    made = [stand_in(reconnects=SimpleNamespace(**props)) for props, _, _ in clients]
    assert outcomes(drills.test_websocket_clients_come_back, failover_drills=made) == [
        (outcome, said) for _, outcome, said in clients
    ]
    got = [SimpleNamespace(failure=one) for one in ("HTTP 503", "", "reset", "HTTP 503")]
    found = [stand_in(failed_percent=percent, got=got) for percent in (1.0, 50.0)]
    assert outcomes(drills.test_requests_succeed_while_a_task_is_replaced, failover_drills=found) == [
        ("passed", "1.0 % of 4 requests failed"), ("failed", "50.0 % of 4 requests failed; limit 1 %: HTTP 503, reset"),
    ]  # fmt: skip


def test_a_drill_of_load() -> None:
    base = {"failed_percent": 0.5, "got": [1, 2], "stopped": "", "failures": "HTTP 503", "p95_ms": 90.0}
    _one(
        checks_of("drills", "load").test_backend_keeps_its_pace_under_load, "load_drill", base,
        {
            "well": ({}, "passed", "0.5 % of 2 requests failed; p95 90 ms"),
            "stopped": ({"stopped": "it was stopped"}, "failed",
                        "0.5 % of 2 requests failed; it was stopped: HTTP 503"),
            "failing": ({"failed_percent": 2.0}, "failed", "2.0 % of 2 requests failed; limit 1 %: HTTP 503"),
            "slow": ({"p95_ms": 1001.0}, "failed", "0.5 % of 2 requests failed; p95 1001 ms; limit 1000 ms"),
        },
    )  # fmt: skip


def test_versions_of_the_dashboards() -> None:
    base = {"exists": True, "versioning": "Enabled", "old_versions_kept_days": None}
    _one(
        weekly("backups").test_dashboard_bucket_keeps_what_is_overwritten, "site_bucket", base,
        {
            "gone": ({"exists": False}, "failed", "the bucket does not exist"),
            "off": ({"versioning": "Suspended"}, "failed", "versioning is suspended"),
            "kept": ({}, "passed", "old versions are kept"),
            "kept long enough": ({"old_versions_kept_days": 7}, "passed", "old versions are kept for 7 days"),
            "kept for less": ({"old_versions_kept_days": 6}, "failed",
                              "old versions are kept for 6 days; expected 7 days"),
        },
    )  # fmt: skip


COST = {"month_to_date": 1234.0, "last": NOW, "month": 2000.0, "rate": 90.0, "a_day": 100.0, "a_day_before": 100.0,
        "growth_percent": 0.0}  # fmt: skip
MONTH = "1,234 USD from 1 to 24 Nov; 2,000 USD by the end of the month, if each day costs 90.00"


def test_costs() -> None:
    _one(COSTS.test_month_stays_within_budget, "total_cost", COST, {
        "no budget": ({}, "passed", f"{MONTH}; no budget is set (limit budget_usd_per_month)")})  # fmt: skip
    _one(COSTS.test_month_stays_within_budget, "total_cost", COST, {"within": ({}, "passed", MONTH)},
         stack=stack(limits={"budget_usd_per_month": 2000}))  # fmt: skip
    _one(COSTS.test_month_stays_within_budget, "total_cost", COST, {
        "beyond": ({}, "failed", f"{MONTH}; budget 1,999 USD"),
    }, stack=stack(limits={"budget_usd_per_month": 1999}))  # fmt: skip
    week = "{} USD a day in the week to 24 Nov, 100.00 in the one before"
    _one(COSTS.test_week_costs_no_more_than_the_last, "total_cost", COST, {
        "as ever": ({}, "passed", week.format("100.00")),
        "little more": ({"a_day": 105.0, "growth_percent": 99.0}, "passed", week.format("105.00")),
        "more, of much": ({"a_day": 105.01, "growth_percent": 20.0}, "passed", week.format("105.01")),
        "far more": ({"a_day": 150.0, "growth_percent": 50.4}, "failed", f"{week.format('150.00')}; +50 %, limit 20 %"),
    })  # fmt: skip


def test_services_that_cost_unusually_much() -> None:
    def service(a_day: float, *spikes: str, members: Any = ()) -> Any:
        return stand_in(
            rate=a_day, last=NOW, members=members,
            spikes=lambda self, floor, percent: [f"{one}, {floor:g}, {percent:g}" for one in spikes],
        )  # fmt: skip

    shown = [service(9.5, "a", "b"), service(1.0, members=[service(2.0), service(3.0, "c")]), service(4.0)]
    day = "{:.2f} USD a day in the week to 24 Nov"
    assert outcomes(COSTS.test_no_service_costs_unusually_much, service_costs=shown) == [
        ("failed", f"{day.format(9.5)}; a, 5, 50; b, 5, 50"), ("passed", day.format(2)),
        ("failed", f"{day.format(3)}; c, 5, 50"), ("passed", day.format(4)),
    ]  # fmt: skip


class _Key(SimpleNamespace):
    def __str__(self) -> str:
        return str(self.id)


def test_keys() -> None:
    young = _Key(id="AKIA1", created=NOW - DAY, used=NOW - DAY)
    old = _Key(id="AKIA2", created=NOW - 91 * DAY, used=None)
    users = [
        stand_in(keys=keys, made_before=lambda self, at, keys=keys: any(one.created < at for one in keys),
                 idle_before=lambda self, at, keys=keys: [one for one in keys if not one.used or one.used < at],
                 both_since=since)
        for keys, since in (
            ([old, young], NOW - DAY), ([young], None), ([young, young], NOW - 7 * DAY),
            ([young, young], NOW - 7 * DAY - SECOND))
    ]  # fmt: skip
    two = "AKIA1 is 24 h old, AKIA1 is 24 h old"
    assert outcomes(CREDENTIALS.test_access_keys_are_rotated, key_holders=users) == [
        ("failed", "AKIA2 is 91 days old, AKIA1 is 24 h old; limit 90 days"), ("passed", "AKIA1 is 24 h old"),
        ("passed", two), ("passed", two),
    ]  # fmt: skip
    assert outcomes(CREDENTIALS.test_access_keys_are_used, key_holders=users)[:2] == [
        ("failed", "AKIA2 was never used; limit 90 days"), ("passed", ""),
    ]  # fmt: skip
    idle = stand_in(idle_before=lambda self, at: [_Key(id="AKIA3", used=at - DAY)])
    assert outcomes(CREDENTIALS.test_access_keys_are_used, key_holders=[idle]) == [
        ("failed", "AKIA3 was last used 2026-08-25; limit 90 days")
    ]
    assert outcomes(CREDENTIALS.test_users_have_one_active_key, key_holders=users) == [
        ("passed", "2 active"), ("passed", "1 active"), ("passed", "2 active"),
        ("failed", "2 active; since 2026-11-17; limit 7 days"),
    ]  # fmt: skip


def test_root_and_users_are_judged_by_the_check_of_their_own() -> None:
    base = {"as_of": NOW, "active_keys": 0, "has_mfa": False, "has_password": True}
    both = [stand_in(**base, is_root=False), stand_in(**base, is_root=True), stand_in(**base, is_root=False)]
    as_of = "as of 2026-11-24 07:00 UTC"
    assert outcomes(CREDENTIALS.test_root_is_locked_away, credentials=both) == [("failed", f"{as_of}; it has no MFA")]
    users = outcomes(CREDENTIALS.test_console_users_have_mfa, credentials=both)
    assert users == [("failed", f"{as_of}; it has a password and no MFA")] * 2


def test_a_restore_that_was_tried() -> None:
    lately = SimpleNamespace(table="orders", at=NOW - 90 * DAY, how="a drill")
    long_ago = SimpleNamespace(table="orders", at=NOW - 91 * DAY, how="a drill")
    last = "orders was last restored on 2026-08-{} 07:00 UTC (a drill)"
    base = {"now": NOW, "newest": lately, "require_all_seen": lambda self: None}
    _one(weekly("disaster_recovery").test_a_restore_was_rehearsed_lately, "restore_rehearsal", base, {
        "lately": ({}, "passed", last.format(26)),
        "lately, whatever else is unknown": ({"require_all_seen": _raises}, "passed", last.format(26)),
        "long ago": ({"newest": long_ago}, "failed", f"{last.format(25)}; limit 90 days"),
        "long ago, as far as is known": ({"newest": long_ago, "require_all_seen": _raises}, "blind",
                                         f"{last.format(25)}; {BLIND}"),
        "never": ({"newest": None}, "failed", "AWS reports no restore of any table of the stack within 90 days"),
        "never, as far as is known": ({"newest": None, "require_all_seen": _raises}, "blind", BLIND),
    })  # fmt: skip


def test_incidents() -> None:
    incidents = daily("incidents")
    old = {"severity": "low", "title": "Slow", "status": "active", "gaps": [], "arn": "here"}
    limit = LIMITS.oldest_active("low")
    found = [stand_in(**old, created_at=NOW - age) for age in (limit, limit + HOUR)]
    told = outcomes(incidents.test_active_incidents_are_young, active_incidents=found)
    assert [one for one, _ in told] == ["passed", "failed"]
    assert told[0][1].startswith("low, active for ")
    assert told[0][1].endswith(": Slow")
    opened = "low, {}, opened 2026-11-24 06:{} UTC"
    overnight = [
        stand_in(**{**old, "gaps": ["status", "time"]}, created_at=NOW - HOUR),
        stand_in(**old, created_at=NOW - timedelta(minutes=5)),
        stand_in(**old, created_at=NOW - HOUR),
        stand_in(**{**old, "status": "resolved"}, created_at=NOW - HOUR),
    ]
    given = {"overnight_incidents": overnight, "active_incidents": [], "overnight_reading": stand_in(through="")}
    assert outcomes(incidents.test_incidents_can_be_found_by_status, **given) == [
        ("failed", "it has no status, no time"), ("passed", opened.format("active", "55")),
        ("failed", f"{opened.format('active', '00')}; {stack().status_index} does not show it"),
        ("passed", opened.format("resolved", "00")),
    ]  # fmt: skip
    shown = {**given, "active_incidents": [stand_in(**old)], "overnight_incidents": overnight[2:3]}
    assert [one for one, _ in outcomes(incidents.test_incidents_can_be_found_by_status, **shown)] == ["passed"]
    for require, outcome, said in (
        (lambda self: None, "passed", "through the index"),
        (_raises, "blind", f"through the index; {BLIND}"),
    ):
        large = stand_in(through="through the index", require_indexed=require)
        given = {"overnight_incidents": [], "active_incidents": [], "overnight_reading": large}
        assert outcomes(incidents.test_incidents_can_be_found_by_status, **given) == [(outcome, said)]


def test_incidents_of_weeks_and_in_the_archive() -> None:
    quiet = SimpleNamespace(through="", require_indexed=lambda: None)
    denied = SimpleNamespace(through="through the index", require_indexed=lambda: _raises(None))
    base = {"opened_before": 5, "undated": 0, "reading": quiet, "repeated": lambda self, limit: {}}
    week = "2 opened this week, 5 in the week before"
    _one(weekly("incident_weeks").test_no_incident_keeps_coming_back, "incident_weeks", base, {
        "none": ({}, "passed", week),
        "some without a time": ({"undated": 3}, "passed", f"{week}; 3 do not say when and are not counted"),
        "two that come back": ({"repeated": lambda self, limit: {"Slow": limit + 1, "Down": 9}}, "failed",
                               f"{week}; “Slow” 4 times; “Down” 9 times within the week, limit 3"),
        "a large table": ({"reading": denied}, "blind", f"{week}; through the index; {BLIND}"),
    }, week_incidents=[1, 2])  # fmt: skip
    old = {"whole": True, "count": 100, "before": NOW - 90 * DAY}
    opened = "resolved ones were opened before 2026-08-26"
    _one(weekly("incident_archive").test_old_incidents_are_archived, "old_incidents", old, {
        "as many as may be": ({}, "passed", f"100 {opened}"),
        "one more": ({"count": 101}, "failed", f"101 {opened}; limit 100"),
        "a part": ({"whole": False, "count": 101}, "failed", f"at least 101 {opened}; limit 100"),
    })  # fmt: skip


class _Volume(SimpleNamespace):
    pass


def test_what_is_paid_for_and_not_used() -> None:
    unused = weekly("unused_resources")
    volumes = [stand_in(made=NOW - 7 * DAY), stand_in(made=NOW - 7 * DAY - SECOND), stand_in(made=NOW)]
    told = outcomes(unused.test_volumes_are_attached, unattached_volumes=volumes)
    assert [one for one, _ in told] == ["passed", "failed", "passed"]
    assert told[1][1] == f"{volumes[1]}; attached to nothing; limit 7 days"
    addresses = [stand_in(is_used=used) for used in (True, False, True)]
    assert outcomes(unused.test_addresses_are_associated, elastic_addresses=addresses) == [
        ("passed", ""), ("failed", "associated with nothing"), ("passed", ""),
    ]  # fmt: skip
    uses = [
        stand_in(hours_outside=hours, runs_outside_now=runs, tasks=tasks)
        for hours, runs, tasks in ((4.0, False, 0), (0.0, True, 1), (4.1, False, 2))
    ]
    outside = "{} hours outside within a week, {} now"
    assert outcomes(unused.test_dev_services_rest_outside_their_hours, dev_use=uses) == [
        ("passed", outside.format("4.0", "0 tasks")),
        ("failed", f"{outside.format('0.0', '1 task')}; it runs now, outside its hours"),
        ("failed", f"{outside.format('4.1', '2 tasks')}; limit 4 hours"),
    ]  # fmt: skip


def test_objects_of_the_site() -> None:
    def item(status: int, served: str) -> Any:
        answer = SimpleNamespace(status=status, said=f"it answered {status}")
        return stand_in(answer=answer, served_etag=served, etag="new")

    check = after("dashboard").test_site_serves_what_the_bucket_holds
    assert outcomes(check, site_objects=[item(404, "new"), item(200, "new"), item(200, "old")]) == [
        ("failed", "it answered 404, expected 200"), ("passed", ""),
        ("failed", "it serves old, and the bucket holds new"),
    ]  # fmt: skip


def test_sessions() -> None:
    base = {"refused": "", "ping_ms": 9.4, "ended_early": "", "open_ms": 40.0, "held_s": 3.0}
    pong = "opened in 40 ms, pong after 9 ms"
    _one(SOCKETS.test_websocket_sessions_open_and_answer, "websocket_session", base, {
        "well": ({}, "passed", pong),
        "refused": ({"refused": "HTTP 403"}, "failed", "HTTP 403"),
        "no pong": ({"ping_ms": None}, "failed", "no pong within 10 s"),
        "ended before a pong": ({"ping_ms": None, "ended_early": "closed"}, "failed", "closed"),
        "slow": ({"ping_ms": 1001.0}, "failed", "opened in 40 ms, pong after 1001 ms; limit 1000 ms"),
        "in time": ({"ping_ms": 1000.0}, "passed", "opened in 40 ms, pong after 1000 ms"),
        "ended early": ({"ended_early": "closed"}, "failed", f"{pong}; after 3.0 s: closed"),
    })  # fmt: skip
    _one(SOCKETS.test_reconnecting_reaches_the_same_task, "websocket_reconnects", {"unproven": ""}, {
        "one": ({"tasks": ["a", "a"]}, "passed", "2 connections, task a"),
        "two": ({"tasks": ["b", "a", "a"]}, "failed", "3 connections, task a, b; 2 tasks answered one client"),
        "none": ({"tasks": []}, "failed", "0 connections, task ; 0 tasks answered one client"),
        "not proven": ({"unproven": "one task runs", "tasks": []}, "passed",
                       "not proven live, by attributes only: one task runs"),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("heartbeat_s", "outcome", "said"),
    [
        (None, "passed", "idle timeout 60 s; not compared: websocket.heartbeat_s is not set in stacks.toml"),
        (59, "passed", "idle timeout 60 s"),
        (60, "failed", "idle timeout 60 s; the heartbeat comes every 60 s, which is not sooner"),
    ],
)
def test_idle_sessions(heartbeat_s: float | None, outcome: str, said: str) -> None:
    balancers = [stand_in(idle_timeout=timedelta(seconds=60))] * 2
    checked = stack(websocket={"heartbeat_s": heartbeat_s} if heartbeat_s else {})
    told = outcomes(SOCKETS.test_idle_sessions_are_not_cut, websocket_balancers=balancers, stack=checked)
    assert told == [(outcome, said)] * 2


def test_health() -> None:
    answer = SimpleNamespace(latency_ms=90.0, said="it answered 200")
    base: dict[str, Any] = {
        "answer": answer, "certificate_days_left": None, "answered_well": True, "is_healthy": True, "says": "ill",
        "sick_components": [],
    }  # fmt: skip
    took, valid = "latency 90 ms", "latency 90 ms; certificate valid for {} days"
    slow = SimpleNamespace(latency_ms=2001.0, said="it answered 200")
    _one(daily("health").test_backend_is_healthy, "health", base, {
        "well": ({}, "passed", took),
        "with a certificate": ({"certificate_days_left": 14.0}, "passed", valid.format(14)),
        "with one that ends": ({"certificate_days_left": 13.9}, "failed", f"{valid.format(14)}; limit 14 days"),
        "another answer": ({"answered_well": False}, "failed",
                           f"{took}; it answered 200, expected 200 (or 204, without a body)"),
        "ill": ({"is_healthy": False}, "failed",
                f"{took}; the body says 'ill', which is not one of the stack's healthy_words"),
        "a part is ill": ({"sick_components": ["db", "cache"]}, "failed", f"{took}; db, cache"),
        "slow": ({"answer": slow}, "failed", "latency 2001 ms; took 2001 ms, limit 2000 ms"),
        "just in time": ({"answer": SimpleNamespace(latency_ms=2000.0)}, "passed", "latency 2000 ms"),
    })  # fmt: skip


def test_alarms_that_rang() -> None:
    found = [stand_in(times=times, told=f"rang {times} times") for times in (4, 5, 1)]
    assert outcomes(daily("alarms").test_alarms_are_not_flapping, overnight_alarms=found) == [
        ("passed", "rang 4 times"), ("failed", "rang 5 times; limit 4"), ("passed", "rang 1 times"),
    ]  # fmt: skip


def test_dead_letter_queues_are_judged_by_their_own_check() -> None:
    sqs = daily("sqs")
    queues = [
        stand_in(takes_dead_of=of, messages=messages, oldest=timedelta(minutes=messages))
        for of, messages in (((), 5), (("orders", "mails"), 16), ((), 16))
    ]
    assert outcomes(sqs.test_queues_are_worked_off, sqs_queues=queues) == [
        ("passed", "about 5 messages, the oldest 5 min old"),
        ("failed", "about 16 messages, the oldest 16 min old; limit 15 min"),
    ]
    assert outcomes(sqs.test_no_message_is_dead, sqs_queues=queues) == [
        ("failed", "16 dead letters of orders, mails; limit 0")
    ]
