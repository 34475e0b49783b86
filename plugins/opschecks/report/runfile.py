"""Run to JSON and back: the run file, from which every report can be made again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..core import clock
from ..core.model import (
    NOT_APPLICABLE,
    CheckResult,
    Deadline,
    Figure,
    Finding,
    ObservationResult,
    Outcome,
    SeenResource,
    Series,
    Severity,
)
from ..core.redaction import plain
from ..core.run import Past, ReportSection, Run, StackFacts, Standing, WaiverState
from .numbers import numbers
from .verdict import verdict

FORMAT = 1
LISTS = ("checks", "findings", "observations", "past")
"""Written a line each; they are without secrets already."""


class RunFileError(Exception):
    """A file is not a run file; the message says what is missing."""


def to_json(run: Run) -> str:
    """The run file: secrets masked, times as UTC ISO text; a line for each check, finding and observation."""
    said = verdict(run)
    counts: dict[str, int] = {outcome.value: run.count(outcome) for outcome in Outcome}
    counts[NOT_APPLICABLE] = run.count(NOT_APPLICABLE)
    told: dict[str, Any] = {
        "format": FORMAT,
        "suite": run.suite,
        "sandbox": run.sandbox,
        "state": run.state,
        "stopped_by": run.stopped_by,
        "partial": run.partial,
        "started": run.started,
        "ended": run.ended,
        "exit_code": run.exit_code,
        "verdict": {"word": said.word, "sentence": said.sentence},
        "collected": len(run.checks),
        "counts": counts,
        "calls": len(run.calls),
        "stacks": [dataclasses.asdict(stack) for stack in run.stacks],
        "checks": [plain(dataclasses.asdict(check)) for check in run.checks],
        "findings": [finding_to(finding) for finding in run.findings],
        "observations": [observation_to(seen) for seen in run.observations],
        "waivers": [dataclasses.asdict(waiver) for waiver in run.waivers],
        "changes": list(run.changes),
        "numbers": numbers(run),
        "past": [_past(past) for past in run.past],
        "weeks": list(run.weeks),
        "sections": [dataclasses.asdict(section) for section in run.sections],
        "versions": dict(run.versions),
    }
    lines = [
        f"{json.dumps(key)}: {_lines(value) if key in LISTS else _dumps(value if key == 'numbers' else plain(value))}"
        for key, value in told.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(items: list[Any]) -> str:
    return "[" + ",".join(f"\n  {_dumps(item)}" for item in items) + "]"


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def only(run: Run, stack: str) -> Run:
    """The part of a run that is about one stack."""
    return dataclasses.replace(
        run,
        stacks=tuple(facts for facts in run.stacks if facts.name == stack),
        checks=tuple(check for check in run.checks if check.stack == stack),
        findings=tuple(finding for finding in run.findings if finding.stack == stack),
        observations=tuple(seen for seen in run.observations if seen.stack == stack),
        waivers=tuple(waiver for waiver in run.waivers if waiver.stack == stack),
        changes=tuple(change for change in run.changes if change["stack"] == stack),
        past=tuple(past for past in run.past if past.stack == stack),
        weeks=tuple(week for week in run.weeks if week["stack"] == stack),
    )


def from_json(text: str) -> Run:
    """A run file's run; RunFileError where the text is none."""
    try:
        told = json.loads(text)
        _require_format(told)
        return Run(
            suite=told["suite"],
            started=datetime.fromisoformat(told["started"]),
            stacks=tuple(StackFacts(**stack) for stack in told["stacks"]),
            ended=datetime.fromisoformat(told["ended"]) if told["ended"] else None,
            state=told["state"],
            stopped_by=told["stopped_by"],
            partial=told["partial"],
            exit_code=told["exit_code"],
            checks=tuple(CheckResult(**{**one, "severity": Severity(one["severity"])}) for one in told["checks"]),
            findings=tuple(finding_from(one) for one in told["findings"]),
            observations=tuple(observation_from(one) for one in told["observations"]),
            waivers=tuple(WaiverState(**waiver) for waiver in told["waivers"]),
            changes=tuple(told["changes"]),
            past=tuple(_past_from(past) for past in told.get("past", ())),
            weeks=tuple(week for week in told.get("weeks", ()) if "measures" in week),  # earlier ones were of less
            sections=tuple(ReportSection(**section) for section in told.get("sections", ())),
            versions=told["versions"],
        )
    except RunFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise RunFileError(f"not a run file: {type(error).__name__}: {error}") from None


def _require_format(told: Mapping[str, Any]) -> None:
    if told["format"] != FORMAT:
        raise RunFileError(f"its format is {told['format']!r}, and this version reads {FORMAT}")


def _series(series: Series) -> dict[str, Any]:
    """`at_s` are seconds after `start`, as many as there are values: a gap is a missing point."""
    start = series.points[0][0] if series.points else None
    return {
        "label": plain(series.label),
        "unit": plain(series.unit),
        "period_s": series.period_s,
        "limit": series.limit,
        "start": start.isoformat() if start else None,
        "at_s": [round((time - start).total_seconds(), 3) for time, _ in series.points] if start else [],
        "values": [value for _, value in series.points],
    }


def _series_from(told: Mapping[str, Any]) -> Series:
    start = datetime.fromisoformat(told["start"]) if told["start"] else clock.now()
    points = zip((start + timedelta(seconds=at) for at in told["at_s"]), told["values"], strict=True)
    return Series(told["label"], told["unit"], tuple(points), told["period_s"], told["limit"])


def _past(past: Past) -> dict[str, Any]:
    told: dict[str, Any] = plain(dataclasses.asdict(past))
    told["strips"] = {area: list(outcomes) for area, outcomes in past.strips.items()}  # an area may be "credentials"
    told["numbers"] = {
        label: [[time.isoformat(), value] for time, value in points] for label, points in past.numbers.items()
    }
    return told


def _past_from(told: Mapping[str, Any]) -> Past:
    return Past(
        **{
            **told,
            "previous": datetime.fromisoformat(told["previous"]) if told["previous"] else None,
            "missed": tuple(told["missed"]),
            "standings": tuple(
                Standing(**{**one, "since": datetime.fromisoformat(one["since"])}) for one in told["standings"]
            ),
            "strips": {area: tuple(outcomes) for area, outcomes in told["strips"].items()},
            "numbers": {
                label: tuple((datetime.fromisoformat(time), value) for time, value in points)
                for label, points in told["numbers"].items()
            },
            "changes": tuple(told["changes"]),
            "touched": tuple(told.get("touched", ())),
        }
    )


def _figures_from(told: Sequence[Mapping[str, Any]]) -> tuple[Figure, ...]:
    return tuple(Figure(**figure) for figure in told)


def finding_to(finding: Finding) -> dict[str, Any]:
    """The finding as JSON data without secrets, for the run file and for the way from an xdist worker."""
    told: dict[str, Any] = plain(
        {
            "stack": finding.stack,
            "check": finding.check,
            "resource": finding.resource,
            "name": finding.name,
            "outcome": finding.outcome.value,
            "severity": finding.severity.value,
            "message": finding.message,
            "evidence": finding.evidence,
            "figures": [dataclasses.asdict(figure) for figure in finding.figures],
            "waiver": finding.waiver,
        }
    )
    return told


def finding_from(told: Mapping[str, Any]) -> Finding:
    """The finding that `finding_to` told of."""
    return Finding(
        stack=told["stack"],
        check=told["check"],
        resource=told["resource"],
        name=told["name"],
        outcome=Outcome(told["outcome"]),
        severity=Severity(told["severity"]),
        message=told["message"],
        evidence=told["evidence"],
        figures=_figures_from(told["figures"]),
        waiver=told["waiver"],
    )


def observation_to(seen: ObservationResult) -> dict[str, Any]:
    """The observation's result as JSON data without secrets."""
    return {
        "stack": seen.stack,
        "name": seen.name,
        "duration_s": round(seen.duration_s, 4),
        "calls": list(seen.calls),
        "error": plain(seen.error),
        "resources": [
            {
                "resource": plain(one.resource),
                "name": plain(one.name),
                "figures": plain([dataclasses.asdict(figure) for figure in one.figures]),
                "series": [_series(series) for series in one.series],
                "deadlines": [{"what": plain(end.what), "at": end.at.isoformat()} for end in one.deadlines],
            }
            for one in seen.resources
        ],
    }


def observation_from(told: Mapping[str, Any]) -> ObservationResult:
    """The result that `observation_to` told of."""
    return ObservationResult(
        stack=told["stack"],
        name=told["name"],
        duration_s=told["duration_s"],
        calls=tuple(told["calls"]),
        error=told["error"],
        resources=tuple(
            SeenResource(
                one["resource"],
                one["name"],
                _figures_from(one["figures"]),
                tuple(_series_from(series) for series in one["series"]),
                tuple(Deadline(end["what"], datetime.fromisoformat(end["at"])) for end in one.get("deadlines", ())),
            )
            for one in told["resources"]
        ),
    )
