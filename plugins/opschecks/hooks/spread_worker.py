"""A process that checks stacks of a fleet, one after another, as they are dealt to it, and reports each when done."""

from __future__ import annotations

import contextlib
import signal
import traceback
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from ..core.signals import ENDING, SIGNALS
from .handed_over import RAISED, Begun, Done, Ended, Sent, Stop, wants_whole_reports, without_users
from .in_turn import ChecksOf
from .many import Crew, check_stack, collect_garbage
from .pytest_fleets import capture_anew, end_process, keep_silent, tear_down
from .state import ChecksRun

WAITS_S = 5.0
"""How long a process that is stopped waits to be told why."""


class Worker:
    """One such process. `asked` is what it is told by the first one, `answers` what it tells."""

    def __init__(
        self,
        session: pytest.Session,
        run: ChecksRun,
        of: ChecksOf,
        pipes: tuple[Connection, Connection],
        at_once: int,
    ) -> None:
        self._session, self._run, self._of = session, run, of
        self._asked, self._answers = pipes
        self._no_more = self._may_be_stopped = False
        self._stopped = ""
        self._crew = Crew(run, of, at_once, self._deal)
        self._sent = Sent(session.config, whole=wants_whole_reports(session.config))

    def work(self) -> None:
        """Check stacks until there is none left; whatever happens, it is told."""
        self._settle()
        try:
            ended = self._check_all()
            tear_down(self._session)
        except BaseException as error:  # noqa: BLE001 - the first process raises it again
            ended = Ended() if self._stopped else _ended(error)
            with contextlib.suppress(Exception):
                tear_down(self._session)
        self._answers.send(ended)

    def _settle(self) -> None:
        """What is the first process's is left to it: Ctrl-C, the terminal, and the files that it captures into."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for one in ENDING:
            signal.signal(one, self._stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # since the fork they have waited for this
        capture_anew(self._session)
        keep_silent(self._session.config)
        self._session.config.pluginmanager.register(self._sent, "opschecks-sent")
        self._sent.begin(self._run)

    def _check_all(self) -> Ended:
        done = 0
        while self._crew.fill() and (name := self._next()):
            items = self._of.made(name)
            self._answers.send(Begun(name))
            # what is torn down depends on what comes next, which is the same check whichever stack that will be
            following = self._session.items[0] if self._crew.fill() else None
            try:
                check_stack(self._session, self._run, name, items, following, self._interruptible())
            finally:
                self._tell(self._sent.done(self._run, name, items))
            done += 1
            collect_garbage(done, self._run.processes)
        return Ended()

    def _tell(self, done: Done) -> None:
        try:
            self._answers.send(done)
        except (OSError, EOFError):
            raise
        except Exception as error:  # noqa: BLE001 - pickling runs users' code; nothing was sent yet
            self._answers.send(without_users(done, error))

    def _next(self) -> str | None:
        with self._interruptible():
            return self._crew.next()

    def _deal(self, wait: bool) -> str | None:
        """The next stack that was dealt to this process, where there is one; None once there will be none."""
        with self._interruptible(False):
            while not self._no_more and (wait or self._asked.poll()):
                told = self._asked.recv()
                if isinstance(told, str):
                    return told
                self._no_more = True
                if isinstance(told, Stop):
                    self._run.stopped_by = told.why
        return None

    @contextlib.contextmanager
    def _interruptible(self, may: bool = True) -> Iterator[None]:
        """Where a signal that ends the run does so at once: not while something is sent or received."""
        before, self._may_be_stopped = self._may_be_stopped, may
        try:
            if may and self._stopped:
                self._learn_why()
                raise KeyboardInterrupt
            yield
        finally:
            self._may_be_stopped = before

    def _stop(self, number: int, frame: object) -> None:
        if self._stopped:
            return
        self._stopped = signal.Signals(number).name
        if self._may_be_stopped:
            self._learn_why()
            raise KeyboardInterrupt

    def _learn_why(self) -> None:
        with contextlib.suppress(OSError, EOFError):
            while not self._run.stopped_by and self._asked.poll(WAITS_S):
                if isinstance(told := self._asked.recv(), Stop):
                    self._run.stopped_by = told.why
        self._run.stopped_by = self._run.stopped_by or f"stopped by {self._stopped}"


def _ended(error: BaseException) -> Ended:
    """How the run ends by what a check, or pytest, has raised."""
    if isinstance(error, pytest.exit.Exception):
        return Ended("exit", str(error.msg), error.returncode)
    for kind, of in RAISED.items():
        if type(error) is of:
            return Ended(kind, str(error))
    return Ended("error", "".join(traceback.format_exception(error)))


def work_and_end(worker: Worker) -> None:
    """In a process that was just forked: it ends here, and runs nothing that the first one does at its end."""
    code = 1
    try:
        with contextlib.suppress(OSError, EOFError):  # the first process is gone, and nobody listens
            worker.work()
            code = 0
    finally:
        end_process(code)
