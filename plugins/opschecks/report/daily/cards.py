"""What needs a person: a card for each failed check, with evidence, charts and the runbook's steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from ...core.model import CheckResult, Finding, Outcome
from ...core.run import Past, Run, StackFacts
from ..chart import Chart, chart, crosses, same_line
from ..runbook import Section, to_html
from ..since import Bar, anchor, strip, when
from ..text import Whole

RESOURCES_OPEN = 20
"""So many bad resources stand in a card; the others are in it too, folded."""
EVIDENCE_SHOWN = 5
CHARTS_SHOWN = 2
EVIDENCE_CHARACTERS = 20_000


@dataclass(frozen=True)
class CardRow:
    """One resource of a card; `since` is when it began to be bad, `changed` what the journal says of it lately."""

    name: str
    resource: str
    message: str
    outcome: str
    since: str = ""
    changed: str = ""


@dataclass(frozen=True)
class RunbookStep:
    """What the runbook says: a heading and safe HTML."""

    heading: str
    html: str


@dataclass(frozen=True)
class Card:
    """A failed check. `rows` are the bad resources, failed ones first; `evidence` is (name, JSON)."""

    check: CheckResult
    rows: tuple[CardRow, ...]
    folded: tuple[CardRow, ...]
    examined: int
    charts: tuple[Chart, ...]
    evidence: tuple[tuple[str, str], ...]
    evidence_left: int
    runbook: str
    steps: tuple[RunbookStep, ...]
    fixes: tuple[Mapping[str, Any], ...]
    anchor: str
    bars: tuple[Bar, ...]
    lately: str
    deployed: str
    untouched: str


def cards(run: Run, runbook: Mapping[str, Section], zone: tzinfo, earlier: Run | None = None) -> list[Card]:
    """A card for each failed check, the worst first; `earlier` is the run of a day before, for its lines."""
    facts = {stack.name: stack for stack in run.stacks}
    failed = sorted((one for one in run.checks if one.outcome == Outcome.FAILED), key=lambda one: -one.severity.rank)
    return [_card(run, check, facts[check.stack], runbook.get(check.runbook), zone, earlier) for check in failed]


def _card(
    run: Run, check: CheckResult, stack: StackFacts, section: Section | None, zone: tzinfo, earlier: Run | None
) -> Card:
    findings = run.findings_of(check)
    bad = [one for one in findings if one.outcome in (Outcome.FAILED, Outcome.BLIND)]
    bad.sort(key=lambda one: -one.outcome.rank)
    rows = [_row(run, one, zone) for one in bad]
    bars, lately = strip(run, check.stack, check.check, Outcome.FAILED.value)
    seen = [one for one in bad if one.evidence]
    tokens = {**stack.tokens, "resource": bad[0].resource, "name": bad[0].name} if bad else stack.tokens
    return Card(
        check=check,
        rows=tuple(rows[:RESOURCES_OPEN]),
        folded=tuple(rows[RESOURCES_OPEN:]),
        examined=len(findings),
        charts=tuple(_charts(run, bad, zone, earlier)),
        evidence=tuple((one.name, Whole(_evidence(one))) for one in seen[:EVIDENCE_SHOWN]),
        evidence_left=max(len(seen) - EVIDENCE_SHOWN, 0),
        runbook=section.title if section else "",
        steps=_steps(section, tokens) if section else (),
        anchor=anchor(check.stack, check.check),
        bars=bars,
        lately=lately,
        deployed=last_deploy(run, check.stack, zone),
        untouched=_untouched(run.past_of(check.stack), bad, rows),
        fixes=tuple(fix for fix in run.changes if (fix["stack"], fix["check"]) == (check.stack, check.check)),
    )


def _row(run: Run, one: Finding, zone: tzinfo) -> CardRow:
    past = run.past_of(one.stack)
    standing = past.standing(one.check, one.resource)
    told = past.touched if past.journal_days else past.changes
    changes = [change for change in told if change["target"] in (one.resource, one.name)]
    changed = ""
    if changes:
        newest, at = changes[-1], datetime.fromisoformat(changes[-1]["begun"]).astimezone(zone)
        changed = f"last changed {at:%a %d %b, %H:%M} by {newest['by']}: {newest['remedy']}, {newest['state']}"
    since = when(standing, zone) if standing else ""
    return CardRow(one.name, one.resource, one.message, one.outcome.words, since, changed)


def _untouched(past: Past, bad: Sequence[Finding], rows: Sequence[CardRow]) -> str:
    """That nothing of it was changed lately, where the journal was asked and the findings are about resources."""
    asked = past.journal_days and all(one.resource != f"stack/{one.stack}" for one in bad)
    if not asked or any(row.changed for row in rows):
        return ""
    return f"not changed by opschecks in the last {past.journal_days} days"


def last_deploy(run: Run, stack: str, zone: tzinfo) -> str:
    """The newest deployment of the stack's services that the run saw, in words; nothing where it saw none."""
    newest: tuple[datetime, str] | None = None
    for finding in run.findings:
        told = finding.evidence.get("deployments") if finding.stack == stack else None
        for one in told if isinstance(told, list) else []:
            try:
                made = datetime.fromisoformat(str(one["createdAt"]))
                pair = (made, f"{one['taskDefinition'].rsplit('/', 1)[-1]} on {made.astimezone(zone):%a %d %b, %H:%M}")
            except (KeyError, TypeError, ValueError):
                continue  # evidence is AWS's own words, whatever they are
            newest = max(newest, pair) if newest else pair
    return newest[1] if newest else ""


def _charts(run: Run, bad: Sequence[Finding], zone: tzinfo, earlier: Run | None) -> list[Chart]:
    """The series that crossed their limits; where none did, those that have one."""
    lines = [(one, line) for one in bad for line in run.series_of(one)]
    chosen = [pair for pair in lines if crosses(pair[1])] or [pair for pair in lines if pair[1].limit is not None]
    drawn = [
        chart(line, one.name, zone, same_line(earlier, one.stack, one.resource, line.label))
        for one, line in chosen[:CHARTS_SHOWN]
    ]
    return [one for one in drawn if one]


def _evidence(finding: Finding) -> str:
    text = json.dumps(finding.evidence, indent=1, ensure_ascii=False, default=str)
    if len(text) > EVIDENCE_CHARACTERS:
        return text[:EVIDENCE_CHARACTERS] + "\n… cut here; the run file has all of it"
    return text


def _steps(section: Section, tokens: Mapping[str, str]) -> tuple[RunbookStep, ...]:
    return (
        RunbookStep("How to look", to_html(section.look, tokens)),
        RunbookStep("How to act", to_html(section.act, tokens)),
    )
