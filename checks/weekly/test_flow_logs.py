"""Network traffic is recorded."""

from opschecks import Examine, Severity, Stack, check
from opschecks.aws.flow_logs import Vpc
from opschecks.remedies.settings.flow_logs import CreateFlowLog


@check(
    Severity.MEDIUM,
    runbook="flow-logs",
    failing="The traffic of a VPC is not recorded",
    remedy=CreateFlowLog,
)
def test_vpcs_record_their_traffic(vpcs: list[Vpc], stack: Stack, examine: Examine) -> None:
    """After a break-in only flow logs show where it came from and what left; they cannot be created afterwards."""
    wanted = stack.limits.flow_log_traffic
    for vpc in vpcs:
        with examine(vpc) as note:
            assert vpc.flow_logs, "it has no flow log"
            note(", ".join(f"{log.traffic} to {log.destination}" for log in vpc.flow_logs))
            broken = ", ".join(map(str, vpc.failing))
            if broken:
                note(broken)
            assert vpc.records(wanted), f"no delivered flow log records {wanted}"
