"""A fleet on several processors: forks processes that check stacks, deals these out, and takes in what they report.

Each of them gathers, checks and files a stack as one process alone does (many.py). None of them is missed: what was in
the hands of one that dies is told, and the others' stacks are dealt again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import math
import os
import signal
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ..core.model import Outcome
from ..core.redaction import redact_text
from ..core.signals import ENDING, SIGNALS, uninterrupted
from .account import stand_in
from .forking import Process, children_are_waited_for, forked, how_ended, threads_that_end
from .identity import FIRST_CALLS, IDENTIFYING
from .in_turn import ChecksOf
from .many import AT_ONCE, Crew, Told, check_each, go_on, prepare, release, why_ended
from .pytest_fleets import end_process
from .pytest_private import only_count, option
from .reaching import reach_alone
from .state import ChecksRun, checks_run

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from .handed_over import Ended

LEAST_AT_ONCE = 4
"""So many stacks each process gathers at least: one that does not answer delays few others."""
GRACE_S = 20.0
"""How long a process that is stopped may take to file the stack in hand."""
DEATHS = 2
"""A stack that was in the hands of so many processes that died is not tried again; before that, it is tried alone."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run a fleet's checks in several processes, where -n asks for that."""
    run = checks_run(session.config)
    if not run or run.processes < 2 or not run.one_by_one or not session.items:
        return None
    shows = "--setup-show shows what is set up in this one" if option(session.config, "setupshow") else ""
    if why := shows or threads_that_end():
        _alone(run, why)
        return None
    prepare(run, run.processes)
    of = ChecksOf(run, session.items)
    session.testscollected = len(run.collected)
    _read_models(run, next(iter(of)))
    if why := Spread(session, run, of).check_all():
        _alone(run, why)
        return None
    return True


def _alone(run: ChecksRun, why: str) -> None:
    run.processes, asked = 1, run.processes
    run.untidy.append(f"-n {asked}: one process did all, since {why}")


def _read_models(run: ChecksRun, name: str) -> None:
    """Read botocore's models once for all processes; without the network, and whatever it is that keeps from it."""
    with contextlib.suppress(Exception):
        reach_alone(run, run.stack(name))
        run.aws[name].warm((*IDENTIFYING, *FIRST_CALLS))
    release(run, name)


class Spread:
    """A fleet's stacks, dealt to processes until each has been reported."""

    def __init__(self, session: pytest.Session, run: ChecksRun, of: ChecksOf) -> None:
        self._session, self._run, self._of = session, run, of
        self._waiting = deque(of)
        self._suspects = deque[str]()
        self._no_fork = ""
        self._at_once = max(LEAST_AT_ONCE, AT_ONCE // run.processes)
        self._processes: dict[Connection, Process] = {}
        self._deaths = Counter[str]()
        from .handed_over import Once

        self._once = Once()
        self._told = Told(run, session.config, len(of))

    def check_all(self) -> str:
        """Return when all have been reported; whatever ends the run early ends every process, too.

        Where no process could be started at all, nothing has been done, and the reason is returned.
        """
        gc.freeze()  # pages that no collection visits stay shared
        with children_are_waited_for():
            try:
                if not (started := self._start()):
                    return self._no_fork
                ahead = min(self._at_once + 1, math.ceil(len(self._waiting) / len(started)))
                for process in started * ahead:
                    self._deal(process)
                self._hear_all()
                self._do_the_rest()
            except BaseException as error:
                self._stop(why_ended(self._session, self._run, error))
                raise
            finally:
                for process in list(self._processes.values()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process.number, signal.SIGKILL)
                    self._bury(process)
        return ""

    def _start(self) -> list[Process]:
        """Fork as many as are asked for; where the system refuses one, those that there are go on."""
        run, started = self._run, list[Process]()
        wanted = min(run.processes, len(self._waiting))
        try:
            while len(started) < wanted:
                started.append(self._fork())
        except OSError as error:
            if started:
                run.untidy.append(f"-n {run.processes}: only {len(started)} could be started: {error}")
            else:
                self._no_fork = f"no other could be started: {error}"
        return started

    def _hear_all(self) -> None:
        from multiprocessing.connection import wait

        while self._processes:
            for one in wait(list(self._processes)):
                with self._undisturbed():
                    self._hear(self._processes[one])  # type: ignore[index]
                go_on(self._session)

    def _do_the_rest(self) -> None:
        """What is left where no process could be started for it: here, but for stacks that may have killed one."""
        why = f"its process died, and no other was started: {self._no_fork}"
        for name in self._suspects:
            self._not_run(name, why)
        if self._waiting:
            crew = Crew(self._run, self._of, deal=lambda _: self._waiting.popleft() if self._waiting else None)
            check_each(self._session, self._run, self._of, crew, self._told)

    @contextlib.contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """While a message is read and taken in, whole, Ctrl-C waits; so do a scheduler's signals, and are told."""
        caught: list[int] = []
        try:
            with uninterrupted() as caught:
                yield
        finally:
            for one in (number for number in caught if number in ENDING):
                self._run.stopped_by = f"stopped by {signal.Signals(one).name}"

    def _fork(self) -> Process:
        from multiprocessing import Pipe

        from .spread_worker import Worker, work_and_end

        with contextlib.ExitStack() as refused:
            asked, asks = map(refused.enter_context, Pipe(duplex=False))
            answers, answer = map(refused.enter_context, Pipe(duplex=False))
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            try:
                if not (number := forked()):
                    try:
                        others = (end for at in self._processes.values() for end in (at.asks, at.answers))
                        for one in (asks, answers, *others):
                            one.close()
                        work_and_end(Worker(self._session, self._run, self._of, (asked, answer), self._at_once))
                    finally:
                        end_process(1)
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            refused.pop_all()
        asked.close()
        answer.close()
        process = self._processes[answers] = Process(number, asks, answers)
        return process

    def _deal(self, process: Process) -> None:
        """Give it the next stack; one that may have killed a process only where none can be started for that alone."""
        if process.told_all:
            return
        if self._waiting:
            self._give(process, self._waiting)
        elif not (self._suspects and self._no_fork):
            process.told_all = True
            process.tell(None)
        elif not set(process.hands) - {process.begun}:  # it will begin those first, and is asked for more then
            self._give(process, self._suspects)

    def _give(self, process: Process, queue: deque[str]) -> None:
        name = queue.popleft()
        process.hands[name] = None
        process.tell(name)

    def _replace(self) -> None:
        """Start a process in place of one that is gone: for one stack that may have killed that, else for many."""
        if self._no_fork or not (self._suspects or self._waiting):
            return
        why = threads_that_end()
        try:
            fresh = None if why else self._fork()
        except OSError as error:
            why = str(error)
        if why:
            self._no_fork = why
            self._run.untidy.append(f"-n {self._run.processes}: no process was started in place of one: {why}")
        elif self._suspects and fresh:
            fresh.alone = fresh.told_all = True
            self._give(fresh, self._suspects)
            fresh.tell(None)
        elif fresh:
            for _ in range(self._at_once + 1):
                self._deal(fresh)

    def _hear(self, process: Process, *, dealing: bool = True) -> None:
        from .handed_over import Begun, Done, Ended, take_in

        try:
            told: Any = process.answers.recv()
        except (EOFError, OSError):
            self._gone(process, dealing=dealing)
            return
        except Exception as error:  # noqa: BLE001 - of a user's class, which cannot be imported here; only a Done has such
            process.hands.pop(process.begun)
            self._not_run(process.begun, redact_text(f"what its process found could not be read: {error}"))
            process.begun = ""
            return
        if isinstance(told, Begun):
            process.begun = told.stack
            if dealing:
                self._deal(process)
        elif isinstance(told, Done):
            process.begun = ""
            del process.hands[told.stack]
            items = self._of[told.stack]
            try:
                take_in(self._session, self._run, items, told, self._once)
            finally:
                self._told.done(items)
                only_count(self._session.config, "", "passed", "skipped")
        elif isinstance(told, Ended) and told.kind and dealing:
            self._end_as(told)

    def _end_as(self, ended: Ended) -> None:
        """Raise here what was raised there."""
        from .handed_over import RAISED

        if ended.kind == "exit":
            pytest.exit(ended.text, ended.code)
        raise RAISED.get(ended.kind, RuntimeError)(ended.text)

    def _gone(self, process: Process, *, dealing: bool) -> None:
        """It has ended, or died: what it had in hand is lost, and what it had not begun goes to another."""
        how = self._bury(process)
        if not dealing:  # nothing is dealt any more, and the run says why its other stacks were not checked
            return
        had, why = list(process.hands), f"its process died ({how})"
        self._deaths.update(had)
        for name in had:
            if name == process.begun or self._deaths[name] >= DEATHS:
                self._not_run(name, why)
            else:
                self._suspects.append(name)
        if had or process.alone:
            self._replace()

    def _bury(self, process: Process) -> str:
        """Close its pipes and learn how it ended, in words."""
        del self._processes[process.answers]
        process.asks.close()
        process.answers.close()
        return how_ended(process.number)

    def _not_run(self, name: str, why: str) -> None:
        """Report every check of the stack as not run, and leave no page of yesterday."""
        from ..report.files import RunFiles, write_no_run
        from ..report.fleet.rows import missing
        from .fleet_files import FOLDER

        run, items = self._run, self._of[name]
        for item in items:
            lost = run.collected[item.nodeid]
            run.reported[item.nodeid] = dataclasses.replace(lost, message=why)
            run.findings.append(stand_in(lost, Outcome.NOT_RUN, why))
        run.rows.append(missing(name, why, run.part.shard if run.part else 0))
        write_no_run(RunFiles(run.reports / FOLDER, f"{name}-{run.suite}"), run.started, why)
        self._told.done(items)

    def _stop(self, why: str) -> None:
        """Let each process file the stack in hand, and take that in; one that takes too long is killed."""
        from multiprocessing.connection import wait

        from .handed_over import Stop

        for process in self._processes.values():
            process.tell(Stop(why))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.number, signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        while self._processes and (ready := wait(list(self._processes), max(0.0, until - time.monotonic()))):
            for one in ready:
                with self._undisturbed():
                    self._hear(self._processes[one], dealing=False)  # type: ignore[index]
