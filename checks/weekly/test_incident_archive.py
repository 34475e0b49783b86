"""Old incidents are in the archive."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.incident_archive import OldIncidents
from opschecks.remedies.operations.incident_archive import ArchiveIncidents


@check(
    Severity.LOW,
    runbook="weekly-maintenance",
    remedy=ArchiveIncidents,
    failing="Old incidents pile up in the table",
)
def test_old_incidents_are_archived(old_incidents: OldIncidents, stack: Stack, examine: Examine) -> None:
    """Every scan reads and pays for all of them, and a search for last night's incidents finds last year's."""
    limits = stack.limits
    with examine(old_incidents) as note:
        least = "" if old_incidents.whole else "at least "
        note(f"{least}{old_incidents.count} resolved ones were opened before {old_incidents.before:%Y-%m-%d}")
        assert old_incidents.count <= limits.old_incidents, f"limit {limits.old_incidents}"
