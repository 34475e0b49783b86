"""A run knows every observation by name, and imports the modules of those that its checks need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from opschecks.core.observation import REGISTRY, Observation, Registry
from opschecks.hooks import fixtures
from opschecks.hooks.fixtures import import_observations, know_observations
from opschecks.hooks.identity import FIRST_CALLS, services_of

ALONE = """
import sys
from opschecks.core.observation import REGISTRY, closure
from opschecks.hooks.fixtures import know_observations
know_observations()
assert "security_groups" in REGISTRY and "alarms" in list(REGISTRY) and not REGISTRY.imported
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


def test_all_that_goes_through_them_sees_all() -> None:
    registry = Registry()
    registry.modules |= {"security_groups": "opschecks.aws.ec2"}
    registry["security_groups"] = REGISTRY["security_groups"]
    registry["own"] = REGISTRY["tables"]
    assert list(registry) == list(registry.keys()) == ["security_groups", "own"]
    assert dict(registry) == {"security_groups": REGISTRY["security_groups"], "own": REGISTRY["tables"]}


def test_a_package_without_its_source_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixtures, "_modules", lambda: [("opschecks.aws.ec2", Path("nowhere/ec2.py"))])
    monkeypatch.setattr(REGISTRY, "modules", {})
    know_observations()
    assert REGISTRY.modules == {}
    assert "security_groups" in REGISTRY.imported


def test_one_of_ours_that_a_conftest_has_declared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """pytest imports a conftest before it asks us: checks would judge by what the conftest says."""
    monkeypatch.setattr(REGISTRY, "modules", {})
    own = Observation("tables", test_an_unknown_one_is_a_key_error, (), (), (), frozenset())
    monkeypatch.setattr(REGISTRY, "imported", {"tables": own})
    told = (
        "test_known_observations.py: observation tables is declared twice: in opschecks.aws.dynamodb too; rename yours"
    )
    with pytest.raises(pytest.UsageError, match=told):
        know_observations()


def test_an_unknown_one_is_a_key_error() -> None:
    registry = Registry()
    registry.modules["gone"] = "opschecks.aws.ec2"
    for name in ("gone", "never"):
        with pytest.raises(KeyError, match=name):
            registry[name]
    assert ("gone" in registry, "never" in registry, list(registry), len(registry)) == (True, False, ["gone"], 1)
    assert registry.get("never") is None


def test_clients_are_made_ahead_for_what_is_asked_at_once() -> None:
    import_observations()
    assert services_of(["security_groups"]) == ["ec2"]
    assert "logs" not in services_of(["service_load"])
    assert services_of(["service_load", "log_errors"])[-1:] == ["logs"]
    assert set(services_of(["service_load"])) < set(FIRST_CALLS)
    assert services_of([]) == []
