"""What the linter and the type checker say is what a reviewer need not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.scratch import ROOT

COMMANDS = {
    "ruff": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "plugins": ["mypy"],
    "checks": ["mypy", "checks", "tests", "benchmarks"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_nothing_to_complain_of(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
