"""Run as a program: every suite's run once healthy and once with each group of faults; a JSON line for each.

With `--alone` each fault is a group; names of faults (`one,two` is a group of two) try only those.
"""

from __future__ import annotations

import sys

from opschecks.sandbox.faults import give_fault, known_faults
from tests.fault_groups import alone, groups, wants_drills
from tests.programs import run_suite, sandbox_of, tell_each

STACKS = "tests/quick_stacks.toml"
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
    with sandbox_of(STACKS, "sandbox") as (sandbox, folder):
        _run("deploy-before", folder)  # the snapshot of when all was well
        for name in names:
            give_fault(sandbox, name)
        drilled = not names or any(wants_drills(known_faults()[name]) for name in names)
        suites = [*SUITES, *(["drills"] if drilled else [])]  # last: they change something
        return {"faults": faults, "suites": {suite: _run(suite, folder) for suite in suites}}


def _run(suite: str, folder: str) -> dict[str, object]:
    return run_suite(suite, folder, *{**SUITES, "drills": DRILLS}[suite], "--stacks", STACKS)


if __name__ == "__main__":
    tried = alone() if sys.argv[1:] == ["--alone"] else groups()
    named = [one for one in sys.argv[1:] if one != "--alone"] or ["", *(group.name for group in tried)]
    tell_each(run, named)
