"""One fixing session of one stack: lock, journal, guards, vetoes and the loop, wired here and nowhere else.

`--fix`, `opschecks fix` and `undo`, and the drills all change things through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from ..config.stack import Stack
from ..core import clock
from ..core.change import DRILLED, CannotFix, Change, Proof, Risk, Sends
from ..core.dataclass import dataclass
from ..core.wording import nearest
from ..history.journal import Journal
from ..history.lock import Lock
from ..history.runs import filed_runs
from ..history.storage import Storage
from .guards import Refusal, TooWide, careless, frozen, judged, require_narrow
from .loop import Fixer
from .outcome import ChangeResult, Fixed, Interrupted, Look
from .plan import planned
from .remedy import BaseRemedy, Operation

RUNS_READ = ("daily", "deploy-after")
"""Suites whose filed runs a remedy may look at."""


class Hooks(Protocol):
    """The hooks of hookspecs.py that a fixing session calls: pytest's own relay has them, with every plugin behind."""

    def pytest_opschecks_remedies(self) -> Sequence[Mapping[str, Any] | None]:
        """Remedies of users' own, by check; the nearest conftest's first."""

    def pytest_opschecks_before_change(self, *, change: Change) -> Sequence[str | None]:
        """Reasons against the change."""

    def pytest_opschecks_after_change(self, *, change: Change, result: str, said: str) -> Sequence[None]:
        """What became of it."""


class NotFixable(Exception):  # noqa: N818 - it is said of the stack or of a user's hook
    """Nothing of this stack may be changed as things are; the message says what is missing."""


def remedies_by_check(hooks: Hooks) -> dict[str, type[BaseRemedy]]:
    """The remedies that users' conftests give to checks; NotFixable where one is not a remedy."""
    given: dict[str, type[BaseRemedy]] = {}
    for some in reversed(hooks.pytest_opschecks_remedies()):
        given.update(some or {})
    for check, kind in given.items():
        if not (isinstance(kind, type) and issubclass(kind, BaseRemedy)):
            raise NotFixable(f"pytest_opschecks_remedies: {check}: {kind!r} is not a subclass of Setting or Operation")
    return given


@dataclass
class FixingSession:
    """What may be changed on one stack, and the only way to change it. Opened by `fixing`, which holds the lock.

    `aws` reads, and sends each change once; `say` shows a line of progress; `poll_s` is between two looks.
    `remedies` are ours and users' own by name, as the command line and the journal call them.
    """

    stack: Stack
    aws: Sends
    storage: Storage
    hooks: Hooks
    remedies: Mapping[str, type[BaseRemedy]]
    say: Callable[[str], None]
    poll_s: float
    journal: Journal = field(init=False)
    lock: Lock = field(init=False)
    _loop: Fixer = field(init=False)
    _within: timedelta | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.lock = Lock(self.storage)
        self.journal = Journal(self.storage, lambda: self.lock.number)
        self._loop = Fixer(
            journal=self.journal,
            lock=self.lock,
            remedy=self.remedy,
            veto=self._veto,
            say=self.say,
            poll_s=self.poll_s,
            symptom_within=timedelta(minutes=self.stack.fix.symptom_minutes),
        )

    def remedy(self, name: str) -> BaseRemedy:
        """The remedy of that name for this stack; CannotFix with the nearest name where there is none."""
        require_remedy(name, self.remedies)
        runs = partial(filed_runs, self.storage, RUNS_READ)
        made = self.remedies[name](self.stack, self.aws, runs)
        made.journal = self.journal.entries  # users' own may take no journal
        if self._within is not None:
            made.settles_within = self._within
        return made

    def following(self, name: str) -> list[Change]:
        """The changes that one by this remedy is not complete without; CannotFix where one of them cannot be made."""
        kind = self.remedies[name]
        others = kind.followed_by if issubclass(kind, Operation) else ()
        made = [self.remedy(other.name()) for other in others]
        return [planned(one, target) for one in made for target in one.all_targets()]

    def not_followed(self, name: str) -> list[Change]:
        """What belongs to the newest change by this remedy, but was not made: its fixer was killed in between."""
        entries = self.journal.entries()
        own = [number for number, entry in enumerate(entries) if entry.change.remedy == name and entry.happened]
        if not own:
            return []
        since = {entry.change.remedy for entry in entries[own[-1] :] if entry.happened}
        return [change for change in self.following(name) if change.remedy not in since]

    def settle(self) -> list[Fixed]:
        """Settle, by reading, what an earlier fixer that was killed left open; the lock is held."""
        settled = []
        for entry in self._loop.settle():
            said = f"begun {entry.begun:%Y-%m-%d %H:%M} UTC: {entry.lines[-1].said}"
            settled.append(Fixed(entry.change, ChangeResult.SETTLED, said, entry.id))
        return settled

    def guarded(
        self,
        changes: Sequence[Change],
        allow: Collection[Risk],
        *,
        examined: Mapping[str, int] | None = None,
        undoing: bool = False,
    ) -> tuple[list[Change], list[Refusal]]:
        """What may be made of a plan, and what not and why; a plan that is too wide is refused whole.

        `examined` counts the resources that each check looked at, for the limit by share.
        """
        now, entries = clock.now(), self.journal.entries()
        may, refused = judged(changes, stack=self.stack, entries=entries, allow=allow, now=now, undoing=undoing)
        counted = [change for change in may if change.finding != DRILLED]
        try:
            require_narrow(counted, of=changes, stack=self.stack, entries=entries, examined=examined or {}, now=now)
        except TooWide as error:
            return [], [*refused, *(Refusal(change, str(error)) for change in may)]
        return may, refused

    def make(
        self,
        change: Change,
        look: Callable[[], Look] | None = None,
        *,
        undoes: str = "",
        within: timedelta | None = None,
    ) -> Fixed:
        """Make one change that `guarded` let pass, and see it through; `within` is how long it may take to settle."""
        self._within = within
        try:
            (fixed,) = self._told(lambda: [self._loop.make(change, look, undoes=undoes)])
        finally:
            self._within = None
        return fixed

    def make_all(self, changes: Sequence[Change], look: Callable[[], Look]) -> list[Fixed]:
        """Make the changes that answer to one finding; Interrupted, when Ctrl-C ended it, says what became of them."""
        return self._told(lambda: self._loop.make_all(changes, look))

    def proof_of(self, change: Change) -> Proof:
        """How the change is proven: by its state or by a symptom."""
        return self.remedies[change.remedy].proof

    def _told(self, made: Callable[[], list[Fixed]]) -> list[Fixed]:
        """Users' hooks are called with what became of each change, also when Ctrl-C ended it."""
        try:
            done = made()
        except Interrupted as error:
            self._tell(error.fixed)
            raise
        self._tell(done)
        return done

    def _tell(self, done: Sequence[Fixed]) -> None:
        for fixed in done:
            change, result = fixed.change, fixed.result.value
            try:
                self.hooks.pytest_opschecks_after_change(change=change, result=result, said=fixed.said)
            except Exception as error:  # noqa: BLE001 - users' code: the change was made, and is reported all the same
                self.say(f"pytest_opschecks_after_change failed: {type(error).__name__}: {error}")

    def _veto(self, change: Change) -> str:
        """Why the change must not be made at this moment: a freeze window has begun, or a user's hook says so."""
        vetoes = [f"vetoed: {one}" for one in self.hooks.pytest_opschecks_before_change(change=change) if one]
        return "; ".join([*filter(None, [frozen(self.stack, clock.now())]), *vetoes])


def require_remedy(name: str, remedies: Mapping[str, object]) -> None:
    """CannotFix with the nearest name where there is no such remedy."""
    if name not in remedies:
        raise CannotFix(f"{name}: no such remedy; {nearest(name, remedies)}")


@contextmanager
def fixing(session: FixingSession) -> Iterator[list[Fixed]]:
    """Hold the stack's lock; gives what an earlier fixer left open, settled.

    NotFixable where a real stack does not name its account and where its journal is; Locked where somebody else is
    fixing it; OSError where its state cannot be read or written.
    """
    if why := careless(session.stack):
        raise NotFixable(why)
    with session.lock:
        yield session.settle()
