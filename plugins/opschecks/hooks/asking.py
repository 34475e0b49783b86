"""Asks a person for an MFA code, on the terminal that pytest has taken."""

from __future__ import annotations

import contextlib
import getpass
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from .pytest_private import capturing, is_capturing

_ONE_AT_A_TIME = threading.Lock()


def somebody_there(config: pytest.Config) -> bool:
    """Whether pytest's own standard input is a terminal: it is not in cron and in CI."""
    with _uncaptured(config):
        return sys.stdin is not None and sys.stdin.isatty()


def asker(config: pytest.Config) -> Callable[[str], str]:
    """A function that asks a question and returns what was typed, unseen."""

    def ask(question: str) -> str:
        with _ONE_AT_A_TIME, _uncaptured(config):
            return getpass.getpass(question)

    return ask


@contextlib.contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """With the terminal's own input and output; as it was before afterwards."""
    captured = capturing(config)
    if not captured:
        yield
        return
    begun = is_capturing(captured)
    captured.suspend(in_=True)
    try:
        yield
    finally:
        if begun:  # if not, pytest resumes it itself, the input too
            captured.resume()
