"""Run to CTRF, the Common Test Report Format: JSON that dashboards and CI plug-ins of many test tools read."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ...core.model import NOT_APPLICABLE, CheckResult, Finding, Outcome
from ...core.redaction import plain
from ...core.run import Run
from ..notes import Notes, brief, notes

SPEC_VERSION = "0.0.0"
"""The specification calls itself that until its first release."""
STATUS = {
    Outcome.PASSED.value: "passed",
    Outcome.FAILED.value: "failed",
    Outcome.BLIND.value: "other",
    Outcome.NOT_RUN.value: "pending",
    Outcome.WAIVED.value: "skipped",
    NOT_APPLICABLE: "skipped",
}
"""CTRF has five statuses; the outcome itself stands in `rawStatus`.

Blind is not a pass, and only "other" is left for it. What is waived did fail: "passed" would be wrong, and "other"
would put it among what is not known; "skipped" says that it does not count, as what does not apply. So failed,
pending and other are all 0 exactly where no check speaks against the run.
"""
LINES_SHOWN = 20
LONGEST_LINE = 500
LONGEST_NAME = 200


def to_ctrf(run: Run) -> str:
    """The report, whole."""
    return "".join(ctrf_parts(run))


def ctrf_parts(run: Run) -> Iterator[str]:
    """The report in parts, each check of each stack one test. Times in whole milliseconds, since 1970 for moments.

    A run that has not ended stops when it began, and `results.extra` says that it is unfinished. Identifiers are made
    from names, so that they are the same in every run and wherever the report is made again.
    """
    facts = notes(run)
    stacks = ", ".join(stack.name for stack in run.stacks)
    version = brief(run.versions.get("opschecks", ""), LONGEST_NAME)
    told = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "reportId": _identifier("report", run.suite, stacks, run.started.isoformat()),
        "timestamp": (run.ended or run.started).isoformat(),
        "generatedBy": f"opschecks {version}".strip(),
        "results": {
            "tool": {"name": "opschecks", "version": version},
            "summary": _summary(run),
            "tests": None,
            "extra": {
                "suite": run.suite,
                "verdict": facts.verdict.word,
                "sentence": facts.verdict.sentence,
                "state": run.state,
                "stoppedBy": run.stopped_by,
                "partial": run.partial,
                "exitCode": run.exit_code,
                "counted": facts.counted,
            },
        },
    }
    told = plain(told)
    told["results"]["environment"] = plain(_environment(run, facts))  # under that name `plain` masks a task's secrets
    # no text has quotes that are not escaped
    before, after = _dumped(told).split('"tests": null', 1)
    yield before + '"tests": ['
    between = ""
    for check in run.checks:
        yield f"{between}\n   " + _dumped(plain(_test(run, check))).replace("\n", "\n   ")
        between = ","
    yield ("\n  ]" if between else "]") + after + "\n"


def _dumped(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, allow_nan=False, indent=1)


def _environment(run: Run, facts: Notes) -> dict[str, Any]:
    stacks = brief(", ".join(stack.name for stack in run.stacks), LONGEST_NAME)
    return {
        "reportName": brief(facts.headline, LONGEST_NAME),
        "appName": stacks,
        "testEnvironment": "SANDBOX" if run.sandbox else stacks,
        "healthy": facts.verdict.tone in ("good", "warn") and not run.open_changes,
        "extra": {
            "sandbox": run.sandbox,
            "stacks": [
                {"name": one.name, "sandbox": one.sandbox, "accountId": one.account_id, "region": one.region}
                for one in run.stacks
            ],
        },
    }


def _summary(run: Run) -> dict[str, Any]:
    statuses = [STATUS[check.outcome] for check in run.checks]
    start, stop = _milliseconds(run.started), _milliseconds(run.ended or run.started)
    return {
        "tests": len(statuses),
        **{status: statuses.count(status) for status in ("passed", "failed", "skipped", "pending", "other")},
        "start": start,
        "stop": stop,
        "duration": stop - start,
        "extra": {outcome: run.count(outcome) for outcome in STATUS},
    }


def _test(run: Run, check: CheckResult) -> dict[str, Any]:
    findings = run.findings_of(check)
    bad = [one for one in findings if one.outcome not in (Outcome.PASSED, Outcome.NOT_RUN)]
    bad.sort(key=lambda one: -one.outcome.rank)
    test = {
        "id": _identifier("check", run.suite, check.stack, check.check),
        "name": f"{check.check}[{check.stack}]",
        "status": STATUS[check.outcome],
        "rawStatus": check.outcome,
        "duration": round(check.duration_s * 1000),
        "suite": [run.suite, check.stack, check.area],
        "tags": [check.severity.value, check.area],
        "filePath": check.nodeid.partition("::")[0],
        "extra": {
            "stack": check.stack,
            "severity": check.severity.value,
            "runbook": check.runbook,
            "failing": check.failing,
            "why": check.why,
            "examined": len(findings),
            "resources": [_resource(one) for one in bad],
        },
    }
    message = _message(check, bad)
    return {**test, "message": message} if message else test


def _resource(finding: Finding) -> dict[str, Any]:
    told = {
        "resource": finding.resource,
        "name": finding.name,
        "outcome": finding.outcome.value,
        "message": finding.message,
    }
    return {**told, "waiver": dict(finding.waiver)} if finding.waiver else told


def _message(check: CheckResult, bad: Sequence[Finding]) -> str:
    """A line for each bad resource, the worst first; `extra.resources` has every one."""
    if not bad:
        return brief(check.message, LONGEST_LINE)
    lines = [check.failing] if check.outcome == Outcome.FAILED else []
    lines += [brief(_line(one), LONGEST_LINE) for one in bad[:LINES_SHOWN]]
    if len(bad) > LINES_SHOWN:
        lines.append(f"… and {len(bad) - LINES_SHOWN} more")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    waiver = finding.waiver or {}
    until = f" (waived until {waiver.get('until')}, {waiver.get('owner')}: {waiver.get('reason')})" if waiver else ""
    blind = "could not look: " if finding.outcome is Outcome.BLIND else ""
    return f"{brief(finding.name, LONGEST_NAME)}: {blind}{brief(finding.message, LONGEST_NAME)}{until}"


def _identifier(*parts: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "\0".join(("urn:opschecks", *parts))))


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
