"""Faults of CloudFormation stacks: a failed update, a manual change, a deleted stack."""

from __future__ import annotations

from ..seeds.cloudformation import formation
from . import Sandbox, fault


@fault(caught_by=["test_cloudformation_stacks_are_healthy"])
def cloudformation_update_was_rolled_back(sandbox: Sandbox) -> None:
    """The last update failed and was rolled back; everything that runs looks fine."""
    made = formation(sandbox)
    made.status = "UPDATE_ROLLBACK_COMPLETE"
    made.stack_status_reason = "Resource handler returned message: Rate exceeded"


@fault(caught_by=["test_cloudformation_stacks_have_not_drifted"])
def cloudformation_stack_has_drifted(sandbox: Sandbox) -> None:
    """A table was changed and an alarm deleted by hand."""
    made = formation(sandbox)
    made.drift_information = {**made.drift_information, "StackDriftStatus": "DRIFTED"}
    billed = {
        "PropertyPath": "/BillingMode",
        "ExpectedValue": "PAY_PER_REQUEST",
        "ActualValue": "PROVISIONED",
        "DifferenceType": "NOT_EQUAL",
    }
    made.drifts = [
        {
            "LogicalResourceId": "Incidents",
            "ResourceType": "AWS::DynamoDB::Table",
            "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [billed],
            "Timestamp": sandbox.now,
        },
        {
            "LogicalResourceId": "MemoryAlarm",
            "ResourceType": "AWS::CloudWatch::Alarm",
            "StackResourceDriftStatus": "DELETED",
            "Timestamp": sandbox.now,
        },
    ]


@fault(caught_by=["test_cloudformation_stacks_are_healthy", "test_cloudformation_stacks_have_not_drifted"])
def cloudformation_stack_is_gone(sandbox: Sandbox) -> None:
    """The CloudFormation stack was deleted, and its resources were retained."""
    sandbox.backend("cloudformation").stacks.clear()


@fault(blinds=["test_cloudformation_stacks_have_not_drifted"])
def drift_was_never_looked_for(sandbox: Sandbox) -> None:
    """Drift detection has never been run."""
    formation(sandbox).drift_information = {"StackDriftStatus": "NOT_CHECKED"}
