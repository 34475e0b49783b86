"""Faults of security groups: the ways in which too much is let in."""

from __future__ import annotations

from typing import Any

from . import Sandbox, fault

_CAUGHT = ["test_ingress_is_no_wider_than_allowed"]


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
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets()["Subnets"][0]["VpcId"]
    foreign = ec2.create_security_group(GroupName="other-team", Description="not ours", VpcId=vpc)["GroupId"]
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, UserIdGroupPairs=[{"GroupId": foreign}])


@fault(caught_by=_CAUGHT)
def icmp_is_open_to_the_world(sandbox: Sandbox) -> None:
    """ICMP of every type from anywhere; its ports are a type and a code."""
    _allow(sandbox, IpProtocol="icmp", FromPort=-1, ToPort=-1, IpRanges=[{"CidrIp": "0.0.0.0/0"}])


@fault(caught_by=_CAUGHT)
def a_peered_account_is_let_in(sandbox: Sandbox) -> None:
    """A group of another account, over a peering connection, may reach the tasks."""
    ec2 = sandbox.client("ec2")
    vpc = ec2.describe_subnets()["Subnets"][0]["VpcId"]
    # moto only refers to groups that it has: the account is what makes this one another's
    foreign = ec2.create_security_group(GroupName="peered", Description="of another account", VpcId=vpc)["GroupId"]
    pair = {"GroupId": foreign, "UserId": "210987654321", "Description": "the partner's batch jobs"}
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, UserIdGroupPairs=[pair])


@fault(caught_by=_CAUGHT)
def a_prefix_list_is_let_in(sandbox: Sandbox) -> None:
    """CloudFront's prefix list may reach the tasks past the load balancer."""
    _allow(sandbox, IpProtocol="tcp", FromPort=8000, ToPort=8000, PrefixListIds=[{"PrefixListId": "pl-82a045eb"}])
