"""Run as a program: --fix=plan of every suite on each twin of the production stack; what is planned, as JSON lines."""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from opschecks.config.load import load_stacks
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.seeds import sow_all
from tests.twins import ROOT, STACKS, SUITES, TWINS


def run(name: str) -> dict[str, Any]:
    """The remedies that each suite plans on one twin, and those that it refuses to plan, each with its resource."""
    sandbox = Sandbox(load_stacks(ROOT / STACKS).stacks["production"])
    sandbox.start()
    sow_all(sandbox)
    try:
        os.environ["OPSCHECKS_SANDBOX"] = json.dumps(sandbox.facts)
        with tempfile.TemporaryDirectory() as folder:
            _suite("deploy-before", folder)  # the snapshot of when all was well
            TWINS[name].give(sandbox)
            return {"twin": name, "suites": {suite: _suite(suite, folder, "--fix=plan") for suite in SUITES}}
    finally:
        sandbox.stop()


def _suite(suite: str, folder: str, *options: str) -> dict[str, Any]:
    given = ["--stack", "production", "--reports", folder, "--stacks", STACKS, "-q", *options]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        code = int(pytest.main([*SUITES[suite], *given, "-p", "no:html", "-p", "no:cacheprovider"]))
    plan = Path(folder, "plan.json")
    told: dict[str, Any] = json.loads(plan.read_text()) if plan.exists() else {}
    plan.unlink(missing_ok=True)
    return {
        "code": code,
        "printed": printed.getvalue(),
        "planned": [f"{one['remedy']} on {one['name']}" for one in told.get("changes", [])],
        "refused": [f"{one['remedy']} on {one['name']}: {one['said']}" for one in told.get("refused", [])],
    }


if __name__ == "__main__":
    names = sys.argv[1:] or list(TWINS)
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        for told in pool.imap_unordered(run, names):
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
