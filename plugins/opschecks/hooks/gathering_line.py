"""A line that says how far looking is: on a terminal alone, after some seconds, and gone when the checks begin."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Generator, Sequence
from typing import TextIO

import pytest

from ..core.gathering import Gathering
from ..core.wording import plural
from .state import checks_run

AFTER_S = 2.0
"""What takes no longer needs no line."""
EVERY_S = 0.5
_CLEAR = "\r\x1b[K"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Show it before the first check, which would wait as long anyway.

    Inside of what begins to look (hooks/gather.py, registered later), and outside of a check's own time limit.
    """
    run = checks_run(item.config)
    if run and not run.worker and not run.one_by_one and sys.__stderr__ and sys.__stderr__.isatty():
        show(list(run.stores.values()), sys.__stderr__)
    return (yield)


def show(
    stores: Sequence[Gathering], stream: TextIO, moment: Callable[[], float] = time.monotonic, every_s: float = EVERY_S
) -> None:
    """Wait until all of it has been looked at or has taken too long; tell how far it is from AFTER_S on."""
    from ..report.columns import cut

    began, shown = moment(), False
    while pending := [name for store in stores for name in _pending(store, every_s)]:
        passed = moment() - began
        if passed < AFTER_S:
            continue
        known = sum(len(store.results) for store in stores)
        line = f"looking: {known - len(pending)} of {known} done, {passed:.0f} s; waiting for {_asked(pending[0])}"
        more = f" and {plural(len(pending) - 1, 'other')}" if pending[1:] else ""
        room = shutil.get_terminal_size().columns - 1
        stream.write(f"{_CLEAR}{cut(line, room - len(more))}{more}")
        stream.flush()
        shown = True
    if shown:
        stream.write(_CLEAR)
        stream.flush()


def _asked(pending: str) -> str:
    """The call of AWS that an observation waits for; what it is of, where it has made none."""
    name, _, call = pending.rstrip(")").partition(" (")
    return call or name.replace("_", " ")


def _pending(store: Gathering, seconds: float) -> list[str]:
    """What has not ended, after a wait of at most so many seconds; nothing once its time is up."""
    names = [name for name, result in store.results.items() if not result.done.is_set()]
    if not names or store.wait(names[0], seconds):
        names = [name for name in names if not store.wait(name, 0)]
    return [one for one in store.pending() if one.partition(" (")[0] in names]
