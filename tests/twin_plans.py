"""Run as a program: --fix=plan of every suite on each twin of the production stack; what is planned, as JSON lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.programs import tell_each
from tests.twins import SUITES, TWINS, given, run_on


def run(name: str) -> dict[str, Any]:
    """The remedies that each suite plans on one twin, and those that it refuses to plan, each with its resource."""
    with given(name) as folder:
        return {"twin": name, "suites": {suite: _planned(folder, suite) for suite in SUITES}}


def _planned(folder: str, suite: str) -> dict[str, Any]:
    ended = run_on(folder, suite, "--fix=plan")
    plan = Path(folder, "plan.json")
    told: dict[str, Any] = json.loads(plan.read_text()) if plan.exists() else {}
    plan.unlink(missing_ok=True)
    return {
        "code": ended["code"],
        "printed": ended["printed"],
        "planned": [f"{one['remedy']} on {one['name']}" for one in told.get("changes", [])],
        "refused": [f"{one['remedy']} on {one['name']}: {one['said']}" for one in told.get("refused", [])],
    }


if __name__ == "__main__":
    tell_each(run, sys.argv[1:] or list(TWINS))
