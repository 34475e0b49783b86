"""Sets up the access to a stack's AWS: of every stack when the run begins, of a fleet when a stack's turn has come.

A person who has to type an MFA code for it does so on the terminal that pytest has taken.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ..core.observation import CouldNotLook
from .identity import ask_ahead
from .pytest_fleets import processes_asked
from .pytest_private import capturing, in_workers, is_capturing, worker_input
from .state import ChecksRun

if TYPE_CHECKING:
    from ..aws.credentials import Ask
    from ..aws.session import Aws
    from ..config.stack import Stack

_ONE_AT_A_TIME = threading.Lock()


def is_one_by_one(run: ChecksRun, config: pytest.Config) -> bool:
    """Whether the stacks of the run are reached, checked, filed and released one after another."""
    several = run.part is not None and len(run.stacks) > 1
    elsewhere = run.worker or (in_workers(config) and not processes_asked(config))
    whole = not (elsewhere or run.tape.replays or config.option.fix or config.option.record)
    return several and whole and not config.option.collectonly and not any(stack.sandbox for stack in run.stacks)


def reach(run: ChecksRun, config: pytest.Config) -> None:
    """Reach each real stack; LookupError if the AWS configuration is wrong or diverts calls."""
    from ..aws.credentials import nobody_to_ask
    from ..aws.session import Aws

    signed: Mapping[str, Mapping[str, str]] = json.loads((worker_input(config) or {}).get("opschecks_signed", "{}"))
    for stack in run.stacks:
        if run.tape.replays:
            run.aws[stack.name] = Aws(stack, tape=run.tape)
        elif run.part and not stack.sandbox:
            reach_alone(run, stack, signed.get(stack.name))
        elif not stack.sandbox:
            ask = None if run.worker else partial(_ask, config)
            run.aws[stack.name] = aws = _reached(run, stack, ask, signed.get(stack.name))
            if ask and aws.asks and not _somebody_there(config):
                raise LookupError(str(nobody_to_ask(aws.asks)))
    if not (run.worker or in_workers(config)):
        ask_ahead(run, [stack.name for stack in run.stacks if not (stack.sandbox or run.aws[stack.name].asks)])


def _reached(run: ChecksRun, stack: Stack, ask: Ask | None, signed: Mapping[str, str] | None) -> Aws:
    from ..aws.session import Aws, UnusableProfile

    if variable := stack.diverted_by:
        raise LookupError(
            f"stacks.{stack.name}: {variable} is set and would divert calls from AWS; unset it, "
            "or set endpoint_url for this stack"
        )
    try:
        return Aws(stack, ask=ask, signed=signed, tape=run.tape, bounds=run.bounds)
    except UnusableProfile as error:
        raise LookupError(str(error)) from None


def reach_alone(run: ChecksRun, stack: Stack, signed: Mapping[str, str] | None = None) -> None:
    """Reach one stack of a fleet; one whose configuration cannot be used is blind by itself, and nobody is asked."""
    from ..aws.session import Aws

    try:
        run.aws[stack.name] = _reached(run, stack, None, signed)
    except LookupError as error:
        run.aws[stack.name] = Aws(stack, tape=run.tape, unusable=CouldNotLook("", str(error)))


def _somebody_there(config: pytest.Config) -> bool:
    """Whether pytest's own standard input is a terminal: it is not in cron and in CI."""
    with _uncaptured(config):
        return sys.stdin is not None and sys.stdin.isatty()


def _ask(config: pytest.Config, question: str) -> str:
    """What is typed for an answer, unseen."""
    import getpass

    with _ONE_AT_A_TIME, _uncaptured(config):
        return getpass.getpass(question)


@contextlib.contextmanager
def _uncaptured(config: pytest.Config) -> Iterator[None]:
    """With the terminal's own input and output; as it was before afterwards."""
    if not (captured := capturing(config)):
        yield
        return
    begun = is_capturing(captured)
    captured.suspend(in_=True)
    try:
        yield
    finally:
        if begun:  # if not, pytest resumes it itself, the input too
            captured.resume()
