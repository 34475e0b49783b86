"""The options: on the command line, then in the environment, then in pytest's ini file."""

from __future__ import annotations

import os
import re
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest

from ..core.dataclass import dataclass
from ..core.model import Severity
from ..core.wording import nearest


@dataclass(frozen=True)
class Elsewhere:
    """An option, and how it is called elsewhere: `opschecks_stack` in the ini file, OPSCHECKS_STACK as a variable."""

    option: str
    what: str

    @property
    def ini(self) -> str:
        """Its name in pytest's ini file."""
        return f"opschecks_{self.option}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return self.ini.upper()


STACK = Elsewhere(
    "stack",
    "check these stacks, not the default of stacks.toml, in suites that only look; several: with commas or spaces",
)
STACKS = Elsewhere("stacks", "as --stacks; a path in the ini file is relative to it")
REPORTS = Elsewhere("reports", "as --reports; a path in the ini file is relative to it")
FAIL_ON = Elsewhere("fail_on", "as --fail-on")
TYPED = "--stack"
"""What names the stacks where the command line does."""
ALL = (STACK, STACKS, REPORTS, FAIL_ON)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks for users' own code known."""
    from .. import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add opschecks' options, in a group of their own; some have a name in the ini file, too."""
    for one in ALL:
        said = f"{one.what}. The variable {one.variable} comes first, the command line before both"
        kind: Literal["args", "string"] = "args" if one is STACK else "string"
        parser.addini(one.ini, said, type=kind)
    group = parser.getgroup("opschecks", "operational checks (pytest checks/<suite>)")
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


def told(config: pytest.Config, one: Elsewhere) -> tuple[list[str], str]:
    """What the environment or the ini file says, and which of them; nothing where neither does."""
    if given := os.environ.get(one.variable, "").strip():
        return _several(given) if one is STACK else [given], one.variable
    written: Any = config.getini(one.ini)
    values = [part for value in written for part in _several(value)] if isinstance(written, list) else [written]
    return [value for value in values if value], one.ini


def _several(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", text) if part]


def fill_in_places(config: pytest.Config, root: Path) -> None:
    """Set the files and folders of a checks run that the command line leaves out."""
    option: Any = config.option
    for one in (STACKS, REPORTS):
        values, by = told(config, one)
        if values and not getattr(option, one.option):
            from_ini = by == one.ini and config.inipath
            setattr(option, one.option, (config.inipath.parent if from_ini and config.inipath else root) / values[0])


def fill_in(config: pytest.Config, *, may_be_stack: bool) -> str:
    """Set the other options that the command line leaves out; returns what named its stacks.

    `may_be_stack`: whether the stack may be said elsewhere; what gates a deploy or changes something wants --stack.
    UsageError for a severity that is none.
    """
    option: Any = config.option
    values, by = told(config, FAIL_ON)
    if values and option.fail_on is None:
        known = [severity.value for severity in Severity]
        if values[0] not in known:
            raise pytest.UsageError(f"{by}={values[0]}: no such severity; {nearest(values[0], known)}")
        option.fail_on = values[0]
    option.fail_on = option.fail_on or Severity.LOW.value
    values, by = told(config, STACK)
    if option.stack or not values or not may_be_stack:
        return TYPED
    option.stack = list(dict.fromkeys(values))
    return by
