"""What was last changed of what fails: by a deployment, and by a remedy, as far as the journal has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...core.model import CheckResult, Finding
from ...core.run import Past, Run
from ..amounts import plural
from ..source import PageSource


def changes_of(source: PageSource, check: CheckResult, bad: Sequence[Finding]) -> list[str]:
    """The last deploy, and what the journal has not of the bad resources; what it has stands with each."""
    past = source.run.past_of(check.stack)
    about_resources = all(one.resource != f"stack/{one.stack}" for one in bad)
    untouched = past.journal_days and about_resources and not any(_changed(past, one) for one in bad)
    deployed = last_deploy(source.run, check.stack)
    told = (
        f"deployed {deployed[1]} on {source.time(deployed[0])}" if deployed else "",
        f"no change by opschecks in {plural(past.journal_days, 'day')}" if untouched else "",
    )
    return [one for one in told if one]


def last_change(source: PageSource, past: Past, one: Finding) -> str:
    """The newest change of the resource that the journal has, in words; empty where it has none."""
    changes = _changed(past, one)
    if not changes:
        return ""
    newest = changes[-1]
    return f"last changed {source.time(newest['begun'])} by {newest['by']}: {newest['remedy']}, {newest['state']}"


def _changed(past: Past, one: Finding) -> Sequence[Mapping[str, Any]]:
    """The changes of the finding's resource that the journal has."""
    told = past.touched if past.journal_days else past.changes
    return [change for change in told if change["target"] in (one.resource, one.name)]


def last_deploy(run: Run, stack: str) -> tuple[datetime, str] | None:
    """The newest deployment of the stack's services that the run saw: when it was made, and its task definition."""
    found: list[tuple[datetime, str]] = []
    for finding in run.findings:
        told = finding.evidence.get("deployments") if finding.stack == stack else None
        for one in told if isinstance(told, list) else []:
            try:
                made = datetime.fromisoformat(str(one["createdAt"]))
                found.append((made.astimezone(UTC), one["taskDefinition"].rsplit("/", 1)[-1]))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                continue  # evidence is AWS's own words, whatever they are
    return max(found, default=None)
