"""What runs of many stacks use of pytest and xdist that neither publishes; more bets, as in pytest_private.py."""

from __future__ import annotations

import copy
import dataclasses
import io
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from .pytest_private import PYTEST, XDIST, bet, capturing, option, terminal

if TYPE_CHECKING:
    from ..config.stack import Stack


@bet(
    "config.option.dist",
    XDIST,
    "hooks/select.py",
    "-n spreads a fleet over processes of ours: xdist's each keep every check, and send each one's three reports",
)
def _distribution(node: Any) -> Any:
    return node.config.option if hasattr(node.config.option, "dist") else None


def processes_asked(config: pytest.Config) -> int:
    """How many processes on this machine -n asks for, where they can be forked; else 0.

    macOS can, but not everything that it brings survives that: Python itself does so no more.
    """
    started = option(config, "tx") or []
    usual = option(config, "numprocesses") and set(started) == {"popen"}
    return len(started) if usual and hasattr(os, "fork") and sys.platform != "darwin" else 0


def take_over(config: pytest.Config) -> int:
    """How many processes -n asks for, at least one; from now on xdist starts none."""
    if asked := processes_asked(config):
        options = _distribution(SimpleNamespace(config=config))
        options.dist, options.tx, options.numprocesses = "no", [], None
    return asked or 1


@bet(
    "CaptureManager.start_global_capturing, .stop_global_capturing, .suspend_global_capture",
    PYTEST,
    "hooks/spread_worker.py",
    "a process that is forked has the files into which pytest captures in common with all others",
)
def _capture(node: Any) -> Any:
    manager = capturing(node.config)
    for name in ("start_global_capturing", "stop_global_capturing", "suspend_global_capture"):
        getattr(manager, name)
    return manager


def capture_anew(session: pytest.Session) -> None:
    """Capture what checks print into files of this process, between two checks; nothing where capturing is off."""
    if capturing(session.config):
        manager = _capture(session)
        manager.stop_global_capturing()
        manager.start_global_capturing()
        manager.suspend_global_capture()


@bet(
    "TerminalReporter._tw._file",
    PYTEST,
    "hooks/spread_worker.py",
    "Config.get_terminal_writer() is called by plugins and conftests, and fails where there is no reporter",
)
def _writer(node: Any) -> Any:
    from _pytest._io import TerminalWriter

    reporter = terminal(node.config)  # an xdist worker, in which this may be looked for, has none
    writer = reporter._tw if reporter else TerminalWriter(sys.stdout)
    return writer if writer._file else None


class _Nothing(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


class Silent:
    """A terminal reporter that writes to nothing, and has no hooks: nothing that is reported is told to it."""

    def __init__(self, reporter: Any, writer: Any) -> None:
        self._reporter, self._tw = copy.copy(reporter), copy.copy(writer)
        self._tw._file = _Nothing()
        self._reporter._tw = self._tw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reporter, name)


def keep_silent(config: pytest.Config) -> None:
    """Leave the terminal to the first process, but to those who ask for its writer one that writes to nothing."""
    if reporter := terminal(config):
        silent = Silent(reporter, _writer(SimpleNamespace(config=config)))
        config.pluginmanager.unregister(name="terminalreporter")
        config.pluginmanager.register(silent, "terminalreporter")


@bet(
    "_pytest.runner.pytest_sessionfinish(session)",
    PYTEST,
    "hooks/spread_worker.py",
    "a process that ends tears down what its checks set up, and runs no hook that ends the session",
)
def _finish(node: Any) -> Any:
    return node.config.pluginmanager.get_plugin("runner").pytest_sessionfinish


def tear_down(session: pytest.Session) -> None:
    """Tear down every fixture that is still set up."""
    _finish(session)(session=session)


def end_process(code: int) -> NoReturn:
    """End a forked process at once: what is registered for the end of the program is the first process's."""
    os._exit(code)


@bet(
    "Function._fixtureinfo, .originalname, .callspec of params, indices and _idlist; Function.from_parent(…)",
    PYTEST,
    "hooks/in_turn.py",
    "of a thousand stacks each one's items are made when its turn comes, as pytest would have made them",
)
def _made_of(item: Any) -> Any:
    known = {one.name for one in dataclasses.fields(item.callspec)}
    return item._fixtureinfo if item.originalname and {"params", "indices", "_idlist"} <= known else None


def item_of(one: Any, stack: Stack, place: int) -> pytest.Item:
    """The item of another stack, which is the one of that place in the run; with the same marks."""
    found = _made_of(one)
    callspec = dataclasses.replace(
        one.callspec,
        params={**one.callspec.params, "stack": stack},
        indices={**one.callspec.indices, "stack": place},
        _idlist=[stack.name],
    )
    made: pytest.Item = type(one).from_parent(
        one.parent,
        name=f"{one.originalname}[{stack.name}]",
        callspec=callspec,
        fixtureinfo=found,
        keywords={stack.name: True},
        originalname=one.originalname,
    )
    made.own_markers[:] = one.own_markers
    made.keywords.update((mark.name, mark) for mark in one.own_markers)
    made.user_properties[:] = one.user_properties
    return made
