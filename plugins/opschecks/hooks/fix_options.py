"""--fix, --allow, --plan: options that would be careless are refused before anything is looked at."""

from __future__ import annotations

from typing import Any

import pytest

from .pytest_private import in_workers
from .state import checks_run

PLAN = pytest.StashKey[Any]()
"""The reviewed plan of --plan."""


def pytest_configure(config: pytest.Config) -> None:
    """Refuse careless options."""
    run, option = checks_run(config), config.option
    if not run or run.worker:
        return
    if (option.allow or option.plan) and option.fix != "apply":
        raise pytest.UsageError(f"--{'allow' if option.allow else 'plan'}: needs --fix=apply")
    if option.only and not option.plan:
        raise pytest.UsageError("--only: needs --plan: it chooses among the changes of a reviewed plan")
    if not option.fix:
        return
    if not option.stack:
        known = ", ".join(stack.name for stack in run.stacks)
        raise pytest.UsageError(f"--fix={option.fix}: name the stack that may be changed: --stack {known}")
    if option.fix == "apply":
        from ..fixing.guards import careless

        for stack in run.stacks:  # a real one must name its account, and where its journal and lock are kept
            if not stack.sandbox and (why := careless(stack)):
                raise pytest.UsageError(why)
    if in_workers(config):
        raise pytest.UsageError(f"--fix={option.fix}: cannot run in parallel; remove -n")
    if option.plan:
        from ..fixing.plan import PlanError, read_plan

        try:
            config.stash[PLAN] = read_plan(option.plan).only(option.only)
        except PlanError as error:
            raise pytest.UsageError(str(error)) from None
