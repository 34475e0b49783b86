"""The values of a stack for the placeholders of RUNBOOK.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stack import Stack


def tokens_of(stack: Stack) -> dict[str, str]:
    """By placeholder; without those of which the stack says nothing."""
    service = next(iter(stack.services), "")
    known = {
        "stack": stack.name,
        "region": stack.region,
        "account-id": stack.account_id,
        "cluster": service.rpartition("/")[0] or stack.cluster,
        "service": service.rpartition("/")[2],
        "load-balancer": stack.load_balancer,
        "log-group": next(iter(stack.log_groups), None),
        "incidents-table": stack.incidents_table,
        "status-index": stack.status_index,
        "table": next(iter(stack.tables), None),
        "alarm-prefix": stack.alarm_prefix,
        "backend-url": stack.backend_url,
        "dashboard-url": stack.dashboard_url,
        "distribution-id": stack.distribution_id,
        "websocket-url": stack.websocket_url,
        "min-tasks": str(stack.limits.min_tasks),
        "max-tasks": str(stack.limits.max_tasks),
        "cpu-limit": f"{stack.limits.cpu_saturated_percent:g}",
        "on-call": stack.contacts.on_call,
        "escalation": stack.contacts.escalation,
    }
    return {token: value for token, value in known.items() if value}
