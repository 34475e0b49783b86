"""Does one thing in a forked process beside another, where a fleet is spread over processes anyway."""

from __future__ import annotations

import contextlib
import os
import signal
import warnings
from collections.abc import Callable, Iterator

from ..core.signals import SIGNALS
from .pytest_fleets import end_process


def fork() -> int:
    """As os.fork; without the warning of later Pythons, which any thread causes."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        return os.fork()


@contextlib.contextmanager
def beside(work: Callable[[], None], *, forked: bool) -> Iterator[None]:
    """Do the work during the block, or after it where nothing is forked; OSError with what kept it from being done."""
    if not forked:
        yield
        work()
        return
    reads, writes = os.pipe()
    if not (number := fork()):
        os.close(reads)
        _work(work, writes)
    os.close(writes)
    try:
        yield
    finally:
        with open(reads, "rb") as said:  # noqa: PTH123 - a pipe
            why = said.read().decode("utf-8", "replace")
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    if why or code:
        raise OSError(why or f"the process that wrote them died ({signal.Signals(-code).name if code < 0 else code})")


def _work(work: Callable[[], None], writes: int) -> None:
    """In the forked process: do it, and tell what it raised."""
    why = ""
    try:
        for one in SIGNALS:  # the first process is told, and waits for this one
            signal.signal(one, signal.SIG_IGN)
        work()
    except BaseException as error:  # noqa: BLE001 - raised again in the first process
        why = (str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}") or "it failed"
    finally:
        os.write(writes, why.encode()[:4000])
        end_process(int(bool(why)))
