"""The checks of each stack of a fleet: planned from the first stack's, and made pytest's items when its turn comes.

pytest's own way makes an item for each check of each stack, and keeps all of them: of 1,000 stacks, 37,000 in 90 MB.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ..core.wording import plural
from .other_plugins import installed_plugin
from .pytest_fleets import item_of
from .state import ChecksRun, checks_run, stack_of

if TYPE_CHECKING:
    from ..config.stack import Stack

_SEE_ITEMS = ("pytest_collection_modifyitems", "pytest_itemcollected", "pytest_collection_finish")
"""Hooks that may say something else of one stack's checks than of another's."""
MANY = 50
"""With more stacks than that a run says that it could use more processors."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Let pytest make all items where somebody's own hook wants to see them."""
    if (run := checks_run(session.config)) and run.in_turn:
        run.in_turn = not _seen_by_users(session.config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Make all items where such a hook was found in a folder that was collected."""
    if (run := checks_run(config)) and run.in_turn and _seen_by_users(config):
        run.in_turn = False
        items[:] = [item_of(item, stack, place) for place, stack in enumerate(run.stacks) for item in items]


def _seen_by_users(config: pytest.Config) -> bool:
    hooks = [one.function for name in _SEE_ITEMS for one in getattr(config.hook, name).get_hookimpls()]
    modules = [one.__module__ for one in hooks if one.__module__.partition(".")[0] not in ("_pytest", "opschecks")]
    return not all(installed_plugin(config, module) for module in modules)


def pytest_report_collectionfinish(config: pytest.Config, items: Sequence[pytest.Item]) -> str:
    """How many checks there are: pytest has counted those of one stack."""
    run = checks_run(config)
    if not run or not run.in_turn:
        return ""
    counted = f"{plural(len(items), 'check')} of each of {len(run.stacks):,} stacks: {len(items) * len(run.stacks):,}"
    idle = _processors() - 1 if run.processes == 1 and len(run.stacks) > MANY else 0
    return counted + (f"; -n auto would use {idle} more of this machine's processors" if idle > 0 else "")


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def _planned(of: Any, stack: Stack) -> Any:
    """What is known of a check of a stack before its item is made, as the item has it; `of` is the first stack's."""
    name = f"{of.originalname}[{stack.name}]"
    file, line, shown = of.location
    return SimpleNamespace(
        name=name,
        nodeid=of.nodeid.removesuffix(of.name) + name,
        location=(file, line, shown.removesuffix(of.name) + name),
        path=of.path,
        function=of.function,
        fixturenames=of.fixturenames,
        callspec=SimpleNamespace(params={"stack": stack}),
    )


class ChecksOf(Mapping[str, Sequence[Any]]):
    """The checks of each stack by its name: planned ones, or the items where there are."""

    def __init__(self, run: ChecksRun, items: Sequence[pytest.Item]) -> None:
        self._like = items if run.in_turn else ()
        self._stacks = {stack.name: (place, stack) for place, stack in enumerate(run.stacks)}
        self._items: dict[str, list[pytest.Item]] = {}
        for item in () if run.in_turn else items:
            self._items.setdefault(stack_of(item).name, []).append(item)

    def __getitem__(self, name: str) -> Sequence[Any]:
        _, stack = self._stacks[name]
        return [_planned(one, stack) for one in self._like] or self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stacks if self._like else self._items)

    def __len__(self) -> int:
        return len(self._stacks if self._like else self._items)

    def made(self, name: str) -> Sequence[pytest.Item]:
        """The items of a stack, to be run; those that were planned are kept by nobody else."""
        place, stack = self._stacks[name]
        return [item_of(one, stack, place) for one in self._like] or self._items[name]

    def planned(self) -> Iterator[Any]:
        """Every check of every stack."""
        for name in self:
            yield from self[name]
