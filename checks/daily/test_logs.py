"""The logs are not full of errors."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.logs import LogErrors


@check(Severity.MEDIUM, runbook="logs", failing="The logs are full of errors")
def test_errors_are_rare_in_the_logs(log_errors: list[LogErrors], stack: Stack, examine: Examine) -> None:
    """What the backend swallows, users meet later; the logs show it first."""
    limit = stack.limits.log_errors_per_hour
    for group in log_errors:
        with examine(group) as note:
            note(f"{group.seen} ERROR events in the last hour")
            assert group.at_most(limit), f"limit {limit}; most often: {group.top}"
