"""What --fix and drills share: the fixing session of a stack, what bars it, and how a change is reported."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from ..core.run import Note
from .account import not_collected
from .state import ChecksRun

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..core.change import Sends
    from ..fixing.outcome import Fixed
    from ..fixing.session import FixingSession

Say = Callable[[str], None]


def fixing_session(
    run: ChecksRun, stack: Stack, config: pytest.Config, aws: Sends, say: Say, poll_s: float
) -> FixingSession:
    """The stack's fixing session in this run, with our remedies and those of users' conftests."""
    from ..fixing.session import FixingSession
    from ..remedies import every_remedy

    hooks = config.hook
    remedies = every_remedy(hooks)
    return FixingSession(
        stack=stack, aws=aws, storage=run.store(stack), hooks=hooks, remedies=remedies, say=say, poll_s=poll_s
    )


@contextlib.contextmanager
def ends_where_barred(run: ChecksRun, stack: Stack) -> Iterator[None]:
    """End the run with a UsageError where nothing of the stack may be changed, or its state cannot be used."""
    from ..fixing.session import NotFixable
    from ..history.journal import JournalError
    from ..history.lock import Locked

    try:
        yield
    except NotFixable as error:
        raise pytest.UsageError(str(error)) from None
    except Locked as error:
        run.stopped_by = f"{stack.name}: {error}"
        raise pytest.UsageError(run.stopped_by) from None
    except (OSError, JournalError) as error:
        run.stopped_by = f"{stack.name}: its state cannot be read or written, so nothing more is changed: {error}"
        raise pytest.UsageError(run.stopped_by) from None


def left_out(session: pytest.Session, run: ChecksRun, what: str) -> bool:
    """Whether nothing is done because checks of the suite are not in the run; said of each stack, in its run file."""
    if not (session.testsfailed or run.not_collected):
        return False
    why = not_collected(run) or "errors while collecting checks"
    run.notes += [Note(stack.name, f"{what}, because the suite is not whole: {why}") for stack in run.stacks]
    return True


def report_change(run: ChecksRun, say: Say, fixed: Fixed, resource: str, nodeid: str) -> None:
    """Add the change to the run file, and show it in the terminal."""
    run.fixes.append(fixed.to_plain(resource, nodeid))
    say(f"{fixed.change.remedy} on {fixed.change.name}: {fixed.result.value}: {fixed.said}")
