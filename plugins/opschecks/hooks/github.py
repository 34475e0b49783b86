"""Under GitHub Actions: the job summary, and annotations beside the code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .state import checks_run

SUMMARY_BYTES = 1_000_000
"""GitHub drops a step's summary above 1 MiB, and other suites in the step write to it as well."""


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Add to the summary, and print the annotations; a summary that cannot be written is reported and fails nothing."""
    run = checks_run(config)
    if not run or not run.told or os.environ.get("GITHUB_ACTIONS") != "true":
        return
    from ..report.exports.annotations import to_annotations
    from ..report.exports.markdown import to_markdown

    if given := os.environ.get("GITHUB_STEP_SUMMARY"):
        path = Path(given)
        try:
            room = SUMMARY_BYTES - (path.stat().st_size if path.exists() else 0)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(to_markdown(run.told, limit_bytes=room) + "\n")
        except (OSError, ValueError) as error:
            terminalreporter.write_line(f"the job summary could not be written: {error}", yellow=True)
    for line in to_annotations(run.told):
        terminalreporter.write_line(line)
