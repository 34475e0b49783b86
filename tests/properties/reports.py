"""The run file and the page of a changed morning: whatever AWS says can be written, read again and shown."""

from __future__ import annotations

from collections.abc import Mapping

from opschecks.core.gathering import Gathering
from opschecks.core.model import CHECK_ATTRIBUTE, Check, CheckResult
from opschecks.core.run import Run, StackFacts
from opschecks.hooks.gather import told_of
from opschecks.report.runfile import from_json, to_json
from tests.exported import page_of
from tests.properties.base import Base
from tests.recordings.morning import Concluded, Morning


def reported(of: Base, store: Gathering, concluded: Mapping[str, Concluded]) -> str:
    """The page, made of the run file."""
    stack = StackFacts("stack", sandbox=False, account_id="123456789012", region="us-west-2", time_zone="Asia/Kolkata")
    checks = {one.name: one for one in Morning(of.recording).checks}
    run = Run(
        suite=of.recording.suite,
        started=of.recording.started,
        ended=of.recording.started,
        state="finished",
        exit_code=1,
        stacks=(stack,),
        checks=tuple(_result(getattr(checks[name].function, CHECK_ATTRIBUTE), one) for name, one in concluded.items()),
        findings=tuple(finding for one in concluded.values() for finding in one.findings),
        observations=tuple(told_of("stack", name, one) for name, one in store.results.items()),
    )
    return page_of(from_json(to_json(run)))


def _result(declared: Check, concluded: Concluded) -> CheckResult:
    return CheckResult(
        stack="stack",
        check=declared.name,
        nodeid=declared.name,
        area="area",
        severity=declared.severity,
        runbook=declared.runbook,
        failing=declared.failing,
        why=declared.why,
        outcome=concluded.outcome,
        message=next((one.message for one in concluded.findings if one.outcome.value == concluded.outcome), ""),
    )
