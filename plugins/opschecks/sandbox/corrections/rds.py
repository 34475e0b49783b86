"""Where moto's RDS is not like AWS's: it has no maintenance that waits."""

from __future__ import annotations

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from ..correction import Kind, replaces


@replaces(RDSResponse, "describe_pending_maintenance_actions", Kind.MISSING, "AmazonRDS/latest/APIReference/")
def _pending(self: RDSResponse) -> ActionResult:
    """moto has no pending maintenance. Here the account has what was put into its state, `pending_maintenance`."""
    return ActionResult({"PendingMaintenanceActions": vars(self.backend).get("pending_maintenance", [])})
