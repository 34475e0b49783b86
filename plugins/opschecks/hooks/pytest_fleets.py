"""What runs of many stacks use of pytest and xdist that neither publishes; more bets, as in pytest_private.py."""

from __future__ import annotations

import dataclasses
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from .pytest_private import PYTEST, XDIST, bet, capturing, option

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
    asked = processes_asked(config)
    if asked:
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


def item_of(like: pytest.Item, stack: Stack, place: int) -> pytest.Item:
    """The item of another stack, which is the one of that place in the run; with the same marks."""
    one: Any = like
    found = _made_of(like)
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
