"""Backups: whatever their checks examined, and when a restore of it was last tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ...core.model import Finding, Outcome
from ...core.run import Run
from ..seen import resources, text
from ..source import PageSource
from ..standing import TONES
from ..times import read
from ..unseen import cause

AREA = "backups"
RESTORES = "restore_rehearsal"
"""The observation of the newest restore; the check of it prints the same."""
LONGEST = timedelta(hours=6)
"""A restore that AWS reports up to that long after a drill began is the drill's own."""


@dataclass(frozen=True)
class Copy:
    """One thing that has to have a copy: how its checks ended, what they saw, when a restore of it was last tried."""

    what: str
    tone: str
    words: str
    seen: str
    restored: str


@dataclass(frozen=True)
class Backups:
    """The copies of one stack."""

    on: str
    copies: tuple[Copy, ...]


def facts(source: PageSource) -> list[Backups]:
    """Of each stack of which a check examined a backup."""
    found = [Backups(source.on(week["stack"]), tuple(_copies(source, week))) for week in source.run.weeks]
    return [one for one in found if one.copies]


def _copies(source: PageSource, week: Mapping[str, Any]) -> Iterator[Copy]:
    own = (one for one in source.run.checks if (one.stack, one.area) == (week["stack"], AREA))
    found: dict[str, list[Finding]] = {}
    for finding in (finding for check in own for finding in source.run.findings_of(check)):
        found.setdefault(finding.resource, []).append(finding)
    restores = {one["table"]: one for one in week["restores"]}
    for findings in found.values():
        worst = max(findings, key=lambda one: one.outcome.rank)
        yield Copy(
            what=worst.name,
            tone=TONES.get(worst.outcome.value, "none"),
            words="complete" if worst.outcome is Outcome.PASSED else worst.outcome.words,
            seen="; ".join(dict.fromkeys(one.message for one in findings if one.message)),
            restored=_restored(source, week["stack"], worst.name, restores.get(worst.name), findings),
        )


def _restored(
    source: PageSource, stack: str, name: str, told: Mapping[str, Any] | None, findings: Sequence[Finding]
) -> str:
    """The newest restore of it: by a drill, whose run proves what came back, or one that AWS has a record of."""
    if not any(":table/" in one.resource for one in findings) and told is None:
        return ""
    drilled = datetime.fromisoformat(told["at"]) if told else None
    seen, error = _aws(source.run, stack)
    if told and drilled and (name not in seen or seen[name] <= drilled + LONGEST):
        figures = {label: f"{value} {unit}".strip() for label, (value, unit) in told["told"].items()}
        labels = (("result", ""), ("restored in", "restored in "), ("items compared", "items compared "))
        parts = [f"{words}{figures[label]}" for label, words in labels if label in figures]
        return f"{source.time(drilled)}: {', '.join(parts) or 'nothing was seen of it'}"
    if name in seen:
        return f"{source.time(seen[name])}, as AWS reports; by no drill, so that nothing was compared"
    return f"no drill on record; what AWS reports was not seen: {error}" if error else "no drill on record"


def _aws(run: Run, stack: str) -> tuple[dict[str, datetime], str]:
    """The table that was restored last, by anyone, with the time; or why that could not be read."""
    error = next((one.error for one in run.observations if (one.name, one.stack) == (RESTORES, stack)), "")
    found: dict[str, datetime] = {}
    for one in resources(run, RESTORES, stack):
        table, at = text(one, "restored table"), text(one, "last restore")
        if table and at and (moment := read(at)):
            found[table] = moment
    return found, cause(error)
