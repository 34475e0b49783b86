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
    where = {_is_installed(check.nodeid) for check in run.checks}
    if True not in where:
        return text
    both = " checks/{}" if False in where else ""
    return _OWN.sub(
        lambda match: f"pytest --pyargs {SHIPPED}.{match[1].replace('/', '.')}{both.format(match[1])}", text
    )


def _is_installed(node: str) -> bool:
    """Whether the check lies in no folder of the project: pytest names it by its file, or where that is."""
    file = node.partition("::")[0]
    return "/" not in file or "site-packages/" in file
