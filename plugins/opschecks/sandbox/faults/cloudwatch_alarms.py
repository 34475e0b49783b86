"""Faults of alarms."""

from __future__ import annotations

from datetime import timedelta

from . import Sandbox, fault


def _name(sandbox: Sandbox, name: str) -> str:
    return f"{sandbox.stack.alarm_prefix}-{name}"


def _blind(sandbox: Sandbox, name: str) -> None:
    sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=name,
        StateValue="INSUFFICIENT_DATA",
        StateReason="Insufficient Data: no datapoints were received",
    )
    sandbox.backend("cloudwatch").alarms[name].state_updated_timestamp = sandbox.now - timedelta(days=40)


@fault(caught_by=["test_no_alarm_is_ringing", "test_alarms_are_quiet_before_the_deploy", "test_nothing_got_worse"])
def alarm_is_ringing(sandbox: Sandbox) -> None:
    """A metric alarm is in ALARM."""
    sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=_name(sandbox, "latency-high"),
        StateValue="ALARM",
        StateReason="Threshold Crossed: 2 datapoints were greater than the threshold (1.0). The most recent: 1.8",
    )


@fault(caught_by=["test_no_alarm_is_ringing", "test_alarms_are_quiet_before_the_deploy", "test_nothing_got_worse"])
def composite_alarm_is_ringing(sandbox: Sandbox) -> None:
    """The composite alarm is in ALARM; describe-alarms leaves it out unless asked."""
    sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=_name(sandbox, "backend-down"), StateValue="ALARM", StateReason="its rule is true"
    )


@fault(caught_by=["test_alarms_can_see"])
def alarm_sees_nothing(sandbox: Sandbox) -> None:
    """An alarm has had no data for weeks."""
    _blind(sandbox, _name(sandbox, "memory-high"))


@fault(caught_by=["test_alarms_can_see", "test_alarms_call_somebody"])
def composite_alarm_watches_a_blind_one(sandbox: Sandbox) -> None:
    """A composite is OK because one far below it, of another name, sees nothing."""
    client, name = sandbox.client("cloudwatch"), _name(sandbox, "everything")
    client.put_metric_alarm(
        AlarmName="Legacy CPU (prod)",
        Namespace="AWS/ECS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "ServiceName", "Value": "a service that is gone"}],
        Statistic="Average",
        Period=300,
        EvaluationPeriods=2,
        Threshold=90.0,
        ComparisonOperator="GreaterThanThreshold",
    )
    client.put_composite_alarm(AlarmName="Legacy", AlarmRule='ALARM("Legacy CPU (prod)")', ActionsEnabled=True)
    client.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(Legacy)", ActionsEnabled=True)
    for composite in ("Legacy", name):
        client.set_alarm_state(AlarmName=composite, StateValue="OK", StateReason="its rule is false")
    _blind(sandbox, "Legacy CPU (prod)")


@fault(caught_by=["test_alarms_can_act"])
def alarm_is_silenced(sandbox: Sandbox) -> None:
    """An alarm's actions were turned off for a deployment and never on again."""
    sandbox.client("cloudwatch").disable_alarm_actions(AlarmNames=[_name(sandbox, "cpu-high")])


@fault(caught_by=["test_alarms_can_act"])
def alarm_is_muted(sandbox: Sandbox) -> None:
    """A mute rule of a maintenance night is still active; the alarm's own description shows nothing of it."""
    sandbox.client("cloudwatch").put_alarm_mute_rule(
        Name="maintenance",
        Rule={"Schedule": {"Expression": "cron(0 22 * * ? *)", "Duration": "PT12H"}},
        MuteTargets={"AlarmNames": [_name(sandbox, "5xx-high")]},
    )


@fault(caught_by=["test_alarms_are_not_flapping"])
def alarm_flaps(sandbox: Sandbox) -> None:
    """An alarm went off and recovered again and again in the night."""
    client = sandbox.client("cloudwatch")
    for _ in range(sandbox.stack.limits.alarm_rings_per_day + 2):
        for state in ("ALARM", "OK"):
            client.set_alarm_state(
                AlarmName=_name(sandbox, "5xx-high"), StateValue=state, StateReason="Threshold Crossed"
            )
