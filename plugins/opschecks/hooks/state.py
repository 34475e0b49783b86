"""What the hook modules share about one checks run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..core.dataclass import dataclass
from ..core.model import CHECK_ATTRIBUTE, Check, CheckResult, Expected, Finding, ObservationResult, Severity
from ..core.redaction import redact_text
from ..core.run import FleetPart, Note, Past, Run, StackFacts
from ..core.shipped import shipped_node
from ..core.tape import LIVE, Tape
from .pytest_private import parameters

if TYPE_CHECKING:
    from ..aws.bounds import Bounds
    from ..aws.session import Aws
    from ..config.stack import Stack
    from ..config.waivers import Waiver
    from ..core.gathering import Gathering
    from ..core.observation import CouldNotLook
    from ..drills.declare import Drill
    from ..history.fleets import Deal
    from ..history.storage import Storage as StateStore
    from ..report.files import RunFiles
    from ..report.fleet.rows import StackRow
    from ..report.runbook import Section
    from ..web.http import Http

DEFAULT_REPORTS = "reports"


@dataclass
class ChecksRun:
    """One checks run in one process; `worker` if that is an xdist worker."""

    suite: str
    folder: Path
    checks: Path
    """The folder of all suites: checks/ of the project, or those that opschecks ships."""
    beside: Path | None = field(default=None, kw_only=True)
    """The folder of our suite, where a run has a project's checks and ours."""
    root: Path
    stacks: list[Stack]
    waivers: Sequence[Waiver]
    runbook: Mapping[str, Section]
    reports: Path
    partial: str
    started: datetime
    fail_on: Severity
    worker: bool
    tape: Tape = LIVE
    plan: str = ""
    expected: Expected = field(default_factory=Expected)
    part: FleetPart | None = None
    deal: Deal | None = None
    one_by_one: bool = False
    """Whether each stack's checks run, and its files are written, by themselves: those of a fleet."""
    in_turn: bool = False
    """Whether pytest has collected the first stack's checks alone, and the others' are made when their turn comes."""
    processes: int = 1
    """Over how many processes the stacks of a fleet are spread."""
    to_tell: list[Finding] | None = None
    """In one of several processes: what users' hooks are to be told, which the first process does."""
    released: list[ObservationResult] = field(default_factory=list)
    bounds: Bounds | None = None
    facts: dict[str, StackFacts] = field(default_factory=dict)
    rows: list[StackRow] = field(default_factory=list)
    pasts: list[Past] = field(default_factory=list)
    aws: dict[str, Aws] = field(default_factory=dict)
    asked: dict[str, tuple[list[str], Future[str]]] = field(default_factory=dict)
    """Stacks whose account STS was asked for ahead: the calls, and the answer."""
    accounts: dict[str, str] = field(default_factory=dict)
    refused: dict[str, CouldNotLook] = field(default_factory=dict)
    stores: dict[str, Gathering] = field(default_factory=dict)
    http: dict[str, Http] = field(default_factory=dict)
    drills: dict[str, Drill] = field(default_factory=dict)
    collected: dict[str, CheckResult] = field(default_factory=dict)
    reported: dict[str, CheckResult] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    observations: list[ObservationResult] = field(default_factory=list)
    stopped_by: str = ""
    crashed: set[str] = field(default_factory=set)
    not_collected: list[str] = field(default_factory=list)
    """What is in files of checks and not in the run, each in one line that says why."""
    left_out: set[str] = field(default_factory=set)
    """The checks that those lines are about."""
    unreadable: dict[Path, str] = field(default_factory=dict)
    """Files that could not be imported before collecting, and why."""
    undeclared: dict[str, str] = field(default_factory=dict)
    """By observation: why the file that declares it could not be imported."""
    fixes: list[Mapping[str, Any]] = field(default_factory=list)
    plan_not_made: list[str] = field(default_factory=list)
    """Changes of the reviewed plan that were refused: the run that should have made them is not good."""
    frozen: bool = False
    """Whether what was there before the second look is left out of garbage collection."""
    told: Run | None = None
    write_error: str = ""
    failed_hooks: list[str] = field(default_factory=list)
    """What users' hooks raised: the run is not good."""
    untidy: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def leave_out(self, why: str, *checks: str) -> None:
        """Say once why these checks are not in the run, which is not good without them."""
        self.left_out.update(checks)
        why = redact_text(why)
        if why not in self.not_collected:
            self.not_collected.append(why)

    def cannot_write(self, why: str) -> str:
        """Keep the first reason why files are missing, which makes the run not good; returns this one, fit to show."""
        why = redact_text(why)
        self.write_error = self.write_error or why
        return why

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the checks of the run lie."""
        return (self.folder, self.beside) if self.beside else (self.folder,)

    def argument(self, node: str) -> str:
        """What names the check of a node id to pytest: one of ours is found by --pyargs."""
        is_own = self.checks.parent == self.root and (not self.beside or (self.root / node.partition("::")[0]).exists())
        return node if is_own else shipped_node(self.beside or self.folder, node)

    @property
    def stem(self) -> str:
        """What the files of the run are called, before their suffix."""
        return f"{self.suite}-partial" if self.partial else self.suite

    @property
    def place(self) -> RunFiles:
        """Where the files of the run go."""
        from ..report.files import RunFiles

        return RunFiles(self.reports, self.stem)

    def store(self, stack: Stack) -> StateStore:
        """Where the stack's history, journal and lock are."""
        from ..aws.usual_chain import usual_s3
        from ..history.storage import storage_of

        # a stack of a fleet that cannot be reached is filed all the same
        refused = self.part is not None and (stack.name in self.refused or stack.name not in self.aws)
        client = usual_s3 if refused else lambda: self.aws[stack.name].s3()
        return storage_of(stack, self.reports / "history", self.root, client)

    def stack(self, name: str) -> Stack:
        """The stack of that name."""
        return next(stack for stack in self.stacks if stack.name == name)


KEY = pytest.StashKey[ChecksRun]()
COMMAND = pytest.StashKey[bool]()
"""Set if pytest only loads the project for an opschecks command: then there is no checks run."""


def checks_run(config: pytest.Config) -> ChecksRun | None:
    """The checks run, or None if pytest runs something else."""
    return config.stash.get(KEY, None)


def check_of(item: pytest.Item) -> Check | None:
    """The `@check` of the item's function; None if it is not a check."""
    declared: Check | None = getattr(getattr(item, "function", None), CHECK_ATTRIBUTE, None)
    return declared


def checks_of(items: Iterable[pytest.Item], stack: Stack) -> list[pytest.Item]:
    """The items that check this stack, without those that do not apply to it."""
    return [
        item
        for item in items
        if (declared := check_of(item))
        and stack_of(item).name == stack.name
        and not stack.lacks(declared.runbook, declared.name)
    ]


def stack_of(item: pytest.Item) -> Stack:
    """The stack that the item checks."""
    stack: Stack = parameters(item)["stack"]
    return stack
