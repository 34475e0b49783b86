"""Log records of a checks run are redacted: at DEBUG, botocore logs the session token of each request.

With log_cli pytest shows them while checks run, and stops capturing output for as long as that takes: what a check
prints in that moment would be shown as it is. So only the main thread shows records, and none while a check prints.
"""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue
from typing import Any

import pytest

from ..core.redaction import redact_text
from .pytest_private import live_logs
from .state import checks_run

_BEFORE = pytest.StashKey[Any]()
"""The factory of records that was there before."""


class RedactedRecord(logging.LogRecord):
    """A record whose text, formatted only when some handler shows it, has no secrets."""

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """The message with its arguments, secrets masked."""
        return redact_text(super().getMessage())


class HeldBack(logging.Filter):
    """Keeps the records of other threads from a handler until a check ends; a plugin of pytest's, which tells when."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__()
        self._handler = handler
        self._records: SimpleQueue[logging.LogRecord] = SimpleQueue()
        handler.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is shown now."""
        if threading.current_thread() is threading.main_thread():
            return True
        self._records.put(record)
        return False

    def pytest_runtest_logstart(self) -> None:
        """Show what was held back: no check is running now."""
        while not self._records.empty():
            self._handler.handle(self._records.get())

    pytest_sessionfinish = pytest_runtest_logstart


def pytest_configure(config: pytest.Config) -> None:
    """From here on; also for records that pytest keeps and shows beside a failure."""
    if checks_run(config):
        config.stash[_BEFORE] = logging.getLogRecordFactory()
        logging.setLogRecordFactory(RedactedRecord)


def pytest_unconfigure(config: pytest.Config) -> None:
    """As it was."""
    if _BEFORE in config.stash:
        logging.setLogRecordFactory(config.stash[_BEFORE])


def pytest_sessionstart(session: pytest.Session) -> None:
    """From here on only the main thread shows records."""
    if checks_run(session.config):
        for handler in live_logs(session):
            session.config.pluginmanager.register(HeldBack(handler))
