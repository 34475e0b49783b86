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
            for told in filter(None, (vpc.recording, ", ".join(map(str, vpc.failing)))):
                note(told)
            if vpc.owner:
                note(f"shared by account {vpc.owner}, which alone sees its flow logs: not assessed")
                continue
            assert vpc.records(wanted), vpc.missing(wanted)
