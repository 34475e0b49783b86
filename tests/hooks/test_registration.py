"""The modules of hooks come in with the plugin, and cost no look at what else is installed."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pytest

import opschecks


def test_every_module_of_hooks_comes_in_with_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest looks for each name of `pytest_plugins` among all installed distributions: 20 names, 100 of those."""
    looked: list[str] = []
    distributions = importlib.metadata.distributions

    def counted(**given: Any) -> Any:
        looked.append("")
        return distributions(**given)

    monkeypatch.setattr(importlib.metadata, "distributions", counted)
    manager = pytest.PytestPluginManager()
    manager.register(opschecks, "opschecks")
    assert all(manager.has_plugin(name) for name in opschecks.HOOK_MODULES)
    assert looked == []


def test_a_module_that_is_switched_off_stays_out() -> None:
    manager = pytest.PytestPluginManager()
    manager.set_blocked("opschecks.hooks.github")
    manager.register(opschecks, "opschecks")
    assert not manager.has_plugin("opschecks.hooks.github")
