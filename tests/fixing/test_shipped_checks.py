"""A plan made by the checks that opschecks ships is carried out in a folder that has no checks of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.bench import bench


def test_a_plan_of_shipped_checks_is_made_where_no_checks_lie(tmp_path: Path) -> None:
    with bench(tmp_path, "stickiness_is_short") as on:
        shutil.rmtree(on.project.folder / "checks")
        suite = ("--pyargs", "opschecks.checks.daily", "--stack", "sandbox")
        planned = on.project.run(*suite, "--fix=plan", **on.environment)
        assert planned.code == 1, planned.all
        made = on.command("fix", "reports/plan.json", "--yes")
        assert made.code == 0, made.all
        assert (
            "proven by: opschecks.checks.daily.test_websocket::test_websocket_sessions_are_sticky[sandbox]" in made.out
        )
        assert on.events()
        assert on.project.run(*suite, **on.environment).code == 0
