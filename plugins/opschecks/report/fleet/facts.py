"""Rows to the facts of a fleet: how it stands as a whole, what many stacks share, what is missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from ...core.dataclass import dataclass
from ...core.model import Outcome, Severity
from ...core.wording import plural
from ..amounts import first, named
from ..notes import brief
from .rows import BadOfStack, StackRow, State

SHARED_BY = 2
"""What at least so many stacks have in common is told once."""
ACTIONS, FAILURES = 5, 3
"""Next steps that are told, and how many of them may be about failures: what is missing must not be crowded out."""
NAMED = 3
LONGEST = 300
_OWN = re.compile(
    r"arn:[\w-]+:[^\s\"'),;]+|\b\d{12}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)
"""What differs between stacks in an otherwise equal answer of AWS: ARNs, account ids, ids of requests."""


@dataclass(frozen=True)
class InStack:
    """One stack of a shared finding: how many of its resources are concerned, and whether that is new there."""

    stack: str
    count: int
    new: bool


@dataclass(frozen=True)
class Shared:
    """One thing that is bad on several stacks: a check that failed, or a reason for which checks could not look.

    `checks` are their names, `stacks` those concerned, the one with most resources first; `example` is what was said of
    one of them.
    """

    key: str
    title: str
    outcome: Outcome
    severity: Severity
    runbook: str
    checks: tuple[str, ...]
    stacks: tuple[InStack, ...]
    example: str

    @property
    def new(self) -> int:
        """On how many stacks it is new."""
        return sum(one.new for one in self.stacks)


@dataclass(frozen=True)
class Fleet:
    """Everything that is told of a fleet.

    `name` is that of its deal, or empty; `shards` how many there are (0: no deal), `late` those that have not ended.
    `unknown` says why it is not known to be complete, or is empty; `notes` are further sentences. `rows` are
    the stacks, the worst first; `checks` every check of any of them, those that are bad on most stacks first.
    """

    suite: str
    name: str
    made: datetime
    rows: tuple[StackRow, ...]
    shared: tuple[Shared, ...]
    checks: tuple[str, ...]
    shards: int = 0
    late: tuple[int, ...] = ()
    unknown: str = ""
    notes: tuple[str, ...] = ()

    def count(self, state: State) -> int:
        """How many stacks stand so."""
        return sum(row.state is state for row in self.rows)

    @property
    def exit_code(self) -> int:
        """As that of a run: 0 all known and good, 1 something failed, 10 some stack or check was not seen."""
        if self.count(State.FAILED):
            return 1
        whole = self.rows and not self.unknown and all(row.state is State.GOOD for row in self.rows)
        return 0 if whole else 10

    @property
    def word(self) -> str:
        """The heading of every report."""
        if self.count(State.FAILED):
            return "Action needed"
        if self.count(State.MISSING) or not self.rows:
            return "The fleet is incomplete"
        if self.count(State.UNSEEN):
            return "Not everything could be checked"
        return "Not known to be complete" if self.unknown else "All good"

    @property
    def tone(self) -> str:
        """As a verdict's: good, bad or unsure."""
        return {0: "good", 1: "bad"}.get(self.exit_code, "unsure")

    @property
    def sandboxes(self) -> int:
        """How many of the stacks are a sandbox."""
        return sum(row.sandbox for row in self.rows)

    @property
    def headline(self) -> str:
        """A subject for mails and messages."""
        sandbox = "SANDBOX – " if self.sandboxes else ""
        called = f" ({self.name})" if self.name else ""
        return f"{sandbox}{self.word} – {self.suite} checks of {stacks_of(len(self.rows))}{called}"

    @property
    def sentence(self) -> str:
        """What is known of all stacks, in one sentence: their numbers add up."""
        total = len(self.rows)
        if not total:
            return f"No stack with a {self.suite} run was found, and none was expected by name."
        said = [
            (State.FAILED, "has a failure", "have failures"),
            (State.MISSING, "has no run", "have no run"),
            (State.UNSEEN, "could not be checked completely", "could not be checked completely"),
            (State.GOOD, "is good", "are good"),
        ]
        parts = [
            f"{count:,} {one if count == 1 else many}" for state, one, many in said if (count := self.count(state))
        ]
        whole = f"Of {stacks_of(total)}, {', '.join(parts)}"
        few = "1 of them is a sandbox" if self.sandboxes == 1 else f"{self.sandboxes} of them are sandboxes"
        where = f"; {few}, not production" if self.sandboxes else ""
        return f"{whole}{where}{self._news}."

    @property
    def _news(self) -> str:
        new, well = [row for row in self.rows if row.new], [row for row in self.rows if row.recovered]
        parts = [f"new failures on {stacks_of(len(new))}"] if new else []
        parts += [f"something recovered on {stacks_of(len(well))}"] if well else []
        if not parts and not all(row.compared for row in self.rows):
            return ""
        return f"; {' and '.join(parts) or 'nothing is new since their last runs'}"

    @property
    def actions(self) -> tuple[str, ...]:
        """The next steps that the runs prove, the most urgent first."""
        return first(dict.fromkeys(self._steps()), ACTIONS)[0]

    def _failures(self) -> Iterator[str]:
        shared = [one for one in self.shared if one.outcome is Outcome.FAILED]
        for one in shared:
            yield f"{one.title}, on {len(one.stacks):,} of {stacks_of(len(self.rows))}: follow “{one.runbook}”"
        told = {check for one in shared for check in one.checks}
        for row in self.rows:
            if own := [bad for bad in row.failed if bad.check not in told]:
                yield f"{own[0].title}, on {row.stack}: follow “{own[0].runbook}”"

    def _steps(self) -> Iterator[str]:
        yield from islice(self._failures(), FAILURES)
        if lost := [row.stack for row in self.rows if row.state is State.MISSING]:
            shards, have = ("shard", "has") if len(self.late) == 1 else ("shards", "have")
            late = f"; {shards} {named([*map(str, self.late)], 8)} {have} not ended" if self.late else ""
            yield f"Run {stacks_of(len(lost))} again: {named(lost, NAMED)}{late}"
        for one in self.shared:
            if one.outcome is Outcome.BLIND:
                checks, stacks = plural(len(one.checks), "check"), stacks_of(len(one.stacks))
                yield f"{checks} could not look on {stacks}: {one.title}"
        if self.unknown:
            yield self.unknown


def fleet_of(
    rows: Iterable[StackRow],
    *,
    suite: str,
    made: datetime,
    name: str = "",
    shards: int = 0,
    late: Iterable[int] = (),
    unknown: str = "",
    notes: Iterable[str] = (),
) -> Fleet:
    """The facts of these stacks; of two rows of one stack the one that began last counts, and nothing counts twice."""
    newest: dict[str, StackRow] = {}
    for row in rows:
        known = newest.setdefault(row.stack, row)
        if known.began is None or (row.began is not None and row.began > known.began):
            newest[row.stack] = row
    ordered = tuple(sorted(newest.values(), key=lambda row: row.order))
    shared = tuple(_shared(ordered))
    return Fleet(suite, name, made, ordered, shared, _checks(ordered), shards, tuple(late), unknown, tuple(notes))


def _checks(rows: Iterable[StackRow]) -> tuple[str, ...]:
    """Every check, those that are bad on most stacks first: what concerns many is on the left of the map."""
    bad: Counter[str] = Counter()
    for row in rows:
        for check, outcome in row.outcomes.items():
            bad[check] += {"failed": 10_000, "blind": 1}.get(outcome, 0)
    return tuple(sorted(bad, key=lambda check: (-bad[check], check)))


def _shared(rows: Iterable[StackRow]) -> list[Shared]:
    """What several stacks have in common: failed checks, the severest first, then reasons of what could not look."""
    groups: dict[tuple[Outcome, str], dict[str, list[BadOfStack]]] = {}
    for row in rows:
        for bad in row.bad:
            what = bad.check if bad.outcome is Outcome.FAILED else general(bad.cause, row.stack)
            groups.setdefault((bad.outcome, what), {}).setdefault(row.stack, []).append(bad)
    numbered = enumerate(groups.items())
    made = [_card(outcome, what, of, number) for number, ((outcome, what), of) in numbered if len(of) >= SHARED_BY]
    return sorted(made, key=lambda one: (-one.outcome.rank, -one.severity.rank, -len(one.stacks), one.title))


def _card(outcome: Outcome, what: str, of: Mapping[str, list[BadOfStack]], number: int) -> Shared:
    every = [bad for some in of.values() for bad in some]
    top = max(every, key=lambda bad: bad.severity.rank)
    stack = next(iter(of))
    names = f"{named(of[stack][0].names, NAMED)}: " if of[stack][0].names else ""
    stacks = [InStack(name, sum(bad.count for bad in some), any(bad.new for bad in some)) for name, some in of.items()]
    return Shared(
        key=f"shared-{number}",
        title=top.title if outcome is Outcome.FAILED else what,
        outcome=outcome,
        severity=top.severity,
        runbook=top.runbook,
        checks=tuple(sorted({bad.check for bad in every})),
        stacks=tuple(sorted(stacks, key=lambda one: (-one.count, one.stack))),
        example=brief(f"{stack}: {names}{of[stack][0].said}", LONGEST),
    )


def stacks_of(count: int) -> str:
    """The count with its noun: 1 stack, 1,000 stacks."""
    return f"{count:,} stack{'' if count == 1 else 's'}"


def general(why: str, stack: str) -> str:
    """The cause without what is this stack's own, so that one cause on many stacks is one."""
    without = re.sub(rf"(?<![\w-]){re.escape(stack)}(?![\w-])", "…", why) if stack else why
    return " ".join(_OWN.sub("…", without).split())


def counted(fleet: Fleet) -> str:
    """The line at the end of every report, which shows that no stack was lost."""
    absent = fleet.count(State.MISSING)
    known = "found" if fleet.unknown and not fleet.name else "expected"
    seen = f"{stacks_of(len(fleet.rows))} {known} = {len(fleet.rows) - absent:,} reported"
    told = seen + (f" + {absent:,} without a run" if absent else "")
    if fleet.shards:
        ended = fleet.shards - len(fleet.late)
        told += f"; {ended} of {plural(fleet.shards, 'shard')} ended"
    return told
