"""How bad each check's failure is: what wakes somebody up, what a release waits for (--fail-on), what can wait.

A severity that is changed by mistake fails here; whoever changes one on purpose changes this list, too.
"""

from __future__ import annotations

import functools

import pytest

from opschecks import Severity
from opschecks.core.model import CHECK_ATTRIBUTE, Check
from tests.canned import checks_of
from tests.scratch import ROOT

SEVERITIES = {
    Severity.CRITICAL: """
        backend_is_healthy cpu_is_not_saturated databases_have_room ingress_is_no_wider_than_allowed
        no_deployment_is_under_way nothing_got_worse root_is_locked_away server_errors_are_rare
        services_run_the_tasks_they_want tables_are_active targets_are_healthy websocket_sessions_open_and_answer
        what_was_deployed_serves
    """,
    Severity.HIGH: """
        a_stopped_task_is_replaced_in_time access_keys_are_rotated active_incidents_are_young
        alarms_are_quiet_before_the_deploy alarms_can_act alarms_can_see certificates_are_renewed
        certificates_stay_valid cloudformation_stacks_are_healthy console_users_have_mfa dashboards_show_their_pages
        databases_are_backed_up deployments_are_settled errors_are_rare_before_the_deploy functions_are_active
        functions_are_not_throttled functions_rarely_fail functions_stay_within_their_reservation
        images_have_no_grave_vulnerabilities lifecycle_leaves_the_dashboards_alone log_groups_receive_events
        memory_leaves_headroom no_alarm_is_ringing no_change_is_frozen no_message_is_dead queues_are_worked_off
        quotas_have_room reconnecting_reaches_the_same_task replicas_follow requests_succeed_while_a_task_is_replaced
        responses_are_quick scaling_attempts_succeed services_are_not_at_max_capacity
        services_are_within_their_task_limits services_can_scale shared_concurrency_is_to_spare
        site_serves_what_the_bucket_holds tables_are_not_throttled tables_can_be_restored_from_their_backup
        tables_can_be_restored_to_any_moment tables_have_a_fresh_backup tables_have_a_recent_backup
        targets_can_take_a_deploy tasks_are_healthy tasks_run_the_image_of_their_tag websocket_clients_come_back
        websocket_sessions_are_sticky
    """,
    Severity.MEDIUM: """
        a_restore_was_rehearsed_lately access_keys_are_used alarms_call_somebody assets_come_compressed_from_the_cache
        backend_keeps_its_pace_under_load capacity_is_to_spare cdn_is_set_to_cache_and_compress
        cloudformation_stacks_have_not_drifted cpu_leaves_headroom dashboard_bucket_keeps_what_is_overwritten
        database_maintenance_is_planned errors_are_rare_in_the_logs everything_was_backed_up_lately
        idle_sessions_are_not_cut images_are_young incidents_can_be_found_by_status invalidations_are_finished
        month_stays_within_budget no_incident_keeps_coming_back no_service_costs_unusually_much
        scaling_has_room_for_a_deploy scaling_is_not_held_at_its_maximum scaling_limits_are_as_wanted
        users_have_one_active_key vpcs_record_their_traffic wanted_indexes_can_be_searched
        websocket_errors_are_rare_in_the_logs week_costs_no_more_than_the_last
    """,
    Severity.LOW: """
        addresses_are_associated alarms_are_not_flapping alarms_watch_something aws_reports_no_problem_of_the_stack
        buckets_let_go_what_nobody_needs dev_services_rest_outside_their_hours load_balancers_have_traffic
        log_groups_are_kept_as_long_as_wanted logs_are_kept_elsewhere_too missing_files_are_not_dressed_up
        old_incidents_are_archived scaling_does_not_flap tables_bill_as_wanted volumes_are_attached
        workers_and_concurrency_are_as_wanted
    """,
}
NOTHING_TO_EXAMINE = """
    access_keys_are_rotated access_keys_are_used active_incidents_are_young addresses_are_associated
    alarms_are_not_flapping aws_reports_no_problem_of_the_stack console_users_have_mfa everything_was_backed_up_lately
    idle_sessions_are_not_cut incidents_can_be_found_by_status invalidations_are_finished
    lifecycle_leaves_the_dashboards_alone load_balancers_have_traffic no_change_is_frozen no_message_is_dead
    replicas_follow shared_concurrency_is_to_spare users_have_one_active_key volumes_are_attached
"""
"""Of these a good day may have nothing: no key, no incident, no freeze window. Any other check is then blind."""


@functools.cache
def declared() -> dict[str, Check]:
    """Each check's declaration by its name, without "test_"."""
    found = {}
    for path in sorted((ROOT / "checks").rglob("test_*.py")):
        module = checks_of(str(path.parent.relative_to(ROOT / "checks")), path.stem.removeprefix("test_"))
        for name, one in vars(module).items():
            if name.startswith("test_") and hasattr(one, CHECK_ATTRIBUTE):
                found[name.removeprefix("test_")] = getattr(one, CHECK_ATTRIBUTE)
    return found


@pytest.mark.parametrize("severity", SEVERITIES)
def test_severities(severity: Severity) -> None:
    assert {name for name, one in declared().items() if one.severity is severity} == set(SEVERITIES[severity].split())


def test_what_may_have_nothing_to_examine() -> None:
    assert {name for name, one in declared().items() if one.may_be_empty} == set(NOTHING_TO_EXAMINE.split())
