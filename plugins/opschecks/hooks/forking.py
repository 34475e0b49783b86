"""Forked processes: what keeps from a fork, what each has in its hands, and how it has ended."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from dataclasses import field
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


_IDLE = "(run_server)"
"""The thread of pytest-rerunfailures, which waits for xdist's workers and holds nothing that a fork could break."""


@dataclass
class Process:
    """One of the processes, and the stacks that it has; `begun` is the one whose checks run.

    `alone`: it was started for one stack, which may kill it.
    """

    number: int
    asks: Connection
    answers: Connection
    hands: dict[str, None] = field(default_factory=dict)
    begun: str = ""
    told_all: bool = False
    alone: bool = False

    def tell(self, what: object) -> None:
        """Send it; where the process is gone its pipe says so, when that is read."""
        with contextlib.suppress(OSError):
            self.asks.send(what)


def forked() -> int:
    """As os.fork; without the warning of later Pythons, which any thread causes."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return os.fork()


def threads_that_end() -> str:
    """Which threads a fork would end, in words; they may hold a lock, which nobody would release then."""
    threads = [one.name for one in threading.enumerate() if one is not threading.current_thread()]
    busy = [name for name in threads if not name.endswith(_IDLE)]
    return f"a fork ends threads: {', '.join(busy)}" if busy else ""


@contextlib.contextmanager
def children_are_waited_for() -> Iterator[None]:
    """Where SIGCHLD is ignored, which a parent can hand down, nobody learns how a process has ended."""
    ignored = signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def how_ended(number: int) -> str:
    """Wait for the process to end; how it did, in words."""
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    except ChildProcessError:  # somebody's handler of SIGCHLD was told before
        return "how, is not known"
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
