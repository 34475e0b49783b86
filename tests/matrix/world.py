"""A sandbox whose every answer is known, its observations, and what all checks conclude of them."""

from __future__ import annotations

import contextlib
import inspect
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.retries.quota import RetryQuota

from opschecks.aws import session
from opschecks.config.load import load_stacks
from opschecks.config.stack import FROM_THE_SANDBOX, Stack
from opschecks.config.toml_tables import LogSearch
from opschecks.core import clock
from opschecks.core.check_names import find_checks
from opschecks.core.faults import CannotBreak
from opschecks.core.gathering import Earlier, Gathering, Observed
from opschecks.core.model import CHECK_ATTRIBUTE, Check, Expected, Fact, Finding, Outcome
from opschecks.core.observation import REGISTRY, CouldNotLook, NotApplicable, closure
from opschecks.hooks.examine import Examine
from opschecks.hooks.fixtures import import_observations, whole_stack
from opschecks.hooks.judge import settle
from opschecks.report.runfile import finding_to
from opschecks.sandbox.environment import CREDENTIALS, Sandbox
from opschecks.sandbox.faults import give_fault, known_faults
from opschecks.sandbox.seeds import sow_all
from opschecks.web.http import Http
from tests.canned import checks_of
from tests.fault_groups import of_vertical
from tests.matrix.wire import Call, Wire
from tests.scratch import ROOT

TESTS = ROOT / "tests"
SUITES = ("daily", "weekly", "deploy/before", "deploy/after")
LIMITS = {"aws_attempts": 3, "pages": 8, "websocket_hold_s": 0.05, "probe_timeout_s": 0.5, "health_latency_ms": 60000}
TIMEOUT_S = 120.0
EXPECTED = Expected(revisions=("incident-commander-backend:1",), images=("incident-commander:v1",))


@dataclass(frozen=True)
class Judged:
    """What a check concluded: of each resource, and what no check may let through."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    strange: tuple[str, ...] = ()
    """Exceptions that are neither a verdict nor CouldNotLook."""

    def of(self) -> dict[str, Finding]:
        """The worst finding of each resource."""
        return {one.resource: one for one in sorted(self.findings, key=lambda one: one.outcome.rank)}


class _Examine(Examine):
    """Also keeps what is raised that means nothing."""

    def __init__(self, check: Check, stack: str) -> None:
        super().__init__(check, stack)
        self.strange: list[str] = []

    def conclude_from(self, resource: Any, error: BaseException, notes: Sequence[Fact] = ()) -> None:
        if not isinstance(error, AssertionError | CouldNotLook):
            self.strange.append(f"{type(error).__name__}: {error}")
        super().conclude_from(resource, error, notes)


@dataclass(frozen=True)
class Plan:
    """What a world is made of: its stack, changes of it, and its faults."""

    stacks: str = "whole_stacks.toml"
    stack: str = "sandbox"
    changes: Mapping[str, Any] = field(default_factory=dict)
    faults: Callable[[], list[str]] = list


@dataclass(frozen=True)
class OneCheck:
    """A check, and the observations that it takes."""

    name: str
    suite: str
    slug: str
    function: Callable[..., None]
    observations: frozenset[str]


def examined(check: OneCheck, store: Gathering, stack: Stack) -> tuple[_Examine, BaseException | None]:
    """What the check has examined of the store, and what has ended it, if anything."""
    declared: Check = getattr(check.function, CHECK_ATTRIBUTE)
    examine = _Examine(declared, stack.name)
    given = {"stack": stack, "examine": examine, "now": store.now}
    try:
        names = inspect.signature(check.function).parameters
        check.function(**{name: given[name] if name in given else store.value(name) for name in names})
    except (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception) as raised:  # noqa: BLE001 - judged
        return examine, raised
    return examine, None


def give(sandbox: Sandbox, fault: str) -> None:
    """The fault as well, unless an earlier one has made what this one makes."""
    try:
        give_fault(sandbox, fault)
    except CannotBreak as broken:
        if not isinstance(broken.__cause__ or broken.__context__, ClientError):
            raise


def all_checks() -> list[OneCheck]:
    """The checks of all suites but the drills."""
    found = []
    for suite in SUITES:
        for name, path in find_checks(ROOT / "checks" / suite):
            function: Any = getattr(checks_of(suite, path.stem.removeprefix("test_")), name)
            taken = frozenset(inspect.signature(function).parameters) & REGISTRY.keys()
            declared: Check = getattr(function, CHECK_ATTRIBUTE)
            found.append(OneCheck(name, suite, declared.runbook, function, taken))
    return found


class World:
    """One sandbox of WORLDS. Use it as a context."""

    def __init__(self, name: str) -> None:
        import_observations()
        self.name = name
        self.checks = all_checks()
        self.results: dict[str, Observed] = {}
        self.calls: dict[str, list[Call]] = {}
        self.attempts: dict[str, int] = {}
        self.judged: dict[str, Judged] = {}
        self._snapshot: list[Mapping[str, Any]] = []
        self._now = clock.now()

    @contextlib.contextmanager
    def open(self) -> Iterator[World]:
        """Start the sandbox, observe everything once, and judge it."""
        with contextlib.ExitStack() as stack:
            patch = stack.enter_context(pytest.MonkeyPatch.context())
            for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN"):
                patch.delenv(name, raising=False)
            for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
                patch.setenv(name, os.devnull)
            plan = WORLDS[self.name]
            sandbox = Sandbox(load_stacks(TESTS / plan.stacks).stacks[plan.stack])
            stack.callback(sandbox.stop)
            sandbox.start()
            sow_all(sandbox)
            self.stack = self._reached(sandbox).model_copy(update=dict(plan.changes))
            self.checks = [one for one in self.checks if one.slug not in self.stack.without]
            self._now = clock.now()
            self.time = stack.enter_context(clock_that_only_sleeps(patch, self._now))
            patch.setattr(RetryQuota, "acquire", lambda quota, amount: True)  # one process is all mornings here
            backend, dashboard = sandbox.facts["backend_url"], sandbox.facts["dashboard_url"]
            places = {backend: "backend", dashboard: "dashboard", f"ws{backend[4:]}": "backend"}
            self._connect(stack, places)
            self._take_snapshot()
            if faults := plan.faults():
                for fault in faults:
                    give(sandbox, fault)
                self._connect(stack, places)
            self._observe()
            yield self

    def _connect(self, stack: contextlib.ExitStack, places: Mapping[str, str]) -> None:
        """By a wire of its own, which has heard of nothing before."""
        self.wire = Wire(places)
        stack.enter_context(self.wire.open())
        self.aws = session.Aws(self.stack, CREDENTIALS, tape=self.wire)
        self.http = Http(self.stack.known_hosts, self.wire)
        stack.callback(self.http.close)

    def _reached(self, sandbox: Sandbox) -> Stack:
        stack = sandbox.stack.model_copy(update={key: sandbox.facts[key] for key in FROM_THE_SANDBOX})
        return stack.model_copy(update={"limits": stack.limits.model_copy(update=LIMITS)})

    def _given(self, calls: list[str]) -> Mapping[str, Any]:
        return {
            "stack": self.stack,
            "aws": self.aws.scoped(calls),
            "http": self.http,
            "now": self._now,
            "since": None,
            "expected": EXPECTED,
            "filed": self._filed,
            "earlier": None,
            "tape": self.wire,
        }

    def _filed(self, suite: str) -> Iterator[Mapping[str, Any]]:
        return iter(self._snapshot if suite == "deploy-before" else [])

    def _take_snapshot(self) -> None:
        """The run of checks/deploy/before that the deploy is compared with."""
        before = [check for check in self.checks if check.suite == "deploy/before"]
        store = self.gathered({name for check in before for name in check.observations}, {})
        findings = [finding_to(one) for check in before for one in self.judge(check, store).findings]
        self._snapshot = [{"started": (self._now - timedelta(hours=1)).isoformat(), "findings": findings}]

    def _wanted(self) -> set[str]:
        """The observations that are made."""
        if self.stack.without:
            return {name for check in self.checks for name in check.observations}
        return {name for name, one in REGISTRY.items() if one.function.__module__.startswith("opschecks.")}

    def _observe(self) -> None:
        """Each observation once, one after the other: so it is known which call is whose."""
        for one in closure(self._wanted()):
            before, attempts = len(self.wire.asked), self.wire.attempts
            self.results[one.name] = self.gathered({one.name}, self.results).results[one.name]
            self.calls[one.name] = self.wire.asked[before:]
            self.attempts[one.name] = self.wire.attempts - attempts
        self.wire.learns = False
        self.judged = self.judge_all(self.gathered(set(self.results), self.results))

    def gathered(self, names: set[str], kept: Mapping[str, Observed], given: Any = None) -> Gathering:
        """The observations, except what is kept; waited for."""
        wanted = closure(names)
        store = Gathering(
            wanted,
            given or self._given,
            now=self._now,
            timeout_s=TIMEOUT_S,
            earlier=Earlier({name: one for name, one in kept.items() if name in {of.name for of in wanted}}),
        )
        store.start()
        for name in store.results:
            store.results[name].done.wait(TIMEOUT_S)
        return store

    def at(self, shift: timedelta, aws: session.Aws) -> Callable[[list[str]], Mapping[str, Any]]:
        """What observations are given where the clock is off, and AWS is asked through this one."""
        return lambda calls: {**self._given(calls), "now": self._now + shift, "aws": aws.scoped(calls)}

    @property
    def now(self) -> datetime:
        """The moment of all looks."""
        return self._now

    def judge_all(self, store: Gathering) -> dict[str, Judged]:
        """What every check concludes."""
        return {check.name: self.judge(check, store) for check in self.checks}

    def judge(self, check: OneCheck, store: Gathering) -> Judged:
        """What the check concludes of the store, by the rules of a run."""
        examine, error = examined(check, store, self.stack)
        if isinstance(error, NotApplicable):
            examine.conclude(whole_stack(self.stack.name), Outcome.PASSED, str(error))
            error = None
        outcome = settle(examine, error, ())
        return Judged(outcome, tuple(examine.findings), tuple(examine.strange))

    def dependents(self, name: str) -> set[str]:
        """The observations that need this one, and itself."""
        return {other for other in self.results if name in {one.name for one in closure([other])}}


def faults_together(but: Collection[str] = ()) -> list[str]:
    """Faults that make as many checks fail as one sandbox can show: the first that names each check, without these."""
    chosen: list[str] = []
    caught: set[str] = set()
    drills = {name for name, _ in find_checks(ROOT / "checks" / "drills")}
    for fault in (one for one in known_faults().values() if not of_vertical(one)):
        if fault.name in but or fault.blinds or fault.area == "wire":
            continue
        if set(fault.caught_by) - caught and not drills & set(fault.caught_by):
            chosen.append(fault.name)
            caught |= set(fault.caught_by)
    return chosen


def other_faults() -> list[str]:
    """As faults_together, of those that it leaves out."""
    return faults_together(but=faults_together())


WORLDS: Mapping[str, Plan] = {
    "healthy": Plan(),
    "broken": Plan(faults=faults_together),
    "broken otherwise": Plan(
        changes={"log_searches": [LogSearch(group="*", by="insights")]},
        faults=other_faults,
    ),
    "production": Plan(stacks="production_stacks.toml", stack="production"),
}
"""The first two have a stack that names everything, the last one a stack that is found by tags."""


class _Time:
    """The module `time`, in which sleeping takes none: both clocks are moved instead."""

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self.slept_s = 0.0

    def begin_again(self) -> None:
        """As before the first sleep."""
        self.slept_s = 0.0
        clock.stand_at(self._begin)

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        clock.stand_at(self._begin + timedelta(seconds=self.slept_s))

    def monotonic(self) -> float:
        return time.monotonic() + self.slept_s

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


@contextlib.contextmanager
def clock_that_only_sleeps(patch: pytest.MonkeyPatch, begin: datetime) -> Iterator[_Time]:
    """In it the clock stands, and moves only where AWS's answers are waited for; nothing really waits."""
    import sys

    import botocore.endpoint

    stand_in = _Time(begin)
    waiting: list[ModuleType] = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("opschecks.aws.") and getattr(module, "time", None) is time
    ]
    for module in [*waiting, botocore.endpoint]:
        patch.setattr(module, "time", stand_in)
    clock.stand_at(begin)
    try:
        yield stand_in
    finally:
        clock.stand_at(None)
