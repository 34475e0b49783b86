"""Runs of many stacks, made in memory: what a fleet is read from and its page is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from opschecks.core.model import Outcome, Severity
from opschecks.core.run import FleetPart, Past, Run, StackFacts, Standing
from opschecks.history.runs import file_run
from opschecks.history.storage import FolderStorage
from opschecks.report.fleet.facts import Fleet, fleet_of
from opschecks.report.fleet.rows import StackRow, rows_of
from opschecks.report.runfile import to_json
from tests.exported import NOW
from tests.report.runs import check_of, found

DENIED = (
    "ecs:DescribeServices: AccessDenied: arn:aws:sts::{account}:assumed-role/reader is not authorized"
    " – allow ecs:DescribeServices"
)


def run_of(
    stack: str,
    outcomes: dict[str, Outcome],
    *,
    part: FleetPart | None = None,
    minutes: float = 0,
    state: str = "new",
    severity: Severity = Severity.HIGH,
    region: str = "us-west-2",
) -> Run:
    """A daily run of one stack in which each check ended so; what fails is new, or stands as `state` says."""
    account = f"{sum(map(ord, stack)):012}"
    began = NOW + timedelta(minutes=minutes)
    checks = [
        replace(check_of(name, "ecs", outcome, f"slug-{name}", stack), severity=severity)
        for name, outcome in outcomes.items()
    ]
    findings = [
        replace(
            found(name, f"{stack}-backend", outcome, stack),
            severity=severity,
            message=DENIED.format(account=account) if outcome is Outcome.BLIND else "CPU is 97 %",
        )
        for name, outcome in outcomes.items()
    ]
    standings = [
        Standing(one.check, one.resource, one.name, state, began - timedelta(days=state != "new"), 1)
        for one in findings
        if one.outcome is Outcome.FAILED
    ]
    bad = {Outcome.FAILED: 1, Outcome.BLIND: 10}
    return Run(
        suite="daily",
        started=began,
        stacks=(StackFacts(stack, False, account, region, contacts={"on_call": "ann"}),),
        ended=began + timedelta(seconds=3),
        state="finished",
        exit_code=min((bad[one] for one in outcomes.values() if one in bad), default=0),
        checks=tuple(checks),
        findings=tuple(findings),
        past=(Past(stack, 3, began - timedelta(days=1), standings=tuple(standings)),),
        part=part,
    )


def row(stack: str, **outcomes: Outcome) -> StackRow:
    """Its row; the names of checks without their `test_`."""
    (one,) = rows_of(run_of(stack, {f"test_{name}": outcome for name, outcome in outcomes.items()}))
    return one


def fleet(*rows: StackRow, name: str = "", shards: int = 0, late: tuple[int, ...] = (), unknown: str = "") -> Fleet:
    return fleet_of(rows, suite="daily", made=NOW, name=name, shards=shards, late=late, unknown=unknown)


def file(place: Path, *runs: Run) -> None:
    """File each run in its stack's folder."""
    for run in runs:
        file_run(FolderStorage(place / run.stacks[0].name), run.suite, run.started, to_json(run))
