"""Remedies, end to end on a sandbox that stays: planned, applied, verified, undone – and killed in the middle."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from opschecks.sandbox.seeds.flow_logs import GROUP, ROLE
from tests.bench import DIES, FIX, QUICK, Bench, bench, permissions

DISRUPTIVE = ("--allow", "disruptive")
DESTRUCTIVE = (*DISRUPTIVE, "--allow", "destructive")
TWO_WAY = {
    "stickiness_switched_off": ("enable-stickiness", "test_websocket_sessions_are_sticky", "daily", DISRUPTIVE),
    "stickiness_is_short": ("enable-stickiness", "test_websocket_sessions_are_sticky", "daily", DISRUPTIVE),
    "alarm_is_silenced": ("enable-alarm-actions", "test_alarms_can_act", "daily", DISRUPTIVE),
    "scaling_is_suspended": ("resume-scaling", "test_services_can_scale", "daily", DISRUPTIVE),
    "scaling_maximum_is_low": ("set-scaling-limits", "test_scaling_limits_are_as_wanted", "daily", DISRUPTIVE),
    "ssh_is_open_to_the_world": ("revoke-ingress", "test_ingress_is_no_wider_than_allowed", "daily", DISRUPTIVE),
    "severity_index_is_missing": ("create-index", "test_wanted_indexes_can_be_searched", "weekly", DESTRUCTIVE),
    "bucket_has_no_lifecycle": ("put-lifecycle", "test_buckets_let_go_what_nobody_needs", "weekly", DESTRUCTIVE),
    "log_group_never_expires": ("put-retention", "test_log_groups_are_kept_as_long_as_wanted", "weekly", DESTRUCTIVE),
    "point_in_time_recovery_is_off": ("enable-recovery", "test_tables_can_be_restored_to_any_moment", "weekly", ()),
    "cdn_caching_is_disabled": ("tune-cdn", "test_cdn_is_set_to_cache_and_compress", "weekly", DISRUPTIVE),
    "vpc_has_no_flow_log": ("create-flow-log", "test_vpcs_record_their_traffic", "weekly", ()),
}
KEYS = f'\nflow_log_group = "{GROUP}"\nflow_log_role = "arn:aws:iam::123456789012:role/{ROLE}"\n'


@pytest.mark.parametrize("fault", TWO_WAY)
def test_two_way(tmp_path: Path, fault: str) -> None:
    remedy, check, suite, allow = TWO_WAY[fault]
    with bench(tmp_path, fault, whole=suite == "weekly") as on:
        on.project.write("stacks.toml", QUICK.rstrip() + KEYS + FIX)
        planned = on.check(check, "--fix=plan", suite=suite).ends(1)
        assert on.found(check, suite) == "failed"
        assert f"{remedy} on " in planned.out
        (change,) = on.planned()
        assert change["remedy"] == remedy
        assert change["before"] != change["after"]
        assert on.journal() == []

        applied = on.check(check, "--fix=apply", *allow, suite=suite).ends(0)
        assert "fixed" in applied.out
        assert on.found(check, suite) == "passed"
        (fix,) = on.changes(suite)
        assert fix["result"] == "fixed"
        assert fix["undo"] in on.project.page(f"{suite}-partial.html")
        assert on.outcome(check, suite) == "passed"

        (entry,) = on.journal()
        assert on.events() == [["begun", "sent", "cured"]]
        on.command("undo", entry["entry"], "--yes", *DESTRUCTIVE).ends(0)
        assert on.outcome(check, suite) == "failed"
        again = on.command("undo", entry["entry"], "--yes", *DESTRUCTIVE).ends(1)
        assert "it is no longer as this change left it" in again.err


SCALED = ("scale-service", "test_cpu_is_not_saturated", "daily", DISRUPTIVE)
KILLED = {
    "stickiness_switched_off": ("before it is sent", 0, ["begun", "not_sent"]),
    "ssh_is_open_to_the_world": ("after it is sent", 1, ["begun", "sent"]),
    "cpu_is_saturated": ("before it is verified", 1, ["begun", "sent"]),
}
"""With real signals; every other moment, and every kind of change, in tests/fixing/test_kill_matrix.py."""


@pytest.mark.parametrize("fault", KILLED)
def test_killed_anywhere_it_is_sent_at_most_once_and_never_forgotten(tmp_path: Path, fault: str) -> None:
    remedy, check, *_ = {**TWO_WAY, "cpu_is_saturated": SCALED}[fault]
    step, sent, steps = KILLED[fault]
    with bench(tmp_path, fault, fix=FIX + "cooldown_minutes = 0\n") as on:
        conftest = on.project.folder / "conftest.py"
        on.project.write("conftest.py", DIES)
        on.environment["DIES"] = step
        on.check(check, "--fix=apply", "--allow", "disruptive")
        (entry,) = on.journal()
        assert entry["change"]["remedy"] == remedy
        assert [one["event"] for one in entry["steps"]] == (["begun"] if step != "before it is verified" else steps)

        conftest.write_text('pytest_plugins = ["opschecks"]\n')
        on.free_the_lock()
        ended = on.check(check, "--fix=apply", "--allow", "disruptive")
        first, *later = on.journal()
        assert [one["event"] for one in first["steps"]][: len(steps)] == steps, ended.out
        assert on.times_sent() == sent
        if fault != "cpu_is_saturated":
            assert on.outcome(check) == "passed"
            assert len(later) == (1 if sent == 0 else 0)


def test_only_the_one_source_goes_and_its_neighbours_stay(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        ec2, group = on.sandbox.client("ec2"), on.sandbox.seeded.groups["tasks"]
        here = {"CidrIp": "0.0.0.0/0"}, {"CidrIp": "203.0.113.0/24", "Description": "the office"}
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "IpRanges": list(here)}],
        )
        allowed = '\n[[stacks.sandbox.ingress]]\nports = "8000"\nsources = ["203.0.113.0/24", "own groups"]\n'
        standard = '\n[[stacks.sandbox.ingress]]\nports = "80-443"\nsources = ["0.0.0.0/0", "::/0"]\n'
        on.project.write("stacks.toml", QUICK + FIX + allowed + standard)
        before = permissions(ec2, group)
        on.check("ingress", "--fix=apply", "--allow", "disruptive").ends(0)
        assert before - permissions(ec2, group) == {("tcp", 8000, 8000, "0.0.0.0/0")}
        assert permissions(ec2, group) <= before


def test_two_sources_of_one_group_are_one_case(tmp_path: Path) -> None:
    with bench(tmp_path, "the_world_is_let_in_by_halves") as on:
        on.check("ingress", "--fix=apply", "--allow", "disruptive").ends(0)
        assert [one["result"] for one in on.changes()] == ["fixed", "fixed"]


def test_the_alarm_beside_the_broken_one_is_untouched(tmp_path: Path) -> None:
    with bench(tmp_path, "alarm_is_silenced") as on:
        on.sandbox.client("cloudwatch").disable_alarm_actions(AlarmNames=["incident-commander-backend-down"])
        waiver = (
            '[[waivers]]\ncheck = "test_alarms_can_act"\nresource = "incident-commander-backend-down"\n'
            f'until = {on.sandbox.now.date() + timedelta(days=1)}\nowner = "me"\nreason = "on purpose"\n'
        )
        on.project.write("checks/waivers.toml", waiver)
        assert on.check("test_alarms_can_act", "--fix=apply").code == 0
        (entry,) = on.journal()
        assert entry["change"]["name"] == "incident-commander-cpu-high"
        told = on.sandbox.client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        assert [one["ActionsEnabled"] for one in told] == [False]


def test_an_uncured_scale_up_leaves_the_capacity_and_says_so(tmp_path: Path) -> None:
    with bench(tmp_path, "cpu_is_saturated") as on:
        ended = on.check("test_cpu_is_not_saturated", "--fix=apply").ends(1)
        assert "of 3 tasks run" in ended.out
        assert "handed over" in ended.out
        assert "the change stays in place" in ended.out
        assert on.sandbox.service().desired_count == 3
        assert on.events() == [["begun", "sent", "not_cured", "handed_over"]]
        assert "handed over" in on.project.page("daily-partial.html")


def test_what_cannot_be_seen_is_left_alone(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off") as on:
        on.sandbox.server.wire.broken = {"elasticloadbalancing": "denied"}
        on.check("test_websocket_sessions_are_sticky", "--fix=apply").ends(10)
        assert on.journal() == []


def test_a_reviewed_plan_is_made_exactly_and_a_stale_one_is_refused(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_switched_off", "alarm_is_silenced") as on:
        on.check("sticky or can_act", "--fix=plan")
        reviewed = (tmp_path / "reports" / "plan.json").rename(tmp_path / "reviewed.json")
        assert len(json.loads(reviewed.read_text())["changes"]) == 2
        asked = on.command("fix", str(reviewed))
        assert "stickiness.enabled: false → true" in asked.out
        assert "proven by: checks/daily/test_alarms.py::test_alarms_can_act[sandbox], checks/daily/" in asked.out
        assert on.journal() == []
        unknown = on.command("fix", str(reviewed), "--only", "enable-sticky", "--yes")
        assert unknown.err.startswith("Error: --only enable-sticky: the plan has no such remedy or resource; did you")
        made = on.command("fix", str(reviewed), "--only", "enable-stickiness", "--yes")
        assert [one["change"]["remedy"] for one in on.journal()] == ["enable-stickiness"], made.all
        assert on.outcome("test_alarms_can_act") == "failed"
        stale = on.command("fix", str(reviewed), "--only", "enable-stickiness", "--yes")
        assert "the plan is out of date" in stale.out
        assert len(on.journal()) == 1


def test_by_name_with_progress_and_undo(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        asked = on.command("fix", "scale-service", "--set", "desired=4").ends(1)
        assert "desiredCount: 2 → 4" in asked.out
        assert on.sandbox.service().desired_count == 2
        made = on.command("fix", "scale-service", "--set", "desired=4", "--yes").ends(0)
        assert "2 of 4 tasks run" in made.out
        assert on.sandbox.service().running_count == 4
        (entry,) = on.journal()
        assert on.command("undo", entry["entry"], "--yes").code == 1
        assert on.command("undo", entry["entry"], "--yes", "--allow", "disruptive").code == 0
        assert on.sandbox.service().desired_count == 2


def test_a_one_way_remedy_says_so_and_is_proven(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        before = on.sandbox.service().deployments[0]["id"]
        refused = on.command("fix", "force-deployment", "--yes").ends(1)
        assert "--allow disruptive permits it" in refused.err
        made = on.command("fix", "force-deployment", "--yes", "--allow", "disruptive").ends(0)
        assert "one-way: it cannot be undone" in made.out
        assert on.sandbox.service().deployments[0]["id"] != before
        (entry,) = on.journal()
        undone = on.command("undo", entry["entry"], "--yes", "--allow", "disruptive")
        assert "one-way: there is nothing to undo" in undone.err


def _bad_deployment(on: Bench) -> str:
    """A second revision, whose deployment failed."""
    revision = on.deploy("bad")
    on.sandbox.service().deployments[0].update(rolloutState="FAILED", rolloutStateReason="tasks failed to start")
    return revision


def test_a_failed_deployment_goes_back_to_the_revision_that_was_good(tmp_path: Path) -> None:
    check = "test_deployments_are_settled"
    with bench(tmp_path) as on:
        good = on.sandbox.service().task_definition.rsplit("/", 1)[-1]
        assert on.run("daily").code == 0
        bad = _bad_deployment(on)
        assert on.outcome(check) == "failed"
        refused = on.check(check, "--fix=apply")
        assert "--allow disruptive permits it" in refused.out
        ended = on.check(check, "--fix=apply", "--allow", "disruptive").ends(0)
        assert f"taskDefinition: {bad} → {good}" in ended.out
        assert on.sandbox.service().task_definition.rsplit("/", 1)[-1] == good
        again = on.check(check, "--fix=apply", "--allow", "disruptive")
        assert "roll-back-service" not in again.out


def test_deploy_a_revision_by_name(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        good = on.sandbox.service().task_definition.rsplit("/", 1)[-1]
        _bad_deployment(on)
        unknown = on.command("fix", "deploy-revision", "--set", "revision=backend:99", "--allow", "disruptive", "--yes")
        assert unknown.code == 1
        assert "backend:99 cannot be run" in unknown.err
        made = on.command("fix", "deploy-revision", "--set", f"revision={good}", "--allow", "disruptive", "--yes")
        assert made.code == 0, made.all
        assert "IN_PROGRESS" in made.out
        assert on.sandbox.service().deployments[0]["rolloutState"] == "COMPLETED"


def test_a_plan_of_shipped_checks_is_made_where_no_checks_lie(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_is_short") as on:
        shutil.rmtree(on.project.folder / "checks")
        suite = ("--pyargs", "opschecks.checks.daily", "--stack", "sandbox")
        on.project.run(*suite, "--fix=plan", **on.environment).ends(1)
        made = on.command("fix", "reports/plan.json", "--yes").ends(0)
        assert (
            "proven by: opschecks.checks.daily.test_websocket::test_websocket_sessions_are_sticky[sandbox]" in made.out
        )
        assert on.events()
        assert on.project.run(*suite, **on.environment).code == 0
