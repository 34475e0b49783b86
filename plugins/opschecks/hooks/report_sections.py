"""The page's sections that are our own, given by the hook that a user's conftest has."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ..core.run import ReportSection, Run


@pytest.hookimpl(tryfirst=True)
def pytest_opschecks_report_sections(run: Run) -> Sequence[ReportSection]:
    """Those of report/builtin_sections, before those of users."""
    from ..report.builtin_sections import builtin_sections

    return builtin_sections(run)
