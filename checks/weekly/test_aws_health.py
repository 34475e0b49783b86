"""AWS itself reports no problem with what the stack uses."""

from opschecks import Examine, Severity, check
from opschecks.aws.health import HealthEvent


@check(
    Severity.LOW,
    runbook="aws-health",
    failing="AWS reports a problem with a resource of the stack",
    may_be_empty=True,
)
def test_aws_reports_no_problem_of_the_stack(health_events: list[HealthEvent], examine: Examine) -> None:
    """People search everywhere else for what AWS has to repair; and a change that AWS plans comes on its day."""
    for event in health_events:
        with examine(event) as note:
            note(event.words)
            assert not event.is_problem, "AWS has not resolved it"
