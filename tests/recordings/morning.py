"""A recording as a morning in this process: its observations made again, and judged by the rules of a run.

No pytest, no network, and the recording's own moment: a suite takes some hundredths of a second.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from opschecks.aws import session
from opschecks.core import clock
from opschecks.core.gathering import Earlier, Gathering, Observed
from opschecks.core.model import NOT_APPLICABLE, Finding, Outcome
from opschecks.core.observation import CouldNotLook, closure
from opschecks.core.tape import Tape
from opschecks.hooks.applicable import does_not_apply
from opschecks.hooks.fixtures import import_observations
from opschecks.hooks.judge import settle
from opschecks.recording.about import expected_of, stacks_of
from opschecks.recording.file import Recording
from opschecks.recording.tapes import Replayer
from opschecks.web.http import Http
from tests.matrix.world import OneCheck, all_checks, clock_that_only_sleeps, examined

TIMEOUT_S = 60.0
"""Nothing is waited for; only for what never ends."""


@dataclass(frozen=True)
class Concluded:
    """What a check concluded: its outcome in words, its findings, and exceptions that mean nothing."""

    check: str
    outcome: str
    findings: tuple[Finding, ...] = ()
    strange: tuple[str, ...] = ()

    def by_resource(self) -> Mapping[str, str]:
        """The worst outcome of each resource."""
        return {one.resource: one.outcome.value for one in sorted(self.findings, key=lambda one: one.outcome.rank)}

    def lines(self) -> list[tuple[str, str, str, str]]:
        """The findings, told whole."""
        return [(one.resource, one.name, one.outcome.value, one.message) for one in self.findings]


class Morning:
    """A recorded run of one stack, with its own answers or those of another tape. Use it within `at_its_moment`."""

    def __init__(self, recording: Recording, tape: Tape | None = None) -> None:
        import_observations()
        self.recording = recording
        self.tape = tape or Replayer(recording)
        self.checks = _checks_of(recording.suite.replace("-", "/"))
        [self.stack] = stacks_of(recording)

    def names(self) -> set[str]:
        """The observations that the suite's checks need, without those of checks that do not apply."""
        return {name for one in self.checks if not self.lacks(one) for name in one.observations}

    def lacks(self, one: OneCheck) -> str:
        """Why the stack has no use for the check."""
        return str(self.stack.lacks(one.slug, one.name) or "")

    def observed(self, names: Collection[str] | None = None, kept: Mapping[str, Observed] | None = None) -> Gathering:
        """The observations, asked of the tape except what is kept; waited for."""
        aws, http = session.Aws(self.stack, tape=self.tape), Http(self.stack.known_hosts, self.tape)
        try:
            aws.account = session.identify(aws.scoped([]))
        except CouldNotLook as error:
            aws.refuse(error)
        now = self.tape.ask("moment", "the clock", {"stack": self.stack.name}, clock.now)
        given = {
            "stack": self.stack,
            "http": http,
            "now": now,
            "since": None,
            "expected": expected_of(self.recording),
            "filed": self._filed,
            "tape": self.tape,
            "earlier": None,
        }
        wanted = closure(self.names() if names is None else names)
        store = Gathering(
            wanted,
            lambda calls: {**given, "aws": aws.scoped(calls)},
            now=now,
            timeout_s=TIMEOUT_S,
            earlier=Earlier({name: one for name, one in (kept or {}).items() if name in {of.name for of in wanted}}),
        )
        store.start()
        for result in store.results.values():
            assert result.done.wait(TIMEOUT_S), f"{result.observation.name} does not end"
        http.close()
        return store

    def _filed(self, suite: str) -> Iterator[Mapping[str, Any]]:
        before = 0
        while told := self.tape.ask(
            "filed", f"{suite} runs", {"stack": self.stack.name, "suite": suite, "before": before}, lambda: None
        ):
            yield told
            before += 1

    def concluded(self, store: Gathering, of: Collection[str] | None = None) -> dict[str, Concluded]:
        """What each check concludes, or each that needs one of these observations."""
        wanted = [one for one in self.checks if of is None or one.observations & set(of)]
        return {one.name: self._concluded(one, store) for one in wanted}

    def _concluded(self, one: OneCheck, store: Gathering) -> Concluded:
        if self.lacks(one):
            return Concluded(one.name, NOT_APPLICABLE)
        examine, error = examined(one, store, self.stack)
        if does_not_apply(error, self.stack):
            return Concluded(one.name, NOT_APPLICABLE)
        outcome = settle(examine, error, ())
        return Concluded(one.name, outcome.value, tuple(examine.findings), tuple(examine.strange))


@functools.cache
def _checks_of(suite: str) -> list[OneCheck]:
    return [one for one in all_checks() if one.suite == suite]


@contextlib.contextmanager
def at_its_moment(recording: Recording) -> Iterator[None]:
    """In it the clock stands at the recording's moment, and moves only where an answer is waited for."""
    with pytest.MonkeyPatch.context() as patch, clock_that_only_sleeps(patch, recording.started):
        yield


def replayed(recording: Recording, tape: Tape | None = None) -> dict[str, Concluded]:
    """What each check of the suite concludes of the recording."""
    with at_its_moment(recording):
        morning = Morning(recording, tape)
        return morning.concluded(morning.observed())


_BY_CHANCE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?<=-)[0-9a-f]{17}|\b[A-Z0-9]{11,14}\b|\b127(?:\.\d+){3}\b"
)
"""Ids that an emulator makes up, and others in each recording."""


def words(concluded: Concluded) -> str:
    """The check's outcome, and the resources that are not good, in one line; without ids that are made up."""
    bad = [one for one in concluded.findings if one.outcome not in (Outcome.PASSED, Outcome.WAIVED)]
    named = sorted({one.name for one in bad if one.outcome.value == concluded.outcome})
    others = sorted({f"{one.name} {one.outcome.value}" for one in bad if one.outcome.value != concluded.outcome})
    examined = len(concluded.findings)
    if concluded.outcome in ("passed", NOT_APPLICABLE):
        return f"{concluded.outcome}, {examined} examined" if examined else concluded.outcome
    told = ", ".join([*named, *others])
    return f"{concluded.outcome}, {len(named)} of {examined}: {_BY_CHANCE.sub('…', told)}"
