"""Starts the embedded sandbox for a stack that is one, gives it its faults, and points the stack at it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

from .pytest_private import worker_input
from .state import ChecksRun, checks_run

ENVIRONMENT = "OPSCHECKS_SANDBOX"
"""The variable that `opschecks sandbox` prints: how to reach the sandbox that it keeps running."""

NEED_LITTLE = ("daily", "deploy-after")
"""Suites that do not need the parts that take the sandbox longest to make."""
FACTS = pytest.StashKey[Mapping[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Refuse unknown faults before anything is started."""
    if not checks_run(config) or not config.option.fault:
        return
    from ..core.faults import DeclaredTwice
    from ..core.wording import nearest
    from ..sandbox.faults import known_faults

    if os.environ.get(ENVIRONMENT):
        raise pytest.UsageError(
            f"--fault {config.option.fault[0]}: {ENVIRONMENT} points at a sandbox that is already running; "
            f"break it with opschecks sandbox --fault {config.option.fault[0]}, or unset {ENVIRONMENT}"
        )
    try:
        faults = known_faults()
    except DeclaredTwice as error:
        raise pytest.UsageError(str(error)) from None
    for name in config.option.fault:
        if name not in faults:
            raise pytest.UsageError(f"--fault {name}: no such fault; {nearest(name, faults)}")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start it, or use the one that is already running."""
    config = session.config
    run = checks_run(config)
    if not run or config.option.collectonly or run.tape.replays:
        return
    from ..aws.session import Aws
    from ..config.stack import FROM_THE_SANDBOX

    for index, stack in enumerate(run.stacks):
        if stack.sandbox:
            facts = _facts(config, run, stack)
            run.stacks[index] = here = stack.model_copy(update={key: facts[key] for key in FROM_THE_SANDBOX})
            run.aws[stack.name] = Aws(here, facts["credentials"], tape=run.tape)


def _facts(config: pytest.Config, run: ChecksRun, stack: Any) -> Mapping[str, Any]:
    from_controller = worker_input(config) or {}
    if "opschecks_sandbox" in from_controller:
        told: Mapping[str, Any] = json.loads(from_controller["opschecks_sandbox"])
        return told
    if given := os.environ.get(ENVIRONMENT):
        from ..config.stack import FROM_THE_SANDBOX

        try:
            told = json.loads(given)
            told["credentials"], *(told[key] for key in FROM_THE_SANDBOX)
        except (ValueError, KeyError, TypeError) as error:
            raise pytest.UsageError(
                f"{ENVIRONMENT}: not what `opschecks sandbox` prints ({type(error).__name__}: {error}); "
                "copy its whole line, or unset it for an embedded sandbox"
            ) from None
    else:
        try:
            from ..core.faults import CannotBreak
            from ..sandbox.environment import Sandbox
            from ..sandbox.faults import NotWritten, give_fault
            from ..sandbox.seeds import sow_all
        except ModuleNotFoundError as error:
            raise pytest.UsageError(
                f"the embedded sandbox needs {error.name}: pip install 'opschecks[sandbox]', "
                "or name a real stack with --stack"
            ) from None
        sandbox = Sandbox(stack)
        config.add_cleanup(sandbox.stop)
        try:
            sandbox.start()
            if run.suite not in NEED_LITTLE or config.option.fault or stack.sandbox is not True:
                sow_all(sandbox)
            for name in config.option.fault:
                give_fault(sandbox, name)
        except (NotWritten, CannotBreak) as error:
            raise pytest.UsageError(str(error)) from error
        told = sandbox.facts
    config.stash[FACTS] = told
    return told
