"""Makes every observation that the selected checks need, all at once, when the stack's account is known."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from ..core import clock
from ..core.gathering import NOTHING_EARLIER, Earlier, Gathering, Observed
from ..core.model import ObservationResult, Resource, SeenResource
from ..core.observation import REGISTRY, CouldNotLook, closure
from .applicable import is_lacking
from .identity import identify_stack, services_of
from .memory import memory_of
from .state import ChecksRun, checks_of, checks_run, stack_of

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..web.http import Http


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Start before the first check: all stacks, or in an xdist worker that of the check.

    Outside of every other wrapper: a time limit of pytest-timeout is one of checks, not of what precedes them.
    """
    run = checks_run(item.config)
    if run and not run.one_by_one:
        begin(run, item.session.items, [stack_of(item).name] if run.worker else [stack.name for stack in run.stacks])
    return (yield)


def begin(run: ChecksRun, items: Iterable[pytest.Item], names: Iterable[str]) -> None:
    """Identify and gather stacks that are new to the run; UsageError if the credentials are of another account."""
    wanted = {name: observations_of(items, run.stack(name)) for name in names if name not in run.stores}
    new = [name for name in wanted if wanted[name] and name not in run.accounts]
    identify_stack(run, new, services_of(one for names in wanted.values() for one in names))
    for name in wanted:
        if name in run.refused:
            run.aws[name].refuse(run.refused[name])
        run.stores[name] = fresh_store(run, name, wanted[name])


def fresh_store(
    run: ChecksRun,
    name: str,
    wanted: Collection[str],
    since: datetime | None = None,
    earlier: Earlier = NOTHING_EARLIER,
) -> Gathering:
    """The named observations of a stack and what they need, started now; of nothing before `since`.

    May be called any number of times: what the looks before it left behind is closed and freed. `earlier` is what is
    taken over from one of them.
    """
    if name in run.stores:
        _free_earlier_looks(run)
    stack, http = run.stack(name), http_of(run, name)
    http.hang_up()  # a connection that idled may be closed by its host at the moment that it is used again
    now = run.tape.ask("moment", "the clock", {"stack": name}, clock.now)
    told = {
        "now": now,
        "since": since,
        "expected": run.expected,
        "filed": partial(_filed, run, stack),
        "tape": run.tape,
    }
    given = partial(_given, {"stack": stack, "http": http, **told}, run.aws[name])
    store = Gathering(
        closure(wanted),
        given,
        now=now,
        timeout_s=stack.limits.gather_timeout_s,
        wanted=wanted,
        earlier=earlier,
        require=memory_of(run, stack),
    )
    if run.bounds:
        run.aws[name].waited = store.prolong
    store.start()
    return store


def http_of(run: ChecksRun, name: str) -> Http:
    """The stack's HTTP client, one for all looks of the run."""
    from ..web.http import Http

    if name not in run.http:
        run.http[name] = Http(run.stack(name).known_hosts, run.tape)
    return run.http[name]


def _free_earlier_looks(run: ChecksRun) -> None:
    """Collect the garbage of earlier looks: a failed check's traceback holds its whole store in a circle of references.

    The run does not collect by itself. What was there before the second look is left out: botocore's models are large.
    """
    if not run.frozen:
        run.frozen = True
        gc.freeze()
    gc.collect()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Close the HTTP connections of the run."""
    if run := checks_run(config):
        for http in list(run.http.values()):
            http.close()


def observations_of(items: Iterable[pytest.Item], stack: Stack) -> list[str]:
    """The observations that the stack's checks need, without those of checks that do not apply."""
    fixtures: list[list[str]] = [getattr(item, "fixturenames", []) for item in checks_of(items, stack)]
    return sorted({name for names in fixtures for name in names if name in REGISTRY})


def _given(told: Mapping[str, Any], aws: Any, calls: list[str]) -> Mapping[str, Any]:
    return {**told, "aws": aws.scoped(calls)}


def _filed(run: ChecksRun, stack: Stack, suite: str) -> Iterator[Mapping[str, Any]]:
    read, call = _read_filed(run, stack, suite), f"{suite} runs of {stack.name}"
    for index in itertools.count():
        asked = {"stack": stack.name, "suite": suite, "before": index}
        told = run.tape.ask("filed", call, asked, lambda: next(read, None))
        if told is None:
            return
        yield told


def _read_filed(run: ChecksRun, stack: Stack, suite: str) -> Iterator[Mapping[str, Any]]:
    from ..history.runs import filed_runs

    try:
        yield from filed_runs(run.store(stack), (suite,))
    except OSError as error:
        raise CouldNotLook(f"{suite} runs of {stack.name}", f"they cannot be read: {error}") from None


def results(run: ChecksRun) -> list[ObservationResult]:
    """The result of every observation, for the run file; without those of what a stack says that it is without."""
    told = [*run.released, *run.observations]
    for name, store in list(run.stores.items()):  # of a fleet that ends early, others are under way
        told += told_of_all(run, name, store)
    return told


def told_of_all(run: ChecksRun, name: str, store: Gathering) -> list[ObservationResult]:
    """The results of a stack's observations, without those of what it says that it is without."""
    stack = run.stack(name)
    return [
        told_of(name, observation, result)
        for observation, result in store.results.items()
        if result.calls or not is_lacking(result.error, stack)
    ]


def told_of(stack: str, name: str, result: Observed) -> ObservationResult:
    """The result of one observation, for the run file."""
    if not result.done.is_set():
        error = "not waited for" if not result.started else "no answer yet when the run ended"
    else:
        error = _words(result.error)
    value = result.value if isinstance(result.value, list) else [result.value]
    resources = tuple(
        SeenResource(one.arn, one.name, one.figures, one.series, one.deadlines)
        for one in value
        if isinstance(one, Resource)
    )
    return ObservationResult(stack, name, result.duration_s, tuple(result.calls), error, resources)


def _words(error: BaseException | None) -> str:
    if error is None or isinstance(error, CouldNotLook):
        return str(error or "")
    return f"{type(error).__name__}: {error}"
