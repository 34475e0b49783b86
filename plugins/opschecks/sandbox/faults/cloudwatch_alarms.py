"""Faults of alarms."""

from __future__ import annotations

import json
from datetime import timedelta

from ..seed import put_metrics, watch
from ..series import Samples, Told
from . import Sandbox, fault

_RINGING = ["test_no_alarm_is_ringing", "test_alarms_are_quiet_before_the_deploy", "test_nothing_got_worse"]


def _name(sandbox: Sandbox, name: str) -> str:
    return f"{sandbox.stack.alarm_prefix}-{name}"


def _set(sandbox: Sandbox, name: str, state: str, reason: str) -> None:
    sandbox.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)


def _blind(sandbox: Sandbox, name: str) -> None:
    _set(sandbox, name, "INSUFFICIENT_DATA", "Insufficient Data: no datapoints were received")
    sandbox.backend("cloudwatch").alarms[name].state_updated_timestamp = sandbox.now - timedelta(days=40)


@fault(caught_by=_RINGING)
def alarm_is_ringing(sandbox: Sandbox) -> None:
    """A metric alarm is in ALARM."""
    reason = "Threshold Crossed: 2 datapoints were greater than the threshold (1.0). The most recent: 1.8"
    _set(sandbox, _name(sandbox, "latency-high"), "ALARM", reason)


@fault(caught_by=_RINGING)
def composite_alarm_is_ringing(sandbox: Sandbox) -> None:
    """The composite alarm is in ALARM; describe-alarms lists it only if asked for composite alarms."""
    _set(sandbox, _name(sandbox, "backend-down"), "ALARM", "its rule is true")


@fault(caught_by=_RINGING)
def cloudfront_alarm_is_ringing(sandbox: Sandbox) -> None:
    """CloudFront answers errors, and its alarm rings in us-east-1, where CloudFront's alarms are."""
    cloudwatch, name = sandbox.client("cloudwatch", "us-east-1"), _name(sandbox, "edge-5xx")
    of = {"DistributionId": sandbox.distribution_id, "Region": "Global"}
    measured = (Samples(sandbox.now - timedelta(minutes=10), (12.0,)),)
    put_metrics(cloudwatch, [Told("AWS/CloudFront", "5xxErrorRate", of, "Percent", measured)])
    actions = sandbox.backend("cloudwatch").alarms[_name(sandbox, "cpu-high")].alarm_actions
    watch(cloudwatch, name, "AWS/CloudFront", "5xxErrorRate", of, "Average", 60, 5.0, AlarmActions=actions)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="Threshold Crossed: 12.0 above 5.0")


@fault(caught_by=["test_alarms_can_see"])
def alarm_sees_nothing(sandbox: Sandbox) -> None:
    """An alarm has had no data for weeks."""
    _blind(sandbox, _name(sandbox, "memory-high"))


@fault(caught_by=["test_alarms_can_see", "test_alarms_call_somebody"])
def composite_alarm_watches_a_blind_one(sandbox: Sandbox) -> None:
    """A composite alarm is OK only because an alarm further down, with another prefix, has no data."""
    client, name = sandbox.client("cloudwatch"), _name(sandbox, "everything")
    of = {"ServiceName": "a service that is gone"}
    watch(client, "Legacy CPU (prod)", "AWS/ECS", "CPUUtilization", of, "Average", 300, 90.0)
    client.put_composite_alarm(AlarmName="Legacy", AlarmRule='ALARM("Legacy CPU (prod)")', ActionsEnabled=True)
    client.put_composite_alarm(AlarmName=name, AlarmRule="ALARM(Legacy)", ActionsEnabled=True)
    for composite in ("Legacy", name):
        _set(sandbox, composite, "OK", "its rule is false")
    _blind(sandbox, "Legacy CPU (prod)")


@fault(caught_by=["test_alarms_can_act"])
def alarm_is_silenced(sandbox: Sandbox) -> None:
    """An alarm's actions were turned off for a deployment and never turned on again."""
    sandbox.client("cloudwatch").disable_alarm_actions(AlarmNames=[_name(sandbox, "cpu-high")])


@fault(caught_by=["test_alarms_can_act"])
def alarm_is_muted(sandbox: Sandbox) -> None:
    """A mute rule from a maintenance night is still active; describe-alarms does not show it."""
    sandbox.client("cloudwatch").put_alarm_mute_rule(
        Name="maintenance",
        Rule={"Schedule": {"Expression": "cron(0 22 * * *)", "Duration": "PT12H"}},
        MuteTargets={"AlarmNames": [_name(sandbox, "5xx-high")]},
    )


@fault(caught_by=["test_alarms_can_act"])
def alarm_is_muted_every_night(sandbox: Sandbox) -> None:
    """A mute rule silences an alarm for half of every day; at this moment it only waits for its next window."""
    sandbox.client("cloudwatch").put_alarm_mute_rule(
        Name="quiet nights",
        Rule={"Schedule": {"Expression": "cron(0 20 * * *)", "Duration": "PT12H"}},
        MuteTargets={"AlarmNames": [_name(sandbox, "cpu-high")]},
        StartDate=sandbox.now + timedelta(hours=1),
    )


@fault(caught_by=["test_alarms_can_act", "test_alarms_call_somebody"])
def alarm_actions_fail(sandbox: Sandbox) -> None:
    """An alarm went off and nobody was called, because CloudWatch may not use the key of the topic."""
    alarm = sandbox.backend("cloudwatch").alarms[_name(sandbox, "latency-high")]
    for state in ("ALARM", "OK"):
        _set(sandbox, alarm.name, state, "Threshold Crossed")
    error = "CloudWatch Alarms does not have authorization to access the SNS topic encryption key."
    alarm.actions_tried = [
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm",
            "Timestamp": sandbox.now - timedelta(minutes=1),
            "HistoryItemType": "Action",
            "HistorySummary": f"Failed to execute action {action}",
            "HistoryData": json.dumps({"actionState": "Failed", "error": error}),
        }
        for action in alarm.alarm_actions
    ]


@fault(caught_by=["test_alarms_are_not_flapping"])
def alarm_flaps(sandbox: Sandbox) -> None:
    """An alarm went off and recovered again and again during the night."""
    for state in ("ALARM", "OK") * (sandbox.stack.limits.alarm_rings_per_day + 2):
        _set(sandbox, _name(sandbox, "5xx-high"), state, "Threshold Crossed")
