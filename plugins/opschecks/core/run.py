"""A run as it is reported: its stacks, findings, observations, changes, and what earlier runs say of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Annotated, Any, Literal

from .dataclass import dataclass
from .model import CheckResult, Finding, ObservationResult, Outcome, Series
from .written import LATER, Changed, Costs, CountFromZero, Day, Journaled, Name, Nothing, Week, Written


@dataclass(frozen=True)
class StackFacts:
    """A stack in reports; `tokens` has the values for the placeholders of RUNBOOK.md.

    `portal` is the start URL of IAM Identity Center through which links to the console go, `portal_role` the permission
    set that they take; or empty.
    """

    name: Name
    sandbox: bool
    account_id: str
    region: str
    time_zone: Name = "UTC"
    contacts: Mapping[str, str] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    portal: Annotated[str, LATER] = ""
    portal_role: Annotated[str, LATER] = ""
    owners: Annotated[Mapping[str, str], LATER] = field(default_factory=dict)
    """Who is called first for a part, by resource or pattern of resources, check, runbook slug or area."""


@dataclass(frozen=True)
class WaiverState:
    """The state of a waiver in this run. `state`: active, unused (nothing failed that it covers) or not_looked."""

    stack: Name
    check: Name
    resource: str
    owner: str
    reason: str
    until: Day
    days_left: int
    state: Annotated[str, Written(Literal["active", "unused", "not_looked"])]


@dataclass(frozen=True)
class Standing:
    """Since when one resource fails one check, by the stack's earlier runs of the suite.

    `state`: new, still, recovered (good again), gone (it failed, and the resource no longer exists), flapping
    (failed, recovered and failed again within the last runs), unseen (could not be checked), hidden (failing when last
    checked, and cannot be checked now). `since` is the start of the first of the consecutive runs with this state
    (`at_least`: possibly earlier, in runs that were not compared; for a new failure: no run since then could check it);
    `day` counts the stack's calendar days from there, starting with 1.
    """

    check: Name
    resource: str
    name: str
    state: Annotated[str, Written(Literal["new", "still", "recovered", "gone", "flapping", "unseen", "hidden"])]
    since: datetime
    day: Annotated[int, Written(rules={"minimum": 1})]
    at_least: bool = False


@dataclass(frozen=True)
class Past:
    """What earlier runs of the suite show for one stack; kept in the run file, so that a report needs nothing else.

    `runs` is how many were compared, `previous` when the newest of them began (None: this is the first), `missed` the
    days without a run since then (ISO dates). `strips` has for each check, each area, and "" for all, the worst outcome
    of each of those runs; `numbers` the earlier values of each tile as (time, value); both the oldest first;
    `changes` what the journal has since the previous run, `touched` its newest change of each resource that is bad now,
    within `journal_days` (0: not read); `cost` the costs of the newest weekly run, since a daily run
    does not read costs. `error`: why nothing of this could be read.
    """

    stack: Name
    runs: CountFromZero = 0
    previous: datetime | None = None
    missed: tuple[Day, ...] = ()
    standings: tuple[Standing, ...] = ()
    strips: Annotated[Mapping[str, tuple[str, ...]], Written(dict[str, tuple[Outcome | Literal[""], ...]])] = field(
        default_factory=dict
    )
    numbers: Mapping[str, tuple[tuple[datetime, float], ...]] = field(default_factory=dict)
    changes: Annotated[tuple[Mapping[str, Any], ...], Written(tuple[Journaled, ...])] = ()
    touched: Annotated[tuple[Mapping[str, Any], ...], Written(tuple[Journaled, ...]), LATER] = ()
    journal_days: Annotated[CountFromZero, LATER] = 0
    cost: Annotated[Mapping[str, Any], Written(Costs | Nothing), LATER] = field(default_factory=dict)
    error: str = ""

    def standing(self, check: str, resource: str) -> Standing | None:
        """The standing of this check on this resource, or None."""
        return self._standings.get((check, resource))

    @functools.cached_property
    def _standings(self) -> Mapping[tuple[str, str], Standing]:
        return {(one.check, one.resource): one for one in reversed(self.standings)}


@dataclass(frozen=True)
class Note:
    """A sentence about how one stack was looked at, which concerns no single check: a clock that is off by minutes."""

    stack: Name
    text: str


@dataclass(frozen=True)
class FleetPart:
    """Of which fleet a run is a part: `fleet` is the same for all of its runs, `shard` counts from 1 to `of`."""

    fleet: Name
    shard: Annotated[int, Written(rules={"minimum": 1})]
    of: Annotated[int, Written(rules={"minimum": 1})]


@dataclass(frozen=True)
class ReportSection:
    """A section of the page that a user's own conftest adds: a title, and Markdown without HTML."""

    title: str
    markdown: str

    @property
    def heading(self) -> str:
        """The title; a substitute if it has no visible characters."""
        seen = any(one.isprintable() and not one.isspace() for one in self.title)
        return self.title if seen else "A section without a title"


NAMED = 8
"""Stacks that a line of text names."""


def named_stacks(names: Sequence[str]) -> str:
    """The names in one line; of many the first ones, and how many more there are."""
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


@dataclass(frozen=True)
class Run:
    """One session: all data of the reports. Written as the run file, with secrets masked.

    `suite` is daily, weekly, deploy-before, deploy-after or drills. `state`: unfinished (or killed), finished, or
    stopped (ended early; `stopped_by` says why). `partial` is what narrowed the selection of checks, empty where the
    whole suite was selected. `part` is the fleet that the run belongs to (null: none). `replayed`: a
    recording answered, and AWS was asked nothing. `plan`: the file in which a planning run has its changes, as it is
    typed where the run was made; empty of other runs. `exit_code`: 0 all known and
    good, 1 something failed, 10 something could not be looked at or was not run, else pytest's own; None until it has
    ended. `versions` are those of the programs that made it.
    """

    suite: str
    started: datetime
    stacks: tuple[StackFacts, ...]
    ended: datetime | None = None
    state: Annotated[str, Written(Literal["unfinished", "finished", "stopped"])] = "unfinished"
    stopped_by: str = ""
    partial: str = ""
    exit_code: int | None = None
    checks: tuple[CheckResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    observations: tuple[ObservationResult, ...] = ()
    waivers: tuple[WaiverState, ...] = ()
    changes: Annotated[tuple[Mapping[str, Any], ...], Written(tuple[Changed, ...])] = ()
    past: Annotated[tuple[Past, ...], LATER] = ()
    sections: Annotated[tuple[ReportSection, ...], LATER] = ()
    weeks: Annotated[tuple[Mapping[str, Any], ...], Written(tuple[Week, ...]), LATER] = ()
    notes: Annotated[tuple[Note, ...], LATER] = ()
    part: Annotated[FleetPart | None, LATER] = None
    replayed: Annotated[bool, LATER] = False
    plan: Annotated[str, LATER] = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def sandbox(self) -> bool:
        """Whether any of its stacks is a sandbox."""
        return any(stack.sandbox for stack in self.stacks)

    @property
    def where(self) -> str:
        """Its stacks by their names; of many the first ones, and how many more there are."""
        return named_stacks([stack.name for stack in self.stacks])

    @property
    def calls(self) -> tuple[str, ...]:
        """Every AWS call made, as `service:Operation`."""
        return tuple(call for observation in self.observations for call in observation.calls)

    @property
    def open_changes(self) -> list[Mapping[str, Any]]:
        """Changes that were made and need a person; a run with one of those is not good."""
        return [change for change in self.changes if change["result"] == "handed over" and change["entry"]]

    @property
    def lost_changes(self) -> list[Mapping[str, Any]]:
        """Changes that did not help and could not be rolled back; the most urgent of all."""
        return [change for change in self.changes if change["result"] == "roll-back failed"]

    def count(self, outcome: str) -> int:
        """How many checks ended with this outcome (an Outcome's value or NOT_APPLICABLE)."""
        return sum(1 for result in self.checks if result.outcome == outcome)

    def past_of(self, stack: str) -> Past:
        """What earlier runs show for a stack; empty if there are none."""
        return next((past for past in self.past if past.stack == stack), Past(stack))

    def checks_of(self, stack: str) -> Sequence[CheckResult]:
        """The checks of one stack."""
        return self._checks.get(stack, ())

    @functools.cached_property
    def _checks(self) -> Mapping[str, Sequence[CheckResult]]:
        found: dict[str, list[CheckResult]] = {}
        for check in self.checks:
            found.setdefault(check.stack, []).append(check)
        return found

    def findings_of(self, result: CheckResult) -> Sequence[Finding]:
        """The findings of one check of one stack."""
        return self._findings.get((result.stack, result.check), ())

    @functools.cached_property
    def _findings(self) -> Mapping[tuple[str, str], Sequence[Finding]]:
        found: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.findings:
            found.setdefault((finding.stack, finding.check), []).append(finding)
        return found

    def series_of(self, finding: Finding) -> tuple[Series, ...]:
        """The series of the finding's resource. They are kept once, with the observation that saw them."""
        return self._series.get((finding.stack, finding.resource), ())

    @functools.cached_property
    def _series(self) -> Mapping[tuple[str, str], tuple[Series, ...]]:
        found: dict[tuple[str, str], tuple[Series, ...]] = {}
        for seen in self.observations:
            for one in seen.resources:
                if one.series:
                    key = (seen.stack, one.resource)
                    found[key] = (*found.get(key, ()), *one.series)
        return found
