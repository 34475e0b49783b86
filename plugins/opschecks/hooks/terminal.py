"""What is printed after a checks run: verdict, what failed and where, what is blind, and where the page is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from ..core.model import CheckResult, Outcome
from ..core.redaction import redact_text
from ..core.run import Run, named_stacks
from ..core.wording import plural
from .state import checks_run

CHECKS_SHOWN = 10
ROWS_SHOWN = 3
LINE = 200
_PLACE = re.compile(r"^(\S+\.py:\d+): ", re.MULTILINE)


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
    run = checks_run(config)
    if not run:
        return []
    stacks = named_stacks([f"{stack.name} (SANDBOX)" if stack.sandbox else stack.name for stack in run.stacks])
    part = ""
    if run.part:
        shard = f"shard {run.part.shard} of {run.part.of} of " if run.part.of > 1 else ""
        part = f", {shard}fleet {run.part.fleet}"
    faults = f"; faults: {', '.join(config.option.fault)}" if config.option.fault else ""
    return [f"opschecks: {run.suite} checks of {stacks}{part}{faults}"]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print it; strings from AWS and logs without their control characters."""
    run = checks_run(config)
    if not run or not run.told:
        return
    from ..config.load import shown_path
    from ..report.idle_limits import idle_limits
    from ..report.text import printable
    from ..report.times import Times
    from ..report.verdict import verdict

    told, write = run.told, terminalreporter.write_line
    times = Times.of(told)
    terminalreporter.section("opschecks")
    for report in terminalreporter.getreports("error"):
        if isinstance(report, pytest.CollectReport):
            write(printable(not_collected(report)), red=True)
    if run.write_error:
        write(printable(run.write_error), red=True, bold=True)
    good = told.exit_code == 0 and not (run.write_error or run.failed_hooks)
    write(
        printable(times.text(verdict(told).sentence)), bold=True, green=good, red=told.exit_code == 1, yellow=not good
    )
    for change in told.lost_changes:
        line = f"COULD NOT BE ROLLED BACK: {change['remedy']} on {change['name']}: {change['said']}"
        write(printable(times.text(line)), red=True, bold=True)
    for line in run.plan_not_made:
        write(printable(f"not made: {line}"), red=True)
    for line in (*run.failed_hooks[:CHECKS_SHOWN], *_more(run.failed_hooks, CHECKS_SHOWN, "")):
        write(printable(redact_text(line)), red=True)
    for line in (*_failed(told), *_unseen(told, Outcome.BLIND), *_unseen(told, Outcome.NOT_RUN)):
        write(printable(times.text(line))[:LINE])
    for line in _waiver_lines(told):
        write(printable(line)[:LINE], yellow=True)
    for line in (*_notes(told), *run.untidy, *(() if run.one_by_one else idle_limits(told, run.stacks))):
        write(printable(line), yellow=True)
    write("")
    if not run.write_error:
        write(f"report: {shown_path(run.place.page)}")
        if told.exit_code in (1, 10):
            write("next: see the page for the evidence and the runbook's steps")


def _failed(told: Run) -> Iterator[str]:
    """Each failed check with its bad resources, the worst check first."""
    checks = [check for check in told.checks if check.outcome == Outcome.FAILED]
    if not checks:
        return
    checks.sort(key=lambda check: -check.severity.rank)
    yield ""
    yield f"failed: {len(checks)}"
    for check in checks[:CHECKS_SHOWN]:
        yield _row(check, check.failing, told)
        findings = [finding for finding in told.findings_of(check) if finding.outcome is Outcome.FAILED]
        for finding in findings[:ROWS_SHOWN]:
            yield f"            {finding.name}: {finding.message}"
        yield from _more(findings, ROWS_SHOWN, "            ")
    yield from _more(checks, CHECKS_SHOWN, "  ")


def _unseen(told: Run, outcome: Outcome) -> Iterator[str]:
    """Each cause once, with the checks that it blinds."""
    from ..report.unseen import unseen

    groups = unseen(told, outcome)
    if not groups:
        return
    yield ""
    yield f"{outcome.words}: {sum(len(group.checks) for group in groups)}"
    for group in groups[:CHECKS_SHOWN]:
        yield f"  {group.cause or 'not reached before the run ended'}"
        for check in group.checks[:ROWS_SHOWN]:
            yield f"    {_row(check, _promise(check), told)}"
        yield from _more(group.checks, ROWS_SHOWN, "      ")
    yield from _more(groups, CHECKS_SHOWN, "  ")


def _row(check: CheckResult, words: str, told: Run) -> str:
    where = f" on {check.stack}" if len(told.stacks) > 1 else ""
    return f"  {check.severity.value:8}  {words}{where}"


def _more(of: Sequence[object], shown: int, indent: str) -> Iterator[str]:
    if len(of) > shown:
        yield f"{indent}… and {len(of) - shown} more"


def _promise(check: CheckResult) -> str:
    return check.check.removeprefix("test_").replace("_", " ")


def _notes(told: Run) -> Iterator[str]:
    for note in told.notes:
        yield f"{note.stack}: {note.text}" if len(told.stacks) > 1 else note.text


def _waiver_lines(told: Run) -> Iterator[str]:
    for waiver in told.waivers:
        what = f"waiver of {waiver.check} on {waiver.resource} ({waiver.owner})"
        if waiver.state == "unused":
            yield f"{what} accepted nothing: delete it"
        elif waiver.days_left <= 7:
            yield f"{what} ends in {plural(waiver.days_left, 'day')}, on {waiver.until}"


def not_collected(report: pytest.CollectReport) -> str:
    """Why a file could not be collected, in one line: what pytest says last of it, and where."""
    text = report.longreprtext
    said = [line.removeprefix("E").strip() for line in text.splitlines() if line.startswith("E ")]
    if not said:
        return f"{report.nodeid}: {' '.join(text.split())}"
    own = [place for place in _PLACE.findall(text) if report.nodeid in place]
    return f"{own[-1] if own else report.nodeid}: {said[-1]}"
