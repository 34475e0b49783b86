"""Where moto's CloudFormation is not like AWS's: it has no drift detection."""

from __future__ import annotations

from typing import Any

from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult

from ..correction import Kind, replaces


@replaces(
    CloudFormationResponse, "describe_stack_resource_drifts", Kind.MISSING, "AWSCloudFormation/latest/APIReference/"
)
def _describe_stack_resource_drifts(self: CloudFormationResponse) -> ActionResult:
    """moto's stacks have no drifts; the sandbox keeps them in a stack's `drifts`."""
    stack: Any = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    states = self._get_param("StackResourceDriftStatusFilters", [])
    found = [
        {"StackId": stack.stack_id, **drift}
        for drift in getattr(stack, "drifts", [])
        if not states or drift["StackResourceDriftStatus"] in states
    ]
    return ActionResult({"StackResourceDrifts": found})
