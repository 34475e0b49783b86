"""Alarms are quiet, have data, and would notify somebody."""

from datetime import datetime, timedelta

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.alarm_history import Deliveries, Ringing
from opschecks.aws.cloudwatch_alarms import Alarm
from opschecks.remedies.settings.cloudwatch_alarms import EnableAlarmActions


@check(Severity.HIGH, runbook="alarms", failing="An alarm is ringing")
def test_no_alarm_is_ringing(alarms: list[Alarm], examine: Examine) -> None:
    """A problem that was worth an alarm is worth a look each morning until it is over."""
    for alarm in alarms:
        with examine(alarm):
            assert alarm.state != "ALARM", f"since {alarm.since:%Y-%m-%d %H:%M} UTC: {alarm.reason}"


@check(Severity.HIGH, runbook="alarms", failing="An alarm has no data")
def test_alarms_can_see(alarms: list[Alarm], stack: Stack, now: datetime, examine: Examine) -> None:
    """An alarm without data never rings; a composite over it says OK and is just as blind."""
    for alarm in alarms:
        with examine(alarm) as note:
            longest = timedelta(hours=stack.limits.of(alarm).alarm_blind_hours)
            for one in (alarm, *alarm.below):
                assert one.state != "MISSING", f"there is no alarm {one.name}"
                if one.rests(now):
                    note(one.rests(now))
                assert not one.is_blind(now, longest), (
                    f"{one.name} has had no data since {one.since:%Y-%m-%d %H:%M} UTC"
                )
                assert not one.evaluation_problem, f"{one.name} is not evaluated: {one.evaluation_problem}"


@check(Severity.HIGH, runbook="silence-alarms", failing="An alarm is silenced", remedy=EnableAlarmActions)
def test_alarms_can_act(alarms: list[Alarm], alarm_deliveries: Deliveries, stack: Stack, examine: Examine) -> None:
    """Actions that were turned off for a deployment stay off until somebody remembers."""
    limit = stack.limits.alarm_muted_hours_per_week
    for alarm in alarms:
        with examine(alarm) as note:
            assert alarm.state != "MISSING", "there is no such alarm"
            if not alarm.acts:
                note(f"last configured {alarm.configured_at:%Y-%m-%d %H:%M} UTC")
            assert alarm.acts, "its actions are off"
            assert not alarm.suppressed_by, alarm.suppressed_by
            assert not alarm_deliveries.muted(alarm), alarm_deliveries.muted(alarm)
            for rule, hours in alarm_deliveries.scheduled(alarm):
                note(f"{rule}: {plural(hours, 'hour')} a week", expected=f"at most {limit:g} hours a week")
                assert hours <= limit, f"limit {limit:g}"
            assert not alarm_deliveries.failed(alarm), f"nobody was called: {alarm_deliveries.failed(alarm)}"


@check(Severity.LOW, runbook="alarms", failing="An alarm keeps ringing on and off", may_be_empty=True)
def test_alarms_are_not_flapping(overnight_alarms: list[Ringing], stack: Stack, examine: Examine) -> None:
    """An alarm that wakes people for nothing is soon ignored, also on the night when it is right."""
    for alarm in overnight_alarms:
        with examine(alarm) as note:
            limit = stack.limits.of(alarm).alarm_rings_per_day
            note(alarm.told, expected=f"at most {limit} a day")
            assert alarm.times <= limit, f"limit {limit}"
