"""What needs a person: a card for each failed check, with evidence, charts and the runbook's steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from ..model import CheckResult, Finding, Outcome, Run, Series, StackFacts
from .chart import Chart, chart, crosses
from .runbook import Section, to_html
from .text import Whole

RESOURCES_OPEN = 20
"""So many bad resources stand in a card; the others are in it too, folded."""
EVIDENCE_SHOWN = 5
CHARTS_SHOWN = 2
EVIDENCE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Row:
    """One resource of a card."""

    name: str
    resource: str
    message: str
    outcome: str


@dataclass(frozen=True)
class Step:
    """What the runbook says: a heading and safe HTML."""

    heading: str
    html: str


@dataclass(frozen=True)
class Card:
    """A failed check. `rows` are the bad resources, failed ones first; `evidence` is (name, JSON)."""

    check: CheckResult
    rows: tuple[Row, ...]
    folded: tuple[Row, ...]
    examined: int
    charts: tuple[Chart, ...]
    evidence: tuple[tuple[str, str], ...]
    evidence_left: int
    runbook: str
    steps: tuple[Step, ...]
    fixes: tuple[Mapping[str, Any], ...]


def cards(run: Run, runbook: Mapping[str, Section], zone: tzinfo) -> list[Card]:
    """A card for each failed check, the worst first."""
    facts = {stack.name: stack for stack in run.stacks}
    failed = sorted((one for one in run.checks if one.outcome == Outcome.FAILED), key=lambda one: -one.severity.rank)
    return [_card(run, check, facts[check.stack], runbook.get(check.runbook), zone) for check in failed]


def _card(run: Run, check: CheckResult, stack: StackFacts, section: Section | None, zone: tzinfo) -> Card:
    findings = run.findings_of(check)
    bad = [one for one in findings if one.outcome in (Outcome.FAILED, Outcome.BLIND)]
    bad.sort(key=lambda one: -one.outcome.rank)
    rows = [Row(one.name, one.resource, one.message, one.outcome.words) for one in bad]
    seen = [one for one in bad if one.evidence]
    tokens = {**stack.tokens, "resource": bad[0].resource, "name": bad[0].name} if bad else stack.tokens
    return Card(
        check=check,
        rows=tuple(rows[:RESOURCES_OPEN]),
        folded=tuple(rows[RESOURCES_OPEN:]),
        examined=len(findings),
        charts=tuple(_charts(run, bad, zone)),
        evidence=tuple((one.name, Whole(_evidence(one))) for one in seen[:EVIDENCE_SHOWN]),
        evidence_left=max(len(seen) - EVIDENCE_SHOWN, 0),
        runbook=section.title if section else "",
        steps=_steps(section, tokens) if section else (),
        fixes=tuple(fix for fix in run.changes if (fix["stack"], fix["check"]) == (check.stack, check.check)),
    )


def _charts(run: Run, bad: Sequence[Finding], zone: tzinfo) -> list[Chart]:
    """The series that crossed their limits; where none did, those that have one."""
    lines: list[tuple[str, Series]] = [(one.name, line) for one in bad for line in run.series_of(one)]
    chosen = [pair for pair in lines if crosses(pair[1])] or [pair for pair in lines if pair[1].limit is not None]
    drawn = [chart(line, name, zone) for name, line in chosen[:CHARTS_SHOWN]]
    return [one for one in drawn if one]


def _evidence(finding: Finding) -> str:
    text = json.dumps(finding.evidence, indent=1, ensure_ascii=False, default=str)
    if len(text) > EVIDENCE_CHARACTERS:
        return text[:EVIDENCE_CHARACTERS] + "\n… cut here; the run file has all of it"
    return text


def _steps(section: Section, tokens: Mapping[str, str]) -> tuple[Step, ...]:
    return (
        Step("How to look", to_html(section.look, tokens)),
        Step("How to act", to_html(section.act, tokens)),
    )
