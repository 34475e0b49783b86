"""--fix: what the remedies of failed checks would change is planned, or changed, before the checks run and report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .state import checks_run


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Look, plan and fix before the checks run, so that they report the state after the fix."""
    run, option = checks_run(session.config), session.config.option
    if run and option.fix and not option.collectonly:
        from .fix_failed import fix_failed

        fix_failed(run, session)
    return (yield)
