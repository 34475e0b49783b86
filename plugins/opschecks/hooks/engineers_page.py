"""pytest-html's page: our columns, our title, and the way to the page for people."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest

from .judge import ROW
from .state import KEY, ChecksRun


class _Columns:
    """Registered for checks runs only; pytest-html calls these without a config."""

    def __init__(self, run: ChecksRun) -> None:
        self._run = run

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Say what was run, and when it was no production."""
        sandbox = "SANDBOX – " if any(stack.sandbox for stack in self._run.stacks) else ""
        report.title = f"{sandbox}{self._run.suite} checks, for engineers"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Link the page for people."""
        page = escape(self._run.place.page.name)
        prefix.append(f'<p><a href="{page}">The page with verdict, evidence and runbook steps</a></p>')

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add severity and what was concluded."""
        cells.insert(2, '<th class="sortable" data-column-type="severity">Severity</th>')
        cells.insert(3, "<th>Concluded</th>")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """Fill them, where the row is a check's."""
        if not cells:
            return
        severity, concluded = getattr(report, ROW, ("", ""))
        cells.insert(2, f"<td>{escape(severity)}</td>")
        cells.insert(3, f"<td>{escape(concluded)}</td>")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Add the columns to checks runs."""
    run = config.stash.get(KEY, None)
    if run and not run.worker:
        config.pluginmanager.register(_Columns(run), "opschecks-engineers-page")
