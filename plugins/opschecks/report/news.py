"""What is new, still failing, flapping or recovered: the one classification that every output prints."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.dataclass import dataclass
from ..core.model import CheckResult, Outcome
from ..core.run import Past, Run, Standing

BAD = ("new", "still", "flapping")
"""States of what is failing in this run."""
UNSEEN = ("hidden", "unseen")
"""States of what could not be checked in this run."""


@dataclass(frozen=True)
class Kind:
    """One kind of news. `counted` are its words after a number, in a sentence; `tone` is that of its list."""

    key: str
    heading: str
    counted: str
    tone: str


KINDS = (
    Kind("new", "New failures", "new", "bad"),
    Kind("first seen", "New failures, or not visible before", "new (or not visible before)", "bad"),
    Kind("flapping", "Flapping", "flapping", "bad"),
    Kind("still", "Still failing", "still failing", "bad"),
    Kind("hidden", "Failing when last checked; cannot be checked now", "could not be checked again", "unsure"),
    Kind("unseen", "Could not look", "could not be checked", "unsure"),
    Kind("recovered", "Recovered", "recovered", "good"),
    Kind("gone", "No longer there", "no longer there", "none"),
)
"""Every kind, in the order of lists and sentences."""
_FAILING = ("new", "first seen", "flapping", "still")
_TOLD = (*_FAILING, "recovered")
"""Kinds that a verdict counts; what could not be checked it counts as checks."""


def kind(one: Standing) -> str:
    """The kind of a standing: its state, but a failure that was out of sight before may be an old one."""
    return "first seen" if one.state == "new" and one.at_least else one.state


def by_kind(run: Run, past: Past) -> dict[str, list[Standing]]:
    """The standings of the stack's checks in this run, by the keys of KINDS, the severest checks first."""
    checks = {check.check: check for check in run.checks_of(past.stack)}
    known = [one for one in past.standings if one.check in checks]
    known.sort(key=lambda one: (-checks[one.check].severity.rank, one.check, one.name))
    found: dict[str, list[Standing]] = {}
    for one in known:
        found.setdefault(kind(one), []).append(one)
    return {each.key: found[each.key] for each in KINDS if each.key in found}


def counts(run: Run) -> Iterator[str]:
    """The lists of `by_kind` as clauses of a sentence, with the same numbers: 2 new, 1 flapping, 1 recovered.

    The unit is named where a check failed for several resources, so that its failures are more than the failed checks.
    """
    pasts = [by_kind(run, past) for past in run.past if past.previous]
    numbers = {each: sum(len(found.get(each.key, ())) for found in pasts) for each in KINDS if each.key in _TOLD}
    failing = sum(number for each, number in numbers.items() if each.key in _FAILING)
    clauses = [f"{number:,} {each.counted}" for each, number in numbers.items() if number and each.key in _FAILING]
    if clauses and failing != run.count(Outcome.FAILED):
        yield f"{failing:,} failing resource{'' if failing == 1 else 's'}: {', '.join(clauses)}"
    else:
        yield from clauses
    yield from (f"{number:,} recovered" for each, number in numbers.items() if number and each.key == "recovered")


def longest(run: Run, check: CheckResult) -> Standing | None:
    """That of the check's resources which is bad (or, of a blind check, unseen) for the longest; None if not known."""
    states = (BAD, UNSEEN) if check.outcome == Outcome.FAILED else (UNSEEN, BAD)
    known = [one for one in run.past_of(check.stack).standings if one.check == check.check]
    own = (of for group in states if (of := [one for one in known if one.state in group]))
    return min(next(own, ()), key=lambda one: (one.state == "new", one.since), default=None)
