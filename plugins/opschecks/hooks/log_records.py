"""Log records of a checks run are redacted: at DEBUG, botocore logs the session token of each request."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ..core.redaction import redact_text
from .state import checks_run

_BEFORE = pytest.StashKey[Any]()
"""The factory of records that was there before."""


class RedactedRecord(logging.LogRecord):
    """A record whose text, formatted only when some handler shows it, has no secrets."""

    def getMessage(self) -> str:  # noqa: N802 - logging's name
        """The message with its arguments, secrets masked."""
        return redact_text(super().getMessage())


def pytest_configure(config: pytest.Config) -> None:
    """From here on; also for records that pytest keeps and shows beside a failure."""
    if checks_run(config):
        config.stash[_BEFORE] = logging.getLogRecordFactory()
        logging.setLogRecordFactory(RedactedRecord)


def pytest_unconfigure(config: pytest.Config) -> None:
    """As it was."""
    if _BEFORE in config.stash:
        logging.setLogRecordFactory(config.stash[_BEFORE])
