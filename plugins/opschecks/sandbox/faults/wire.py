"""Faults between opschecks and AWS: what could not be checked must not pass."""

from __future__ import annotations

from datetime import timedelta

from . import EVERYTHING_OF_AWS, Sandbox, fault


@fault(blinds=[EVERYTHING_OF_AWS])
def aws_answers_nothing(sandbox: Sandbox) -> None:
    """Every service but STS answers 200 with an empty body."""
    sandbox.server.wire.broken = {"*": "empty", "sts": ""}


@fault(blinds=[EVERYTHING_OF_AWS])
def aws_answers_are_cut(sandbox: Sandbox) -> None:
    """Every service but STS answers 200 with half a body."""
    sandbox.server.wire.broken = {"*": "cut", "sts": ""}


@fault(blinds=[EVERYTHING_OF_AWS])
def aws_throttles(sandbox: Sandbox) -> None:
    """Every service but STS throttles every call."""
    sandbox.server.wire.broken = {"*": "throttled", "sts": ""}


@fault(blinds=[EVERYTHING_OF_AWS])
def aws_is_out_of_reach(sandbox: Sandbox) -> None:
    """Nothing answers at the endpoint of AWS."""
    sandbox.server.stop()


@fault(blinds=[EVERYTHING_OF_AWS])
def credentials_are_expired(sandbox: Sandbox) -> None:
    """Every service, STS included, rejects the credentials as expired."""
    sandbox.server.wire.broken = {"*": "expired"}


@fault(
    blinds=["test_no_alarm_is_ringing", "test_alarms_can_see", "test_alarms_can_act", "test_alarms_are_not_flapping",
            "test_cpu_leaves_headroom", "test_cpu_is_not_saturated", "test_memory_leaves_headroom",
            "test_server_errors_are_rare", "test_responses_are_quick", "test_tables_are_not_throttled",
            "test_log_groups_receive_events", "test_alarms_are_quiet_before_the_deploy", "test_capacity_is_to_spare",
            "test_errors_are_rare_before_the_deploy", "test_nothing_got_worse", "test_load_balancers_have_traffic",
            "test_dev_services_rest_outside_their_hours",
            "test_alarms_call_somebody", "test_alarms_watch_something"]
)  # fmt: skip
def cloudwatch_is_denied(sandbox: Sandbox) -> None:
    """The credentials may not read CloudWatch."""
    sandbox.server.wire.broken = {"monitoring": "denied"}


@fault(blinds=[EVERYTHING_OF_AWS])
def clock_is_an_hour_behind(sandbox: Sandbox) -> None:
    """This machine's clock is an hour behind AWS's own."""
    sandbox.server.wire.ahead = timedelta(hours=1)
