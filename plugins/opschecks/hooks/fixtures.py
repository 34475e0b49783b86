"""Observations, `stack` and `examine` as fixtures, and each check once for each stack."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ..core.model import Resource
from ..core.observation import REGISTRY, CouldNotLook
from .examine import EXAMINE, Examine
from .other_plugins import NO_LIMIT, WAITS_UNTIL
from .progress import say
from .state import checks_run

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
    know_observations()
    listed = session.config.option.showfixtures or session.config.option.show_fixtures_per_test
    for name in REGISTRY:
        what = REGISTRY[name].what if listed else ""
        pytest.register_fixture(name=name, func=_reader(name, what), node=session)
    for name, function in (("stack", _stack), ("examine", _examine), ("now", _now)):
        pytest.register_fixture(name=name, func=function, node=session)


def import_observations() -> None:
    """Import every module that contains observations, for what goes through all of them."""
    for name, _ in _modules():
        importlib.import_module(name)


def know_observations() -> None:
    """Let each observation be found by name: a run imports the modules of those that its checks need, and no others.

    Where there is no source, as of a package that was only compiled, a module is imported. UsageError where a conftest
    or plugin, which pytest imports earlier, declares one of ours.
    """
    for module, path in _modules():
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            importlib.import_module(module)
            continue
        for declared in text.split("\n@observation")[1:]:
            name = declared.partition("\ndef ")[2].partition("(")[0]
            known = REGISTRY.imported.get(name)
            if known and known.function.__module__ != module:
                file = known.function.__code__.co_filename
                raise pytest.UsageError(f"{file}: observation {name} is declared twice: in {module} too; rename yours")
            REGISTRY.modules[name] = module


def _modules() -> Iterator[tuple[str, Path]]:
    from .. import aws, web

    for package in (aws, web):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.ispkg:
                yield module.name, Path(package.__path__[0], f"{module.name.rpartition('.')[2]}.py")


def _reader(name: str, what: str) -> Callable[..., Any]:
    def read(stack: Any, request: pytest.FixtureRequest) -> Any:
        if (run := checks_run(request.config)) is None or stack.name not in run.stores:
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
    if (run := checks_run(request.config)) is None or stack.name not in run.stores:
        raise CouldNotLook("now", "nothing was gathered")
    return run.stores[stack.name].now


def _examine(request: pytest.FixtureRequest) -> Iterator[Examine]:
    """`with examine(resource):` turns what is asserted inside into a finding of that resource."""
    yield request.node.stash[EXAMINE]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each check once for each stack; the stack comes first in the id."""
    if run := checks_run(metafunc.config):
        if "stack" not in metafunc.fixturenames:
            metafunc.fixturenames.append("stack")
        stacks = run.stacks[:1] if run.in_turn else run.stacks
        metafunc.parametrize("stack", stacks, indirect=True, ids=[stack.name for stack in stacks])


def whole_stack(name: str) -> Resource:
    """The resource of a finding that is about the stack as a whole."""
    return Resource(arn=f"stack/{name}", name=name)
