"""Commands that a report names: how the suite is run again, from where its checks lie."""

from __future__ import annotations

import re
import shlex

from ..core.run import Run
from ..core.shipped import SHIPPED

PLAN = "reports/plan.json"
"""Where runs have it that were made before run files said so."""
SAFE = "safe"
_OWN = re.compile(r"pytest checks/([a-z]+(?:/[a-z]+)*)")


def suite_command(run: Run, suite: str = "") -> str:
    """The command that runs the run's suite, or another one of the same checks."""
    return as_typed(run, f"pytest checks/{(suite or run.suite).replace('deploy-', 'deploy/')}")


def as_typed(run: Run, text: str) -> str:
    """The text with its `pytest checks/SUITE` as it is typed where the run's checks are the installed ones.

    Of the run's own suite with the project's beside them; whether a project has others is not known.
    """
    where = {_is_installed(check.nodeid) for check in run.checks}
    if True not in where:
        return text
    own = run.suite.replace("deploy-", "deploy/")

    def typed(match: re.Match[str]) -> str:
        beside = f" checks/{own}" if False in where and match[1] == own else ""
        return f"pytest --pyargs {SHIPPED}.{match[1].replace('/', '.')}{beside}"

    return _OWN.sub(typed, text)


def plan_command(run: Run, stack: str) -> str:
    """The command that makes the changes of a stack that the run has planned, with what they need to be allowed."""
    planned = [one for one in run.changes if (one["stack"], one["result"]) == (stack, "planned")]
    risks = dict.fromkeys(str(one.get("risk", SAFE)) for one in planned)
    allow = "".join(f" --allow {risk}" for risk in risks if risk != SAFE)
    return f"opschecks fix {shlex.quote(run.plan or PLAN)} --stack {shlex.quote(stack)}{allow}"


def _is_installed(node: str) -> bool:
    """Whether the check lies in no folder of the project: pytest names it by its file, or where that is."""
    file = node.partition("::")[0]
    return "/" not in file or "site-packages/" in file
