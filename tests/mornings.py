"""Mornings of the past: run files of earlier days, made from one of today by moving it back in time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from opschecks.core.model import Finding, ObservationResult, Outcome, SeenResource, Series
from opschecks.core.run import Run
from opschecks.history.runs import file_run
from opschecks.history.storage import Storage
from opschecks.report.runfile import to_json


def earlier(run: Run, days: float) -> Run:
    """The same run, that many days before."""
    back = timedelta(days=days)

    def line(series: Series) -> Series:
        return replace(series, points=tuple((time - back, value) for time, value in series.points))

    def seen(one: SeenResource) -> SeenResource:
        return replace(one, series=tuple(line(series) for series in one.series))

    def observed(one: ObservationResult) -> ObservationResult:
        return replace(one, resources=tuple(seen(resource) for resource in one.resources))

    return replace(
        run,
        started=run.started - back,
        ended=run.ended - back if run.ended else None,
        observations=tuple(observed(one) for one in run.observations),
        past=(),
    )


def ending(run: Run, outcomes: dict[str, Outcome]) -> Run:
    """The same run with these checks, and what they found, ending so."""

    def found(one: Finding) -> Finding:
        return replace(one, outcome=outcomes[one.check]) if one.check in outcomes else one

    return replace(
        run,
        checks=tuple(
            replace(one, outcome=outcomes[one.check].value) if one.check in outcomes else one for one in run.checks
        ),
        findings=tuple(found(one) for one in run.findings),
    )


def file_all(store: Storage, runs: Iterable[Run]) -> list[str]:
    """File the runs; their keys."""
    return [file_run(store, run.suite, run.started, to_json(run)) for run in runs]
