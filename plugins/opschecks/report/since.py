"""What changed since the runs before: new, still bad, on and off, out of sight, good again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, tzinfo

from ..core.model import CheckResult, Outcome
from ..core.run import Past, Run, Standing

SHOWN = 12
"""So many lines a group shows; the cards and the table of checks have all."""
BARS = 14


@dataclass(frozen=True)
class Line:
    """One resource, or one check, in a group. `anchor` is the card that tells more, if there is one."""

    title: str
    name: str
    severity: str
    when: str
    anchor: str = ""


@dataclass(frozen=True)
class Group:
    """One kind of change."""

    heading: str
    tone: str
    lines: tuple[Line, ...]
    left: int


@dataclass(frozen=True)
class Comparison:
    """What the run was compared with, in words; and the groups, worst first."""

    stack: str
    basis: str
    groups: tuple[Group, ...]


_GROUPS = (
    ("new", "New failures", "bad"),
    ("flapping", "On and off", "bad"),
    ("still", "Still failing", "bad"),
    ("hidden", "Were failing, and now out of sight", "unsure"),
    ("unseen", "Could not look", "unsure"),
    ("recovered", "Recovered", "good"),
    ("gone", "No longer there", "none"),
)


def anchor(stack: str, check: str) -> str:
    """The id of a check's card."""
    return f"{stack}-{check.removeprefix('test_')}"


def compared(run: Run, zone: tzinfo) -> list[Comparison]:
    """What changed, for each stack that the history knows something of."""
    return [Comparison(past.stack, _basis(past, zone), tuple(_groups(run, past, zone))) for past in run.past]


def _basis(past: Past, zone: tzinfo) -> str:
    if past.error:
        return f"Earlier runs could not be read, so that nothing is compared: {past.error}"
    if past.previous is None:
        return "The first run on record: there is nothing to compare it with."
    others = f", and {past.runs - 1} before it" if past.runs > 1 else ""
    told = f"Compared with the run of {past.previous.astimezone(zone):%a %d %b, %H:%M}{others}."
    if past.missed:
        days = [f"{date.fromisoformat(day):%a %d}" for day in past.missed[:5]]
        more = f" and {len(past.missed) - 5} days more" if len(past.missed) > 5 else ""
        told += f" There was no run on {', '.join(days)}{more}."
    return told


def _groups(run: Run, past: Past, zone: tzinfo) -> Iterator[Group]:
    checks = {check.check: check for check in run.checks if check.stack == past.stack}
    for state, heading, tone in _GROUPS:
        of = [one for one in past.standings if one.state == state and one.check in checks]
        of.sort(key=lambda one: (-checks[one.check].severity.rank, one.check, one.name))
        if of:
            lines = tuple(_line(one, checks[one.check], past.stack, zone) for one in of[:SHOWN])
            yield Group(f"{heading} ({len(of)})", tone, lines, max(len(of) - SHOWN, 0))


def _line(one: Standing, check: CheckResult, stack: str, zone: tzinfo) -> Line:
    promise = check.check.removeprefix("test_").replace("_", " ")
    return Line(
        title=f"whether {promise}" if one.state in ("unseen", "hidden") else check.failing,
        name="" if one.resource == f"stack/{stack}" else one.name,
        severity=check.severity.value,
        when=when(one, zone),
        anchor=anchor(stack, check.check) if check.outcome == Outcome.FAILED else "",
    )


def when(one: Standing, zone: tzinfo) -> str:
    """Since when, in words."""
    began = f"{one.since.astimezone(zone):%a %d %b, %H:%M}{' or before' if one.at_least else ''}"
    if one.state == "new":
        return f"new, or hidden since {one.since.astimezone(zone):%a %d %b}" if one.at_least else "new"
    if one.state == "flapping":
        return "back again: it was bad before, and good in between"
    if one.state == "still":
        return f"day {one.day}, since {began}"
    if one.state == "hidden":
        return f"failing since {began} when last seen"
    if one.state == "unseen":
        return f"since {began}" if one.day > 1 else ""
    return f"was bad since {began}"


@dataclass(frozen=True)
class Bar:
    """One run in a strip: its place, and how it ended."""

    x: float
    tone: str


def strip(run: Run, stack: str, area: str, now: str) -> tuple[tuple[Bar, ...], str]:
    """The bars of the last runs with this one, the oldest first; and the same in words."""
    outcomes = [*run.past_of(stack).strips.get(area, ()), now][-BARS:]
    tones = {"passed": "good", "waived": "waived", "failed": "bad", "blind": "unsure"}
    bars = tuple(Bar(7 * place, tones.get(outcome, "none")) for place, outcome in enumerate(outcomes))
    counts = {words: outcomes.count(outcome) for outcome, words in _WORDS.items()}
    said = ", ".join(f"{count} {words}" for words, count in counts.items() if count)
    if len(outcomes) > 1:
        return bars, f"last {len(outcomes)} runs: {said}"
    known = any(past.stack == stack and not past.error for past in run.past)
    return bars, "the only run so far" if known else "earlier runs were not compared"


_WORDS = {
    "passed": "passed",
    "waived": "waived",
    "failed": "failed",
    "blind": "could not look",
    "not_run": "not run",
    "": "none",
}
