"""Observations, `stack` and `examine` as fixtures, and each check once for each stack."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import time
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Any

import pytest

from ..core.model import Resource
from ..core.observation import REGISTRY, CouldNotLook
from ..core.wording import nearest
from .examine import EXAMINE, Examine
from .other_plugins import NO_LIMIT, WAITS_UNTIL, foreign_fixtures
from .progress import say
from .pytest_private import fixture_functions, parameters
from .state import ChecksRun, check_of, checks_run

PROGRESS_S = 5.0
"""How long a check waits before it shows what it is waiting for."""
GIVEN_TO_CHECKS = ("stack", "examine", "now")
OUR_FIXTURES = (__name__, f"{__name__.rpartition('.')[0]}.drills")
"""The modules that make the fixtures of observations and drills."""


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Register a fixture for each observation, and stack, examine and now."""
    if not checks_run(session.config):
        return
    import_observations()
    for name, observation in REGISTRY.items():
        pytest.register_fixture(name=name, func=_reader(name, observation.what), node=session)
    pytest.register_fixture(name="stack", func=_stack, node=session)
    pytest.register_fixture(name="examine", func=_examine, node=session)
    pytest.register_fixture(name="now", func=_now, node=session)


def import_observations() -> None:
    """Import every module that contains observations, so that they can be found by name."""
    from .. import aws, web

    for package in (aws, web):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")


def _reader(name: str, what: str) -> Callable[..., Any]:
    def read(stack: Any, request: pytest.FixtureRequest) -> Any:
        run = checks_run(request.config)
        if run is None or stack.name not in run.stores:
            raise CouldNotLook(name, "nothing was gathered")
        store = run.stores[stack.name]
        until, limit_s = request.node.stash.get(WAITS_UNTIL, NO_LIMIT)
        while not store.wait(name, max(0.0, min(PROGRESS_S, until - time.monotonic()))):
            if time.monotonic() >= until:
                raise CouldNotLook(store.under_way(name), f"no answer within {limit_s:g} s (pytest-timeout)")
            say(request.config, f"{stack.name}: waiting for {', '.join(store.pending()[:4])}")
        return store.value(name)

    read.__name__, read.__doc__ = name, what
    return read


def _stack(request: pytest.FixtureRequest) -> Any:
    """The stack that is checked, with its limits."""
    return request.param


def _now(stack: Any, request: pytest.FixtureRequest) -> datetime:
    """The moment of the run's observations, aware UTC, to which ages are counted."""
    run = checks_run(request.config)
    if run is None or stack.name not in run.stores:
        raise CouldNotLook("now", "nothing was gathered")
    return run.stores[stack.name].now


def _examine(request: pytest.FixtureRequest) -> Iterator[Examine]:
    """`with examine(resource):` turns what is asserted inside into a finding of that resource."""
    yield request.node.stash[EXAMINE]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each check once for each stack; the stack comes first in the id."""
    run = checks_run(metafunc.config)
    if run:
        if "stack" not in metafunc.fixturenames:
            metafunc.fixturenames.append("stack")
        metafunc.parametrize("stack", run.stacks, indirect=True, ids=[stack.name for stack in run.stacks])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what is not a check, before any is run."""
    run = checks_run(config)
    if run:
        where: dict[str, pytest.Item] = {}
        for item in items:
            _require_a_check(item, run.runbook, run.drills)
            _require_our_fixtures(item, run)
            name = item.name.partition("[")[0]
            other = where.setdefault(name, item)
            if other.nodeid.partition("[")[0] != item.nodeid.partition("[")[0]:
                raise pytest.UsageError(
                    f"{_shown(item)}: {_shown(other)} has the same name; names of checks are unique"
                )


def _shown(item: pytest.Item) -> str:
    from ..config.load import shown_path

    return f"{shown_path(item.path)}: {item.name.partition('[')[0]}"


def _require_our_fixtures(item: pytest.Item, run: ChecksRun) -> None:
    """Refuse a check whose observations are replaced by a conftest's fixture or a parametrization, or that gets more.

    An autouse fixture of a conftest above checks/ would run around each check: a mock of AWS, another clock.
    """
    for name in parameters(item):
        if name != "stack":
            raise pytest.UsageError(f"{_shown(item)}: {name}: a check is parametrized by its stacks only")
    for name, function in fixture_functions(item).items():
        own = name in REGISTRY or name in GIVEN_TO_CHECKS or name in run.drills
        if own and function.__module__ not in OUR_FIXTURES:
            raise pytest.UsageError(
                f"{_shown(item)}: {name}: a fixture of {function.__module__} hides the observation; "
                "give the fixture another name, or declare an @observation"
            )
    if foreign := list(foreign_fixtures(item.config, run.checks, fixture_functions(item))):
        name = foreign[0].partition(" ")[0]
        run.stopped_by = (
            f"{_shown(item)}: autouse fixtures of other tests run around the check, and may stand in for AWS: "
            f"{', '.join(foreign)}; move them beside those tests, or give checks/conftest.py a fixture {name} that "
            "does nothing"
        )
        raise pytest.UsageError(run.stopped_by)


def _require_a_check(item: pytest.Item, slugs: Collection[str], drills: Collection[str]) -> None:
    """Refuse what is not a check, and a check that takes more than observations: it could not be run again."""
    declared, where, function = check_of(item), _shown(item), getattr(item, "function", None)
    if not declared or not function:
        raise pytest.UsageError(f"{where}: not a check; decorate it with @check(Severity.…, runbook=…, failing=…)")
    if (slug := declared.runbook) not in slugs:
        raise pytest.UsageError(f"{where}: runbook={slug!r}: RUNBOOK.md has no such heading; {nearest(slug, slugs)}")
    for name in inspect.signature(function).parameters:
        if name not in REGISTRY and name not in GIVEN_TO_CHECKS and name not in drills:
            valid = [*REGISTRY, *drills, *GIVEN_TO_CHECKS]
            raise pytest.UsageError(
                f"{where}: {name}: a check takes observations, stack, now and examine; {nearest(name, valid)}"
            )


def whole_stack(name: str) -> Resource:
    """The resource of a finding that is about the stack as a whole."""
    return Resource(arn=f"stack/{name}", name=name)
