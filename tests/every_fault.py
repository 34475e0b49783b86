"""Run as a program: every suite's run once healthy and once with each fault, in one process; a JSON line for each."""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import botocore.loaders
import botocore.session
import pytest

from opschecks.hooks.select import find_checks
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.faults import known_faults
from opschecks.stacks import load_stacks

ROOT = Path(__file__).parent.parent
PROCESSES = 2
STACKS = "tests/quick_stacks.toml"
AFTER = [
    "checks/deploy/after", "--stack", "sandbox", "--expect-revision", "incident-commander-backend:1",
    "--expect-image", "incident-commander:v1",
]  # fmt: skip
BEFORE = ["checks/deploy/before", "--stack", "sandbox"]
DRILLS = ["checks/drills", "--stack", "sandbox"]
SUITES = {"deploy-after": AFTER, "daily": ["checks/daily"], "weekly": ["checks/weekly"], "deploy-before": BEFORE}


def run(fault: str) -> dict[str, object]:
    """The outcome of each check of each suite under the fault; "" is none."""
    sandbox = Sandbox(load_stacks(Path(STACKS)).stacks["sandbox"])
    sandbox.start(whole=True)
    try:
        os.environ["OPSCHECKS_SANDBOX"] = json.dumps(sandbox.facts)
        with tempfile.TemporaryDirectory() as folder:
            _run("deploy-before", BEFORE, folder)  # the snapshot of when all was well
            if fault:
                sandbox.give_fault(fault)
            suites = {**SUITES, **({"drills": DRILLS} if _wants_drills(fault) else {})}  # last: they change something
            return {"fault": fault, "suites": {suite: _run(suite, told, folder) for suite, told in suites.items()}}
    finally:
        sandbox.stop()


def _wants_drills(fault: str) -> bool:
    """Whether drills have to show it: of other faults they say nothing, or refuse to begin, and take their time."""
    named = known_faults()[fault] if fault else None
    drilled = {name for name, _ in find_checks(ROOT / "checks" / "drills")}
    return named is None or bool(drilled & {*named.caught_by, *named.blinds})


def _run(suite: str, arguments: list[str], folder: str) -> dict[str, object]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        options = ["--reports", folder, "--stacks", STACKS, "-q", "-p", "no:html", "-p", "no:cacheprovider"]
        code = int(pytest.main([*arguments, *options]))
        path = Path(folder, f"{suite}.json")
        if not path.exists():
            return {"code": code, "printed": printed.getvalue()}
        read = json.loads(path.read_text())
        outcomes = {check["check"]: [check["outcome"], check["message"]] for check in read["checks"]}
        return {"code": code, "outcomes": outcomes}


def _share_service_models() -> None:
    """One reading of botocore's service models for all runs: it is most of what a run costs."""
    loader = botocore.loaders.create_loader()
    botocore.session.create_loader = lambda *_: loader


if __name__ == "__main__":
    _share_service_models()
    names = sys.argv[1:] or ["", *known_faults()]
    run("")  # everything is imported and read once; a child that forks from here has it
    # each fault in a process of its own: a checks run is made to end with its process, and leaves much behind
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for told in pool.imap_unordered(run, names):
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
