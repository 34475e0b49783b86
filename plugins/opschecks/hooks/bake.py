"""--bake: after a deploy, wait until it has settled, then watch it for a while before it counts as good."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ..core.durations import span_of
from .gather import begin
from .progress import say
from .pytest_private import in_workers
from .state import ChecksRun, checks_of, checks_run

if TYPE_CHECKING:
    from ..config.stack import Stack

PROGRESS_S = 30.0
"""How often it reports while nothing changes."""
BACK_OFF, LONGEST = 1.5, 6.0
"""While nothing changes, each pause is so much longer than the one before it, up to so many times fix.poll_s."""
SURE = 3
"""How many looks in a row must agree that what is expected never comes: ECS's answers may be some seconds old."""


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a bad time, and options that do not go together."""
    run, option = checks_run(config), config.option
    if not option.bake:
        return
    if not run or run.suite != "deploy-after":
        raise pytest.UsageError("--bake: applies to checks/deploy/after only")
    try:
        span_of(option.bake)
    except ValueError as error:
        raise pytest.UsageError(f"--bake {error}") from None
    if in_workers(config):
        raise pytest.UsageError("--bake: cannot run in parallel; remove -n")


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """Watch before the checks run; they report on the newest observations, which show the first failure."""
    run, option = checks_run(session.config), session.config.option
    if run and option.bake and not option.collectonly and not session.testsfailed:
        for stack in run.stacks:
            _Watch(run, stack, session).go(span_of(option.bake))
    return (yield)


class _Watch:
    """The watching of one stack."""

    def __init__(self, run: ChecksRun, stack: Stack, session: pytest.Session) -> None:
        from .rounds import Rounds

        self.stack = stack
        self.config = session.config
        begin(run, session.items, [stack.name])
        self.rounds = Rounds(run, stack, checks_of(session.items, stack))

    def go(self, bake: timedelta) -> None:
        """Watch until everything is good, for as long as a deployment may take; then for the time of the bake."""
        settle = timedelta(minutes=self.stack.limits.deployment_minutes)
        if self._until(settle, lambda bad: not bad, "settling"):
            self._until(bake, bool, "baking")

    def _until(self, within: timedelta, over: Callable[[list[str]], bool], words: str) -> bool:
        """Look until `over` or the time has passed, or nothing can come any more; returns whether it is over.

        It ends with a look at everything. The run keeps the last observations.
        """
        began, shown, told, agreed, pause_s = time.monotonic(), 0.0, ["nothing yet"], 0, self.stack.fix.poll_s
        while True:
            bad = self.rounds.look()
            agreed = agreed + 1 if self.rounds.never else 0
            passed = time.monotonic() - began
            if over(bad) or agreed >= SURE or passed >= within.total_seconds():
                bad = bad if self.rounds.is_whole else self.rounds.look(whole=True)
                never = self.rounds.never if agreed >= SURE else ()
                if over(bad) or never or passed >= within.total_seconds():
                    self._conclude(words, passed, bad, never)
                    return over(bad)
            pause_s = self.stack.fix.poll_s if bad != told else min(pause_s * BACK_OFF, self.stack.fix.poll_s * LONGEST)
            if told != bad or passed - shown >= PROGRESS_S:
                shown, told = passed, bad
                left = _words(within.total_seconds() - passed)
                self._say(f"{words}, at most {left} more: {', '.join(bad[:3]) or 'all good so far'}")
            time.sleep(min(pause_s, max(0.0, within.total_seconds() - passed)))

    def _conclude(self, words: str, passed_s: float, bad: list[str], never: tuple[str, ...]) -> None:
        self._say(f"{words} for {_words(passed_s)}: {', '.join(bad) or 'all good'}")
        if never:
            self._say(f"stopped waiting, because waiting does not help: {'; '.join(dict.fromkeys(never))}")

    def _say(self, line: str) -> None:
        say(self.config, f"{self.stack.name}: {line}")


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
