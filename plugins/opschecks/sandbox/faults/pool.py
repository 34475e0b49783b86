"""Faults of workers and the concurrency limit."""

from __future__ import annotations

from ..seeds.pool import set_variable
from . import Sandbox, fault

_CAUGHT = ["test_workers_and_concurrency_are_as_wanted"]


@fault(caught_by=_CAUGHT)
def workers_were_lowered(sandbox: Sandbox) -> None:
    """The number of workers was lowered to one to find a leak, and left there."""
    set_variable(sandbox, sandbox.stack.services[0], sandbox.stack.pool.workers, 1)


@fault(caught_by=_CAUGHT)
def concurrency_limit_was_raised(sandbox: Sandbox) -> None:
    """The concurrency limit is ten times as high as expected."""
    set_variable(sandbox, sandbox.stack.services[0], sandbox.stack.pool.limit, 10_000)
