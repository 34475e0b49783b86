"""A clock that stands: what the product asks for the time where its answers are canned."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from datetime import UTC, datetime, tzinfo
from types import ModuleType
from typing import Any

import pytest

import opschecks

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
ON_THE_REAL_CLOCK = ("opschecks.sandbox", "opschecks.__main__")
"""The sandbox ages what is in it while it runs."""


class _Type(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class Standing(datetime, metaclass=_Type):
    """`datetime`, for which it is always NOW."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return NOW.astimezone(tz)


def stop(module: ModuleType) -> None:
    """For good, of a module that only tests with canned answers use."""
    if vars(module).get("datetime") is datetime:
        vars(module)["datetime"] = Standing


def stop_all(patch: pytest.MonkeyPatch) -> None:
    """Of every module of the product, until the patch is undone."""
    for module in _readers():
        patch.setattr(module, "datetime", Standing)


@functools.cache
def _readers() -> tuple[ModuleType, ...]:
    named = (one.name for one in pkgutil.walk_packages(opschecks.__path__, "opschecks.", onerror=lambda _: None))
    modules = [importlib.import_module(name) for name in named if not name.startswith(ON_THE_REAL_CLOCK)]
    return tuple(module for module in modules if vars(module).get("datetime") is datetime)
