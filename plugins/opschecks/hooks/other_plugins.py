"""Keeps what other plugins and fixtures do apart from what checks conclude: limits, reruns, mocks, errors of theirs."""

from __future__ import annotations

import inspect
import math
import socket
import sys
import time
import traceback
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from ..core.observation import CouldNotLook
from .examine import message_of
from .pytest_private import run_as_pytest_does
from .state import ChecksRun, check_of, checks_run

WAITS_UNTIL = pytest.StashKey[tuple[float, float]]()
"""Until when (time.monotonic) a check waits for what it needs, and how many seconds that is, where a plugin says so."""
NO_LIMIT = (math.inf, math.inf)
_LIMITED = pytest.StashKey[Any]()
"""pytest-timeout's settings for a check."""
_CALLED = pytest.StashKey[bool]()
_PYTEST = ("_pytest", "pytest", "pluggy")
_BLOCKING = ("--disable-socket", "--allow-hosts")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Refuse options of pytest-socket that would close the network to checks."""
    run = checks_run(config)
    if not run or run.tape.replays or config.getoption("--force-enable-socket", default=False):
        return
    for option in _BLOCKING:
        if config.getoption(option, default=None):
            raise pytest.UsageError(f"{option}: checks look over the network; for checks, add --force-enable-socket")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a check once, in this process, as pytest itself does.

    What it judges was seen before it began: a plugin that runs it again or in a process of its own would only report
    the same finding several times, or wait for observations that never come.
    """
    return run_as_pytest_does(item, nextitem) if checks_run(item.config) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Conclude nothing while something answers in the place of AWS; limit the check's own function."""
    if (run := checks_run(item.config)) and not run.tape.replays and (why := stand_in()):
        raise CouldNotLook("", f"{why}; what was seen may not be the stack")
    settings = item.stash.get(_LIMITED, None)
    if settings is None or settings.method != "signal":
        return (yield)
    item.stash[_CALLED] = True
    item.ihook.pytest_timeout_set_timer(item=item, settings=settings)
    try:
        return (yield)
    finally:
        item.ihook.pytest_timeout_cancel_timer(item=item)


@pytest.hookimpl(optionalhook=True, tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool | None:
    """pytest-timeout: limit how long a check waits, and then how long its function takes; True: no other timer.

    Its own timers may strike anywhere: in pytest's code, which ends the run; halfway through the change of a drill; or
    by ending the process (`thread`), so that no check is reported.
    """
    if not (run := checks_run(item.config)):
        return None
    if run.suite == "drills":
        return True
    if item.stash.get(_CALLED, False) or (settings.func_only and settings.method == "signal"):
        return None
    item.stash[WAITS_UNTIL] = (time.monotonic() + settings.timeout, settings.timeout)
    item.stash[_LIMITED] = settings
    return True


def stand_in() -> str:
    """What answers in the place of AWS or of the network in this process, in words; "" if nothing does."""
    if getattr(getattr(sys.modules.get("moto.core.models"), "botocore_stubber", None), "enabled", False):
        return "moto is active: mock_aws answers in the place of AWS"
    if socket.socket.__module__.partition(".")[0] == "pytest_socket":
        return "pytest-socket has closed the network"
    if requests := sys.modules.get("requests"):
        for method in (requests.adapters.HTTPAdapter.send, requests.Session.get_adapter):
            owner = method.__module__.partition(".")[0]
            if owner != "requests":
                return f"{owner} is active: it answers HTTP requests in the place of the network"
    return ""


def refuse_stand_ins(run: ChecksRun) -> None:
    """UsageError where something answers in the place of AWS before anything has been asked."""
    if not run.tape.replays and (why := stand_in()):
        run.stopped_by = f"{why}; start it in the tests that need it, not for checks"
        raise pytest.UsageError(run.stopped_by)


def foreign_fixtures(config: pytest.Config, folder: Path, functions: Mapping[str, Any]) -> Iterator[str]:
    """The fixtures, as `name (file)`, that are neither of checks' own conftest nor of pytest or an installed plugin.

    What stands above checks/ was written for other tests, which may need a mock where a check needs the world.
    """
    for name, function in functions.items():
        module = function.__module__
        if module.partition(".")[0] in (*_PYTEST, "opschecks") or installed_plugin(config, module):
            continue
        code = getattr(inspect.unwrap(function), "__code__", None)
        file = Path(code.co_filename if code else module)
        if folder not in file.parents:
            yield f"{name} ({file.name}{', which uses moto' if code and _uses(function, code, 'moto') else ''})"


def _uses(function: Any, code: CodeType, package: str) -> bool:
    """Whether the function names something of the package."""
    named = [getattr(function, "__globals__", {}).get(name) for name in code.co_names]
    modules = [getattr(one, "__name__" if isinstance(one, ModuleType) else "__module__", "") for one in named]
    return any(str(module).partition(".")[0] == package for module in modules)


def error_of_another(item: pytest.Item, error: BaseException, when: str) -> CouldNotLook | None:
    """The error as what kept the check from looking, if it is not the check's own; None if it is.

    A check fails by what is raised in its function. What a fixture, a hook or another plugin raises before, around or
    after it says nothing about the stack.
    """
    if isinstance(error, CouldNotLook):
        return None
    if plugin := ended_by_plugin(item.config, error):
        return CouldNotLook("", f"{plugin} ended the check: {message_of(error, '')}")
    raised_in = {frame.f_code for frame, _ in traceback.walk_tb(error.__traceback__)}
    if isinstance(error, pytest.skip.Exception) or (when == "call" and _codes(item) & raised_in):
        return None
    where = {"setup": "what runs before the check", "teardown": "what runs after the check"}
    return CouldNotLook("", f"{where.get(when, 'what runs around the check')} failed: {message_of(error, '')}")


def ended_by_plugin(config: pytest.Config, error: BaseException) -> str:
    """The plugin that called pytest.fail within the check, such as pytest-timeout; "" for any other error."""
    if not isinstance(error, pytest.fail.Exception):
        return ""
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    callers = [module for module in modules if module.partition(".")[0] not in _PYTEST]
    return plugin_of(config, callers[-1]) if callers else ""


def plugin_of(config: pytest.Config, module: str) -> str:
    """The plugin to which the module belongs, installed or named by -p; "" for a conftest, opschecks or no plugin."""
    named = [one for one in config.pluginmanager.get_plugins() if getattr(one, "__name__", "") == module]
    conftest = any(Path(getattr(one, "__file__", None) or "").name == "conftest.py" for one in named)
    other = module if named and not conftest and not module.startswith("opschecks.") else ""
    return installed_plugin(config, module) or other


def installed_plugin(config: pytest.Config, module: str) -> str:
    """The installed package whose plugin the module belongs to; "" for opschecks and for what is not installed."""
    package = module.partition(".")[0]
    for plugin, told in config.pluginmanager.list_plugin_distinfo():
        if package != "opschecks" and getattr(plugin, "__name__", "").partition(".")[0] == package:
            return str(told.project_name)
    return ""


def _codes(item: pytest.Item) -> set[CodeType]:
    """The code of the check's function, and of its decorators where they keep what they wrap."""
    found: set[CodeType] = set()
    function: Any = getattr(item, "function", None) if check_of(item) else None
    while function is not None:
        found.add(function.__code__) if hasattr(function, "__code__") else None
        function = getattr(function, "__wrapped__", None)
    return found
