"""The hooks that a user's own conftest can fill in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest


@pytest.hookspec
def pytest_opschecks_remedies() -> Mapping[str, type[Any]] | None:
    """Give checks remedies of your own: the name of a check to a subclass of opschecks.Setting or opschecks.Operation.

    A setting is what one request changes: `read`, `want` and `request` are all that it must have (opschecks.Remedy is
    the same class under its former name). An operation takes several: `read`, `want` and `steps`.

    Of two for one check, the conftest nearest to it wins over the one that the check itself names.
    """


@pytest.hookspec
def pytest_opschecks_before_change(change: Any) -> str | None:
    """Veto a change of a remedy: return the reason, or None to let it be made.

    `change` is an opschecks.Change: `remedy`, `stack`, `target`, `name`, `before`, `after`, `risk`, …
    Called after its precondition was read, right before it is written into the journal and sent.
    """


@pytest.hookspec
def pytest_opschecks_after_change(change: Any, result: str, said: str) -> None:
    """Be told what became of a change: fixed, rolled back, roll-back failed, handed over, refused; and how so."""


@pytest.hookspec
def pytest_opschecks_finding(finding: Any) -> None:
    """Be told of each finding that failed or could not be looked at, when the run has ended; an opschecks.Finding."""


@pytest.hookspec
def pytest_opschecks_report_sections(run: Any) -> Sequence[Any] | None:
    """Add sections to the page: a list of opschecks.ReportSection(title, markdown); HTML in it is shown, not obeyed.

    `run` is the opschecks.Run as it will be written. The sections are kept in the run file, so that a report that is
    made again later has them too.
    """
