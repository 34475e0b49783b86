"""What an exception means: failed, blind, waived, not applicable; and the row of a check in every report."""

from __future__ import annotations

import dataclasses
from collections.abc import Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pytest

from ..core.model import NOT_APPLICABLE, CheckResult, Finding, Outcome
from ..core.redaction import redact_text
from .applicable import does_not_apply
from .examine import EXAMINE, Examine
from .fixtures import whole_stack
from .other_plugins import ended_by_plugin, error_of_another
from .state import check_of, checks_run, stack_of

if TYPE_CHECKING:
    from ..config.waivers import Waiver

LINES_SHOWN = 20
TOLD = "opschecks"
"""The attribute of a check's teardown report that carries its result and findings, as JSON data."""
BLIND = "opschecks_blind"
ROW = "opschecks_row"
"""The attribute of the report that pytest-html shows as the check's row: severity, outcome, resources, slug …"""
RESOURCES_NAMED = 3

_SETTLED = pytest.StashKey[CheckResult]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the check its examine; skip it where the stack says that it has no such thing."""
    if (declared := check_of(item)) and checks_run(item.config):
        stack = stack_of(item)
        item.stash[EXAMINE] = Examine(declared, stack.name, partial(ended_by_plugin, item.config))
        if why := stack.lacks(declared.runbook, declared.name):
            pytest.skip(why)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Settle the check when it has been called or could not be, and send the result with its last report."""
    report = yield
    run, declared = checks_run(item.config), check_of(item)
    report.sections = [(heading, redact_text(text)) for heading, text in report.sections]
    error = call.excinfo.value if call.excinfo else None
    if not run or not declared or isinstance(error, KeyboardInterrupt | pytest.exit.Exception):  # they end the run
        return report
    error = (error_of_another(item, error, report.when) or error) if error else None
    if report.when == "call" or (report.when == "setup" and error):
        _settle(item, report, error, call.duration, run.waivers)
    elif report.when == "teardown":
        result = item.stash[_SETTLED]
        if error and result.outcome in (Outcome.PASSED, Outcome.WAIVED):
            # the check passed, but it is not known what it leaves behind
            _settle(item, report, error, result.duration_s, run.waivers)
            result = item.stash[_SETTLED]
        from ..report.runfile import finding_to

        findings = [finding_to(finding) for finding in item.stash[EXAMINE].findings]
        check = {**vars(result), "severity": result.severity.value}  # execnet carries no enums
        setattr(report, TOLD, {"check": check, "findings": findings})
    return report


def _settle(
    item: pytest.Item,
    report: pytest.TestReport,
    error: BaseException | None,
    duration_s: float,
    waivers: Sequence[Waiver],
) -> None:
    """Turn findings and the exception into the check's result and pytest's report."""
    examine, stack = item.stash[EXAMINE], stack_of(item)
    declared = examine.check
    result = dataclasses.replace(describe_check(item), duration_s=round(duration_s, 4))
    is_without = isinstance(error, pytest.skip.Exception) and stack.lacks(declared.runbook, declared.name)
    if is_without or does_not_apply(error, stack):
        message = redact_text(does_not_apply(error, stack) or str(error))
        item.stash[_SETTLED] = dataclasses.replace(result, outcome=NOT_APPLICABLE, message=message)
        setattr(report, ROW, _row(result, "not applicable", []))
        if not is_without:
            report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {message}")
        return
    outcome = settle(examine, error, waivers)
    message = _first_message(examine.findings, outcome)
    item.stash[_SETTLED] = dataclasses.replace(result, outcome=outcome.value, message=message)
    of = [finding.name for finding in examine.findings if finding.outcome is outcome]
    setattr(report, ROW, _row(result, outcome.words, [] if outcome is Outcome.PASSED else of))
    report.outcome = "failed" if outcome in (Outcome.FAILED, Outcome.BLIND) else "passed"
    report.longrepr = None
    if report.outcome == "failed":
        from ..report.text import printable_lines

        report.longrepr = printable_lines(_rows(examine, outcome))
        tracebacks = (redact_text(str(item.repr_failure(error))) for error in examine.errors)
        report.sections += [("traceback", printable_lines(text)) for text in tracebacks]
    if outcome is Outcome.BLIND:
        setattr(report, BLIND, True)
        report.when = "setup"  # JUnit and pytest-html call a failure in setup an error, which is what blind is


def _row(check: CheckResult, concluded: str, names: Sequence[str]) -> dict[str, str]:
    more = f" and {len(names) - RESOURCES_NAMED} more" if len(names) > RESOURCES_NAMED else ""
    return {
        "severity": check.severity.value,
        "concluded": concluded,
        "resource": ", ".join(names[:RESOURCES_NAMED]) + more,
        "runbook": check.runbook,
        "remedy": check.remedy,
    }


def settle(examine: Examine, error: BaseException | None, waivers: Sequence[Waiver]) -> Outcome:
    """Complete the findings by the exception and the waivers; the worst finding is the check's outcome."""
    whole = whole_stack(examine.stack)
    if error is not None:
        examine.conclude_from(whole, error)
    elif not examine.findings and examine.check.may_be_empty:
        examine.conclude(whole, Outcome.PASSED, "nothing to examine, which is fine")
    elif not examine.findings:
        examine.conclude(whole, Outcome.BLIND, "there was nothing to examine")
    if waivers:
        examine.findings = [_waived(finding, waivers) for finding in examine.findings]
    return max((finding.outcome for finding in examine.findings), key=lambda one: one.rank)


def _waived(finding: Finding, waivers: Sequence[Waiver]) -> Finding:
    from ..config.waivers import waiver_for

    if not (waiver := waiver_for(finding, waivers)):
        return finding
    told = {"owner": waiver.owner, "reason": waiver.reason, "until": waiver.until.isoformat()}
    return dataclasses.replace(finding, outcome=Outcome.WAIVED, waiver=told)


def _first_message(findings: Sequence[Finding], outcome: Outcome) -> str:
    of = [finding for finding in findings if finding.outcome is outcome]
    if outcome in (Outcome.PASSED, Outcome.NOT_RUN):
        return "; ".join(dict.fromkeys(finding.message for finding in of if finding.message))[:500]
    more = f" (and {len(of) - 1} more)" if len(of) > 1 else ""
    return f"{of[0].name}: {of[0].message}{more}"


def _rows(examine: Examine, outcome: Outcome) -> str:
    """The check's message: what is wrong, then a line for each bad resource, worst first."""
    bad = [finding for finding in examine.findings if finding.outcome in (Outcome.FAILED, Outcome.BLIND)]
    bad.sort(key=lambda finding: -finding.outcome.rank)
    headline = examine.check.failing if outcome is Outcome.FAILED else f"{outcome.words}: {examine.check.name}"
    lines = [f"  {finding.name}: {_words(finding)}" for finding in bad[:LINES_SHOWN]]
    if len(bad) > LINES_SHOWN:
        lines.append(f"  … and {len(bad) - LINES_SHOWN} more; the run file and the page list every one")
    return "\n".join([headline, *lines])


def _words(finding: Finding) -> str:
    return f"{finding.outcome.words}: {finding.message}" if finding.outcome is Outcome.BLIND else finding.message


def describe_check(item: pytest.Item) -> CheckResult:
    """The check before it has run."""
    if (declared := check_of(item)) is None:
        raise TypeError(f"{item.nodeid} is not a check")
    return CheckResult(
        stack=stack_of(item).name,
        check=declared.name,
        nodeid=item.nodeid,
        area=item.path.stem.removeprefix("test_"),
        severity=declared.severity,
        runbook=declared.runbook,
        failing=declared.failing,
        why=declared.why,
        outcome=Outcome.NOT_RUN.value,
        remedy=declared.remedy.name() if declared.remedy else "",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Blind is neither a failure nor an error in the terminal: it has its own letter, and is counted in plain words."""
    if getattr(report, BLIND, False):
        words = Outcome.BLIND.words
        return words, "B", (words.upper(), {"yellow": True})
    return None


def told_by(report: pytest.TestReport) -> dict[str, Any] | None:
    """The result and findings that a report carries, or None."""
    return cast("dict[str, Any] | None", getattr(report, TOLD, None))


def forget_told(report: pytest.TestReport) -> None:
    """Take it away when it was read: pytest's reporters keep each report, and of a fleet that is all that was seen."""
    delattr(report, TOLD)


def forget_examined(item: pytest.Item) -> None:
    """The same of what the check examined, which its item has until the run ends."""
    if EXAMINE in item.stash:
        del item.stash[EXAMINE]
    if _SETTLED in item.stash:
        del item.stash[_SETTLED]
