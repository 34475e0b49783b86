"""Incidents are being worked on, and can be found."""

from datetime import datetime, timedelta

from opschecks import Examine, Severity, Stack, check, in_words
from opschecks.aws.dynamodb import Incident
from opschecks.aws.incident_reads import Reading

INDEX_CATCHES_UP = timedelta(minutes=5)
"""An index follows its table; what is younger may rightly not be in it yet."""


@check(
    Severity.HIGH,
    runbook="overnight-incidents",
    failing="An active incident is too old",
    may_be_empty=True,
)
def test_active_incidents_are_young(
    active_incidents: list[Incident], stack: Stack, now: datetime, examine: Examine
) -> None:
    """An incident that nobody closed is one that nobody works on, or a page that shows what is no longer true."""
    for incident in active_incidents:
        with examine(incident) as note:
            age = now - incident.created_at
            limit = stack.limits.oldest_active(incident.severity)
            wanted = f"resolved within {in_words(limit)}"
            note(f"{incident.severity}, active for {in_words(age)}: {incident.title}", expected=wanted)
            assert age <= limit, f"limit {in_words(limit)}"


@check(
    Severity.MEDIUM,
    runbook="query-incidents",
    failing="An incident cannot be found by status or time",
    may_be_empty=True,
)
def test_incidents_can_be_found_by_status(
    overnight_incidents: list[Incident],
    overnight_reading: Reading,
    active_incidents: list[Incident],
    stack: Stack,
    now: datetime,
    examine: Examine,
) -> None:
    """An item without status, severity or time is in no index, so that no query and no dashboard shows it."""
    through_index = {incident.arn for incident in active_incidents}
    for incident in overnight_incidents:
        with examine(incident) as note:
            assert not incident.gaps, f"it has no {', no '.join(incident.gaps)}"
            note(f"{incident.severity}, {incident.status}, opened {incident.created_at:%Y-%m-%d %H:%M} UTC")
            settled = now - incident.created_at > INDEX_CATCHES_UP
            if incident.status == stack.active_status and settled:
                assert incident.arn in through_index, f"{stack.status_index} does not show it"
    if overnight_reading.through:  # a large table
        with examine(overnight_reading) as note:
            note(overnight_reading.through)
            overnight_reading.require_indexed()
