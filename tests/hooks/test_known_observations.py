"""A run knows every observation by name, and imports the modules of those that its checks need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from opschecks.core.observation import REGISTRY, Registry
from opschecks.hooks.fixtures import import_observations, know_observations
from opschecks.hooks.identity import FIRST_CALLS, services_of

ALONE = """
import sys
from opschecks.core.observation import REGISTRY, closure
from opschecks.hooks.fixtures import know_observations
know_observations()
assert "security_groups" in REGISTRY and not REGISTRY.keys()
closure(["security_groups"])
print(*(name for name in sys.modules if name.startswith("opschecks.aws.")))
"""


def test_the_names_are_those_that_the_modules_declare() -> None:
    import_observations()
    know_observations()
    told = {name: one.function.__module__ for name, one in REGISTRY.items()}
    shipped = {name: module for name, module in told.items() if module.startswith(("opschecks.aws.", "opschecks.web."))}
    assert REGISTRY.modules == shipped
    assert len(shipped) > 80


def test_modules_that_nothing_needs_are_not_imported() -> None:
    ended = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    imported = ended.stdout.split()
    assert "opschecks.aws.ec2" in imported
    assert not {"opschecks.aws.costs", "opschecks.aws.traffic", "opschecks.aws.iam"} & set(imported)


def test_an_unknown_one_is_a_key_error() -> None:
    registry = Registry()
    registry.modules["gone"] = "opschecks.aws.ec2"
    for name in ("gone", "never"):
        with pytest.raises(KeyError, match=name):
            registry[name]
    assert ("gone" in registry, "never" in registry, registry.names()) == (True, False, ["gone"])


def test_clients_are_made_ahead_for_what_is_asked_at_once() -> None:
    import_observations()
    assert services_of(["security_groups"]) == ["ec2"]
    assert "logs" not in services_of(["service_load"])
    assert services_of(["service_load", "log_errors"])[-1:] == ["logs"]
    assert set(services_of(["service_load"])) < set(FIRST_CALLS)
    assert services_of([]) == []
