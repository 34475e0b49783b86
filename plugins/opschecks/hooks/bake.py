"""--bake: after a deploy, wait until it has settled, then watch it for a while before it counts as good."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ..core.durations import span_of
from ..core.model import Outcome
from .gather import begin, fresh_store, observations_of
from .progress import say
from .pytest_private import in_workers
from .state import ChecksRun, checks_of, checks_run

if TYPE_CHECKING:
    from ..config.stack import Stack
    from .examine import Examine

PROGRESS_S = 30.0
"""How often it reports while nothing changes."""


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
        self.run = run
        self.stack = stack
        self.session = session
        self.items = checks_of(session.items, stack)

    def go(self, bake: timedelta) -> None:
        """Watch until everything is good, for as long as a deployment may take; then for the time of the bake."""
        begin(self.run, self.session.items, [self.stack.name])
        settle = timedelta(minutes=self.stack.limits.deployment_minutes)
        if self._until(settle, lambda bad: not bad, "settling"):
            self._until(bake, bool, "baking")

    def _until(self, within: timedelta, over: Callable[[list[str]], bool], words: str) -> bool:
        """Look until `over` or the time has passed; returns whether it is over. The run keeps the last observations."""
        began, shown, told = time.monotonic(), 0.0, ["nothing yet"]
        while True:
            bad = self._bad()
            passed = time.monotonic() - began
            if over(bad) or passed >= within.total_seconds():
                self._say(f"{words} for {_words(passed)}: {', '.join(bad) or 'all good'}")
                return over(bad)
            if told != bad or passed - shown >= PROGRESS_S:
                shown, told = passed, bad
                left = _words(within.total_seconds() - passed)
                self._say(f"{words}, at most {left} more: {', '.join(bad[:3]) or 'all good so far'}")
            time.sleep(min(self.stack.fix.poll_s, max(0.0, within.total_seconds() - passed)))
            wanted = observations_of(self.session.items, self.stack)
            self.run.stores[self.stack.name] = fresh_store(self.run, self.stack.name, wanted)

    def _bad(self) -> list[str]:
        """What is not good by the newest observations, in words."""
        from .look import looked

        store = self.run.stores[self.stack.name]
        return [_told(examine) for item in self.items if _rank(examine := looked(self.run, item, store))]

    def _say(self, line: str) -> None:
        say(self.session.config, f"{self.stack.name}: {line}")


def _rank(examine: Examine) -> bool:
    return any(one.outcome.rank >= Outcome.BLIND.rank for one in examine.findings)


def _told(examine: Examine) -> str:
    bad = max(examine.findings, key=lambda one: one.outcome.rank)
    what = examine.check.failing if bad.outcome is Outcome.FAILED else bad.outcome.words
    return f"{what} ({bad.name}: {bad.message})"


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
