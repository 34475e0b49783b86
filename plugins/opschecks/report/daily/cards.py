"""What needs a person: a card for each failed check, facts first, then fix, runbook and evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from ...core.dataclass import dataclass
from ...core.model import CheckResult, Finding, Outcome, Severity
from ...core.run import Run, StackFacts
from ..amounts import first, plural
from ..chart import Chart, crosses
from ..commands import as_typed, suite_command
from ..console import Place, link
from ..news import kind, longest
from ..notes import bad_findings
from ..observed import observed
from ..owners import called_first
from ..runbook import steps_in, to_html
from ..source import PageSource
from ..standing import Strip, anchor, finding_anchor, since, strip
from ..text import Whole
from ..verdict import worst_first
from .causes import Hidden, hidden
from .fixes import Fixes, fixes_of
from .touched import changes_of, last_change

ROWS_OPEN = 6
"""Rows of a card that stand open; the others are in it too, folded."""
NAMES_OPEN = 6
"""Resources of one row that stand open."""
LONGEST_ID = 24
STACKS = 12
"""Stacks that can be chosen; style.css has a rule for each."""
EVIDENCE_SHOWN = 5
CHARTS_SHOWN = 1
EVIDENCE_CHARACTERS = 20_000


@dataclass(frozen=True)
class Named:
    """A resource: its name, its ARN or id if that is not its name, the address of its page in the console (or empty).

    `is_short`: the id is one that people use, such as sg-0a1b, and is shown also where there are many.
    """

    anchor: str
    name: str
    resource: str
    is_short: bool
    link: str


@dataclass(frozen=True)
class CardRow:
    """Resources of which the same was observed. `badge` is their outcome where they did not fail.

    `limit` is what was expected as the end of a sentence, or empty. `notes` say what else was seen, since when it has
    been so where that differs from the card's, and what was last changed.
    """

    badge: str
    names: tuple[Named, ...]
    folded: tuple[Named, ...]
    observed: str
    expected: str
    limit: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Runbook:
    """The runbook's section; its steps are headings with safe HTML.

    `above` is the card that has the steps, where another one has; `instead` what differs.
    """

    slug: str
    title: str
    count: str
    steps: tuple[tuple[str, str], ...]
    above: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Part:
    """The card's check on one stack. `expected` is said here where it is the same of all rows.

    `same_as` is the stack above on which just the same was observed, or empty. `age` is new, flapping or day n; `since`
    the same in full; `evidence` is (name, JSON).
    """

    anchor: str
    stack: str
    age: str
    since: str
    strip: Strip
    count: str
    owner: str
    expected: str
    rows: tuple[CardRow, ...]
    folded: tuple[CardRow, ...]
    changed: tuple[str, ...]
    charts: tuple[Chart, ...]
    fixes: Fixes
    look_again: str
    evidence: tuple[tuple[str, str], ...]
    evidence_left: str
    same_as: str = ""


@dataclass(frozen=True)
class Card:
    """A failed check, on each stack on which it failed. `kinds` are what filters choose it by."""

    check: CheckResult
    anchor: str
    parts: tuple[Part, ...]
    runbook: Runbook | None
    kinds: str


@dataclass(frozen=True)
class Cards:
    """Everything that needs action, the worst first.

    `filters` are what cards can be chosen by, radio buttons that the style sheet follows: the class of the cards that
    each leaves, its words, and how many cards those are.
    """

    cards: tuple[Card, ...]
    hidden: tuple[Hidden, ...]
    filters: tuple[tuple[str, str, int], ...]
    zone: str


def facts(source: PageSource) -> Cards:
    """A card for each failed check, then one for each reason for which others are not known."""
    groups: dict[tuple[str, str], list[CheckResult]] = {}
    for check in worst_first(source.run, Outcome.FAILED):
        groups.setdefault((check.check, check.failing), []).append(check)
    told: dict[str, CheckResult] = {}
    cards = [_card(source, of, told) for of in groups.values()]
    unknown = tuple(hidden(source))
    return Cards(tuple(cards), unknown, _filters(source.run, [*cards, *unknown]), source.zone_name)


def _filters(run: Run, cards: Sequence[Card | Hidden]) -> tuple[tuple[str, str, int], ...]:
    """Those that leave some cards and hide others."""
    named = [("failed", "Failed"), ("unseen", "Could not look")]
    named += [(one.value, one.value) for one in reversed(Severity)]
    named += [(f"of-{place}", stack.name) for place, stack in enumerate(run.stacks[:STACKS])]
    of = [set(card.kinds.split()) for card in cards]
    counted = ((key, words, sum(key in kinds for kinds in of)) for key, words in named)
    return tuple(one for one in counted if 0 < one[2] < len(cards))


def _card(source: PageSource, checks: Sequence[CheckResult], told: dict[str, CheckResult]) -> Card:
    """`told` are the checks of the cards above that have the steps of the runbook, by their slugs."""
    check = checks[0]
    order = [stack.name for stack in source.run.stacks]
    return Card(
        check=check,
        anchor=anchor(check.stack, check.check),
        parts=tuple(_parts(source, checks)),
        runbook=_runbook(source, check, told),
        kinds=" ".join(["failed", check.severity.value, *(f"of-{order.index(one.stack)}" for one in checks)]),
    )


def _runbook(source: PageSource, check: CheckResult, told: dict[str, CheckResult]) -> Runbook | None:
    """The section of the check's slug: its steps where no card above has them, else the way to that card."""
    section = source.runbook.get(check.runbook)
    if not section:
        return None
    runbook = Runbook(section.slug, section.title, steps_in(section), ())
    if check.runbook in told:
        other = told[check.runbook]
        above = anchor(other.stack, other.check)
        mine, theirs = (_tokens(source, one).get("name", "") for one in (check, other))
        uses = any(f"<{token}>" in section.look + section.act for token in ("name", "resource"))
        return replace(runbook, above=above, instead=f"{mine} in place of {theirs}" if uses and mine != theirs else "")
    told[check.runbook] = check
    tokens = _tokens(source, check)
    sides = (("How to look", section.look), ("How to act", section.act))
    return replace(runbook, steps=tuple((head, to_html(as_typed(source.run, text), tokens)) for head, text in sides))


def _tokens(source: PageSource, check: CheckResult) -> dict[str, str]:
    stack = source.stack(check.stack)
    bad = bad_findings(source.run, check)
    found = {"resource": bad[0].resource, "name": bad[0].name} if bad else {}
    who = called_first(stack, check, bad)
    return {**stack.tokens, **found, **({"on-call": who} if who else {})}


def _parts(source: PageSource, checks: Sequence[CheckResult]) -> Iterator[Part]:
    """A part for each stack; where the same was observed as on the first one, it is not told again."""
    first_part = None
    for part in (_part(source, check) for check in checks):
        facts = [(row.badge, row.observed, row.expected, row.notes) for row in (*part.rows, *part.folded)]
        if first_part and first_part[1] == facts and len(facts) == 1:
            yield replace(part, same_as=first_part[0].stack, charts=())
        else:
            yield part
        first_part = first_part or (part, facts)


def _part(source: PageSource, check: CheckResult) -> Part:
    run = source.run
    bad = bad_findings(run, check)
    oldest = longest(run, check)
    ages = {"new": "new", "first seen": "", "flapping": "flapping"}
    rows = _rows(source, check, bad)
    expected = {one.expected for one in rows if not one.badge}
    shared = expected.pop() if len(expected) == 1 else ""
    evidence, left = first([one for one in bad if one.evidence], EVIDENCE_SHOWN)
    again = "" if run.sandbox else f" --stack {check.stack}"
    return Part(
        anchor=anchor(check.stack, check.check),
        stack=check.stack if source.several else "",
        age=ages.get(kind(oldest), f"day {oldest.day}") if oldest else "",
        since=since(oldest, source.zone, source.time),
        strip=strip(run, check.stack, check.check, Outcome.FAILED.value),
        count=f"{len(bad):,} of {len(run.findings_of(check)):,} examined",
        owner=called_first(source.stack(check.stack), check, bad),
        expected=shared,
        rows=tuple(rows[:ROWS_OPEN]),
        folded=tuple(rows[ROWS_OPEN:]),
        changed=tuple(changes_of(source, check, bad)),
        charts=tuple(_charts(source, check, bad)),
        fixes=fixes_of(run, check),
        look_again=f"{suite_command(run)} -k {check.check}{again}",
        evidence=tuple((one.name, Whole(_evidence(one))) for one in evidence),
        evidence_left=f"Evidence for {plural(left, 'more resource')} is in the" if left else "",
    )


def _rows(source: PageSource, check: CheckResult, bad: Sequence[Finding]) -> list[CardRow]:
    """The resources, those of which the same is said in one row; in the order of the first of each."""
    past = source.run.past_of(check.stack)
    ages = [since(past.standing(one.check, one.resource), source.zone, source.time) for one in bad]
    alike = len(set(ages)) == 1  # then the card says it
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one, age in zip(bad, ages, strict=True):
        facts = observed(one, check)
        badge = "" if one.outcome is Outcome.FAILED else one.outcome.words
        beside = (facts.beside, "" if alike else age, last_change(source, past, one))
        groups.setdefault((badge, facts.observed, facts.expected, facts.limit, *beside), []).append(one)
    rows, given = [], set[str]()
    for (badge, seen, expected, limit, *more), of in groups.items():
        names = tuple(_named(source, one, given) for one in of)
        notes = tuple(filter(None, more))
        rows.append(CardRow(badge, names[:NAMES_OPEN], names[NAMES_OPEN:], seen, expected, limit, notes))
    return rows


def _named(source: PageSource, one: Finding, given: set[str]) -> Named:
    """`given` are the ids that the page has: the first finding of a resource has it."""
    own, stack = finding_anchor(one), source.stack(one.stack)
    is_first = own not in given
    given.add(own)
    shown = _short(stack, one)
    place = Place(stack.region, stack.account_id, stack.portal, stack.portal_role)
    # no console knows a sandbox
    page = "" if stack.sandbox else link(one.resource, source.seen_by(one.stack, one.resource), place)
    return Named(own if is_first else "", one.name, shown, len(shown) <= LONGEST_ID, page)


def _short(stack: StackFacts, one: Finding) -> str:
    """The resource's id where that is not its name; of an ARN in the stack's own account and region what names it."""
    if one.resource == one.name:
        return ""
    parts = one.resource.split(":", 5)
    own = len(parts) == 6 and parts[3] in ("", stack.region) and parts[4] in ("", stack.account_id)
    return parts[5] if own else one.resource


def _charts(source: PageSource, check: CheckResult, bad: Sequence[Finding]) -> list[Chart]:
    """The series that crossed their limits and are what the check is about, as its own words show."""
    words = " ".join([check.failing, check.check, *(one.message for one in bad[:1])]).lower()
    drawn = (
        source.chart(line, one.name, one.stack, one.resource)
        for one in bad
        for line in source.run.series_of(one)
        if crosses(line) and line.label.partition(" ")[0].lower() in words
    )
    return list(filter(None, islice(drawn, CHARTS_SHOWN)))


def _evidence(finding: Finding) -> str:
    text = json.dumps(finding.evidence, indent=1, ensure_ascii=False, default=str)
    if len(text) > EVIDENCE_CHARACTERS:
        return text[:EVIDENCE_CHARACTERS] + "\n… cut here; the run file has all of it"
    return text
