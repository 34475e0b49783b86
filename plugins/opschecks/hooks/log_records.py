"""Log records of a checks run: redacted, and shown live without exposing what a check prints.

At DEBUG, botocore logs the session token of each request, and most of what it logs comes from the threads that observe.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Generator
from functools import partial

import pytest

from ..core.redaction import redact_text
from .pytest_private import live_log_handler
from .state import checks_run

_LIVE: pytest.StashKey[InTurn] = pytest.StashKey()


class RedactedRecord(logging.LogRecord):
    """A record whose text, formatted only when some handler shows it, has no secrets."""

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """The message with its arguments, secrets masked."""
        return redact_text(super().getMessage())


class InTurn(logging.Filter):
    """Holds what other threads log back from the live log, until the thread of the checks shows it.

    To show a record, pytest stops capturing: what a check printed at that moment would go to the terminal as it is,
    with its secrets, and be missing in the report.
    """

    def __init__(self, handler: logging.Handler) -> None:
        """Of the thread that runs the checks."""
        super().__init__()
        self._handler = handler
        self._thread = threading.get_ident()
        self._held = deque[logging.LogRecord]()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be shown now."""
        if threading.get_ident() == self._thread:
            return True
        self._held.append(record)
        return False

    def show(self) -> None:
        """Show what was held back, in the order in which it was logged."""
        while self._held:
            self._handler.handle(self._held.popleft())


def pytest_configure(config: pytest.Config) -> None:
    """From here on; also for records that pytest keeps and shows beside a failure."""
    if checks_run(config):
        config.add_cleanup(partial(logging.setLogRecordFactory, logging.getLogRecordFactory()))
        logging.setLogRecordFactory(RedactedRecord)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before any thread is started."""
    if checks_run(session.config):
        handler = live_log_handler(session)
        session.config.stash[_LIVE] = in_turn = InTurn(handler)
        handler.addFilter(in_turn)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Between two checks."""
    try:
        return (yield)
    finally:
        _show(item.config)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What was logged after the last check."""
    _show(session.config)


def _show(config: pytest.Config) -> None:
    if _LIVE in config.stash:
        config.stash[_LIVE].show()
