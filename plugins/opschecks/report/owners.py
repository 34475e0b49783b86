"""Who is called first for what a check found: the owner of the part, else the stack's contact on call."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ..core.model import CheckResult, Finding
from ..core.run import StackFacts


def called_first(stack: StackFacts, check: CheckResult, findings: Sequence[Finding]) -> str:
    """Names of all owners of these findings; the contact on call, or nothing, where they have none."""
    on_call = stack.contacts.get("on_call", "")
    if not stack.owners:
        return on_call
    told = [_owner(stack, check, finding) or on_call for finding in findings] or [_of_check(stack, check) or on_call]
    return ", ".join(dict.fromkeys(one for one in told if one))


def owner_of(stack: StackFacts, *keys: str) -> str:
    """Of a check that the run itself does not have: by its name, its slug or its area; else the contact on call."""
    return next((stack.owners[key] for key in keys if key in stack.owners), stack.contacts.get("on_call", ""))


def _owner(stack: StackFacts, check: CheckResult, finding: Finding) -> str:
    """Of the resource, by its name, its ARN or an end of it: a name before a pattern, a longer one before a shorter."""
    parts = finding.resource.split(":", 5)[-1].split("/")
    names = {finding.name, finding.resource, *("/".join(parts[start:]) for start in range(len(parts)))}
    fitting = [one for one in stack.owners if any(fnmatchcase(name, one) for name in names)]
    best = max(fitting, key=lambda one: (not any(letter in one for letter in "*?["), len(one)), default="")
    return stack.owners.get(best, "") or _of_check(stack, check)


def _of_check(stack: StackFacts, check: CheckResult) -> str:
    return next((stack.owners[one] for one in (check.check, check.runbook, check.area) if one in stack.owners), "")
