"""A stack's run to its row in a fleet: how it stands, what is bad, what changed since its last run."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime

from ...core.dataclass import dataclass
from ...core.model import CheckResult, Outcome, Severity
from ...core.run import Run, StackFacts
from ...core.wording import plural
from ..news import by_kind, kind
from ..notes import bad_findings, brief
from ..runfile import only
from ..standing import promise
from ..times import written
from ..unseen import cause
from ..verdict import refused, verdict, worst_first

LONGEST_NAME = 100
LONGEST_SENTENCE = 240
NAMED = 3
_KNOWN_EXITS = (None, 0, 1, 10)


class State(enum.StrEnum):
    """How a stack stands, the worst first."""

    FAILED = "failed"
    MISSING = "missing"
    UNSEEN = "unseen"
    GOOD = "good"

    @property
    def words(self) -> str:
        """The state in words."""
        return {
            "failed": "Action needed",
            "missing": "No run",
            "unseen": "Not everything could be checked",
            "good": "Good",
        }[self.value]


@dataclass(frozen=True)
class BadOfStack:
    """A check of one stack that failed or could not look.

    `title` is the sentence that is true, `cause` why it could not look, `names` the first of its `count` bad resources,
    `said` what was said of the first one; `new`: of some of them it was not known in the stack's last run.
    """

    check: str
    title: str
    severity: Severity
    outcome: Outcome
    runbook: str
    cause: str
    names: tuple[str, ...]
    count: int
    said: str
    new: bool


@dataclass(frozen=True)
class StackRow:
    """A stack in a fleet.

    `word` is the verdict of its run, or that there is none; `why`: what more there is to be said of that. `outcomes`
    has the outcome of each check by name, `bad` what failed or could not look, the severest failure first. `changed`
    says what is new since its last run, if it was `compared` with one; `new` and `recovered` count. `shard` is 0
    outside of a fleet, `page` the address of the stack's own page, or empty.
    """

    stack: str
    state: State
    word: str
    why: str = ""
    sandbox: bool = False
    account: str = ""
    region: str = ""
    on_call: str = ""
    began: datetime | None = None
    seconds: float = 0.0
    outcomes: Mapping[str, str] = field(default_factory=dict)
    bad: tuple[BadOfStack, ...] = ()
    waived: int = 0
    changed: str = ""
    compared: bool = False
    new: int = 0
    recovered: int = 0
    shard: int = 0
    page: str = ""

    @property
    def failed(self) -> tuple[BadOfStack, ...]:
        """What failed, the severest first."""
        return tuple(one for one in self.bad if one.outcome is Outcome.FAILED)

    @property
    def blind(self) -> tuple[BadOfStack, ...]:
        """What could not look."""
        return tuple(one for one in self.bad if one.outcome is Outcome.BLIND)

    @property
    def order(self) -> tuple[object, ...]:
        """By which rows are sorted, the worst first."""
        worst = max((one.severity.rank for one in self.failed), default=-1)
        return (list(State).index(self.state), -worst, -len(self.failed), -self.new, -len(self.blind), self.stack)


def missing(stack: str, why: str, shard: int = 0) -> StackRow:
    """A stack that is expected and has no run."""
    return StackRow(stack, State.MISSING, State.MISSING.words, why, shard=shard)


def rows_of(run: Run, *, fail_on: Severity = Severity.LOW, page: str = "") -> Iterator[StackRow]:
    """The row of each stack of a run; failures below `fail_on` let it pass."""
    for stack in run.stacks:
        yield _row(run if len(run.stacks) == 1 else only(run, stack.name), stack, fail_on, page)


def _row(run: Run, stack: StackFacts, fail_on: Severity, page: str) -> StackRow:
    state = _state(run, fail_on)
    said, (changed, compared, new, recovered) = verdict(run), _news(run, stack.name)
    bad = tuple(_bad(run, check) for check in (*worst_first(run, Outcome.FAILED), *worst_first(run, Outcome.BLIND)))
    passes = state is State.GOOD and said.tone == "bad"
    return StackRow(
        stack=brief(stack.name, LONGEST_NAME),
        state=state,
        word=f"Passes: no failure of {fail_on.value} or above" if passes else said.word,
        why=brief("; ".join(_more(run)), LONGEST_SENTENCE),
        sandbox=stack.sandbox,
        account=brief(stack.account_id, LONGEST_NAME),
        region=brief(stack.region, LONGEST_NAME),
        on_call=brief(stack.contacts.get("on_call", ""), LONGEST_NAME),
        began=run.started,
        seconds=round(sum(seen.duration_s for seen in run.observations if seen.stack == stack.name), 3),
        outcomes={brief(check.check, LONGEST_NAME): check.outcome for check in run.checks},
        bad=bad,
        waived=run.count(Outcome.WAIVED),
        shard=run.part.shard if run.part else 0,
        page=page,
        changed=changed,
        compared=compared,
        new=new,
        recovered=recovered,
    )


def _state(run: Run, fail_on: Severity) -> State:
    """As the exit code of a run of that stack alone."""
    counting = [check for check in run.checks if check.severity.rank >= fail_on.rank]
    if run.lost_changes or run.open_changes or refused(run) or any(one.outcome == Outcome.FAILED for one in counting):
        return State.FAILED
    whole = run.state == "finished" and run.checks and not run.partial and run.exit_code in _KNOWN_EXITS
    if not whole or run.count(Outcome.NOT_RUN) or any(one.outcome == Outcome.BLIND for one in counting):
        return State.UNSEEN
    return State.GOOD


def _more(run: Run) -> Iterator[str]:
    """What the counts of checks do not say."""
    if run.state == "unfinished":
        yield "the run has not ended, or was killed"
    elif run.state != "finished":
        yield run.stopped_by or "the run ended early"
    if run.partial:
        yield f"only a part of the suite ({run.partial})"
    if run.exit_code not in _KNOWN_EXITS:
        yield f"pytest ended with exit code {run.exit_code}"
    if lost := len(run.lost_changes):
        yield f"{plural(lost, 'change')} could not be rolled back"
    if handed := len(run.open_changes):
        yield f"{plural(handed, 'change')} handed over to a person"


def _bad(run: Run, check: CheckResult) -> BadOfStack:
    of = [one for one in bad_findings(run, check) if one.outcome == check.outcome]
    failed = check.outcome == Outcome.FAILED
    first = of[0].message if of else check.message
    past = run.past_of(check.stack).standings
    new = {one.resource for one in past if one.check == check.check and kind(one) == "new"}
    return BadOfStack(
        check=brief(check.check, LONGEST_NAME),
        title=brief(check.failing if failed else f"could not look: {promise(check.check)}", LONGEST_SENTENCE),
        severity=check.severity,
        outcome=Outcome(check.outcome),
        runbook=brief(check.runbook, LONGEST_NAME),
        cause="" if failed else brief(cause(first), LONGEST_SENTENCE),
        names=tuple(brief(one.name, LONGEST_NAME) for one in of[:NAMED]),
        count=len(of),
        said=brief(first, LONGEST_SENTENCE),
        new=any(one.resource in new for one in of),
    )


def _news(run: Run, stack: str) -> tuple[str, bool, int, int]:
    """What is new since the stack's last run, whether there was one, how many failures are new and how many ended."""
    past = next((past for past in run.past if past.stack == stack), None)
    if past is None:
        return "not compared", False, 0, 0
    if past.error:
        return "its history could not be read", False, 0, 0
    if past.previous is None:
        return "its first run", False, 0, 0
    kinds = {key: len(found) for key, found in by_kind(run, past).items()}
    words = {
        "new": "new", "first seen": "new or not visible before", "flapping": "flapping", "still": "still failing",
        "hidden": "out of sight", "recovered": "recovered", "gone": "no longer there",
    }  # fmt: skip
    told = ", ".join(f"{kinds[key]} {said}" for key, said in words.items() if kinds.get(key))
    new = sum(kinds.get(key, 0) for key in ("new", "first seen", "flapping"))
    return f"{told or 'nothing'} since {written(past.previous)}", True, new, kinds.get("recovered", 0)
