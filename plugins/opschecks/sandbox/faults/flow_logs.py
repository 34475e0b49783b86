"""Faults of flow logs: traffic that nobody could look up afterwards."""

from __future__ import annotations

from ..seeds.flow_logs import record
from . import Sandbox, fault

_CAUGHT = ["test_vpcs_record_their_traffic"]


@fault(caught_by=_CAUGHT)
def vpc_has_no_flow_log(sandbox: Sandbox) -> None:
    """The VPC records nothing."""
    sandbox.backend("ec2").flow_logs.clear()


@fault(caught_by=_CAUGHT)
def flow_log_may_not_write(sandbox: Sandbox) -> None:
    """The flow log is ACTIVE, and its role may not write: nothing arrives."""
    [log] = sandbox.backend("ec2").flow_logs.values()
    log.deliver_logs_status, log.deliver_logs_error_message = "FAILED", "Access error"


@fault(caught_by=_CAUGHT)
def flow_log_leaves_refusals_out(sandbox: Sandbox) -> None:
    """The flow log records what was let in, and not what was refused: scans do not show."""
    record(sandbox, "ACCEPT")
