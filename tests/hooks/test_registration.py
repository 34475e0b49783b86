"""The modules of hooks come in with the plugin, and cost no look at what else is installed."""

from __future__ import annotations

import importlib.metadata
import sys
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


def test_pytest_parses_no_module_of_ours_for_its_assert_statements() -> None:
    """Where it may write nothing beside the source, as in a container, it would parse each again in every run."""
    ours = {name: module for name, module in sys.modules.items() if name.startswith("opschecks.")}
    assert "opschecks.hooks.select" in ours
    parsed = [
        name
        for name, one in ours.items()
        if one.__spec__ and type(one.__spec__.loader).__name__ == "AssertionRewritingHook"
    ]
    # those that are needed to say so, and checks
    telling = {f"opschecks.{name}" for name in ("core", "core.bets", "core.dataclass", "hooks", "hooks.pytest_private")}
    checks = ("opschecks.checks", "opschecks.cli.own_test")  # and what is called as pytest's python_files says
    assert [name for name in parsed if name not in telling and not name.startswith(checks)] == []
