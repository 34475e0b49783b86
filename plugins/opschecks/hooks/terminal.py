"""What is printed after a checks run: verdict, what failed and where, what is blind, and where the page is."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ..core.model import CheckResult, Outcome
from ..core.redaction import redact_text
from ..core.run import Run, named_stacks
from ..core.wording import plural
from .account import not_collected
from .state import checks_run

NOT_COLLECTED = "not everything was collected"
CHECKS_SHOWN = 10
ROWS_SHOWN = 3
LINE = 300
"""Characters of what is told of one resource; the page has all of it."""
HANG = 2
TITLE = 12
"""Where the titles of checks begin, behind their severity."""


class _Masked:
    """Registered for checks runs only."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Redact a warning, which may quote a secret."""
        warning_message.message = redact_text(str(warning_message.message))


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Mask the warnings of a checks run."""
    if checks_run(config):
        config.pluginmanager.register(_Masked(), "opschecks-masked-warnings")


@pytest.hookimpl(trylast=True)
def pytest_report_header(config: pytest.Config) -> list[str]:
    """The suite, the stacks and the sandbox's faults."""
    if not (run := checks_run(config)):
        return []
    stacks = named_stacks([f"{stack.name} (SANDBOX)" if stack.sandbox else stack.name for stack in run.stacks])
    part = ""
    if run.part:
        shard = f"shard {run.part.shard} of {run.part.of} of " if run.part.of > 1 else ""
        part = f", {shard}fleet {run.part.fleet}" + (f", in {run.processes} processes" if run.processes > 1 else "")
    faults = f"; faults: {', '.join(config.option.fault)}" if config.option.fault else ""
    from ..report.columns import wrapped

    line = f"opschecks: {run.suite} checks of {stacks}{part}{faults}"
    return wrapped(line, shutil.get_terminal_size().columns if sys.stdout.isatty() else None)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print it; strings from AWS and logs without their control characters."""
    run = checks_run(config)
    if not run or not run.told:
        return
    from ..config.load import shown_path
    from ..report.columns import cut, wrapped
    from ..report.idle_limits import idle_limits
    from ..report.notes import REPLAYED
    from ..report.text import printable
    from ..report.times import Times
    from ..report.verdict import verdict

    told, times, width = run.told, Times.of(run.told), shutil.get_terminal_size().columns

    def write(line: str, hang: int = HANG, **markup: bool) -> None:
        for each in wrapped(printable(line), width if terminalreporter.isatty else None, hang):
            terminalreporter.write_line(each, **markup)

    terminalreporter.section("opschecks")
    for line in run.not_collected:
        write(f"not collected: {line}", red=True)
    if run.not_collected and told.stopped_by == not_collected(run):  # it is said above
        told = dataclasses.replace(told, stopped_by=NOT_COLLECTED)
    if run.write_error:
        write(run.write_error, red=True, bold=True)
    good, bad = told.exit_code == 0 and not (run.write_error or run.failed_hooks), told.exit_code == 1
    write(times.text(verdict(told).sentence), 0, bold=True, green=good, red=bad, yellow=not (good or bad))
    if told.replayed:
        write(REPLAYED, yellow=True)
    for change in told.lost_changes:
        line = f"COULD NOT BE ROLLED BACK: {change['remedy']} on {change['name']}: {change['said']}"
        write(times.text(line), red=True, bold=True)
    for line in run.plan_not_made:
        write(f"not made: {line}", red=True)
    for line in run.failed_hooks[:CHECKS_SHOWN]:
        write(redact_text(line), red=True)
    for line, hang in _more(run.failed_hooks, CHECKS_SHOWN, 0):
        write(line, hang, red=True)
    for line, hang in (*_failed(told), *_unseen(told, Outcome.BLIND), *_unseen(told, Outcome.NOT_RUN)):
        write(cut(times.text(line), LINE), hang)
    for line in _waiver_lines(told):
        write(cut(line, LINE), yellow=True)
    notes = [f"{note.stack}: {note.text}" if len(told.stacks) > 1 else note.text for note in told.notes]
    untidy = dict.fromkeys(run.untidy)
    for line in (*notes, *untidy, *(() if run.one_by_one else idle_limits(told, run.stacks))):
        write(times.text(line), yellow=True)
    write("")
    if not run.write_error:
        write(f"report: {shown_path(run.place.page)}")
        for line in _next(told, config):
            terminalreporter.write_line(printable(line))  # whole: it is copied


def _next(told: Run, config: pytest.Config) -> Iterator[str]:
    """What to do now: the plan and the command that makes it, else the page."""
    from ..report.commands import plan_command

    if config.option.fix == "plan":
        planned = [change for change in told.changes if change["result"] == "planned"]
        yield f"plan: {told.plan} ({plural(len(planned), 'change')}; nothing was changed)"
        for stack in dict.fromkeys(change["stack"] for change in planned):
            yield f"make them: {plan_command(told, stack)}"
    elif told.exit_code in (1, 10):
        yield "next: see the page for the evidence and the runbook's steps"


def _failed(told: Run) -> Iterator[tuple[str, int]]:
    """Each failed check with its bad resources, the worst check first; each line with how far it hangs."""
    from ..report.observed import observed

    failed = (check for check in told.checks if check.outcome == Outcome.FAILED)
    if not (checks := sorted(failed, key=lambda check: -check.severity.rank)):
        return
    yield "", 0
    yield f"failed: {len(checks)}", 0
    for check in checks[:CHECKS_SHOWN]:
        yield _row(check, check.failing, told), TITLE - 2
        findings = [finding for finding in told.findings_of(check) if finding.outcome is Outcome.FAILED]
        for finding in findings[:ROWS_SHOWN]:
            facts = observed(finding, check)
            yield f"{'':{TITLE}}{finding.name}: {facts.observed}{facts.limit}", HANG
            if facts.beside:
                yield f"{'':{TITLE + HANG}}also seen: {facts.beside}", HANG
        yield from _more(findings, ROWS_SHOWN, TITLE)
    yield from _more(checks, CHECKS_SHOWN, 2)


def _unseen(told: Run, outcome: Outcome) -> Iterator[tuple[str, int]]:
    """Each cause once, with the checks that it blinds."""
    from ..report.standing import promise
    from ..report.unseen import unseen

    if not (groups := unseen(told, outcome)):
        return
    yield "", 0
    yield f"{outcome.words}: {sum(len(group.checks) for group in groups)}", 0
    for group in groups[:CHECKS_SHOWN]:
        yield f"  {group.cause or 'not reached before the run ended'}", HANG
        for check in group.checks[:ROWS_SHOWN]:
            yield f"    {_row(check, promise(check.check), told)}", TITLE - 2
        yield from _more(group.checks, ROWS_SHOWN, 6)
    yield from _more(groups, CHECKS_SHOWN, 2)


def _row(check: CheckResult, words: str, told: Run) -> str:
    where = f" on {check.stack}" if len(told.stacks) > 1 else ""
    return f"  {check.severity.value:8}  {words}{where}"


def _more(of: Sequence[object], shown: int, indent: int) -> Iterator[tuple[str, int]]:
    if len(of) > shown:
        yield f"{'':{indent}}… and {len(of) - shown} more", 0


def _waiver_lines(told: Run) -> Iterator[str]:
    for waiver in told.waivers:
        what = f"waiver of {waiver.check} on {waiver.resource} ({waiver.owner})"
        if waiver.state == "unused":
            yield f"{what} accepted nothing: delete it"
        elif waiver.days_left <= 7:
            yield f"{what} ends in {plural(waiver.days_left, 'day')}, on {waiver.until}"
