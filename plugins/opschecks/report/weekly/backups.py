"""Backups: whatever their checks examined, and when a restore of it was last tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ...core.dataclass import dataclass
from ...core.model import NOT_APPLICABLE, Finding, Outcome
from ...core.run import Run
from ...history.comparison import worst
from ..amounts import number, plural
from ..seen import resources, text
from ..source import PageSource
from ..standing import BARS, WORDS, Strip, tone_of
from ..times import read
from ..unseen import cause

AREA = "backups"
RESTORES = "restore_rehearsal"
"""The observation of the newest restore; the check of it prints the same."""
LONGEST = timedelta(hours=6)
"""A restore that AWS reports up to that long after a drill began is the drill's own."""


@dataclass(frozen=True)
class Copy:
    """One thing that has to have a copy: how its checks ended, what they saw, when a restore of it was last tried.

    `strip` are the last weekly runs with this one.
    """

    what: str
    strip: Strip
    tone: str
    words: str
    seen: str
    restored: str


@dataclass(frozen=True)
class Backups:
    """The copies of one stack."""

    on: str
    copies: tuple[Copy, ...]


def facts(source: PageSource, week: Mapping[str, Any]) -> Backups | None:
    """Of a stack of which a check examined a backup."""
    copies = tuple(_copies(source, week))
    return Backups(source.on(week["stack"]), copies) if copies else None


def _copies(source: PageSource, week: Mapping[str, Any]) -> Iterator[Copy]:
    own = (one for one in source.run.checks if (one.stack, one.area) == (week["stack"], AREA))
    found: dict[str, list[Finding]] = {}
    for finding in (finding for check in own for finding in source.run.findings_of(check)):
        found.setdefault(finding.resource, []).append(finding)
    restores = {one["table"]: one for one in week["restores"]}
    for findings in found.values():
        bad = max(findings, key=lambda one: one.outcome.rank)
        yield Copy(
            what=bad.name,
            strip=_strip(week.get("copies", ()), findings, bad.outcome),
            tone=tone_of(bad.outcome.value),
            words="complete" if bad.outcome is Outcome.PASSED else bad.outcome.words,
            seen="; ".join(dict.fromkeys(one.message for one in findings if one.message)),
            restored=_restored(source, week["stack"], bad.name, restores.get(bad.name), findings),
        )


def _strip(then: Sequence[Mapping[str, Any]], findings: Sequence[Finding], now: Outcome) -> Strip:
    """The last weekly runs, the oldest first: the worst that each said of it."""
    outcomes = [*(worst(_then(run, one) for one in findings) for run in then), now.value][-BARS:]
    told = ", ".join(f"{outcomes.count(one)} {WORDS[one]}" for one in dict.fromkeys(outcomes))
    return Strip(tuple(map(tone_of, outcomes)), f"last {plural(len(outcomes), 'weekly run')}: {told}")


def _then(run: Mapping[str, Any], finding: Finding) -> str:
    """What an earlier run said of the resource by the same check; NOT_APPLICABLE where it did not have the check."""
    outcome = str(run["outcomes"].get(finding.check, NOT_APPLICABLE))
    bad = {resource: word for check, resource, word in run["bad"] if check == finding.check}
    if outcome in (Outcome.PASSED, Outcome.NOT_RUN, NOT_APPLICABLE) or not bad:
        return outcome
    whole = next((word for resource, word in bad.items() if resource == f"stack/{finding.stack}"), Outcome.PASSED.value)
    return str(bad.get(finding.resource, whole))


def _restored(
    source: PageSource, stack: str, name: str, told: Mapping[str, Any] | None, findings: Sequence[Finding]
) -> str:
    """The newest restore of it: by a drill, whose run proves what came back, or one that AWS has a record of."""
    if not any(":table/" in one.resource for one in findings) and told is None:
        return ""
    drilled = datetime.fromisoformat(told["at"]) if told else None
    seen, error = _aws(source.run, stack)
    if told and drilled and (name not in seen or seen[name] <= drilled + LONGEST):
        figures = {label: number(value, unit) for label, (value, unit) in told["told"].items()}
        words = {"restored in": "restored in {}", "items compared": "items compared: {}", "result": "{}"}
        parts = [said.format(figures[label]) for label, said in words.items() if label in figures]
        return f"{source.time(drilled)}: {', '.join(parts) or 'nothing was seen of it'}"
    if name in seen:
        return f"{source.time(seen[name])}, as AWS reports; not by a drill, so nothing was compared"
    return f"no drill on record; what AWS reports could not be read: {error}" if error else "no drill on record"


def _aws(run: Run, stack: str) -> tuple[dict[str, datetime], str]:
    """The table that was restored last, by anyone, with the time; or why that could not be read."""
    error = next((one.error for one in run.observations if (one.name, one.stack) == (RESTORES, stack)), "")
    found: dict[str, datetime] = {}
    for one in resources(run, RESTORES, stack):
        table, at = text(one, "restored table"), text(one, "last restore")
        if table and at and (moment := read(at)):
            found[table] = moment
    return found, cause(error)
