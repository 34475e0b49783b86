"""xdist: the controller knows every check, stacks are spread over the workers, and nothing of a worker is lost."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from ..core.model import ObservationResult
from ..core.observation import CouldNotLook
from .gather import results
from .identity import identify_stack
from .pytest_private import load_scope_scheduling, option, worker_input
from .sandbox import FACTS
from .state import checks_run

TOLD = "opschecks"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Do not restart workers, so that a check that kills its worker is not run again and again."""
    if (run := checks_run(config)) and option(config, "maxworkerrestart") is None:
        config.option.maxworkerrestart = "0"
    if run and run.worker:
        told = worker_input(config) or {}
        run.accounts.update(json.loads(told.get("opschecks_accounts", "{}")))
        for name, (call, reason, action) in json.loads(told.get("opschecks_refused", "{}")).items():
            run.refused[name] = CouldNotLook(call, reason, action=action)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> bool | None:
    """Collect in the controller as well: it must know every check even if all workers die."""
    config = session.config
    if not checks_run(config) or not option(config, "tx") or worker_input(config) is not None:
        return None
    session.perform_collect()
    return True


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Send a worker the address of the sandbox, the accounts, and which stacks were dealt: it asks nobody."""
    if not (run := checks_run(node.config)):
        return
    if node.config.stash.get(FACTS, None):
        node.workerinput["opschecks_sandbox"] = json.dumps(dict(node.config.stash[FACTS]))
    if not run.accounts:
        identify_stack(run, [stack.name for stack in run.stacks])
    node.workerinput["opschecks_accounts"] = json.dumps(run.accounts)
    # a worker can ask nobody: it goes on with what a person has let the controller have
    known = [name for name, aws in run.aws.items() if aws.asks and run.accounts.get(name)]
    node.workerinput["opschecks_signed"] = json.dumps({name: run.aws[name].handed_on() for name in known})
    refused = {name: (error.call, error.reason, error.action) for name, error in run.refused.items()}
    node.workerinput["opschecks_refused"] = json.dumps(refused)
    if run.part:
        dealt = {"part": asdict(run.part), "stacks": [stack.name for stack in run.stacks]}
        node.workerinput["opschecks_part"] = json.dumps(dealt)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In a worker: send the results of its observations."""
    if (run := checks_run(session.config)) and run.worker:
        from ..core import plain_json
        from ..report.runfile import observation_to

        output: Any = session.config
        output.workeroutput[TOLD] = plain_json.written([observation_to(seen) for seen in results(run)])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: Any) -> None:
    """In the controller: receive them."""
    run = checks_run(node.config)
    told = getattr(node, "workeroutput", {}).get(TOLD)
    if run and told:
        from ..core import plain_json
        from ..report.runfile import read_as

        run.observations += [read_as(ObservationResult, seen) for seen in plain_json.read(told)]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One stack, one worker: each stack is gathered once, whatever --dist says."""
    if not checks_run(config):
        return None

    class ByStack(load_scope_scheduling()):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.rpartition("[")[2].partition("]")[0]

    return ByStack(config, log)
