"""The project's folder and ini file: pytest's own, which options that name files elsewhere would move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .pytest_private import keep_setup, setup_of_paths

NAMING_FILES = ("stacks", "replay", "reports", "plan", "record")
"""Our options beside whose files pytest looks for its rootdir and its ini file: it does not know ours yet."""
_USED_AT_ONCE = ("addopts", "pythonpath")
"""What pytest has taken from an ini file before any plugin is asked."""


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Take rootdir and ini file as pytest would without options of ours.

    Without a configuration file, a project is the rootdir where pytest is started in it.
    """
    known, here = early_config.known_args_namespace, early_config.invocation_params.dir
    if (ini := early_config.inipath) and not known.inifilename and _is_below_checks(ini):
        raise pytest.UsageError(_in_the_way(ini))
    if _named(known):
        root, ini, says = setup_of_paths(early_config, known)
        used = any(early_config.getini(name) for name in _USED_AT_ONCE) or any(name in says for name in _USED_AT_ONCE)
        if ini != early_config.inipath and not used:
            keep_setup(early_config, root, ini, says)
    if not (early_config.inipath or known.rootdir) and _is_project(here) and early_config.rootpath != here:
        _, _, says = setup_of_paths(early_config, known)
        keep_setup(early_config, here, None, says)


def project_root(config: pytest.Config) -> Path:
    """The folder of stacks.toml, reports/ and checks/: pytest's rootdir, or where pytest was started.

    Without a configuration file pytest's rootdir is whatever folder the paths of all options have in common.
    UsageError where pytest's ini file is another than without our options, and it is too late for that one.
    """
    here = config.rootpath
    if named := _named(config.option):
        _, ini, _ = setup_of_paths(config, config.option)
        if ini != config.inipath:
            raise pytest.UsageError(_misled(config, named, ini))
    return here if config.inipath or _is_project(here) else config.invocation_params.dir


def _named(option: Any) -> str:
    """The first of our options that names a file, as it is typed; empty where there is none."""
    for name in NAMING_FILES:
        if given := getattr(option, name, None):
            return f"--{name} {given}"
    return ""


def _misled(config: pytest.Config, named: str, ini: Path | None) -> str:
    from ..config.load import shown_path

    taken = f"from {shown_path(config.inipath)}" if config.inipath else "from no ini file"
    do = f"add -c {shown_path(ini)}" if ini else "make a pytest.ini here, and add -c pytest.ini"
    return f"{named}: pytest takes its settings {taken} because of it; {do}"


def _is_below_checks(ini: Path) -> bool:
    """Whether it lies in the checks of a project: pytest prefers it to the project's own."""
    return any(one.name == "checks" and (one.parent / "stacks.toml").exists() for one in ini.parents)


def _in_the_way(ini: Path) -> str:
    from ..config.load import shown_path
    from ..core.suites import INI

    said = "pytest takes its folder for the project and reads no other settings because of it"
    return f"{shown_path(ini)}: {said}; move them to the project's, and the name of a suite to {INI} beside it"


def _is_project(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("checks", "stacks.toml"))
