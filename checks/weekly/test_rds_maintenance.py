"""Maintenance of RDS that waits: nothing is overdue, or soon forced upon a DB instance outside of its window."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opschecks import Aws, Examine, Resource, Severity, Stack, Unread, check, fault, in_words, limit, observation

SOON = limit("rds_maintenance_days", 14, "how many days before maintenance is forced upon a DB instance it is planned")
WINDOW, DELAY = timedelta(days=7), timedelta(days=3)
"""A maintenance window comes every week; AWS may be "one or more days" late (API_PendingMaintenanceAction)."""
LATEST = datetime.max.replace(tzinfo=UTC) - WINDOW
CHOSEN = ("next-maintenance", "immediate")
"""Values of OptInStatus by which somebody has chosen when it is done (API_ApplyPendingMaintenanceAction)."""


@dataclass(frozen=True, kw_only=True)
class Maintained(Resource):
    """A DB instance by DescribeDBInstances; `pending` are the PendingMaintenanceActions of it and its cluster."""

    now: datetime
    pending: tuple[Any, ...] = ()

    def problem(self, action: Any, soon: timedelta) -> str:
        """Why somebody has to act, or ""; what is only available is nobody's duty.

        CurrentApplyDate is what comes of the other dates and of choices; AWS leaves it out where there are none.
        """
        forced, applied = action.get("ForcedApplyDate"), action.get("CurrentApplyDate")
        after = action.get("AutoAppliedAfterDate")
        due = applied or min((at for at in (forced, after and min(after, LATEST) + WINDOW) if at), default=None)
        if due and due <= self.now - DELAY:
            return f"it should have been applied by {due:%Y-%m-%d}, and waits"
        chosen = action.get("OptInStatus") in CHOSEN or (applied and forced and applied < forced)
        if not forced or forced - self.now > soon or chosen:
            return ""
        since = "may come at any hour since" if forced <= self.now else "is forced on"
        return f"it {since} {forced:%Y-%m-%d}, whatever the maintenance window; expected a choice before"


@observation(allow=["rds:DescribePendingMaintenanceActions"])
def rds_maintenance(aws: Aws, rds_databases: list[Any], now: datetime) -> list[Maintained]:
    """Pending maintenance of the stack's DB instances. Source: API_PendingMaintenanceAction."""
    listed = aws.items("rds", "DescribePendingMaintenanceActions", "PendingMaintenanceActions")
    waiting = {str(one["ResourceIdentifier"]): one["PendingMaintenanceActionDetails"] for one in listed}

    def maintained(one: Any) -> Maintained:
        if isinstance(one.evidence, Unread):
            return Maintained(arn=one.arn, name=one.name, evidence=one.evidence, now=now)
        cluster = f"{one.arn.rpartition(':db:')[0]}:cluster:{one.evidence.get('DBClusterIdentifier')}"
        pending = (*waiting.get(one.arn, ()), *waiting.get(cluster, ()))
        told = one.evidence | {"PendingMaintenanceActionDetails": list(pending)}
        return Maintained(arn=one.arn, name=one.name, evidence=told, now=now, pending=pending)

    return [maintained(one) for one in rds_databases]


@check(Severity.MEDIUM, runbook="databases", failing="Maintenance of a DB instance is overdue or about to be forced")
def test_database_maintenance_is_planned(rds_maintenance: list[Maintained], stack: Stack, examine: Examine) -> None:
    """Forced maintenance restarts a database when nobody has chosen to, on a busy day as likely as at night."""
    for one in rds_maintenance:
        with examine(one) as note:
            stopped = one.evidence["DBInstanceStatus"] == "stopped"  # nothing is applied to it meanwhile
            soon = timedelta(days=SOON.of(stack, one))
            for action in one.pending:
                applied = action.get("CurrentApplyDate")
                planned = f"applied on {applied:%Y-%m-%d}" if applied else "when somebody asks for it"
                note(f"{action['Action']}, {planned}", expected=f"a choice {in_words(soon)} before it is forced")
                problem = "" if stopped else one.problem(action, soon)
                assert not problem, problem
            note("stopped" if stopped else f"{len(one.pending)} pending" if one.pending else "nothing is pending")


@fault(caught_by=["test_database_maintenance_is_planned"])
def database_maintenance_is_forced(sandbox: Any) -> None:
    """An update of a database's operating system is forced in five days."""
    name = sandbox.stack.resources["databases"][0]
    [told] = sandbox.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    forced = sandbox.now + timedelta(days=5)
    action = {"Action": "system-update", "ForcedApplyDate": forced, "CurrentApplyDate": forced}
    waiting = {"ResourceIdentifier": told["DBInstanceArn"], "PendingMaintenanceActionDetails": [action]}
    sandbox.backend("rds").pending_maintenance = [waiting]
