"""Programs of the tests: every suite, on one sandbox after another, in processes of their own; what they saw as JSON.

Most of a run's time is its start, so one program makes all of them: each process is forked from one that has imported
and read everything, and ends after one sandbox, because a run of checks is made to end with its process.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from opschecks.config.load import load_stacks
from opschecks.sandbox.environment import Sandbox
from opschecks.sandbox.seeds import sow_all
from tests.scratch import ROOT, Project

PROCESSES = 2


def told_by(program: str) -> list[dict[str, Any]]:
    """The lines of `python -m tests.<program>`, once it has ended well."""
    done = Project(ROOT).python("-m", f"tests.{program}").ends(0)
    return [json.loads(line) for line in done.out.splitlines()]


def tell_each(run: Callable[[str], dict[str, Any]], names: Sequence[str]) -> None:
    """A line for each name: what its run returns, the first's in this process, and each other's in one of its own."""
    _tell(run(names[0]))
    with multiprocessing.get_context("fork").Pool(PROCESSES, maxtasksperchild=1) as pool:
        for told in pool.imap_unordered(run, names[1:]):
            _tell(told)


def _tell(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


@contextlib.contextmanager
def sandbox_of(stacks: str, name: str) -> Iterator[tuple[Any, str]]:
    """A sandbox of that stack, which the checks run of this process finds; and a folder for reports."""
    sandbox = Sandbox(load_stacks(ROOT / stacks).stacks[name])
    sandbox.start()
    sow_all(sandbox)
    try:
        os.environ["OPSCHECKS_SANDBOX"] = json.dumps(sandbox.facts)
        with tempfile.TemporaryDirectory() as folder:
            yield sandbox, folder
    finally:
        sandbox.stop()


def run_suite(suite: str, folder: str, *arguments: str) -> dict[str, Any]:
    """Of a checks run in this process: exit code, what it printed, each check's outcome, each observation's calls."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        options = ["--reports", folder, "-q", "-p", "no:html", "-p", "no:cacheprovider"]
        code = int(pytest.main([*arguments, *options]))
    path = Path(folder, f"{suite}.json")
    told = {"code": code, "printed": printed.getvalue()}
    if path.exists():
        run = json.loads(path.read_text())
        told["outcomes"] = {one["check"]: [one["outcome"], one["message"]] for one in run["checks"]}
        told["calls"] = {seen["name"]: seen["calls"] for seen in run["observations"]}
    return told
