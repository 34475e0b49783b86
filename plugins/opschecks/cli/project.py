"""How commands load a project: its conftests and plugins, by pytest itself, exactly as a run of its checks does."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..hooks.state import COMMAND


class _Command:
    """A plugin that does a command's work in place of a session, when pytest has loaded everything."""

    def __init__(self, work: Callable[[Any], int]) -> None:
        self.work = work

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> int:
        """Configure as a session does, since a plugin may register its hooks only then; work; clean up."""
        config.stash[COMMAND] = True
        config.hook.pytest_configure.call_historic(kwargs={"config": config})
        try:
            return self.work(config.hook)
        finally:
            config.hook.pytest_unconfigure(config=config)


def in_project(work: Callable[[Any], int] = lambda hooks: 0) -> int:
    """What `work` makes of the project in this folder: an exit code; 4, and why, where the project cannot be loaded.

    `work` gets pytest's hook relay, with every conftest of checks/ and every plugin behind it. Without one the project
    is only loaded, so that what it declares (observations, remedies, faults) is known.
    """
    checks, own = Path("checks"), Path("conftest.py")
    places = sorted({str(path.parent) for path in checks.rglob("conftest.py")} | {str(checks)})
    if not checks.is_dir():
        places = [str(own)] if own.exists() else ["--noconftest"]
    # -s: commands ask questions on the terminal; the other collects garbage that only tests leave behind
    options = ["-s", "-p", "opschecks", "-p", "no:unraisableexception", "-p", "no:cacheprovider"]
    return int(pytest.main([*options, *places], plugins=[_Command(work)]))


def load_project() -> None:
    """Users' own observations, remedies, drills and faults are known as in a run; the exit code is pytest's if not."""
    if code := in_project():
        sys.exit(code)
