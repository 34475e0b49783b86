"""Imports what files of checks declare besides checks: observations, remedies, faults, limits, hooks of one's own."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from ..core.declared import HOOKS, declaring, names_in
from ..core.shipped import roots_of, share_names
from .pytest_private import import_file
from .state import COMMAND, ChecksRun, checks_run


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before the sandbox is given its faults and observations become fixtures; after the run is known."""
    if run := checks_run(config):
        # those of the suite first: of two files of one name pytest imports but one
        if run.beside:
            import_own(config, declaring(run.beside), run)
        import_own(config, sorted(declaring(run.checks), key=lambda one: not one.is_relative_to(run.folder)), run)
    elif config.stash.get(COMMAND, False):
        roots = roots_of(Path())
        if share_names(*roots):
            config.option.importmode = "importlib"
        for root in reversed(roots):
            import_own(config, declaring(root))


def import_own(config: pytest.Config, files: Iterable[Path], run: ChecksRun | None = None) -> None:
    """Import the files as pytest imports tests.

    One that cannot be is left out of the run, which goes on and is not good; UsageError where there is none. Of a file
    of checks, collecting it says so. Ours come first: a file that declares an observation of the same name is the one
    that is wrong.
    """
    from .fixtures import know_observations

    if found := list(files):
        know_observations()
    for path in found:
        try:
            module = import_file(config, path)
        except pytest.skip.Exception:
            continue  # collecting it says so
        except Exception as error:
            why = f"{_place(path, error)}: it cannot be imported: {_said(error)}"
            if run:
                run.undeclared |= dict.fromkeys(names_in(path), why)
                run.unreadable[path] = why
            if path.name.startswith("test_"):
                continue
            if not run:
                raise pytest.UsageError(why) from error
            run.leave_out(why)
        else:
            if run is None or path.is_relative_to(run.folder) or run.folder.is_relative_to(path.parent):
                _register_hooks(config, path, vars(module))


def _register_hooks(config: pytest.Config, path: Path, declared: Mapping[str, object]) -> None:
    """Hooks of opschecks in the file count as those of a conftest of its folder; its fixtures stay its own."""
    found = {name: value for name, value in declared.items() if name.startswith(HOOKS)}
    name = str(path)
    if found and not config.pluginmanager.has_plugin(name):
        plugin = ModuleType(name)
        vars(plugin).update(found)
        config.pluginmanager.register(plugin, name)


def _place(path: Path, error: BaseException) -> str:
    """The file, with the line that raised or cannot be read."""
    from ..config.load import shown_path

    cause: BaseException | None = error
    while cause:
        if isinstance(cause, SyntaxError) and cause.filename == str(path):
            return f"{shown_path(path)}:{cause.lineno}"
        if own := [one.lineno for one in traceback.extract_tb(cause.__traceback__) if Path(one.filename) == path]:
            return f"{shown_path(path)}:{own[-1]}"
        cause = cause.__cause__ or cause.__context__
    return str(shown_path(path))


def _said(error: BaseException) -> str:
    """What it says, in one line."""
    while not isinstance(error, SyntaxError) and isinstance(error.__cause__, SyntaxError):
        error = error.__cause__
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"
