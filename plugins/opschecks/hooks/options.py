"""The command line."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from ..core.model import Severity
from .elsewhere import add_ini


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks for users' own code known."""
    from .. import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add opschecks' options, in a group of their own."""
    group = parser.getgroup("opschecks", "operational checks (pytest checks/<suite>)")
    add_ini(parser)
    many = partial(group.addoption, action="append", default=[])
    text, file = partial(group.addoption, default=""), partial(group.addoption, type=Path, metavar="FILE")
    many("--stack", metavar="NAME", help="check this stack, not the default of stacks.toml; repeatable; all: every one")
    text(
        "--shard",
        metavar="i/n",
        help="with --stack all: check the i-th of n parts; found by itself on AWS Batch, Kubernetes, GitLab …",
    )
    text("--fleet", metavar="ID", help="what the shards have in common; default: the job's own id")
    file("--stacks", help="read stacks from this file, not from stacks.toml")
    group.addoption("--reports", type=Path, metavar="DIR", help="write the files of the run there; default: reports/")
    many("--fault", metavar="NAME", help="break the embedded sandbox (see `opschecks list faults`); repeatable")
    after = "checks/deploy/after: "
    many("--expect-revision", metavar="FAMILY:REVISION", help=f"{after}the revision that was deployed; repeatable")
    many("--expect-image", metavar="IMAGE", help=f"{after}the image that was deployed, by tag or digest; repeatable")
    many("--expect-deployment", metavar="ID", help=f"{after}the id of the deployment, ecs-svc/…; repeatable")
    text(
        "--bake",
        metavar="TIME",
        help=f"{after}wait until the deployment has settled (limit deployment_minutes, and its own planned waits), "
        "then watch it for this long (10m, 1h), until the first failure, and until metrics cover that time",
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
    file(
        "--plan", help="with --fix=apply: make exactly the changes of this reviewed plan, as `opschecks fix FILE` does"
    )
    many("--only", metavar="WHAT", help="with --plan: only its changes by this remedy or of this resource; repeatable")
    file(
        "--record",
        help="keep every answer of the run in this file, scrubbed of names, addresses, logs and secrets, for --replay",
    )
    group.addoption("--record-raw", action="store_true", help="with --record: keep the answers as they are")
    file(
        "--replay",
        help="run the checks on a recording, at its moment, without credentials or network; files: reports/replay/",
    )
    group.addoption(
        "--fail-on",
        choices=[severity.value for severity in Severity],
        metavar="SEVERITY",
        help="let findings below this severity pass: low (default), medium, high or critical. "
        "--stack, --stacks, --reports and --fail-on may also be variables (OPSCHECKS_STACK …) or ini options "
        "(opschecks_stack …): the command line comes first, then the environment",
    )
