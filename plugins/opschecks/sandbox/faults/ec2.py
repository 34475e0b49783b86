"""Faults of the network: the ways in which too much is let in, and traffic that could not be looked up afterwards."""

from __future__ import annotations

from typing import Any

from ..seeds.flow_logs import record, vpc_of
from . import Sandbox, fault

_CAUGHT = ["test_ingress_is_no_wider_than_allowed"]
_RECORDED = ["test_vpcs_record_their_traffic"]


def _allow(sandbox: Sandbox, **permission: Any) -> None:
    sandbox.client("ec2").authorize_security_group_ingress(
        GroupId=sandbox.seeded.groups["tasks"], IpPermissions=[permission]
    )


@fault(caught_by=_CAUGHT)
def ssh_is_open_to_the_world(sandbox: Sandbox) -> None:
    """Port 22 is open to 0.0.0.0/0."""
    _allow(sandbox, IpProtocol="tcp", FromPort=22, ToPort=22, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


@fault(caught_by=_CAUGHT)
def everything_is_open_over_ipv6(sandbox: Sandbox) -> None:
    """All traffic from ::/0, in a rule that names no ports."""
    _allow(sandbox, IpProtocol="-1", Ipv6Ranges=[{"CidrIpv6": "::/0"}])


@fault(caught_by=_CAUGHT)
def the_world_is_let_in_by_halves(sandbox: Sandbox) -> None:
    """0.0.0.0/1 and 128.0.0.0/1, which together are 0.0.0.0/0."""
    halves = [{"CidrIp": "0.0.0.0/1"}, {"CidrIp": "128.0.0.0/1"}]
    _allow(sandbox, IpProtocol="tcp", FromPort=5432, ToPort=5432, IpRanges=halves)


@fault(caught_by=_CAUGHT)
def port_range_hides_the_database(sandbox: Sandbox) -> None:
    """A port range that starts at 443 includes the database's port."""
    _allow(sandbox, IpProtocol="tcp", FromPort=443, ToPort=6000, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


@fault(caught_by=_CAUGHT)
def a_foreign_group_is_let_in(sandbox: Sandbox) -> None:
    """Another team's security group may reach the tasks."""
    ec2, vpc = sandbox.client("ec2"), vpc_of(sandbox)
    foreign = ec2.create_security_group(GroupName="other-team", Description="not ours", VpcId=vpc)["GroupId"]
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, UserIdGroupPairs=[{"GroupId": foreign}])


@fault(caught_by=_CAUGHT)
def icmp_is_open_to_the_world(sandbox: Sandbox) -> None:
    """ICMP of every type from anywhere; its ports are a type and a code."""
    _allow(sandbox, IpProtocol="icmp", FromPort=-1, ToPort=-1, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


@fault(caught_by=_CAUGHT)
def a_peered_account_is_let_in(sandbox: Sandbox) -> None:
    """A group of another account, over a peering connection, may reach the tasks."""
    ec2, vpc = sandbox.client("ec2"), vpc_of(sandbox)
    # moto only refers to groups that it has: the account is what makes this one another's
    foreign = ec2.create_security_group(GroupName="peered", Description="of another account", VpcId=vpc)["GroupId"]
    pair = {"GroupId": foreign, "UserId": "210987654321", "Description": "the partner's batch jobs"}
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, UserIdGroupPairs=[pair])


@fault(caught_by=_CAUGHT)
def a_prefix_list_is_let_in(sandbox: Sandbox) -> None:
    """CloudFront's prefix list may reach the tasks past the load balancer."""
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, PrefixListIds=[{"PrefixListId": "pl-82a045eb"}])


@fault(caught_by=_RECORDED)
def vpc_has_no_flow_log(sandbox: Sandbox) -> None:
    """The VPC has no flow log."""
    sandbox.backend("ec2").flow_logs.clear()


@fault(caught_by=_RECORDED)
def flow_log_may_not_write(sandbox: Sandbox) -> None:
    """The flow log is ACTIVE, but its role may not write: nothing is recorded."""
    [log] = sandbox.backend("ec2").flow_logs.values()
    log.deliver_logs_status, log.deliver_logs_error_message = "FAILED", "Access error"


@fault(caught_by=_RECORDED)
def flow_log_leaves_refusals_out(sandbox: Sandbox) -> None:
    """The flow log records accepted traffic only: rejected traffic, such as scans, is missing."""
    record(sandbox, "ACCEPT", "VPC", vpc_of(sandbox))
