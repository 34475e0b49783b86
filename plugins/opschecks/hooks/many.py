"""Many stacks in one process: a few are gathered at a time, the first that is ready is checked, then released."""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import queue
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import timedelta
from functools import partial

import pytest

from ..core.durations import in_words
from ..core.model import Outcome
from ..core.redaction import redact_text
from ..core.run import Note
from ..core.wording import plural
from .account import build, exit_code, not_collected, own_sections
from .earlier_runs import read_ahead
from .gather import begin, told_of_all
from .in_turn import ChecksOf
from .judge import forget_examined
from .other_plugins import refuse_stand_ins
from .progress import say
from .pytest_private import only_count
from .reaching import reach_alone
from .state import ChecksRun, check_of, checks_run, stack_of
from .users_hooks import notify, placed

AT_ONCE = 12
"""Stacks that are gathered or wait to be checked at the same time."""
COLLECTED = 40
"""After so many stacks the garbage of their clients is collected."""
PROGRESS_S = 5.0
"""How often it is said how far the run is."""
M_ARENA_MAX, ARENAS = -8, 2
"""https://man7.org/linux/man-pages/man3/mallopt.3.html"""
_LET_GO = pytest.StashKey[int]()
"""How many stacks an xdist worker has done with."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Stack after stack, in the order in which they are listed: each is gathered, checked and released by itself."""
    if (run := checks_run(config)) and len(run.stacks) > 1:
        place = {stack.name: number for number, stack in enumerate(run.stacks)}
        items.sort(key=lambda item: place[stack_of(item).name] if check_of(item) else len(place))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """In an xdist worker: let go of a stack when the check that comes next is of another one."""
    told = yield
    if (run := checks_run(item.config)) and run.worker and len(run.stacks) > 1:
        forget_examined(item)
        name = stack_of(item).name
        if nextitem is None or stack_of(nextitem).name != name:
            observed(run, name)
            release(run, name)
            item.config.stash[_LET_GO] = stacks = item.config.stash.get(_LET_GO, 0) + 1
            collect_garbage(stacks)
    return told


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run a fleet's checks, each stack's when it has been looked at: one that does not answer delays no other."""
    run = checks_run(session.config)
    if not run or not run.one_by_one or not session.items:  # a file that cannot be collected stops no other's checks
        return None
    prepare(run)
    of = ChecksOf(run, session.items)
    session.testscollected = len(run.collected)
    check_each(session, run, of, Crew(run, of), Told(run, session.config, len(of)))
    return True


def check_each(session: pytest.Session, run: ChecksRun, of: ChecksOf, crew: Crew, told: Told) -> None:
    """Check the stacks that the crew gathers, one after another, in this process."""
    while current := crew.next():
        items = of.made(current)
        # what is torn down depends on what comes next, which is the same check whichever stack that will be
        check_stack(session, run, current, items, session.items[0] if crew.fill() else None)
        told.done(items)
        forget(run, session.config, items)
        collect_garbage(told.stacks)


def check_stack(
    session: pytest.Session,
    run: ChecksRun,
    name: str,
    items: Sequence[pytest.Item],
    after: pytest.Item | None,
    while_checked: contextlib.AbstractContextManager[None] = contextlib.nullcontext(),
) -> None:
    """Check a stack that has been gathered, write its files and let go of it; `after` is the check that comes next."""
    first, why = len(run.findings), ""
    try:
        with while_checked:
            for item, following in zip(items, [*items[1:], after], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                go_on(session)
    except BaseException as error:
        why = why_ended(session, run, error)
        raise
    finally:  # what was judged until then is kept
        observed(run, name)
        _finish(session, run, alone(run, name, items, first), why)
        release(run, name)


def go_on(session: pytest.Session) -> None:
    """Raise what a reported check leads to, as pytest does after each."""
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)


def why_ended(session: pytest.Session, run: ChecksRun, error: BaseException) -> str:
    """Why the run ends in the middle of a stack, or after its last check."""
    if run.stopped_by:
        return run.stopped_by
    stop = session.shouldfail or session.shouldstop
    if isinstance(error, KeyboardInterrupt):
        return "stopped by Ctrl-C"
    return str(stop or error) or type(error).__name__


def alone(run: ChecksRun, name: str, items: Sequence[pytest.Item], first: int) -> ChecksRun:
    """The part of the run that is about one stack, as a run of its own; `first` is the first of its findings."""
    ids = [item.nodeid for item in items]
    return dataclasses.replace(
        run,
        stacks=[run.stack(name)],
        collected={nodeid: run.collected[nodeid] for nodeid in ids},
        reported={nodeid: run.reported[nodeid] for nodeid in ids if nodeid in run.reported},
        findings=run.findings[first:],
        observations=[seen for seen in run.observations if seen.stack == name],
        stores={},
        released=[],
        notes=[note for note in run.notes if note.stack == name],
        untidy=[],
    )


def _finish(session: pytest.Session, run: ChecksRun, own: ChecksRun, ended_by: str) -> None:
    """Write the stack's files, and tell what was found; whatever fails there ends no other stack's checks."""
    from .fleet_files import write_stack

    name = own.stacks[0].name
    try:
        whole = len(own.reported) == len(own.collected)
        why = not_collected(run) or ("" if whole else ended_by)
        told = build(own, "finished" if whole and not why else "stopped", why)
        told = dataclasses.replace(told, exit_code=exit_code(told, run.fail_on))
        write_stack(run, own, told, partial(own_sections, session))
        notify(session, run, told)
    except Exception as error:  # noqa: BLE001 - it is said, and the run is not good
        run.cannot_write(f"{name} could not be reported whole: {placed(error)}")


def forget(run: ChecksRun, config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Let go of what was kept of the checks of a stack whose files are written, but for what the fleet's need."""
    only_count(config, "", "passed", "skipped")
    for item in items:
        forget_examined(item)
        if item.nodeid in run.reported:
            run.collected[item.nodeid] = run.reported[item.nodeid]


def collect_garbage(stacks: int, processes: int = 1) -> None:
    """Clients are circles of references, and the run collects none by itself.

    What is there after the first stack is left out from then on: botocore's models are large, and stay.
    """
    if stacks == 1:
        gc.freeze()
    if not stacks % max(10, COLLECTED // processes):
        gc.collect()


def prepare(run: ChecksRun, processes: int = 1) -> None:
    """What is done once, before any thread: threads that import a module at once see half of it."""
    from ..aws.bounds import Bounds

    refuse_stand_ins(run)
    share_memory()
    for name in ("boto3", "requests", "opschecks.aws.session", "opschecks.web.http"):
        importlib.import_module(name)
    run.bounds = Bounds(processes)


def share_memory() -> None:
    """Limit glibc's arenas, of which it makes eight for each processor: each of hundreds of threads would have its own.

    Nothing with another C library. Measured: 17 MB less in each process of a fleet, and no more CPU. MALLOC_ARENA_MAX=2
    does the same from outside.
    """
    # only memory is lost where Python has no ctypes, and on Windows, whose libraries have no name that is None
    with contextlib.suppress(ImportError, OSError, TypeError):
        import ctypes

        if mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
            mallopt(M_ARENA_MAX, ARENAS)


class Crew:
    """Gathers stacks, at most AT_ONCE of them ahead of their checks, and hands over the first that is ready."""

    def __init__(
        self,
        run: ChecksRun,
        of: Mapping[str, Sequence[pytest.Item]],
        at_once: int = AT_ONCE,
        deal: Callable[[bool], str | None] | None = None,
    ) -> None:
        """`deal` says which stack is the next to be gathered, or None; given True, it waits for somebody to say it."""
        waiting = iter(list(of))
        self._run = run
        self._of = of
        self._deal = deal or (lambda _: next(waiting, None))
        self._ready: queue.SimpleQueue[tuple[str, BaseException | None]] = queue.SimpleQueue()
        self._ahead = 0
        self._at_once = at_once

    def fill(self) -> bool:
        """Begin to gather as many as may be; returns whether there is one that is to be checked."""
        while self._ahead < self._at_once and (name := self._deal(not self._ahead)):
            self._ahead += 1
            threading.Thread(target=self._gather, args=(name,), name=f"stack {name}", daemon=True).start()
        return bool(self._ahead)

    def next(self) -> str | None:
        """The next stack whose observations have all ended, or have run out of time; None where there is none left."""
        if not self.fill():
            return None
        name, error = self._ready.get()
        self._ahead -= 1
        if error:
            raise error
        return name

    def _gather(self, name: str) -> None:
        try:
            if name not in self._run.aws:
                reach_alone(self._run, self._run.stack(name))
            begin(self._run, self._of[name], [name])
            read_ahead(self._run, self._run.stack(name))
            store = self._run.stores[name]
            for observation in list(store.results):
                while not store.wait(observation, PROGRESS_S):
                    pass
        except (pytest.UsageError, KeyboardInterrupt) as error:
            self._ready.put((name, error))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it ends no other stack's checks
            self._run.stores.pop(name, None)  # so that its checks could not look
            why = redact_text(f"nothing was gathered: {type(error).__name__}: {error}")
            self._run.notes.append(Note(name, why))
            self._ready.put((name, None))
        else:
            self._ready.put((name, None))


def observed(run: ChecksRun, name: str) -> None:
    """Keep what the stack's observations saw for the run file, and nothing else of them."""
    if store := run.stores.pop(name, None):
        run.observations += told_of_all(run, name, store)


def release(run: ChecksRun, name: str) -> None:
    """Close and forget the stack's clients and connections."""
    if http := run.http.pop(name, None):
        http.close()
    if aws := run.aws.pop(name, None) if run.one_by_one else run.aws.get(name):
        aws.release()


class Told:
    """How far the run is, every few seconds: stacks done, failed, blind, and the time that is left."""

    def __init__(self, run: ChecksRun, config: pytest.Config, total: int) -> None:
        self._run, self._config, self._total = run, config, total
        self._began = self._shown = time.monotonic()
        self.stacks = self._failed = self._blind = 0

    def done(self, items: Sequence[pytest.Item]) -> None:
        """The checks of a stack have ended."""
        ended = (self._run.reported.get(item.nodeid) for item in items)
        outcomes = {one.outcome for one in ended if one}
        self.stacks += 1
        self._failed += Outcome.FAILED in outcomes
        self._blind += Outcome.FAILED not in outcomes and Outcome.BLIND in outcomes
        now = time.monotonic()
        if now - self._shown >= PROGRESS_S or self.stacks == self._total > AT_ONCE:
            self._shown = now
            say(self._config, progress(self.stacks, self._total, self._failed, self._blind, now - self._began))


def progress(done: int, total: int, failed: int, blind: int, passed_s: float) -> str:
    """One line: the time that is left is what the others took, and nothing is said of it where little is known."""
    parts = [f"{done:,} of {plural(total, 'stack')} done"]
    parts += [f"{failed:,} failed"] if failed else []
    parts += [f"{blind:,} could not look"] if blind else []
    left = passed_s / done * (total - done) if done else 0.0
    parts += [f"about {in_words(timedelta(seconds=max(1, round(left))))} left"] if done >= 3 and done < total else []
    return ", ".join(parts)
