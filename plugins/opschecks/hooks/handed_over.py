"""What a process that checks stacks of a fleet hands over of each to the first one: one message, and little of it."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from ..core.model import CheckResult, Finding, ObservationResult
from ..core.run import Note, Past, StackFacts
from .fleet_files import NO_EVIDENCE
from .pytest_private import option, terminal
from .state import ChecksRun
from .users_hooks import tell

if TYPE_CHECKING:
    from ..report.fleet.rows import StackRow

T = TypeVar("T")
_TOLD_BY_US = ("terminalreporter", "session", "lfplugin", "stepwiseplugin", "opschecks-listener", "opschecks-sent")
"""Plugins that need no more of a check that passed than that it did."""


@dataclass(frozen=True)
class Begun:
    """The checks of the stack are run from now on."""

    stack: str


@dataclass(frozen=True)
class Stop:
    """To such a process: end now, for this reason, and report what has been judged of the stack in hand."""

    why: str


@dataclass(frozen=True)
class Ended:
    """The process ends. `kind` says how, where it ends the whole run; `text` and `code` are of what was raised."""

    kind: str = ""
    text: str = ""
    code: int | None = None


@dataclass(frozen=True)
class Short:
    """A report of a check that passed or was skipped: its place among the stack's checks, and what pytest's has."""

    place: int
    when: Any
    outcome: Any
    longrepr: Any
    duration: float


Warned = tuple[str, type[Warning], str, int, Any, str, Any]
"""Text, category, file and line of a warning; when, the node and the place."""


@dataclass
class Done:
    """What was found on a stack whose own files are written.

    `results` are by place among the stack's checks: outcome, message and seconds; `reports` are pytest's, short or
    whole; `bad` are findings with their evidence, for users' hooks.
    """

    stack: str
    results: Mapping[int, tuple[str, str, float]]
    findings: Sequence[Finding]
    observations: Sequence[ObservationResult]
    facts: StackFacts | None
    rows: Sequence[StackRow]
    pasts: Sequence[Past]
    notes: Sequence[Note]
    untidy: Sequence[str]
    write_error: str
    bad: Sequence[Finding]
    reports: Sequence[Short | Mapping[str, Any]]
    warned: Sequence[Warned]


class Sent:
    """Registered in such a process: keeps what pytest reports of a stack, until it is handed over."""

    def __init__(self, config: pytest.Config, *, whole: bool) -> None:
        self._config, self._whole = config, whole
        self._reports: list[pytest.TestReport] = []
        self._warned: list[Warned] = []

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep it, unless nobody asks for it."""
        if self._whole or report.outcome != "passed" or report.when == "call":
            self._reports.append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: Any, nodeid: str, location: Any
    ) -> None:
        """Keep what can cross between processes of it."""
        one = warning_message
        self._warned.append((str(one.message), one.category, one.filename, one.lineno, when, nodeid, location))

    def done(self, run: ChecksRun, name: str, items: Sequence[pytest.Item]) -> Done:
        """Everything of the stack; nothing of it is kept here."""
        place = {item.nodeid: number for number, item in enumerate(items)}
        results = {
            place[nodeid]: (one.outcome, one.message, one.duration_s)
            for nodeid, one in run.reported.items()
            if nodeid in place
        }
        reports = [self._told(report, place) for report in self._reports]
        told = Done(
            stack=name,
            results=results,
            findings=[*run.findings],
            observations=[*run.released],
            facts=run.facts.pop(name, None),
            rows=[*run.rows],
            pasts=[*run.pasts],
            notes=[note for note in run.notes if note.stack == name],
            untidy=[*run.untidy],
            write_error=run.write_error,
            bad=[*(run.to_tell or ())],
            reports=reports,
            warned=[*self._warned],
        )
        kept: tuple[list[Any], ...] = (run.findings, run.released, run.rows, run.pasts, run.untidy, self._reports)
        for one in (*kept, self._warned, run.to_tell or []):
            one.clear()
        run.notes[:] = [note for note in run.notes if note.stack != name]
        run.reported.clear()
        run.write_error = ""
        return told

    def _told(self, report: pytest.TestReport, place: Mapping[str, int]) -> Short | Mapping[str, Any]:
        number = place.get(report.nodeid)
        if self._whole or number is None or report.failed or hasattr(report, "wasxfail"):
            whole: Mapping[str, Any] = self._config.hook.pytest_report_to_serializable(
                config=self._config, report=report
            )
            return whole
        return Short(number, report.when, report.outcome, report.longrepr, report.duration)


def wants_whole_reports(config: pytest.Config) -> bool:
    """Whether somebody reads all of pytest's reports: JUnit's file, pytest-html, -rA, another plugin, a conftest."""
    reporter = terminal(config)
    named = any(option(config, one) for one in ("xmlpath", "htmlpath"))
    listed = reporter and any(reporter.hasopt(letter) for letter in "pP")
    readers = {one.plugin_name for one in config.hook.pytest_runtest_logreport.get_hookimpls()}
    return bool(named or listed or readers - set(_TOLD_BY_US))


class Once:
    """Of equal texts that came from other processes one is kept: a thousand stacks are told of in the same words."""

    def __init__(self) -> None:
        self._known: dict[Any, Any] = {}

    def text(self, told: T) -> T:
        """The one that is kept."""
        kept: T = self._known.setdefault(told, told)
        return kept

    def finding(self, one: Finding) -> Finding:
        """The finding, of such texts; without evidence, as all of a stack that is done."""
        return Finding(
            self.text(one.stack), self.text(one.check), self.text(one.resource), self.text(one.name), one.outcome,
            one.severity, self.text(one.message), NO_EVIDENCE, one.figures, one.waiver, one.facts,
        )  # fmt: skip

    def observation(self, one: ObservationResult) -> ObservationResult:
        """The same of an observation."""
        return ObservationResult(
            self.text(one.stack), self.text(one.name), one.duration_s, self.text(one.calls), self.text(one.error)
        )

    def row(self, one: StackRow) -> StackRow:
        """The same of a row."""
        outcomes = {self.text(check): self.text(outcome) for check, outcome in one.outcomes.items()}
        return dataclasses.replace(one, outcomes=outcomes)


def take_in(session: pytest.Session, run: ChecksRun, items: Sequence[pytest.Item], done: Done, once: Once) -> None:
    """Take over what was found on a stack, then tell pytest's reporters and users' hooks."""
    for place, (outcome, message, seconds) in done.results.items():
        nodeid = items[place].nodeid
        result = _result(run.collected[nodeid], once.text(outcome), once.text(message), seconds)
        run.reported[nodeid] = run.collected[nodeid] = result
    run.findings += map(once.finding, done.findings)
    run.released += map(once.observation, done.observations)
    run.facts |= {done.stack: done.facts} if done.facts else {}
    run.rows += map(once.row, done.rows)
    run.pasts += done.pasts
    run.notes += done.notes
    run.untidy += done.untidy
    if done.write_error:
        run.cannot_write(done.write_error)
    for report in _reports(session.config, items, done.reports):
        session.config.hook.pytest_runtest_logreport(report=report)
    for text, category, file, line, when, nodeid, location in done.warned:
        warned: Any = warnings.WarningMessage(text, category, file, line)
        session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": warned, "when": when, "nodeid": nodeid, "location": location}
        )
    tell(session, run, done.bad)


def _result(before: CheckResult, outcome: str, message: str, seconds: float) -> CheckResult:
    return dataclasses.replace(before, outcome=outcome, message=message, duration_s=seconds)


def _reports(
    config: pytest.Config, items: Sequence[pytest.Item], told: Sequence[Short | Mapping[str, Any]]
) -> Iterator[pytest.TestReport]:
    for one in told:
        if isinstance(one, Short):
            item = items[one.place]
            yield pytest.TestReport(
                item.nodeid, item.location, {}, one.outcome, one.longrepr, one.when, duration=one.duration
            )
        else:
            yield config.hook.pytest_report_from_serializable(config=config, data=one)
