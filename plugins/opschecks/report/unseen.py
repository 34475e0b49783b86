"""What could not be looked at, by its reason: one missing permission blinds many checks, and is mended once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..core.model import CheckResult, Outcome
from ..core.observation import WITHOUT
from ..core.run import Run


@dataclass(frozen=True)
class Unseen:
    """One reason for which checks could not look, and the checks, worst first."""

    stack: str
    cause: str
    checks: tuple[CheckResult, ...]


def unseen(run: Run, outcome: Outcome) -> list[Unseen]:
    """Checks that are blind (or were not run), by their reason, the reason of most checks first."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in run.checks:
        if check.outcome == outcome:
            groups.setdefault((check.stack, cause_of(run, check)), []).append(check)
    told = [
        Unseen(stack, _with_slugs(cause, checks), tuple(sorted(checks, key=lambda check: -check.severity.rank)))
        for (stack, cause), checks in groups.items()
    ]
    return sorted(told, key=lambda group: -len(group.checks))


def cause_of(run: Run, check: CheckResult) -> str:
    """Why the check could not look, without what is only true of this check."""
    of = (one.message for one in run.findings_of(check) if one.outcome == check.outcome)
    cause, without, _ = next(of, check.message).partition(" (needed for ")[0].partition(WITHOUT)
    return cause + without


def _with_slugs(cause: str, checks: Iterable[CheckResult]) -> str:
    """The cause, naming the runbook slug of every check where these are to be listed in stacks.toml."""
    return f"{cause}{json.dumps(sorted({check.runbook for check in checks}))}" if cause.endswith(WITHOUT) else cause
