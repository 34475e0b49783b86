"""Files that other plugins write of a run (JUnit, pytest-html): one that cannot be written is one line, not a crash."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from .state import checks_run


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, object, object]:
    """Report the error where the terminal's summary still follows; the run is not good without its files."""
    try:
        return (yield)
    except OSError as error:
        run = checks_run(session.config)
        if not run or run.worker:
            raise
        run.cannot_write(f"a file beside the page could not be written: {error}")
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR
        return None
