"""Incidents of the week: none keeps recurring."""

from opschecks import Examine, Severity, Stack, check, plural
from opschecks.aws.dynamodb import Incident
from opschecks.aws.incident_weeks import IncidentWeeks


@check(Severity.MEDIUM, runbook="weekly-report", failing="The same incident was opened again and again")
def test_no_incident_keeps_coming_back(
    incident_weeks: IncidentWeeks, week_incidents: list[Incident], stack: Stack, examine: Examine
) -> None:
    """An incident that is resolved but never fixed wakes somebody each time, until nobody believes the page."""
    limit = stack.limits.incident_repeats_per_week
    with examine(incident_weeks) as note:
        note(f"{len(week_incidents)} opened this week, {incident_weeks.opened_before} in the week before")
        if incident_weeks.undated:
            note(f"{incident_weeks.undated} do not say when and are not counted")
        if incident_weeks.reading.through:
            note(incident_weeks.reading.through)
        again = incident_weeks.repeated(limit)
        told = "; ".join(f"“{title}” {plural(times, 'time')}" for title, times in again.items())
        assert not again, f"{told} within the week, limit {limit}"
        incident_weeks.reading.require_indexed()
