"""Imports what files of checks declare besides checks: observations, remedies, faults and limits of one's own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ..core.declared import declaring
from ..core.shipped import checks_of
from .pytest_private import import_file
from .state import COMMAND, checks_run


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before the sandbox is given its faults and observations become fixtures; after the run is known."""
    run = checks_run(config)
    if run:
        # those of the suite first: of two files of one name pytest imports but one
        import_own(config, sorted(declaring(run.checks), key=lambda one: not one.is_relative_to(run.folder)))
    elif config.stash.get(COMMAND, False):
        import_own(config, declaring(checks_of(Path())))


def import_own(config: pytest.Config, files: Iterable[Path]) -> None:
    """Import the files as pytest imports tests; UsageError for one that cannot be, unless collecting it says so.

    Ours come first: a file that declares an observation of the same name is the one that is wrong.
    """
    from ..config.load import shown_path
    from .fixtures import import_observations

    found = list(files)
    if found:
        import_observations()
    for path in found:
        try:
            import_file(config, path)
        except (Exception, pytest.skip.Exception) as error:  # a skip is not an Exception
            if isinstance(error, pytest.skip.Exception):
                continue  # collecting it says so
            if not path.name.startswith("test_"):
                said = f"{type(error).__name__}: {error}"
                raise pytest.UsageError(f"{shown_path(path)}: it cannot be imported: {said}") from error
