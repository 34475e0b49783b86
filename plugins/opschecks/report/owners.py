"""Who is called first for what a check found: the owner of the part, else the stack's contact on call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..core.model import CheckResult, Finding
from ..core.run import StackFacts


def called_first(stack: StackFacts, check: CheckResult, findings: Sequence[Finding]) -> str:
    """Names of all owners of these findings; the contact on call, or nothing, where they have none."""
    on_call = stack.contacts.get("on_call", "")
    if not stack.owners:
        return on_call
    of_check = owner_of(stack, check.check, check.runbook, check.area)
    told = [_owner(stack, finding) or of_check for finding in findings] or [of_check]
    return ", ".join(dict.fromkeys(filter(None, told)))


def owner_of(stack: StackFacts, *keys: str) -> str:
    """Of a check as a whole: by its name, its slug or its area; else the contact on call."""
    return next((stack.owners[key] for key in keys if key in stack.owners), stack.contacts.get("on_call", ""))


def owner_in_week(stack: StackFacts, check: str, week: Mapping[str, Any]) -> str:
    """Of a check of a week's daily runs, which the run itself need not have."""
    told = week["words"].get(check, {})
    return owner_of(stack, check, told.get("runbook", ""), told.get("area", ""))


def _owner(stack: StackFacts, finding: Finding) -> str:
    """Of the resource, by its name, its ARN or an end of it: a name before a pattern, a longer one before a shorter."""
    parts = finding.resource.split(":", 5)[-1].split("/")
    names = {finding.name, finding.resource, *("/".join(parts[start:]) for start in range(len(parts)))}
    fitting = [one for one in stack.owners if any(fnmatchcase(name, one) for name in names)]
    best = max(fitting, key=lambda one: (not any(letter in one for letter in "*?["), len(one)), default="")
    return stack.owners.get(best, "")
