"""Where moto's EC2 is not like AWS's: what a security group rule says of a group or a prefix list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule

from ..correction import Kind, extends

_PAGE = "AWSEC2/latest/APIReference/API_SecurityGroupRule.html"


@extends(SecurityGroupRule, "description", Kind.BUG, _PAGE)
def _description(before: Callable[[Any], str | None], self: Any) -> str | None:
    """moto has no description of a rule for a group; on AWS every rule may have one."""
    told: str | None = before(self) or self.source_group.get("Description")
    return told
