"""Ctrl-C, SIGTERM and SIGHUP: put off while something is sent and written down."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def uninterrupted() -> Iterator[list[int]]:
    """Put Ctrl-C, SIGTERM and SIGHUP off until what is under way is done and written down; gives what is put off."""
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
    """A scheduler's SIGTERM and a terminal that is closed end a command with everything accounted for."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, interrupt)
