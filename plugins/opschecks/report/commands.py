"""Commands that a report names: how the suite is run again, from where its checks lie."""

from __future__ import annotations

import re

from ..core.run import Run
from ..core.shipped import SHIPPED

_OWN = re.compile(r"pytest checks/([a-z]+(?:/[a-z]+)*)")


def suite_command(run: Run, suite: str = "") -> str:
    """The command that runs the run's suite, or another one of the same checks."""
    return as_typed(run, f"pytest checks/{(suite or run.suite).replace('deploy-', 'deploy/')}")


def as_typed(run: Run, text: str) -> str:
    """The text with its `pytest checks/SUITE` as it is typed where the run's checks are the installed ones."""
    if not _is_installed(run):
        return text
    return _OWN.sub(lambda match: f"pytest --pyargs {SHIPPED}.{match[1].replace('/', '.')}", text)


def _is_installed(run: Run) -> bool:
    """Whether no check lies in a folder of the project: pytest names installed ones by their file, or where that is."""
    files = [check.nodeid.partition("::")[0] for check in run.checks]
    return bool(files) and all("/" not in one or "site-packages/" in one for one in files)
