"""What needs a person: a card for each failed check, with evidence, charts and the runbook's steps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...core.model import CheckResult, Finding, Outcome
from ...core.run import Past, Run
from ..amounts import first, plural
from ..chart import Chart, crosses
from ..notes import bad_findings
from ..owners import called_first
from ..runbook import to_html
from ..source import PageSource
from ..standing import Strip, anchor, promise, since, strip
from ..text import Whole
from ..unseen import unseen
from ..verdict import worst_first

RESOURCES_OPEN = 20
"""Bad resources that a card shows open; the others are in it too, folded."""
EVIDENCE_SHOWN = 5
CHARTS_SHOWN = 2
EVIDENCE_CHARACTERS = 20_000
LISTED = 5
"""A group of at most that many checks is open."""


@dataclass(frozen=True)
class CardRow:
    """One resource of a card: `badge` is its outcome where it did not fail, `resource` its ARN if not its name.

    `notes` say since when it has been bad, and what was last changed on it.
    """

    name: str
    badge: str
    message: str
    notes: tuple[str, ...]
    resource: str


@dataclass(frozen=True)
class RunbookStep:
    """What the runbook says: a heading and safe HTML."""

    heading: str
    html: str


@dataclass(frozen=True)
class Fix:
    """What became of a remedy, and the command that undoes it (or empty)."""

    result: str
    tone: str
    said: str
    undo: str


@dataclass(frozen=True)
class Card:
    """A failed check. `rows` are the bad resources, failed ones first; `evidence` is (name, JSON).

    `remedy` can fix it, where none was tried; `preview` is the command that shows what it would do.
    """

    anchor: str
    severity: str
    title: str
    notes: str
    strip: Strip
    rows: tuple[CardRow, ...]
    folded: tuple[CardRow, ...]
    charts: tuple[Chart, ...]
    why: str
    runbook: str
    steps: tuple[RunbookStep, ...]
    fixes: tuple[Fix, ...]
    remedy: str
    preview: str
    look_again: str
    evidence: tuple[tuple[str, str], ...]
    evidence_left: str


@dataclass(frozen=True)
class Hidden:
    """One reason for which checks could not look or were not run; `checks` are (severity, what is not known)."""

    badge: str
    heading: str
    cause: str
    checks: tuple[tuple[str, str], ...]
    is_open: bool


@dataclass(frozen=True)
class Cards:
    """Everything that needs action, the worst first."""

    cards: tuple[Card, ...]
    hidden: tuple[Hidden, ...]


def facts(source: PageSource) -> Cards:
    """A card for each failed check, then one for each reason for which others are not known."""
    run = source.run
    hidden = tuple(
        Hidden(
            badge=outcome.words,
            heading=plural(len(one.checks), "check") + (f" of {one.stack}" if source.several else ""),
            cause=one.cause,
            checks=tuple((check.severity.value, f"whether {promise(check.check)}") for check in one.checks),
            is_open=len(one.checks) <= LISTED,
        )
        for outcome in (Outcome.BLIND, Outcome.NOT_RUN)
        for one in unseen(run, outcome)
    )
    return Cards(tuple(_card(source, check) for check in worst_first(run, Outcome.FAILED)), hidden)


def _card(source: PageSource, check: CheckResult) -> Card:
    run = source.run
    stack = next(one for one in run.stacks if one.name == check.stack)
    bad = bad_findings(run, check)
    rows = [_row(source, one) for one in bad]
    evidence, left = first([one for one in bad if one.evidence], EVIDENCE_SHOWN)
    section = source.runbook.get(check.runbook)
    tokens = {**stack.tokens, **({"resource": bad[0].resource, "name": bad[0].name} if bad else {})}
    if who := called_first(stack, check, bad):
        tokens["on-call"] = who
    parts = (("How to look", section.look), ("How to act", section.act)) if section else ()
    fixes = [one for one in run.changes if (one["stack"], one["check"]) == (check.stack, check.check)]
    suite = f"pytest checks/{run.suite.replace('deploy-', 'deploy/')}"
    return Card(
        anchor=anchor(check.stack, check.check),
        severity=check.severity.value,
        title=check.failing,
        notes=" · ".join(_notes(source, check, bad)),
        strip=strip(run, check.stack, check.check, Outcome.FAILED.value),
        rows=tuple(rows[:RESOURCES_OPEN]),
        folded=tuple(rows[RESOURCES_OPEN:]),
        charts=tuple(_charts(source, bad)),
        why=check.why,
        runbook=section.title if section else "",
        steps=tuple(RunbookStep(heading, to_html(text, tokens)) for heading, text in parts),
        fixes=tuple(
            Fix(
                one["result"],
                "bad" if one["result"] == "roll-back failed" else "warn",
                f"{one['remedy']} on {one['name']}: {one['said']}",
                one["undo"] if one["undo"] != "one-way" else "",
            )
            for one in fixes
        ),
        remedy="" if fixes else check.remedy,
        preview=f"{suite} --stack {check.stack} --fix=plan",
        look_again=f"{suite} -k {check.check}" + ("" if run.sandbox else f" --stack {check.stack}"),
        evidence=tuple((one.name, Whole(_evidence(one))) for one in evidence),
        evidence_left=f"Evidence for {plural(left, 'more resource')} is in the" if left else "",
    )


def _notes(source: PageSource, check: CheckResult, bad: Sequence[Finding]) -> list[str]:
    """The line below a card's title."""
    past = source.run.past_of(check.stack)
    about_resources = all(one.resource != f"stack/{one.stack}" for one in bad)
    untouched = past.journal_days and about_resources and not any(_changed(past, one) for one in bad)
    deployed = last_deploy(source.run, check.stack)
    notes = (
        check.check,
        check.stack if source.several else "",
        f"{len(bad)} of {len(source.run.findings_of(check))} examined",
        f"last deploy {deployed[1]} on {source.time(deployed[0])}" if deployed else "",
        f"not changed by opschecks in the last {plural(past.journal_days, 'day')}" if untouched else "",
    )
    return [note for note in notes if note]


def _row(source: PageSource, one: Finding) -> CardRow:
    past = source.run.past_of(one.stack)
    return CardRow(
        name=one.name,
        badge="" if one.outcome is Outcome.FAILED else one.outcome.words,
        message=one.message,
        notes=tuple(
            filter(
                None,
                (
                    since(past.standing(one.check, one.resource), source.zone, source.time),
                    _last_change(source, past, one),
                ),
            )
        ),
        resource="" if one.resource == one.name else one.resource,
    )


def _last_change(source: PageSource, past: Past, one: Finding) -> str:
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


def _charts(source: PageSource, bad: Sequence[Finding]) -> list[Chart]:
    """The series that crossed their limits; where none did, those that have one."""
    lines = [(one, line) for one in bad for line in source.run.series_of(one)]
    chosen = [pair for pair in lines if crosses(pair[1])] or [pair for pair in lines if pair[1].limit is not None]
    drawn = (source.chart(line, one.name, one.stack, one.resource) for one, line in chosen[:CHARTS_SHOWN])
    return [one for one in drawn if one]


def _evidence(finding: Finding) -> str:
    text = json.dumps(finding.evidence, indent=1, ensure_ascii=False, default=str)
    if len(text) > EVIDENCE_CHARACTERS:
        return text[:EVIDENCE_CHARACTERS] + "\n… cut here; the run file has all of it"
    return text
