"""pytest-html's page: our columns, our title, and a link to the report."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pytest

from ..core.model import Outcome, Severity
from .judge import ROW
from .state import ChecksRun, checks_run

COLUMNS = ("severity", "concluded", "resource", "runbook", "fix")
LONGEST = 200


class _Columns:
    """Registered for checks runs only; pytest-html calls these without a config."""

    def __init__(self, run: ChecksRun) -> None:
        self._run = run

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the suite, and say if it ran on the sandbox."""
        sandbox = "SANDBOX – " if any(stack.sandbox for stack in self._run.stacks) else ""
        report.title = f"{sandbox}{self._run.suite} checks, for engineers"

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Link the report."""
        page = escape(self._run.place.page.name)
        prefix.append(f'<p><a href="{page}">The report with verdict, evidence and runbook steps</a></p>')

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add our columns after the check's name; pytest-html sorts by the contents of a column's cells."""
        cells[2:2] = [f'<th class="sortable" data-column-type="{key}">{key.capitalize()}</th>' for key in COLUMNS]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """Fill them if the row is a check's."""
        if not cells:
            return
        told: Mapping[str, str] = getattr(report, ROW, {})
        shown = {**told, "fix": self._fix(report.nodeid, told)}
        cells[2:2] = [_cell(key, shown.get(key, "")) for key in COLUMNS]

    def _fix(self, nodeid: str, told: Mapping[str, str]) -> str:
        """What a remedy did, or could do."""
        if done := [f"{fix['remedy']}: {fix['result']}" for fix in self._run.fixes if fix["nodeid"] == nodeid]:
            return ", ".join(dict.fromkeys(done))
        bad = told.get("concluded") == Outcome.FAILED.words
        return f"{told['remedy']}: available" if bad and told.get("remedy") else ""


def _cell(key: str, text: str) -> str:
    """A table cell; severities sort by their rank, which is hidden before the word."""
    from ..report.notes import brief

    ranks = {one.value: one.rank for one in Severity}
    rank = f"<span hidden>{ranks[text]}</span>" if key == "severity" and text in ranks else ""
    return f'<td class="col-{key}">{rank}{escape(brief(text, LONGEST))}</td>'


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Add the columns to checks runs."""
    if (run := checks_run(config)) and not run.worker:
        config.pluginmanager.register(_Columns(run), "opschecks-engineers-page")
