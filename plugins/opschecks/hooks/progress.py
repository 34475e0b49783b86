"""Lines of progress in the terminal, also while a check is under way."""

from __future__ import annotations

import contextlib
import shutil

import pytest

from .pytest_private import capturing, terminal


def say(config: pytest.Config, line: str) -> None:
    """Show the line at once: pytest's capturing would keep it until the check has failed."""
    from ..report.columns import wrapped
    from ..report.text import printable

    reporter, captured = terminal(config), capturing(config)
    if reporter:
        with captured.global_and_fixture_disabled() if captured else contextlib.nullcontext():
            reporter.ensure_newline()
            for each in wrapped(printable(line), shutil.get_terminal_size().columns if reporter.isatty else None):
                reporter.write_line(each)
            reporter.flush()
