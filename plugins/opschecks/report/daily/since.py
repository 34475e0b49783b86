"""What changed since the runs before: new, still bad, on and off, out of sight, recovered."""

from __future__ import annotations

from datetime import date

from ...core.dataclass import dataclass
from ...core.model import NOT_APPLICABLE, CheckResult, Outcome
from ...core.run import Past, Run, Standing
from ..amounts import first, plural
from ..news import KINDS, UNSEEN, by_kind
from ..source import PageSource
from ..standing import anchor, promise, since

SHOWN = 12
"""Lines of a group; the cards and the table of checks have all."""


Line = tuple[str, str, str, str]
"""One resource, or one check, in a group: its title, its name, a note, and the card that says more, if there is one."""


Group = tuple[str, str, tuple[Line, ...], int]
"""One kind of change: its heading and tone, its first lines, and how many more there are."""


@dataclass(frozen=True)
class Comparison:
    """What the run was compared with, in words; the groups, worst first; and where there are none, what that means.

    `summary` is how many each group has, where the groups are to be folded below it.
    """

    on: str
    basis: str
    groups: tuple[Group, ...]
    quiet: str
    summary: str = ""


def facts(source: PageSource) -> list[Comparison]:
    """The run beside its stacks' earlier ones; nothing of a stack that has not been compared."""
    return [_comparison(source, past) for past in source.run.past]


def _comparison(source: PageSource, past: Past) -> Comparison:
    """With the lists folded below their numbers, where cards say the same."""
    found = by_kind(source.run, past)
    numbers = ", ".join(f"{len(of):,} {each.counted}" for each in KINDS if (of := found.get(each.key)))
    checks = {check.check: check for check in source.run.checks_of(past.stack)}
    failed = any(check.outcome == Outcome.FAILED for check in checks.values())
    groups = []
    for each in KINDS:
        if of := found.get(each.key):
            shown, left = first(of, SHOWN)
            lines = tuple(_line(one, checks[one.check], source) for one in shown)
            groups.append((f"{each.heading} ({len(of):,})", each.tone, lines, left))
    summary = numbers if failed else ""
    return Comparison(source.on(past.stack), _basis(past, source), tuple(groups), _quiet(past, source.run), summary)


def _basis(past: Past, source: PageSource) -> str:
    if past.error:
        return f"Earlier runs could not be read, so nothing is compared: {past.error}"
    if past.previous is None:
        return "The first run on record: there is nothing to compare it with."
    others = f", and {past.runs - 1} before it" if past.runs > 1 else ""
    told = f"Compared with the run of {source.time(past.previous)}{others}."
    if past.missed:
        shown, left = first(past.missed, 5)
        days = ", ".join(f"{date.fromisoformat(day):%a %d}" for day in shown)
        more = f" and {plural(left, 'more day')}" if left else ""
        told += f" There was no run on {days}{more}."
    return told


def _quiet(past: Past, run: Run) -> str:
    if past.error or not past.previous:
        return ""
    if run.state != "finished" or run.count(Outcome.NOT_RUN):
        return "No comparison: this run is incomplete."
    own = [check.outcome for check in run.checks_of(past.stack)]
    if not (blind := own.count(Outcome.BLIND)):
        return "No new failures."
    if could := len(own) - own.count(NOT_APPLICABLE) - blind:
        return f"No new failures of the {plural(could, 'check')} that could look."
    return "No comparison: no check could look."


def _line(one: Standing, check: CheckResult, source: PageSource) -> Line:
    return (
        promise(check.check) if one.state in UNSEEN else check.failing,
        "" if one.resource == f"stack/{check.stack}" else one.name,
        ", ".join(filter(None, (check.severity.value, since(one, source.zone, source.time)))),
        anchor(check.stack, check.check) if check.outcome == Outcome.FAILED else "",
    )
