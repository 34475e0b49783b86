"""Backups: whatever their checks examined, and when a restore of it was last tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...core.model import Finding, Outcome
from ..source import PageSource
from ..standing import TONES

AREA = "backups"


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
            restored=_restored(source, restores.get(worst.name), findings),
        )


def _restored(source: PageSource, told: Mapping[str, Any] | None, findings: Sequence[Finding]) -> str:
    if told is None:
        return "no restore test on record" if any(":table/" in one.resource for one in findings) else ""
    at = datetime.fromisoformat(told["at"]).astimezone(source.zone)
    figures = {label: f"{value} {unit}".strip() for label, (value, unit) in told["told"].items()}
    labels = (("result", ""), ("restored in", "restored in "), ("items compared", "items compared "))
    parts = [f"{words}{figures[label]}" for label, words in labels if label in figures]
    return f"{at:%d %b %Y}: {', '.join(parts) or 'nothing was seen of it'}"
