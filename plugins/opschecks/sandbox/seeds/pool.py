"""The number of workers and the concurrency limit, in the task definition of the service."""

from __future__ import annotations

from typing import Any

from . import Sandbox


def sow(sandbox: Sandbox) -> None:
    """Set the expected values in the environment of each service's container."""
    pool = sandbox.stack.pool
    for service in sandbox.stack.services:
        set_variable(sandbox, service, pool.workers, pool.workers_wanted)
        set_variable(sandbox, service, pool.limit, pool.limit_wanted)


def set_variable(sandbox: Sandbox, service: str, name: str, value: int) -> None:
    """Set a variable in the service's task definition."""
    definition = sandbox.backend("ecs").describe_task_definition(sandbox.service(service).task_definition)
    for container in definition.container_definitions:
        kept: list[dict[str, Any]] = [one for one in container["environment"] if one["name"] != name]
        container["environment"] = [*kept, {"name": name, "value": str(value)}]
