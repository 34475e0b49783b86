"""Asks a person for an MFA code, on the terminal that pytest has taken; nobody where there is none."""

from __future__ import annotations

import contextlib
import getpass
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from .pytest_private import capturing, worker_input

_ONE_AT_A_TIME = threading.Lock()


def asker(config: pytest.Config) -> Callable[[str], str] | None:
    """What asks a question and returns what was typed, unseen; None in cron, in CI and in an xdist worker.

    A person is there if pytest's own standard input is a terminal.
    """
    if worker_input(config) is not None:
        return None
    with _uncaptured(config):
        here = sys.stdin is not None and sys.stdin.isatty()

    def ask(question: str) -> str:
        with _ONE_AT_A_TIME, _uncaptured(config):
            return getpass.getpass(question)

    return ask if here else None


@contextlib.contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """With the terminal's own input and output."""
    captured = capturing(config)
    if captured:
        captured.suspend(in_=True)
    try:
        yield
    finally:
        if captured:
            captured.resume()
