"""Delays Ctrl-C, SIGTERM and SIGHUP while a change is sent and journaled."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""The signals that end a program in order; Windows has no SIGHUP."""
SIGNALS = (signal.SIGINT, *ENDING)


@contextlib.contextmanager
def uninterrupted() -> Iterator[list[int]]:
    """Delay Ctrl-C, SIGTERM and SIGHUP until the block ends; yields the signals that came."""
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught  # signals are delivered to the main thread alone
        return
    before = {one: signal.signal(one, lambda number, frame: caught.append(number)) for one in SIGNALS}
    try:
        yield caught
    finally:
        for one, handler in before.items():
            signal.signal(one, handler or signal.SIG_DFL)
    if caught:
        raise KeyboardInterrupt


def end_as_ctrl_c_does() -> None:
    """Make SIGTERM and SIGHUP (a closed terminal) end the command in order, as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for one in ENDING:
        signal.signal(one, interrupt)
