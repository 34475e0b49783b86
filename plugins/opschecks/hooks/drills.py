"""checks/drills: each drill that the checks need takes place once, one after another, under the stack's lock."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from ..core import clock
from ..core.gathering import Gathering, Observed
from ..core.observation import CouldNotLook, Observation
from .changing import ends_where_barred, fixing_session, left_out, report_change
from .gather import fresh_store, http_of, told_of
from .identity import identify_stack
from .progress import say
from .pytest_private import in_workers
from .state import ChecksRun, checks_of, checks_run

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..drills.declare import Drill
    from ..fixing.outcome import Fixed
    from ..history.journal import Entry

SUITE = "drills"
NOT_HELD = "no drill took place"


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that do not go together: a drill makes changes itself, and measures what follows."""
    run, option = checks_run(config), config.option
    if not run or run.suite != SUITE or run.worker:
        return
    if option.fix:
        raise pytest.UsageError(f"--fix={option.fix}: does not apply to drills; remove it")
    if in_workers(config):
        raise pytest.UsageError("checks/drills: drills cannot run in parallel; remove -n")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Register a fixture for each drill; in no other suite is one even imported."""
    run = checks_run(session.config)
    if not run or run.suite != SUITE:
        return
    from ..drills import all_drills

    run.drills.update(all_drills())
    for name, drill in run.drills.items():
        pytest.register_fixture(name=name, func=_reader(drill), node=session)


def _reader(drill: Drill) -> Callable[..., Any]:
    def read(stack: Any, request: pytest.FixtureRequest) -> Any:
        grounds = request.config.stash.get(GROUNDS, {})
        if stack.name not in grounds:
            raise CouldNotLook(drill.name, "the drills have not started")
        return grounds[stack.name].value(drill)

    read.__name__, read.__doc__ = drill.name, drill.what
    return read


@pytest.hookimpl(tryfirst=True, wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Take the lock of each stack that has drills, say what they will change, and always release it."""
    run = checks_run(session.config)
    if not run or not run.drills or session.config.option.collectonly or left_out(session, run, NOT_HELD):
        return (yield)
    grounds: dict[str, OpenGround] = {}
    session.config.stash[GROUNDS] = grounds
    try:
        for stack in run.stacks:
            if wanted := _wanted(run, session.items, stack):
                grounds[stack.name] = _open(run, stack, session, wanted)
        return (yield)
    finally:
        for ground in grounds.values():
            ground.close()


def _wanted(run: ChecksRun, items: Iterable[pytest.Item], stack: Stack) -> list[Drill]:
    """The drills that the stack's checks need, in the order of the checks."""
    names = (name for item in checks_of(items, stack) for name in getattr(item, "fixturenames", ()))
    return [run.drills[name] for name in dict.fromkeys(names) if name in run.drills]


def _open(run: ChecksRun, stack: Stack, session: pytest.Session, wanted: Sequence[Drill]) -> OpenGround:
    if stack.name not in run.accounts:
        identify_stack(run, [stack.name])
    if stack.name in run.refused:
        run.aws[stack.name].refuse(run.refused[stack.name])
    with ends_where_barred(run, stack):
        ground = OpenGround(run, stack, session)
        with contextlib.ExitStack() as release:
            release.callback(ground.close)  # the lock, if the beginning fails
            ground.begin(wanted)
            release.pop_all()
    return ground


class OpenGround:
    """The drills of one stack in one session, under its lock; `Ground` is what a drill sees of it."""

    def __init__(self, run: ChecksRun, stack: Stack, session: pytest.Session) -> None:
        self._run = run
        self._stack = stack
        self._session = session
        self._calls: list[str] = []
        self._said = ""
        self._results: dict[str, Observed] = {}
        self._held = contextlib.ExitStack()
        aws, poll_s = run.aws[stack.name].scoped(self._calls), stack.limits.drill_poll_s
        self._changing = fixing_session(run, stack, session.config, aws, self.say, poll_s)

    def begin(self, wanted: Sequence[Drill]) -> None:
        """Take the lock, settle what an earlier run left open, and say what is going to be changed."""
        from ..fixing.session import fixing

        for fixed in self._held.enter_context(fixing(self._changing)):
            self._note(fixed)
        for drill in wanted:
            self.say(f"{drill.name} {drill.makes(self._stack)}")

    def close(self) -> None:
        """Release the lock."""
        self._held.close()

    def value(self, drill: Drill) -> Any:
        """The result of the drill, which takes place when first asked for; CouldNotLook if it failed."""
        if drill.name not in self._results:
            self._results[drill.name] = self._hold(drill)
        value = self._results[drill.name].taken()
        return list(value) if isinstance(value, list) else value

    def _hold(self, drill: Drill) -> Observed:
        """Hold the drill; its result goes into the run file as an observation's."""
        seen = Observation(drill.name, drill.function, drill.allow, drill.parameters, drill.needs, frozenset())
        result = Observed(seen, calls=self._calls, started=time.monotonic())
        del self._calls[:]
        self.say(f"{drill.name} begins")
        try:
            result.value = drill.function(**self._arguments(drill))
        except Exception as error:  # noqa: BLE001 - kept, and raised again in every check that asks for it
            result.error = error
        except BaseException as error:
            result.error = error
            raise
        finally:
            result.calls = list(self._calls)
            result.duration_s = time.monotonic() - result.started
            result.done.set()
            told = told_of(self._stack.name, drill.name, result)
            if isinstance(result.error, KeyboardInterrupt):
                told = replace(told, error="interrupted")
            self._run.observations.append(told)
        return result

    def _arguments(self, drill: Drill) -> dict[str, Any]:
        from ..fixing.guards import frozen

        if why := frozen(self._stack, clock.now()):
            raise CouldNotLook("", why)
        given = {
            "stack": self._stack,
            "aws": self._run.aws[self._stack.name].scoped(self._calls),
            "http": http_of(self._run, self._stack.name),
            "ground": self,
        }
        seen = dict(zip(drill.needs, self.look(*drill.needs), strict=True))
        return {name: seen[name] if name in seen else given[name] for name in drill.parameters}

    def look(self, *names: str) -> list[Any]:
        """The named observations, made now."""
        store: Gathering = fresh_store(self._run, self._stack.name, names)
        try:
            return [store.value(name) for name in names]
        finally:
            for result in store.results.values():
                self._calls += list(result.calls)

    def make(
        self,
        remedy: str,
        target: str,
        wish: Mapping[str, str] | None = None,
        *,
        within: timedelta | None = None,
        cleans_up: bool = False,
    ) -> Fixed:
        """Plan the change, ask the guards, and make it; running the drill by name permits its risk."""
        from ..core.change import DRILLED, Risk
        from ..fixing.outcome import ChangeResult, Fixed, Interrupted
        from ..fixing.plan import planned

        change = planned(self._changing.remedy(remedy), target, wish=dict(wish or {}), finding=DRILLED)
        self.say(f"{change.remedy} on {change.name}: {'; '.join(change.differs)}")
        _, refused = self._changing.guarded([change], set(Risk), undoing=cleans_up)
        made = [Fixed(change, ChangeResult.REFUSED, one.why) for one in refused]
        try:
            made = made or [self._changing.make(change, within=within)]
        except Interrupted as error:
            made = error.fixed
            raise
        finally:
            for fixed in made:
                self._note(fixed)
        return made[0]

    def earlier(self) -> Sequence[Entry]:
        """This stack's journal, oldest entry first."""
        return self._changing.journal.entries()

    def say(self, line: str) -> None:
        """Show a line of progress, unless it repeats the last one."""
        if line != self._said:
            self._said = line
            say(self._session.config, f"{self._stack.name}: {line}")

    def pause(self) -> None:
        """Wait between two looks, and renew the lock."""
        from ..history.lock import Lost

        time.sleep(self._stack.limits.drill_poll_s)
        try:
            self._changing.lock.renew()
        except (Lost, OSError) as error:
            raise CouldNotLook("", f"{error}; the drill ends here") from None

    def _note(self, fixed: Fixed) -> None:
        report_change(self._run, self.say, fixed, fixed.change.target, "")


GROUNDS = pytest.StashKey[Mapping[str, OpenGround]]()
"""The open grounds of this session, by stack."""
