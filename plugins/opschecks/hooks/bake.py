"""--bake: after a deploy, wait until it has settled, then watch it for a while before it counts as good."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from ..core.dataclass import dataclass
from ..core.durations import span_of
from .changing import left_out
from .gather import begin
from .progress import say
from .pytest_private import in_workers
from .state import ChecksRun, checks_of, checks_run

if TYPE_CHECKING:
    from ..config.stack import Stack

SHOWN = 3
"""What is not good is told of that many at a time."""
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
    if run and option.bake and not option.collectonly and not left_out(session, run, "--bake: nothing was watched"):
        for stack in run.stacks:
            _watch(run, stack, session, span_of(option.bake))
    return (yield)


def _watch(run: ChecksRun, stack: Stack, session: pytest.Session, bake: timedelta) -> None:
    """Watch one stack until everything is good, for as long as a deployment may take; then for the time of the bake."""
    from .rounds import Rounds

    begin(run, session.items, [stack.name])
    rounds = Rounds(run, stack, checks_of(session.items, stack))
    watch = Watch(rounds, stack.fix.poll_s, lambda line: say(session.config, f"{stack.name}: {line}"))
    late = timedelta(minutes=stack.limits.metrics_late_minutes if rounds.measures else 0)
    if not watch.until(lambda: rounds.patience, lambda bad: not bad, "settling"):
        return
    if not watch.until(bake, bool, "baking") and late:
        watch.until(late, bool, "waiting for the metrics of the last minutes of the bake")


class Looks(Protocol):
    """What is watched: hooks/rounds.py has it for a stack."""

    is_whole: bool
    never: tuple[str, ...]

    def look(self, *, whole: bool = False) -> list[str]:
        """What is not good now, in words."""


@dataclass(frozen=True)
class Watch:
    """Watching, with a pause of `poll_s` and more between two looks."""

    looks: Looks
    poll_s: float
    say: Callable[[str], None]
    moment: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def until(self, within: timedelta | Callable[[], timedelta], over: Callable[[list[str]], bool], words: str) -> bool:
        """Look until `over` or the time has passed, or waiting does not help; returns whether it is over.

        A time that is a function is asked after each look, which may have shown that more is needed. It ends with a
        look at everything. The run keeps the last observations.
        """
        told: list[str] | None = None
        began, shown, agreed, pause_s = self.moment(), 0.0, 0, self.poll_s
        while True:
            bad = self.looks.look()
            agreed = agreed + 1 if self.looks.never else 0
            passed = self.moment() - began
            longest = (within() if callable(within) else within).total_seconds()
            late = passed >= longest
            if over(bad) or late or agreed >= SURE:
                bad = bad if self.looks.is_whole else self.looks.look(whole=True)
                never = self.looks.never if agreed >= SURE else ()
                if over(bad) or late or never:
                    self.say(f"{words} for {_words(passed)}: {', '.join(bad) or 'all good'}")
                    if never:
                        self.say(f"stopped waiting, because waiting does not help: {'; '.join(dict.fromkeys(never))}")
                    return over(bad)
            pause_s = self.poll_s if bad != told else min(pause_s * BACK_OFF, self.poll_s * LONGEST)
            if told != bad or passed - shown >= PROGRESS_S:
                self.say(f"{words}, at most {_words(longest - passed)} more: {_changed(told, bad)}")
                shown, told = passed, bad
            self.pause(min(pause_s, longest - passed))


def _changed(told: list[str] | None, bad: list[str]) -> str:
    """What is not good, as far as it differs from what was told before."""
    if not bad:
        return "all good so far" if told is None or told == bad else "all good now"
    if told == bad:
        return f"unchanged, {len(bad)} not good"
    new = [one for one in bad if one not in (told or ())]
    same = len(bad) - len(new)
    rest = f"{same} {'as' if new else 'still as'} before" if same else ""
    more = f"{len(new) - SHOWN} more" if len(new) > SHOWN else ""
    return ", ".join(filter(None, (*new[:SHOWN], more, rest)))


def _words(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
