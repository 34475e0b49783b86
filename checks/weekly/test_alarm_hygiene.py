"""Alarms are useful: they notify somebody, and watch something that exists."""

from datetime import datetime

from opschecks import Examine, Severity, check
from opschecks.aws.alarm_hygiene import WEEK, WatchedAlarm

SLUG = "weekly-maintenance"


@check(Severity.MEDIUM, runbook=SLUG, failing="An alarm notifies nobody")
def test_alarms_call_somebody(watched_alarms: list[WatchedAlarm], examine: Examine) -> None:
    """An alarm without an action turns red on a page that nobody has open."""
    for one in watched_alarms:
        with examine(one) as note:
            assert one.alarm.state != "MISSING", "there is no such alarm"
            if one.heard_through:
                note(f"heard through {', '.join(one.heard_through)}")
            note(one.rang_recently)
            assert not one.calls_nobody, one.calls_nobody


@check(Severity.LOW, runbook=SLUG, failing="An alarm watches nothing")
def test_alarms_watch_something(watched_alarms: list[WatchedAlarm], now: datetime, examine: Examine) -> None:
    """Where missing data counts as good, an alarm on a metric that no longer exists reports OK forever."""
    for one in watched_alarms:
        with examine(one) as note:
            assert one.alarm.state != "MISSING", "there is no such alarm"
            if one.resting:
                note(f"no data for a week, as while all is well: {', '.join(map(str, one.resting))}")
            if one.accepted:
                note(f"may be silent, and was not asked for data: {', '.join(map(str, one.accepted))}")
            assert not one.silent, f"no data for a week: {', '.join(map(str, one.silent))}"
            if not one.is_of_metrics:
                note("it watches alarms or a query, and is judged by its state only")
                blind = one.alarm.state == "INSUFFICIENT_DATA" and now - one.alarm.since > WEEK
                assert not blind, f"it has had no data since {one.alarm.since:%Y-%m-%d %H:%M} UTC"
