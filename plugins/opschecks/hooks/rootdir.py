"""The project's folder: pytest's rootdir, which options that name files elsewhere would move."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pytest_private import keep_rootdir


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep the rootdir where pytest was started, if that is a project without a configuration file."""
    here = early_config.invocation_params.dir
    if not (early_config.inipath or early_config.known_args_namespace.rootdir) and _is_project(here):
        keep_rootdir(early_config, here)


def project_root(config: pytest.Config) -> Path:
    """The folder of stacks.toml, reports/ and checks/: pytest's rootdir, or where pytest was started.

    Without a configuration file pytest's rootdir is whatever folder the paths of all options have in common.
    """
    here = config.rootpath
    return here if config.inipath or _is_project(here) else config.invocation_params.dir


def _is_project(folder: Path) -> bool:
    return any((folder / name).exists() for name in ("checks", "stacks.toml"))
