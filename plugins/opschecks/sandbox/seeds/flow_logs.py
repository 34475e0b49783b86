"""The stack's VPC records its traffic in its own log group."""

from __future__ import annotations

from ..moto_server import ACCOUNT
from . import Sandbox

GROUP = "/aws/vpc/incident-commander"
ROLE = "incident-commander-flow-logs"


def sow(sandbox: Sandbox) -> None:
    """One flow log of everything."""
    sandbox.backend("logs").create_log_group(GROUP, {})
    record(sandbox, "ALL", "VPC", vpc_of(sandbox))


def record(sandbox: Sandbox, traffic: str, kind: str, *on: str) -> None:
    """Let these VPCs or Subnets, and nothing else, record this traffic only."""
    ec2 = sandbox.backend("ec2")
    ec2.flow_logs.clear()
    role = f"arn:{sandbox.partition}:iam::{ACCOUNT}:role/{ROLE}"
    ec2.create_flow_logs(kind, list(on), traffic, role, "cloud-watch-logs", None, GROUP, None, 600)


def vpc_of(sandbox: Sandbox) -> str:
    """The stack's VPC."""
    vpc: str = sandbox.backend("ec2").get_subnet(sandbox.seeded.subnets[0]).vpc_id
    return vpc
