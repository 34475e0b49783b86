"""Lines of progress in the terminal, also while a check is under way."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest


def say(config: pytest.Config, line: str) -> None:
    """Show the line: past pytest's capturing, which would keep it until the check has failed."""
    from ..report.text import printable

    manager: Any = config.pluginmanager
    reporter, capturing = manager.get_plugin("terminalreporter"), manager.get_plugin("capturemanager")
    if reporter:
        with capturing.global_and_fixture_disabled() if capturing else contextlib.nullcontext():
            reporter.ensure_newline()
            reporter.write_line(printable(line))
            reporter.flush()
