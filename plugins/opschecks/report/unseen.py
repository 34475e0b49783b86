"""What could not be looked at, by its reason: one missing permission blinds many checks, and is fixed once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from ..core.dataclass import dataclass
from ..core.model import CheckResult, Outcome
from ..core.observation import WITHOUT
from ..core.run import Run

_DENIED = re.compile(
    r"AccessDenied|Unauthorized|[Nn]ot authorized|Forbidden|Expired|InvalidClientTokenId|UnrecognizedClient|"
    r"SignatureDoesNotMatch|NoCredentials|Unable to locate credentials| – allow "
)
"""How AWS and its SDK name a refusal, and our own words for what to add."""


@dataclass(frozen=True)
class Unseen:
    """One reason for which checks could not look, and the checks, worst first."""

    stack: str
    cause: str
    checks: tuple[CheckResult, ...]

    @property
    def denied(self) -> bool:
        """Whether AWS refused, so that access is what is missing; not where something is gone, slow or not set."""
        return _DENIED.search(self.cause) is not None


def unseen(run: Run, outcome: Outcome) -> list[Unseen]:
    """Checks that are blind (or were not run), by their reason, the reason of most checks first."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in run.checks:
        if check.outcome == outcome:
            of = (one.message for one in run.findings_of(check) if one.outcome == outcome)
            groups.setdefault((check.stack, _shared(next(of, check.message), check)), []).append(check)
    told = [
        Unseen(stack, _with_names(why, checks), tuple(sorted(checks, key=lambda check: -check.severity.rank)))
        for (stack, why), checks in groups.items()
    ]
    return sorted(told, key=lambda group: -len(group.checks))


def cause(message: str) -> str:
    """Why a check could not look, without what is true of this check alone."""
    return message.partition(" (needed for ")[0]


def _shared(message: str, check: CheckResult) -> str:
    """The cause without the check's own name at its end, or its slug, as runs of an earlier version have it."""
    why, without, named = cause(message).partition(WITHOUT)
    return why + without if named in (json.dumps([check.check]), json.dumps([check.runbook])) else cause(message)


def _with_names(why: str, checks: Iterable[CheckResult]) -> str:
    """The cause, naming every check where these are to be listed in stacks.toml."""
    return f"{why}{json.dumps(sorted({check.check for check in checks}))}" if why.endswith(WITHOUT) else why
