"""Flow logs: which VPCs are the stack's, what is recorded, and whether it arrives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from opschecks.aws.ec2 import SecurityGroup
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.aws.flow_logs import Vpc, vpcs
from opschecks.core.observation import CouldNotLook
from tests.canned import ACCOUNT, Aws, Raw, ago, given, itself, judges, pages_of, stack, verdict, verdicts, weekly

CHECK = weekly("flow_logs").test_vpcs_record_their_traffic
GROUP, ROLE = "/aws/vpc/flow", "arn:aws:iam::123456789012:role/flow"


def log(number: Any = 1, **changes: Any) -> Raw:
    """A flow log as DescribeFlowLogs tells of it; a change to None takes a key away."""
    raw = {
        "FlowLogId": f"fl-{number}",
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "DeliverLogsPermissionArn": ROLE,
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": GROUP,
        "ResourceId": "vpc-1",
        "TrafficType": "ALL",
        "CreationTime": ago(days=30),
    }
    return given(raw, changes)


def balancers(*in_vpcs: str) -> list[LoadBalancer]:
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/web/1f"
    return [LoadBalancer(arn=arn, name="web", evidence={"VpcId": vpc}) for vpc in in_vpcs]


def groups(*in_vpcs: str) -> list[SecurityGroup]:
    return [SecurityGroup(arn="sg-1", name="web", evidence={"VpcId": vpc}, own=frozenset()) for vpc in in_vpcs]


def subnet(name: str, owner: str = "123456789012", vpc: str = "vpc-1") -> Raw:
    return {"SubnetId": name, "VpcId": vpc, "OwnerId": owner}


def aws_of(*logs: Raw, subnets: Sequence[Raw] = (subnet("subnet-a"), subnet("subnet-b"))) -> Aws:
    return Aws(
        {("ec2", "DescribeFlowLogs"): {"FlowLogs": list(logs)}, ("ec2", "DescribeSubnets"): {"Subnets": [*subnets]}}
    )


def seen(*logs: Raw) -> list[Vpc]:
    return vpcs(aws_of(*logs), balancers("vpc-1"), groups("vpc-1"))


NO_SUBNETS = CouldNotLook("ec2:DescribeSubnets", "UnauthorizedOperation: no", action="ec2:DescribeSubnets")


def seen_by_subnet(*logs: Raw, subnets: Sequence[Raw] | Exception) -> list[Vpc]:
    answer = subnets if isinstance(subnets, Exception) else {"Subnets": [*subnets]}
    aws = Aws({("ec2", "DescribeFlowLogs"): {"FlowLogs": list(logs)}, ("ec2", "DescribeSubnets"): answer})
    return vpcs(aws, balancers("vpc-1"), groups("vpc-1"))


OWN, THEIRS = (subnet("subnet-a"), subnet("subnet-b")), (subnet("subnet-a", "9" * 12),)
TO_S3 = {"LogDestinationType": "s3", "LogGroupName": None, "LogDestination": "arn:aws:s3:::flow-logs/prod"}
SILENT, FAILS = {"DeliverLogsStatus": None}, {"DeliverLogsStatus": "FAILED"}
STATES: dict[str, tuple[list[Vpc], str, str]] = {
    "all of it arrives": (seen(log()), "passed", f"ALL to {GROUP}"),
    "to a bucket": (seen(log(**TO_S3)), "passed", "ALL to flow-logs/prod"),
    "to a group by its ARN": (
        seen(log(LogGroupName=None, LogDestination="arn:aws:logs:x:1:log-group:/x:*")),
        "passed",
        "ALL to /x",
    ),
    "of which kind AWS does not say": (seen(log(LogDestinationType=None)), "passed", f"ALL to {GROUP}"),
    "none": (seen(), "failed", "it has no flow log"),
    "of another VPC": (seen(log(ResourceId="vpc-9")), "failed", "it has no flow log"),
    "its role may not write": (
        seen(log(DeliverLogsErrorMessage="Access error", **FAILS)),
        "failed",
        "has the delivery status FAILED (Access error); no deliv",
    ),
    "held up": (seen(log(DeliverLogsErrorMessage="Rate limited", **FAILS)), "failed", "Rate limited"),
    "not active": (seen(log(FlowLogStatus="INACTIVE")), "failed", "fl-1 to /aws/vpc/flow is INACTIVE"),
    "one fails, another arrives": (seen(log(**FAILS), log(2, **TO_S3)), "passed", "fl-1 to /aws/vpc/flow has"),
    "refused traffic only": (seen(log(TrafficType="REJECT")), "failed", "no delivered flow log records ALL"),
    "two halves": (seen(log(TrafficType="REJECT"), log(2, TrafficType="ACCEPT")), "passed", ""),
    "two halves, one failing": (
        seen(log(TrafficType="REJECT"), log(2, TrafficType="ACCEPT", **FAILS)),
        "failed",
        "fl-2",
    ),
    "nothing has been delivered yet": (
        seen(log(**SILENT)),
        "blind",
        "no 'DeliverLogsStatus' of fl-1: nothing has been de",
    ),
    "one is silent, another arrives": (seen(log(**SILENT), log(2)), "passed", ""),
    "one is silent, and would not do": (seen(log(**SILENT, TrafficType="REJECT")), "failed", ""),
    "an error without a status": (
        seen(log(**SILENT, DeliverLogsErrorMessage="Access error")),
        "failed",
        "fl-1 to /aws/vpc/flow does not deliver (Access error); no deliv",
    ),
    "each subnet by itself": (
        seen_by_subnet(log(ResourceId="subnet-a"), log(2, ResourceId="subnet-b"), subnets=OWN),
        "passed",
        "ALL of subnet-a to /aws/vpc/flow, ALL of subnet-b to /aws/vpc/flow",
    ),
    "one subnet of two": (
        seen_by_subnet(log(ResourceId="subnet-a"), subnets=OWN),
        "failed",
        "neither the VPC nor subnet-b records ALL",
    ),
    "a subnet's does not arrive": (
        seen_by_subnet(log(ResourceId="subnet-a"), log(2, ResourceId="subnet-b", **FAILS), subnets=OWN),
        "failed",
        "fl-2 to /aws/vpc/flow has the delivery status FAILED",
    ),
    "half by the VPC, half by its subnet": (
        seen_by_subnet(log(TrafficType="REJECT"), log(2, ResourceId="subnet-a", TrafficType="ACCEPT"), subnets=OWN[:1]),
        "passed",
        "",
    ),
    "subnets may not be read": (seen_by_subnet(subnets=NO_SUBNETS), "blind", "allow ec2:DescribeSubnets"),
    "shared by another account": (
        seen_by_subnet(subnets=THEIRS),
        "passed",
        "shared by account 999999999999, which alone sees its flow logs: not assessed",
    ),
    "nothing is said of the state": (seen(log(FlowLogStatus=None)), "blind", "the answer has no 'FlowLogStatus'"),
    "nothing is said of the traffic": (seen(log(TrafficType=None)), "blind", "the answer has no 'TrafficType'"),
}
test_flow_logs = judges(CHECK, STATES, vpcs=itself)


def test_the_traffic_that_is_wanted_is_the_stacks() -> None:
    wanted = stack(limits={"flow_log_traffic": "REJECT"})
    assert verdict(CHECK, vpcs=seen(log(TrafficType="REJECT")), stack=wanted)[0] == "passed"
    assert verdict(CHECK, vpcs=seen(log()), stack=wanted)[0] == "passed"
    assert verdict(CHECK, vpcs=seen(log(TrafficType="ACCEPT")), stack=wanted)[0] == "failed"


NONE = CouldNotLook("", "stack here names no security groups: set security_groups in stacks.toml")


def test_the_vpcs_are_those_of_balancers_and_groups_asked_for_at_once() -> None:
    aws = aws_of(log(), log(2, ResourceId="vpc-3"))
    found = vpcs(aws, balancers("vpc-1", "vpc-2"), groups("vpc-1", "vpc-3"))
    assert verdicts(CHECK, vpcs=found) == {"vpc-1": "passed", "vpc-2": "failed", "vpc-3": "passed"}
    asked, *_ = aws.parameters_of("DescribeFlowLogs")
    assert asked["Filter"] == [{"Name": "resource-id", "Values": ["vpc-1", "vpc-2", "vpc-3"]}]


def test_flow_logs_are_read_to_the_last_page() -> None:
    aws = Aws({("ec2", "DescribeFlowLogs"): pages_of("FlowLogs", [], [log()])})
    assert verdicts(CHECK, vpcs=vpcs(aws, balancers("vpc-1"), NONE)) == {"vpc-1": "passed"}


# the remedy

HERE: Raw = {"load_balancer": "web", "security_groups": ["web"], "flow_log_group": GROUP, "flow_log_role": ROLE}
