"""Where moto's EC2 is not like AWS's: what a security group rule says of a group or a prefix list."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule

from ..correction import Before, Kind, extends


@extends(SecurityGroupRule, "description", Kind.BUG, "AWSEC2/latest/APIReference/API_SecurityGroupRule.html")
def _description(before: Before, self: Any) -> Any:
    """moto has no description of a rule for a group; on AWS every rule may have one."""
    return before(self) or self.source_group.get("Description")
