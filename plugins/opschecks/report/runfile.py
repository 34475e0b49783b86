"""Run to JSON and back: the run file, from which every report can be made again."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..core import plain_json
from ..core.model import NOT_APPLICABLE, Finding, ObservationResult, Outcome, Series
from ..core.redaction import plain
from ..core.run import Past, Run
from .numbers import numbers
from .reading import read_as as read_as
from .verdict import verdict

FORMAT = 1
LISTS = ("checks", "findings", "observations", "past")
"""Written one item a line, of which no two are made at once; their secrets are masked already."""


class RunFileError(Exception):
    """A file is not a run file; the message says what is missing."""


def to_json(run: Run) -> str:
    """The run file: secrets masked, times as UTC ISO text; a line for each check, finding and observation."""
    return "".join(json_parts(run))


def to_json_and_back(run: Run) -> tuple[str, Run]:
    """The run file, and the run that `from_json` reads from it."""
    told = {key: list(value) if key in LISTS else value for key, value in _plain_parts(run)}
    return "".join(_written(told.items())), from_told(lambda: told)


def json_parts(run: Run) -> Iterator[str]:
    """The run file in parts, as a file of 40 MB is written: of a thousand stacks."""
    return _written(_plain_parts(run))


def _plain_parts(run: Run) -> Iterator[tuple[str, Any]]:
    """Each key with its value as plain data; of LISTS, an iterator."""
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
        "stacks": list(run.stacks),
        "checks": (plain(check) for check in run.checks),
        "findings": (finding_to(finding) for finding in run.findings),
        "observations": (observation_to(seen) for seen in run.observations),
        "waivers": list(run.waivers),
        "changes": list(run.changes),
        "numbers": numbers(run),
        "past": [_past(past) for past in run.past],
        "weeks": list(run.weeks),
        "notes": list(run.notes),
        "sections": list(run.sections),
        "part": run.part,
        "replayed": run.replayed,
        "plan": run.plan,
        "versions": dict(run.versions),
    }
    for key, value in told.items():
        yield key, value if key in LISTS or key == "numbers" else plain(value)


def _written(told: Iterable[tuple[str, Any]]) -> Iterator[str]:
    before = "{\n"
    for key, value in told:
        yield f"{before}{plain_json.written(key)}: "
        if key in LISTS:
            yield from _lines(value)
        else:
            yield plain_json.written(value)
        before = ",\n"
    yield "\n}\n"


def _lines(items: Iterable[Any]) -> Iterator[str]:
    before = "["
    for item in items:
        yield f"{before}\n  {plain_json.written(item)}"
        before = ","
    yield "]" if before == "," else "[]"


def only(run: Run, stack: str) -> Run:
    """The part of a run that is about one stack."""
    lists = ("checks", "findings", "observations", "waivers", "past", "notes")
    own: dict[str, Any] = {name: tuple(one for one in getattr(run, name) if one.stack == stack) for name in lists}
    return dataclasses.replace(
        run,
        stacks=tuple(facts for facts in run.stacks if facts.name == stack),
        changes=tuple(change for change in run.changes if change["stack"] == stack),
        weeks=tuple(week for week in run.weeks if week["stack"] == stack),
        **own,
    )


def from_json(text: str) -> Run:
    """A run file's run; RunFileError where the text is not one."""
    return from_told(lambda: plain_json.read(text))


def from_told(read: Callable[[], dict[str, Any]]) -> Run:
    """The run of a run file's plain data, as `read` returns it; RunFileError where it is none, or cannot be read."""
    try:
        told = read()
        _require_format(told)
        told = {field.name: told[field.name] for field in dataclasses.fields(Run) if field.name in told}
        told["weeks"] = [week for week in told.get("weeks", ()) if "measures" in week]  # earlier ones lack them
        run: Run = read_as(Run, told)
    except RunFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise RunFileError(f"not a run file: {type(error).__name__}: {error}") from None
    return run


def _require_format(told: Mapping[str, Any]) -> None:
    if told["format"] != FORMAT:
        raise RunFileError(f"its format is {told['format']!r}, and this version reads {FORMAT}")


def _series(series: Series) -> dict[str, Any]:
    """`at_s` are seconds after `start`, as many as there are values: a gap is a missing point."""
    points = _numbers_only(series.points)
    times = tuple([time for time, _ in points])
    return {
        "label": plain(series.label),
        "unit": plain(series.unit),
        "period_s": series.period_s,
        "limit": None if series.limit is None else _number(series.limit),
        "start": times[0].isoformat() if times else None,
        "at_s": _seconds_after_the_first(times),
        "values": [value for _, value in points],
    }


def _numbers_only(points: tuple[tuple[datetime, float], ...]) -> tuple[tuple[datetime, float], ...]:
    """JSON has no NaN and no infinity, and a chart no place for them: to it, such a point is missing."""
    try:
        total = sum([value for _, value in points])  # asked once of all: there are 30,000 in a run
        if type(total) in (int, float) and math.isfinite(total):
            return points
    except (TypeError, OverflowError):
        pass
    numbers = [(time, _number(value)) for time, value in points]
    return tuple([(time, number) for time, number in numbers if number is not None])


def _number(value: Any) -> float | None:
    """What a user's observation returns for a number, such as a Decimal; None where it is not a number."""
    try:
        number = value if type(value) in (int, float) else float(value)
        return number if math.isfinite(number) else None
    except (TypeError, ValueError, OverflowError):
        return None


@functools.lru_cache(maxsize=64)
def _seconds_after_the_first(times: tuple[datetime, ...]) -> list[float]:
    """Most series of a stack have the same times; a list that nobody changes.

    Whole milliseconds, and never rounded up: the last moment that there is has none after it.
    """
    return [(time - times[0]) // timedelta(milliseconds=1) / 1000 for time in times]


def _past(past: Past) -> dict[str, Any]:
    told: dict[str, Any] = plain(past)
    told["strips"] = {area: list(outcomes) for area, outcomes in past.strips.items()}  # an area may be "credentials"
    told["numbers"] = {
        label: [[time.isoformat(), value] for time, value in points] for label, points in past.numbers.items()
    }
    return told


def finding_to(finding: Finding) -> dict[str, Any]:
    """The finding as JSON data without secrets, for the run file and for the way from an xdist worker."""
    figures = [vars(figure) for figure in finding.figures]
    facts = [vars(fact) for fact in finding.facts]
    told: dict[str, Any] = plain(
        {**vars(finding), "outcome": finding.outcome.value, "figures": figures, "facts": facts}
    )
    return {**told, "severity": finding.severity.value}


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
                **plain(
                    {**vars(one), "figures": [vars(figure) for figure in one.figures], "series": (), "deadlines": ()}
                ),
                "series": [_series(series) for series in one.series],
                "deadlines": [{"what": plain(end.what), "at": end.at.isoformat()} for end in one.deadlines],
            }
            for one in seen.resources
        ],
    }
