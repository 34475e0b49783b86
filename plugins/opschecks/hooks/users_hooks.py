"""Users' hooks that are told of findings: one that fails is said with file and line, and ends nothing but itself."""

from __future__ import annotations

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path

import pytest

from ..core.model import Finding, Outcome
from ..core.run import Run
from .state import ChecksRun

_NOT_THEIRS = (*{sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")}, str(Path(__file__).parents[1]))


def notify(session: pytest.Session, run: ChecksRun, told: Run) -> None:
    """Give each finding that is bad to users' hooks, or keep it for the process that does."""
    if run.tape.replays:  # nobody is to be called for what is long over
        return
    bad = [one for one in told.findings if one.outcome in (Outcome.FAILED, Outcome.BLIND)]
    if run.to_tell is None:
        tell(session, run, bad)
    elif session.config.hook.pytest_opschecks_finding.get_hookimpls():
        run.to_tell += bad


def tell(session: pytest.Session, run: ChecksRun, findings: Iterable[Finding]) -> None:
    """Give the findings to users' hooks; one that raises is kept, and the run is not good."""
    for finding in findings:
        try:
            session.config.hook.pytest_opschecks_finding(finding=finding)
        except Exception as error:  # noqa: BLE001 - users' code: what was found is reported all the same
            line = f"pytest_opschecks_finding failed for {finding.check} of {finding.stack}: {placed(error)}"
            run.failed_hooks.append(line)


def placed(error: BaseException) -> str:
    """The error with the file and line of whoever's code raised it, in one line."""
    from ..config.load import shown_path

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_NOT_THEIRS)]
    where = [f"{shown_path(Path(frame.filename))}:{frame.lineno}: " for frame in (own or frames)[-1:]]
    return f"{''.join(where)}{type(error).__name__}: {' '.join(str(error).split())}"
