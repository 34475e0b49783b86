"""Run as a program: the daily run once healthy and once with each fault, in one process; a JSON line for each."""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import pytest

from opschecks.sandbox.faults import known_faults

ROOT = Path(__file__).parent.parent


def run(fault: str) -> dict[str, object]:
    """The outcome of each check under the fault; "" is none."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as printed:
        arguments = ["checks/daily", "--reports", folder, "--stacks", "tests/quick_stacks.toml"]
        arguments += ["--fault", fault] if fault else []
        code = pytest.main([*arguments, "-q", "-p", "no:html", "-p", "no:cacheprovider"])
        told = Path(folder, "daily.json")
        if not told.exists():
            return {"fault": fault, "code": code, "printed": printed.getvalue()}
        read = json.loads(told.read_text())
        outcomes = {check["check"]: [check["outcome"], check["message"]] for check in read["checks"]}
        return {"fault": fault, "code": int(code), "outcomes": outcomes}


if __name__ == "__main__":
    for name in sys.argv[1:] or ["", *known_faults()]:
        sys.stdout.write(json.dumps(run(name)) + "\n")
        sys.stdout.flush()
