"""The logs are written, and are not full of errors."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.log_writers import LogWriters
from opschecks.aws.logs import LogErrors
from opschecks.aws.traffic import LogFlow


@check(Severity.MEDIUM, runbook="logs", failing="The logs are full of errors")
def test_errors_are_rare_in_the_logs(log_errors: list[LogErrors], stack: Stack, examine: Examine) -> None:
    """What the backend swallows, users meet later; the logs show it first."""
    for group in log_errors:
        with examine(group) as note:
            limit = stack.limits.of(group).log_errors_per_hour
            note(group.told, expected=f"at most {limit} an hour")
            assert group.at_most(limit), f"limit {limit}" + (f"; most often: {group.top}" if group.top else "")


@check(Severity.HIGH, runbook="logs", failing="A log group receives nothing")
def test_log_groups_receive_events(log_flow: list[LogFlow], log_writers: LogWriters, examine: Examine) -> None:
    """Where nothing is written, no error is found: a broken log driver looks like a quiet night."""
    for group in log_flow:
        with examine(group) as note:
            note(f"{group.events_last_day:,} events within a day")
            if not group.events_last_day:
                assert not log_writers.must_write(group.name), "nothing was written within a day"
                note("nobody is known to write to it")
