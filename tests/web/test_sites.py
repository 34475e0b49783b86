"""Sites and backends that people have, on the sandbox: whole runs with one thing unusual."""

from __future__ import annotations

import re
from pathlib import Path

from tests.bench import FIX, QUICK, Bench, bench

ONE_PAGE = re.sub(
    r"dashboards = \[.*?\n\]", 'dashboards = [{ path = "/", contains = "Incident Commander" }]', QUICK, flags=re.DOTALL
)
"""stacks.toml of a site whose dashboards are all routes of one page."""
SAID = ONE_PAGE.replace("dashboards = ", "single_page_application = true\ndashboards = ", 1)


def _run(on: Bench, stacks: str, suite: str = "daily") -> int:
    on.project.write("stacks.toml", stacks + FIX)
    return on.project.run(f"checks/{suite}", "--stack", "sandbox", **on.environment).code


def test_a_health_page_in_plain_text_is_understood(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        for task in on.sandbox.web.tasks:
            task.health_body = b"Healthy"
        assert on.outcome("test_backend_is_healthy") == "passed"
        for task in on.sandbox.web.tasks:
            task.health_body = b"Degraded"
        assert on.outcome("test_backend_is_healthy") == "failed"


def test_a_single_page_application_passes_once_the_stack_says_that_it_is_one(tmp_path: Path) -> None:
    """403 and 404 become /index.html with 200, so that a link into it works, as AWS's guides set it up."""
    with bench(tmp_path) as on:
        on.sandbox.web.cdn.error_page = "/index.html"
        assert _run(on, SAID) == 0
        assert _run(on, ONE_PAGE) == 1
        assert on.project.outcomes()["test_dashboards_show_their_pages"] == "failed"
        assert "set single_page_application if it is meant to" in on.project.page()
