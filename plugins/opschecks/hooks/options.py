"""The command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ..core.model import Severity


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks for users' own code known."""
    from .. import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add opschecks' options, in a group of their own."""
    group = parser.getgroup("opschecks", "operational checks (pytest checks/<suite>)")
    many = partial(group.addoption, action="append", default=[])
    many(
        "--stack",
        metavar="NAME",
        help="the stack to check, of those in stacks.toml; repeatable. Default: stacks.toml's default",
    )
    group.addoption(
        "--stacks",
        type=Path,
        metavar="FILE",
        help="read other stacks than those of stacks.toml beside checks/",
    )
    group.addoption("--reports", type=Path, metavar="DIR", help="write the files of the run there; default: reports/")
    many(
        "--fault",
        metavar="NAME",
        help="break the embedded sandbox in this way; repeatable; `opschecks list faults` shows them",
    )
    many(
        "--expect-revision",
        metavar="FAMILY:REVISION",
        help="checks/deploy/after: the revision that was deployed; repeatable",
    )
    many(
        "--expect-image",
        metavar="IMAGE",
        help="checks/deploy/after: the image that was deployed (backend:v2, REGISTRY/backend@sha256:…); repeatable",
    )
    many(
        "--expect-deployment",
        metavar="ID",
        help="checks/deploy/after: the id that update-service gave the deployment, ecs-svc/…; repeatable",
    )
    group.addoption(
        "--bake",
        default="",
        metavar="TIME",
        help="checks/deploy/after: wait until the deployment has settled (limit deployment_minutes), then watch it for "
        "this long (10m, 1h), until the first failure",
    )
    group.addoption(
        "--fix",
        choices=["plan", "apply"],
        metavar="plan|apply",
        help="plan: write reports/plan.json, what the remedies of failed checks would change; apply: change it, look "
        "again, and roll back what did not help. Needs --stack",
    )
    many(
        "--allow",
        choices=["disruptive", "destructive"],
        metavar="RISK",
        help="with --fix=apply: permit changes of this risk too; repeatable. Default: safe ones only",
    )
    group.addoption(
        "--plan",
        type=Path,
        metavar="FILE",
        help="with --fix=apply: make exactly the changes of this reviewed plan (`opschecks fix FILE` does that)",
    )
    group.addoption(
        "--fail-on",
        choices=[severity.value for severity in Severity],
        default=Severity.LOW.value,
        metavar="SEVERITY",
        help="let findings below this severity pass: low (default), medium, high or critical",
    )
