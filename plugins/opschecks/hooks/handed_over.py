"""What a process that checks stacks of a fleet hands over of each to the first one: one message, and little of it."""

from __future__ import annotations

import dataclasses
import pickle
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import pytest

from ..core.dataclass import dataclass
from ..core.model import Finding, ObservationResult
from ..core.redaction import redact_text
from ..core.run import Note, Past, StackFacts
from ..report.fleet.rows import StackRow
from .fleet_files import NO_EVIDENCE
from .pytest_private import option, terminal
from .state import ChecksRun
from .users_hooks import tell

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


RAISED: Mapping[str, type[BaseException]] = {
    "KeyboardInterrupt": KeyboardInterrupt,
    "usage": pytest.UsageError,
    "failed": pytest.Session.Failed,
    "interrupted": pytest.Session.Interrupted,
}
"""What ends the run in one process and is raised again in the first, by the kind of its Ended."""


@dataclass(frozen=True)
class Short:
    """A report of a check that passed or was skipped: its place among the stack's checks, and what pytest's has."""

    place: int
    when: Any
    outcome: Any
    longrepr: Any
    duration: float


@dataclass(frozen=True)
class Whole:
    """All of a report as pickle writes it, and the short one where the first process cannot read that."""

    pickled: bytes
    short: Short | None


Warned = tuple[str, bytes, str, int, Any, str, Any]
"""Text, category (pickled), file and line of a warning; when, the node and the place."""


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
    reports: Sequence[Short | Whole]
    warned: Sequence[Warned]


class Sent:
    """Registered in such a process: keeps what pytest reports of a stack, until it is handed over."""

    def __init__(self, config: pytest.Config, *, whole: bool) -> None:
        self._config, self._whole = config, whole
        self._reports: list[pytest.TestReport] = []
        self._warned: list[Warned] = []
        self._known: frozenset[Note] = frozenset()

    def begin(self, run: ChecksRun) -> None:
        """Forget what the first process had when it forked this one: it has that still, and would count it twice."""
        self._forget(run)
        self._known = frozenset(run.notes)  # each stack's own page has its notes

    def _forget(self, run: ChecksRun) -> None:
        for one in (run.findings, run.released, run.rows, run.pasts, run.untidy, run.reported):
            one.clear()
        run.write_error, run.to_tell = "", []
        self._reports.clear()
        self._warned.clear()

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
        category = _pickled(one.category) or pickle.dumps(UserWarning)
        self._warned.append((str(one.message), category, one.filename, one.lineno, when, nodeid, location))

    def done(self, run: ChecksRun, name: str, items: Sequence[pytest.Item]) -> Done:
        """Everything of the stack; nothing of it is kept here."""
        place = {item.nodeid: number for number, item in enumerate(items)}
        reports = [self._told(report, place, run.untidy) for report in self._reports]
        told = Done(
            stack=name,
            results={
                place[nodeid]: (one.outcome, one.message, one.duration_s)
                for nodeid, one in run.reported.items()
                if nodeid in place
            },
            findings=[*run.findings],
            observations=[*run.released],
            facts=run.facts.pop(name, None),
            rows=[*run.rows],
            pasts=[*run.pasts],
            notes=[note for note in run.notes if note.stack == name and note not in self._known],
            untidy=[*run.untidy],
            write_error=run.write_error,
            bad=[*(run.to_tell or ())],
            reports=[one for one in reports if one],
            warned=[*self._warned],
        )
        self._forget(run)
        run.notes[:] = [note for note in run.notes if note.stack != name]
        return told

    def _told(self, report: pytest.TestReport, place: Mapping[str, int], untidy: list[str]) -> Short | Whole | None:
        number, why = place.get(report.nodeid), report.longrepr
        text = why if why is None or isinstance(why, tuple) else str(why)
        short = None if number is None else Short(number, report.when, report.outcome, text, report.duration)
        if short and not (self._whole or report.failed or hasattr(report, "wasxfail")):
            return short
        whole = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        if pickled := _pickled(whole):
            return Whole(pickled, short)
        untidy.append(NOT_WHOLE)
        return short


NOT_WHOLE = (
    "pytest's reports lack what plugins or fixtures have put into them, such as user properties: "
    "it cannot be sent between processes"
)


def _pickled(what: object) -> bytes:
    """As pickle writes it; nothing where it cannot, whatever a user's class raises then."""
    try:
        return pickle.dumps(what)
    except Exception:  # noqa: BLE001 - the caller sends less
        return b""


def without_users(done: Done, error: Exception) -> Done:
    """Only what is ours, where the whole cannot be sent: the run is right all the same, and says what it lacks."""
    short = [one.short if isinstance(one, Whole) else one for one in done.reports]
    lacks = f"{done.stack}: warnings, and findings for hooks, could not be sent to the first process: {error}"
    reports = [one for one in short if one]
    return dataclasses.replace(done, reports=reports, warned=[], bad=[], untidy=[*done.untidy, redact_text(lacks)])


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
        run.reported[nodeid] = run.collected[nodeid] = dataclasses.replace(
            run.collected[nodeid], outcome=once.text(outcome), message=once.text(message), duration_s=seconds
        )
    run.findings += map(once.finding, done.findings)
    run.released += map(once.observation, done.observations)
    run.facts |= {done.stack: done.facts} if done.facts else {}
    run.rows += map(once.row, done.rows)
    run.pasts += done.pasts
    run.notes += done.notes
    run.untidy += done.untidy
    if done.write_error:
        run.cannot_write(done.write_error)
    for report in _reports(session.config, run, items, done):
        session.config.hook.pytest_runtest_logreport(report=report)
    for text, category, file, line, when, nodeid, location in done.warned:
        warned: Any = warnings.WarningMessage(text, _category(category), file, line)
        session.config.hook.pytest_warning_recorded.call_historic(
            kwargs={"warning_message": warned, "when": when, "nodeid": nodeid, "location": location}
        )
    tell(session, run, done.bad)


def _category(pickled: bytes) -> type[Warning]:
    """The class of a warning; that of all users' where this process cannot import it."""
    try:
        category: type[Warning] = pickle.loads(pickled)  # noqa: S301 - a process of this run has written it
    except Exception:  # noqa: BLE001 - importing it runs users' code
        return UserWarning
    return category


def _reports(
    config: pytest.Config, run: ChecksRun, items: Sequence[pytest.Item], done: Done
) -> Iterator[pytest.TestReport]:
    for one in done.reports:
        short = one.short if isinstance(one, Whole) else one
        if isinstance(one, Whole):
            try:
                data = pickle.loads(one.pickled)  # noqa: S301 - a process of this run has written it
            except Exception:  # noqa: BLE001 - it is of a user's class, which this process cannot import
                run.untidy.append(NOT_WHOLE)
            else:
                yield config.hook.pytest_report_from_serializable(config=config, data=data)
                continue
        if short:
            item = items[short.place]
            yield pytest.TestReport(
                item.nodeid, item.location, {}, short.outcome, short.longrepr, short.when, duration=short.duration
            )
