"""Facts of a fleet to its page: one file without JavaScript, with filters that are radio buttons and style sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ...core.dataclass import dataclass
from ...core.durations import in_words
from ...core.model import Outcome
from ..amounts import capital, first, named
from ..notes import WEB_ADDRESS, brief
from ..rendering import rendered
from ..times import written
from .facts import Fleet, Shared, counted, stacks_of
from .heat import heat_of
from .rows import BadOfStack, StackRow, State

TITLES = 3
"""What is bad on a stack, at most so much of it in its row."""
LONGEST_LINE = 100
STACKS_NAMED = 150
"""Stacks that a card names, at most; the table has every one."""
CARDS = 60
REGIONS = 12
TONES = {State.FAILED: "bad", State.MISSING: "unsure", State.UNSEEN: "unsure", State.GOOD: "good"}
MARKS = {State.FAILED: "✖", State.MISSING: "…", State.UNSEEN: "?", State.GOOD: "✔"}


Choice = tuple[str, str, int]
"""One of the filter's buttons: its key, its words, and how many stacks it shows."""


@dataclass(frozen=True)
class TableRow:
    """A stack as its row in the table prints it. `kinds` are the keys of the filters that show it."""

    row: StackRow
    anchor: str
    kinds: str
    tone: str
    mark: str
    link: str
    where: str
    bad: tuple[str, ...]
    more: int
    began: str


@dataclass(frozen=True)
class CardOfMany:
    """A shared finding as its card prints it; `stacks` are (name, anchor, what more), `left` those not named."""

    shared: Shared
    tone: str
    heading: str
    stacks: tuple[tuple[str, str, str], ...]
    left: int
    checks: str


def render_fleet(fleet: Fleet) -> str:
    """The whole page. Its size grows with the stacks, and by no more than their row, their cells and some names."""
    anchors = {row.stack: f"s{number}" for number, row in enumerate(fleet.rows)}
    regions = _regions(fleet)
    cards, more = first((_card(one, fleet, anchors) for one in fleet.shared), CARDS)
    suite = capital(fleet.suite)
    return rendered(
        "fleet/page.html",
        fleet=fleet,
        heading=f"{suite} checks of {stacks_of(len(fleet.rows))}",
        made=written(fleet.made),
        made_iso=fleet.made.isoformat(),
        span=_span(fleet),
        counted=counted(fleet),
        tiles=[(state, fleet.count(state), TONES[state], MARKS[state]) for state in State],
        cards=cards,
        more_cards=more,
        states=_states(fleet),
        regions=[(f"r{number}", name or "no region", count) for number, (name, count) in enumerate(regions)],
        rows=[_row(row, anchors[row.stack], regions) for row in fleet.rows],
        heat=heat_of(fleet, anchors),
    )


def _span(fleet: Fleet) -> str:
    """When the first and the last of the runs began."""
    times = sorted(row.began for row in fleet.rows if row.began)
    if not times:
        return "no run"
    lasted = times[-1] - times[0]
    within = f" and within {in_words(lasted)}" if lasted.total_seconds() >= 60 else ""
    return f"runs begun {written(times[0])}{within}"


def _states(fleet: Fleet) -> list[Choice]:
    """How stacks stand, and what is new; "all" is in front of them on the page."""
    states = [(state.value, state.words.lower(), fleet.count(state)) for state in State]
    return [*states, ("new", "new since their last run", sum(bool(row.new) for row in fleet.rows))]


def _regions(fleet: Fleet) -> list[tuple[str, int]]:
    """The regions with most stacks, where there are several."""
    listed = sorted(Counter(row.region for row in fleet.rows).items(), key=lambda one: (-one[1], one[0]))
    return listed[:REGIONS] if len(listed) > 1 else []


def _row(row: StackRow, anchor: str, regions: list[tuple[str, int]]) -> TableRow:
    shown, more = first(row.bad, TITLES)
    kinds = [row.state.value, *(["new"] if row.new else [])]
    kinds += [f"r{number}" for number, (name, _) in enumerate(regions) if name == row.region]
    called = f"on call: {row.on_call}" if row.on_call and row.state is not State.GOOD else ""
    return TableRow(
        row=row,
        anchor=anchor,
        kinds=" ".join(kinds),
        tone=TONES[row.state],
        mark=MARKS[row.state],
        link=link(row.page),
        where=", ".join(filter(None, (row.account, row.region, called))),
        bad=tuple(map(_bad, shown)),
        more=more,
        began=written(row.began) if row.began else "",
    )


def link(address: str) -> str:
    """The address of a page, where it may become a link: a web address, or a file beside this page."""
    relative = address and ":" not in address.partition("/")[0] and not address.startswith(("/", "\\"))
    return address if relative or WEB_ADDRESS.fullmatch(address) else ""


def _bad(bad: BadOfStack) -> str:
    severity = f"{bad.severity.value}: " if bad.outcome is Outcome.FAILED else ""
    more = f" and {bad.count - 1} more" if bad.count > 1 else ""
    many = f" ({brief(bad.names[0], LONGEST_LINE)}{more})" if bad.names else ""
    return f"{severity}{brief(bad.title, LONGEST_LINE)}{many}{', new' if bad.new else ''}"


def _card(one: Shared, fleet: Fleet, anchors: Mapping[str, str]) -> CardOfMany:
    shown, left = first(one.stacks, STACKS_NAMED)
    new = f", new on {one.new}" if one.new else ""
    return CardOfMany(
        shared=one,
        tone="bad" if one.outcome is Outcome.FAILED else "unsure",
        heading=f"on {len(one.stacks):,} of {stacks_of(len(fleet.rows))}{new}",
        stacks=tuple(
            (stack.stack, anchors[stack.stack], f" ({stack.count})" if stack.count > 1 else "") for stack in shown
        ),
        left=left,
        checks=named(one.checks, 6),
    )
