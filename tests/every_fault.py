"""Run as a program: every suite's run once healthy and once with each group of faults; a JSON line for each.

With `--alone` each fault is a group; names of faults (`one,two` is a group of two) try only those.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import pytest

from opschecks.config.load import load_stacks
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seeds import sow_all

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.fault_groups import alone, groups, known_faults, of_vertical, wants_drills  # noqa: E402

PROCESSES = 2
STACKS, WHOLE = "tests/quick_stacks.toml", "tests/whole_stacks.toml"
"""What most stacks do not have is made, and looked at, only where nothing or just that is broken."""
AFTER = [
    "checks/deploy/after", "--stack", "sandbox", "--expect-revision", "incident-commander-backend:1",
    "--expect-image", "incident-commander:v1",
]  # fmt: skip
BEFORE = ["checks/deploy/before", "--stack", "sandbox"]
DRILLS = ["checks/drills", "--stack", "sandbox"]
SUITES = {"deploy-after": AFTER, "daily": ["checks/daily"], "weekly": ["checks/weekly"], "deploy-before": BEFORE}


def run(faults: str) -> dict[str, object]:
    """The outcome of each check of each suite under the faults, named with commas between; "" is none."""
    names = [name for name in faults.split(",") if name]
    whole = not names or any(of_vertical(known_faults()[name]) for name in names)
    stacks = WHOLE if whole else STACKS
    sandbox = Sandbox(load_stacks(Path(stacks)).stacks["sandbox"])
    sandbox.start()
    sow_all(sandbox)
    try:
        os.environ["OPSCHECKS_SANDBOX"] = json.dumps(sandbox.facts)
        with tempfile.TemporaryDirectory() as folder:
            _run("deploy-before", BEFORE, folder, stacks)  # the snapshot of when all was well
            for name in names:
                give_fault(sandbox, name)
            drilled = not names or any(wants_drills(known_faults()[name]) for name in names)
            suites = {**SUITES, **({"drills": DRILLS} if drilled else {})}  # last: they change something
            ended = {suite: _run(suite, told, folder, stacks) for suite, told in suites.items()}
            return {"faults": faults, "suites": ended}
    finally:
        sandbox.stop()


def _run(suite: str, arguments: list[str], folder: str, stacks: str) -> dict[str, object]:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        options = ["--reports", folder, "--stacks", stacks, "-q", "-p", "no:html", "-p", "no:cacheprovider"]
        code = int(pytest.main([*arguments, *options]))
        path = Path(folder, f"{suite}.json")
        if not path.exists():
            return {"code": code, "printed": printed.getvalue()}
        read = json.loads(path.read_text())
        outcomes = {check["check"]: [check["outcome"], check["message"]] for check in read["checks"]}
        calls = {seen["name"]: seen["calls"] for seen in read["observations"]}
        return {"code": code, "outcomes": outcomes, "calls": calls}


if __name__ == "__main__":
    tried = alone() if sys.argv[1:] == ["--alone"] else groups()
    named = [one for one in sys.argv[1:] if one != "--alone"] or ["", *(group.name for group in tried)]
    known_faults()  # what files of checks declare besides
    run("")  # everything is imported and read once; a child that forks from here has it
    # each group in a process of its own: a checks run is made to end with its process, and leaves much behind
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for told in pool.imap_unordered(run, named):
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
