"""Makes the recordings of the emulators: every suite on moto's worlds and on ministack.

Each emulator runs in a process of its own, because a run of checks ends with its process.
"""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from tests import every_fault, twins
from tests.fault_groups import known_faults
from tests.matrix.world import faults_together, give, other_faults
from tests.ministack import emulator, project_on, site_of
from tests.ministack_week import sow
from tests.programs import run_suite, sandbox_of

MADE = Path(__file__).with_name("made")
SUITES = ("deploy-before", "daily", "weekly", "deploy-after")
"""The gate first: what comes after a deploy is compared with what it saw."""
BROKEN_ON_MINISTACK = ("alarm_is_ringing", "ssh_is_open_to_the_world", "stickiness_is_short", "table_is_provisioned")
_AFTER = every_fault.AFTER[1:]


def _on_moto(name: str, stacks: str = "whole_stacks.toml", broken: Callable[[], list[str]] = list) -> None:
    faults = broken()
    stack, programs = ("production", twins.SUITES) if "production" in stacks else ("sandbox", every_fault.SUITES)
    options = ["--stacks", f"tests/{stacks}", "--stack", stack]
    arguments: Mapping[str, Sequence[str]] = {
        suite: [*(one for one in told if one not in ("--stack", "sandbox")), *options]
        for suite, told in programs.items()
    }
    known_faults()  # also what files of checks seed
    with sandbox_of(f"tests/{stacks}", stack) as (sandbox, reports):
        if faults:  # the snapshot of when all was well
            run_suite("deploy-before", reports, *arguments["deploy-before"])
        for fault in faults:
            give(sandbox, fault)
        for suite in SUITES:
            told = run_suite(suite, reports, *arguments[suite], *_recorded(name, suite))
            assert "outcomes" in told, told["printed"]


def _on_ministack(name: str, faults: Sequence[str] = ()) -> None:
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder, "log")) as aws:
        distribution = sow(aws)
        with site_of(aws) as site:
            project = project_on(aws, site, Path(folder, "project"), distribution=distribution)
            for fault in faults:
                known_faults()[fault].function(aws)
            for suite in SUITES:
                told = project.run(*arguments_of(suite), *_recorded(name, suite))
                assert "recording: " in told.out, told.all


def arguments_of(suite: str) -> list[str]:
    """Of a suite on ministack."""
    expected = _AFTER[2:] if suite == "deploy-after" else []
    return [f"checks/{suite.replace('-', '/')}", "--stack", "live", *expected]


def _recorded(name: str, suite: str) -> list[str]:
    path = MADE / f"{name}.{suite}.rec"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    return ["--record", str(path), "--record-raw"]


MAKERS: Mapping[str, Callable[[str], None]] = {
    "moto": _on_moto,
    "moto-broken": partial(_on_moto, broken=faults_together),
    "moto-broken-otherwise": partial(_on_moto, broken=other_faults),
    "moto-production": partial(_on_moto, stacks="production_stacks.toml"),
    "ministack": _on_ministack,
    "ministack-broken": partial(_on_ministack, faults=BROKEN_ON_MINISTACK),
}
"""By the first part of a recording's name; the second is its suite."""


def make(names: Sequence[str]) -> None:
    """Record these again, each in a process of its own."""
    for name in names:
        process = multiprocessing.get_context("spawn").Process(target=MAKERS[name], args=(name,))
        process.start()
        process.join()
        assert process.exitcode == 0, f"{name} could not be recorded"
