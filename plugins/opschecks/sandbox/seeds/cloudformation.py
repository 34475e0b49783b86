"""The stack's CloudFormation stacks: updated with the last deployment, without drift.

They contain no resources, because the sandbox is built by API calls.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..moto_private import moto_type
from ..moto_server import naive
from . import Sandbox


def sow(sandbox: Sandbox) -> None:
    """Make them directly in moto's state."""
    backend: Any = sandbox.backend("cloudformation")
    for number, name in enumerate(sandbox.stack.cloudformation_stacks):
        account, region = sandbox.stack.account_id or "", sandbox.region
        place = f"arn:{sandbox.partition}:cloudformation:{region}:{account}"
        arn = f"{place}:stack/{name}/5f6a7b8c-0000-11ee-0000-{number:012}"
        made = moto_type("Stack")(arn, name, {}, {}, account, region)
        made.creation_time = naive(sandbox.now - timedelta(days=200))
        made.last_updated_time = naive(sandbox.now - timedelta(days=6))
        made.status = "UPDATE_COMPLETE"
        made.drift_information = {
            "StackDriftStatus": "IN_SYNC",
            "LastCheckTimestamp": naive(sandbox.now - timedelta(days=2)),
        }
        backend.stacks[arn] = made


def formation(sandbox: Sandbox) -> Any:
    """moto's object of the first of them."""
    return next(iter(sandbox.backend("cloudformation").stacks.values()))
