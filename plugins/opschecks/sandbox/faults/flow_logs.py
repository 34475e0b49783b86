"""Faults of flow logs: traffic that could not be looked up afterwards."""

from __future__ import annotations

from ..seeds.flow_logs import record, vpc_of
from . import Sandbox, fault

_CAUGHT = ["test_vpcs_record_their_traffic"]


@fault(caught_by=_CAUGHT)
def vpc_has_no_flow_log(sandbox: Sandbox) -> None:
    """The VPC has no flow log."""
    sandbox.backend("ec2").flow_logs.clear()


@fault(caught_by=_CAUGHT)
def flow_log_may_not_write(sandbox: Sandbox) -> None:
    """The flow log is ACTIVE, but its role may not write: nothing is recorded."""
    [log] = sandbox.backend("ec2").flow_logs.values()
    log.deliver_logs_status, log.deliver_logs_error_message = "FAILED", "Access error"


@fault(caught_by=_CAUGHT)
def flow_log_leaves_refusals_out(sandbox: Sandbox) -> None:
    """The flow log records accepted traffic only: rejected traffic, such as scans, is missing."""
    record(sandbox, "ACCEPT", "VPC", vpc_of(sandbox))
