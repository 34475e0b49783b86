"""The stack's VPC records its traffic in its own log group."""

from __future__ import annotations

from typing import Any

from ..moto_server import ACCOUNT
from . import Sandbox

GROUP = "/aws/vpc/incident-commander"
ROLE = "incident-commander-flow-logs"


def sow(sandbox: Sandbox) -> None:
    """One flow log of everything."""
    sandbox.backend("logs").create_log_group(GROUP, {})
    record(sandbox, "ALL")


def record(sandbox: Sandbox, traffic: str) -> Any:
    """Let the VPC record this traffic only; returns moto's object."""
    ec2 = sandbox.backend("ec2")
    ec2.flow_logs.clear()
    role = f"arn:{sandbox.partition}:iam::{ACCOUNT}:role/{ROLE}"
    [made], _ = ec2.create_flow_logs(
        "VPC", [vpc_of(sandbox)], traffic, role, "cloud-watch-logs", None, GROUP, None, 600
    )
    return made


def vpc_of(sandbox: Sandbox) -> str:
    """The stack's VPC."""
    vpc: str = sandbox.backend("ec2").get_subnet(sandbox.seeded.subnets[0]).vpc_id
    return vpc
