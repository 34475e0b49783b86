"""The lines of the verdict: each failed check and each reason in one line, with the way to its card."""

from __future__ import annotations

from collections.abc import Iterator

from ...core.dataclass import dataclass
from ..amounts import named, plural
from ..notes import LONGEST_NAME, brief
from .cards import Card, Cards
from .causes import Hidden

LONGEST = 140
LONGEST_OWNER = 40
NAMED = 2


@dataclass(frozen=True)
class Item:
    """One line. `severity` or else `badge` stands first; `runbook` is a slug whose steps are on the page, or empty."""

    severity: str
    badge: str
    anchor: str
    title: str
    said: str
    owner: str
    runbook: str


def items(found: Cards) -> Iterator[Item]:
    """A line for each card, in their order."""
    yield from map(_of_card, found.cards)
    yield from map(_of_reason, found.hidden)


def _of_card(card: Card) -> Item:
    part = card.parts[0]
    row = part.rows[0] if part.rows else None
    rows = (*part.rows, *part.folded)
    every = [one.name for each in rows for one in (*each.names, *each.folded)]
    names = [brief(name, LONGEST_NAME) if place < NAMED else name for place, name in enumerate(every)]
    said = f"{named(names, NAMED)}: {row.observed}{row.limit}" if row else ""
    stacks = f" on {plural(len(card.parts), 'stack')}" if len(card.parts) > 1 else ""
    ages = {one.age for one in card.parts if one.age}
    age = f", {ages.pop()}" if len(ages) == 1 else ""
    return Item(
        severity=card.check.severity.value,
        badge="",
        anchor=card.anchor,
        title=card.check.failing,
        said=f"{stacks}{age} – {brief(said, LONGEST)}",
        owner=brief(part.owner, LONGEST_OWNER),
        runbook=card.runbook.slug if card.runbook else "",
    )


def _of_reason(one: Hidden) -> Item:
    if one.action:
        step = f" – {one.next} {one.action}"
    else:
        what = f"; {one.next} {one.command}".rstrip() if one.next else ""
        step = f" – {brief(one.observed, LONGEST)}{brief(what, LONGEST)}"
    return Item("", one.badge, one.anchor, one.heading, step, "", "")
