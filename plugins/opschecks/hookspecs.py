"""The hooks that a user's own conftest, or any file below checks/, can fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest


@pytest.hookspec
def pytest_opschecks_remedies() -> Mapping[str, type[Any]] | None:
    """Give checks your own remedies: from the name of a check to a subclass of opschecks.Setting or Operation.

    A setting is what one request changes: `read`, `want` and `request` are all that it must have (opschecks.Remedy is
    the same class under its former name). An operation takes several: `read`, `want` and `steps`.

    It replaces the remedy that the check names; if several conftests name one, the nearest conftest wins.
    """


@pytest.hookspec
def pytest_opschecks_before_change(change: Any) -> str | None:
    """Veto a remedy's change: return the reason, or None to allow it.

    `change` is an opschecks.Change: `remedy`, `stack`, `target`, `name`, `before`, `after`, `risk`, …
    Called after its precondition was checked, right before it is written to the journal and sent.
    """


@pytest.hookspec
def pytest_opschecks_after_change(change: Any, result: str, said: str) -> None:
    """Called with a change's result (fixed, rolled back, roll-back failed, handed over, refused) and the reason."""


@pytest.hookspec
def pytest_opschecks_finding(finding: Any) -> None:
    """Called after the run with each opschecks.Finding that failed or could not be checked."""


@pytest.hookspec
def pytest_opschecks_report_sections(run: Any) -> Sequence[Any] | None:
    """Add sections to the page: a list of opschecks.ReportSection(title, markdown); HTML in it is shown as text.

    `run` is the opschecks.Run as it will be written. The sections are kept in the run file, for reports that are made
    again later.
    """
