"""Every collected check is reported, whatever happens; what that makes of the run, its exit code and its files."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..core import clock
from ..core.check_names import checks_in, find_checks
from ..core.model import CheckResult, Finding, Outcome, Severity
from ..core.run import ReportSection, Run, StackFacts
from .earlier_runs import earlier_run, forget_old, with_past
from .fixtures import whole_stack
from .gather import results
from .in_turn import ChecksOf
from .judge import BLIND, describe_check, forget_told, told_by
from .left_out import why_not_collected
from .pytest_private import CRASHED, STOPPING
from .state import ChecksRun, check_of, checks_run
from .users_hooks import notify

if TYPE_CHECKING:
    from ..report.files import RunFiles

ALL_GOOD, SOMETHING_FAILED, SOMETHING_UNSEEN = 0, 1, 10
NO_SECTION = "A custom report section failed"
_OURS_TO_DECIDE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Listen to the reports of this process's checks, or of all xdist workers'."""
    if (run := checks_run(session.config)) and not (run.worker or session.config.option.collectonly):
        session.config.pluginmanager.register(_Listener(run, session.config.rootpath), "opschecks-listener")


@pytest.hookimpl(tryfirst=True)
def pytest_deselected(items: list[pytest.Item]) -> None:
    """Whatever leaves checks out makes the run a partial one."""
    run = checks_run(items[0].config) if items else None
    if run and not run.partial:
        run.partial = "deselected checks"


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Write every check down as not run: so it stays if this process is killed."""
    run = checks_run(session.config)
    if not run or run.worker or session.config.option.collectonly:
        return
    from ..config.load import shown_path
    from ..report.files import write_unfinished

    checks: Iterable[Any] = ChecksOf(run, session.items).planned() if run.in_turn else session.items
    run.collected = {item.nodeid: describe_check(item) for item in checks if check_of(item)}
    if not run.partial:
        present = {check.check for check in run.collected.values()}
        for folder in run.folders:
            for name, path in find_checks(folder, but=present | run.left_out):
                run.leave_out(f"{name} of {shown_path(path)}", name)
    unfinished = build(run, "unfinished", "")
    _guarded(run, lambda: write_unfinished(unfinished, run.place))


class _Listener:
    def __init__(self, run: ChecksRun, rootdir: Path) -> None:
        self._run = run
        self._rootdir = rootdir

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file that could not be collected, or that skipped itself: its checks are nowhere else."""
        if report.outcome != "passed":
            path = self._rootdir / report.nodeid
            why = self._run.unreadable.get(path) or why_not_collected(report)
            self._run.leave_out(why, *(name for name, _ in checks_in(path)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a check's last report says, or that its process died."""
        run, lost = self._run, self._run.collected.get(report.nodeid)
        if str(report.when) == CRASHED and lost:
            # what it saw is lost, whether or not another worker runs it again
            why = f"the worker process died: {str(report.longrepr).partition(chr(10))[0]}"
            run.crashed.add(report.nodeid)
            run.reported[report.nodeid] = dataclasses.replace(lost, outcome=Outcome.BLIND.value, message=why)
            run.findings.append(stand_in(lost, Outcome.BLIND, why))
            setattr(report, BLIND, True)
        elif (told := told_by(report)) and report.nodeid not in run.crashed:
            from ..core.redaction import as_masked
            from ..report.runfile import read_as

            result = read_as(CheckResult, told["check"])
            if result.nodeid in run.reported:  # a plugin has run it again: the last time counts
                same = (result.stack, result.check)
                run.findings = [one for one in run.findings if (one.stack, one.check) != same]
            run.reported[result.nodeid] = result
            run.findings += [
                read_as(Finding, {**finding, "evidence": as_masked(finding["evidence"])})
                for finding in told["findings"]
            ]
            forget_told(report)


@pytest.hookimpl(tryfirst=True)
def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Keep why: xdist raises its -x as an interrupt too."""
    _interrupts.append(str(excinfo.value) or ("stopped by Ctrl-C" if excinfo.type is KeyboardInterrupt else ""))


_interrupts: list[str] = []
"""pytest passes no config to the hook above; a process has one session that is interrupted."""


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Build the run, decide its exit code, write its files."""
    run = checks_run(session.config)
    if not run or run.worker or session.config.option.collectonly:
        return
    from ..report.files import write_no_run, write_run

    reason = _stopped_by(session, run, exitstatus)
    whole = not reason and len(run.reported) == len(run.collected)
    told = build(run, "finished" if whole else "stopped", reason)
    if exitstatus in _OURS_TO_DECIDE or reason.startswith(STOPPING):
        session.exitstatus = exit_code(told, run.fail_on) or (SOMETHING_FAILED if run.plan_not_made else ALL_GOOD)
    run.told = dataclasses.replace(told, exit_code=int(session.exitstatus))
    if not told.checks:
        write_no_run(run.place, run.started, reason)
    elif run.one_by_one:
        _finish_fleet(run, run.told)
    else:
        _finish(session, run, run.told)
    if not run.one_by_one:
        notify(session, run, told)
        if run.failed_hooks and told.checks and not run.write_error:
            # their exit code; hooks are called once the page is there, which may be what they tell of
            ended = _as_ended(run, run.told)
            _guarded(run, lambda: write_run(ended, run.place, run.runbook, earlier_run(run, ended)))
    if run.write_error or run.failed_hooks:
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR


def _finish(session: pytest.Session, run: ChecksRun, told: Run) -> None:
    """Compare the run with earlier ones, write its files, delete old ones."""
    from ..report.files import write_run

    told = with_past(run, told)
    run.told = whole = dataclasses.replace(told, sections=tuple(own_sections(session, told)))
    _guarded(run, lambda: write_run(whole, _with_history(run), run.runbook, earlier_run(run, whole)))
    if not run.write_error:  # an old run is not deleted for one that was not filed
        forget_old(run, whole)


def _as_ended(run: ChecksRun, told: Run) -> Run:
    """The run with the exit code that a hook of users, or a file that could not be written, leads to."""
    is_good = not (run.write_error or run.failed_hooks)
    return told if is_good else dataclasses.replace(told, exit_code=int(pytest.ExitCode.INTERNAL_ERROR))


def _finish_fleet(run: ChecksRun, told: Run) -> None:
    """Each stack's own files are there already."""
    from .fleet_files import write_fleet

    run.told = whole = dataclasses.replace(told, past=tuple(run.pasts))
    _guarded(run, lambda: write_fleet(run, _as_ended(run, whole)))


def own_sections(session: pytest.Session, told: Run) -> list[ReportSection]:
    """What each hook gives: ours, and those of users' conftests. An error in one costs its own sections only."""
    manager, sections = session.config.pluginmanager, []
    owners = [one.plugin for one in session.config.hook.pytest_opschecks_report_sections.get_hookimpls()]
    for owner in owners[::-1]:  # pluggy calls the last one first
        others = [one for one in owners if one is not owner]
        alone = manager.subset_hook_caller("pytest_opschecks_report_sections", others)
        try:
            sections += [_own_section(one) for some in alone(run=told) for one in some]
        except Exception as error:  # noqa: BLE001 - it is not our code
            where = manager.get_name(owner) or "a plugin"
            sections.append(ReportSection(NO_SECTION, f"`{where}`: `{type(error).__name__}: {error}`"))
    return sections


def _own_section(given: object) -> ReportSection:
    if isinstance(given, ReportSection) and isinstance(given.title, str) and isinstance(given.markdown, str):
        return given
    return ReportSection(NO_SECTION, f"`{given!r}` is not an opschecks.ReportSection of two texts")


def _with_history(run: ChecksRun) -> RunFiles:
    if run.tape.replays:  # it is no run of its own
        return run.place
    return dataclasses.replace(run.place, history={stack.name: run.store(stack) for stack in run.stacks})


def _stopped_by(session: pytest.Session, run: ChecksRun, exitstatus: int) -> str:
    """Why the run ended early, or nothing."""
    stop = session.shouldfail or session.shouldstop
    if run.stopped_by:
        return run.stopped_by
    if stop:
        return stop if isinstance(stop, str) else "stopped early"
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        why = _interrupts[-1] if _interrupts else ""
        return why or ("errors while collecting checks" if session.testsfailed else "stopped by Ctrl-C")
    if why := not_collected(run):
        return why
    known: Mapping[int, str] = {
        pytest.ExitCode.INTERNAL_ERROR: "stopped by an internal error",
        pytest.ExitCode.USAGE_ERROR: "stopped by a usage error",
        pytest.ExitCode.NO_TESTS_COLLECTED: "no check was collected",
    }
    return known.get(exitstatus, "" if len(run.reported) == len(run.collected) else "not every check was run")


def not_collected(run: ChecksRun) -> str:
    """Which checks are in their files and not in the run, or nothing."""
    more = f" and {len(run.not_collected) - 2} more" if len(run.not_collected) > 2 else ""
    return f"not collected: {'; '.join(run.not_collected[:2])}{more}" if run.not_collected else ""


def exit_code(run: Run, fail_on: Severity) -> int:
    """0 all known and good, 1 something failed, 10 nothing failed but something is blind or was not run."""
    counting = [check for check in run.checks if check.severity.rank >= fail_on.rank]
    if run.lost_changes or run.open_changes or any(check.outcome == Outcome.FAILED for check in counting):
        return SOMETHING_FAILED
    unseen = any(check.outcome == Outcome.BLIND for check in counting)
    gate = run.suite.startswith("deploy-") and run.partial
    if unseen or gate or run.state != "finished" or run.count(Outcome.NOT_RUN):
        return SOMETHING_UNSEEN
    return ALL_GOOD


def build(run: ChecksRun, state: str, reason: str) -> Run:
    """The run as it stands, with every collected check in it."""
    from ..config.waivers import states

    checks, findings = [], list(run.findings)
    for nodeid, collected in run.collected.items():
        result = run.reported.get(nodeid)
        if result is None:
            result = dataclasses.replace(collected, message=reason)
            findings.append(stand_in(collected, Outcome.NOT_RUN, reason or "not reached before the run ended"))
        checks.append(result)
    return Run(
        suite=run.suite,
        started=run.started,
        ended=None if state == "unfinished" else clock.now(),
        stacks=tuple(_facts(run)),
        state=state,
        stopped_by=reason,
        partial=run.partial,
        checks=tuple(checks),
        findings=tuple(findings),
        observations=tuple(results(run)),
        waivers=tuple(states(run.waivers, checks, findings, run.started, {one.name: one.zone for one in run.stacks})),
        changes=tuple(run.fixes),
        notes=tuple(run.notes),
        part=run.part,
        replayed=run.tape.replays,
        plan=run.plan,
        versions=_versions(),
    )


def _facts(run: ChecksRun) -> list[StackFacts]:
    return [
        run.facts.get(stack.name)
        or StackFacts(
            name=stack.name,
            sandbox=bool(stack.sandbox),
            account_id=run.accounts.get(stack.name) or stack.account_id or "",
            region=run.aws[stack.name].region if stack.name in run.aws else stack.region or "",
            time_zone=stack.time_zone,
            contacts={role: name for role, name in stack.contacts.model_dump(exclude={"owners"}).items() if name},
            tokens=stack.tokens(),
            portal=stack.access_portal or "",
            portal_role=stack.access_portal_role or "",
            owners=dict(stack.contacts.owners),
        )
        for stack in run.stacks
    ]


def stand_in(check: CheckResult, outcome: Outcome, message: str) -> Finding:
    """The finding of a check that found nothing, about its stack as a whole."""
    whole = whole_stack(check.stack)
    return Finding(check.stack, check.check, whole.arn, whole.name, outcome, check.severity, message)


def _versions() -> Mapping[str, str]:
    from importlib.metadata import version

    from ..core.version import __version__

    return {
        "opschecks": __version__,
        "python": platform.python_version(),
        "pytest": pytest.__version__,
        "boto3": version("boto3"),
    }


def _is_filed(run: ChecksRun) -> bool:
    """Whether the run file is of this run: on a full disk it may be that of an earlier one."""
    from ..report.runfile import RunFileError, from_json

    try:
        text = (run.place.reports / run.place.links["run"]).read_text(encoding="utf-8")
        return from_json(text).started == run.started
    except (OSError, ValueError, RunFileError):
        return False


def _guarded(run: ChecksRun, write_files: Callable[[], None]) -> None:
    """Report in one line what keeps the files from being written, such as a full disk; then the run is not good."""
    from ..report.files import write_no_run

    try:
        write_files()
    except Exception as error:  # noqa: BLE001 - whatever it is: without its page a run must not end as good
        reason = str(error) if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        why = run.cannot_write(f"the files of this run could not be written: {reason}")
        write_no_run(run.place, run.started, why, keep_run_file=_is_filed(run))
